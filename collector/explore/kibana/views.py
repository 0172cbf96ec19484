"""Index patterns (data views): the fields of a kind of rows."""

from collections.abc import Iterator

from collector.datasets import Dataset
from collector.explore.kibana.objects import Json, Target, saved, text
from collector.schema import Field

BITS = "network.bits"
"""Eight times `network.bytes`: Kibana multiplies nothing by itself."""
TYPES = {
    "keyword": "string",
    "text": "string",
    "long": "number",
    "double": "number",
    "date": "date",
    "ip": "ip",
    "geo_point": "geo_point",
    "boolean": "boolean",
}
"""Kibana's types by those of the engines."""
META = ("_id", "_index", "_type")
SCRIPT = "doc['network.bytes'].size()==0?0:doc['network.bytes'].value*8"
RUNTIME = "if(doc['network.bytes'].size()>0)emit(doc['network.bytes'].value*8)"


def view_title(dataset: Dataset) -> str:
    """The indices of a dataset, as a pattern."""
    return f"{dataset.prefix}*"


def view(target: Target, dataset: Dataset, identifier: str) -> Json:
    """The index pattern of a dataset."""
    attributes: Json = {
        "title": view_title(dataset),
        "timeFieldName": "@timestamp",
        "fieldFormatMap": text(dict(_formats(dataset))),
    }
    bits = "network.bytes" in dataset.asked
    if target.lens:
        attributes |= {"name": f"flow-collector: {dataset.title}", "allowNoIndex": True}
        if bits:
            attributes["runtimeFieldMap"] = text({BITS: {"type": "long", "script": {"source": RUNTIME}}})
    else:
        attributes["fields"] = text([*_fields(dataset), *([_scripted()] if bits else [])])
    return saved(target, "index-pattern", identifier, attributes)


def _fields(dataset: Dataset) -> Iterator[Json]:
    for field in dataset.asked.values():
        if field.elasticsearch["type"] in TYPES:
            yield _field(field)
    for name in META:
        yield _entry(name, "string", name, searchable=True)
    yield _entry("_score", "number", None, searchable=False)
    yield _entry("_source", "_source", "_source", searchable=False)


def _field(field: Field) -> Json:
    mapping = field.elasticsearch
    aggregatable = mapping.get("doc_values", True) and mapping["type"] != "text"
    entry = _entry(field.name, TYPES[mapping["type"]], mapping["type"], searchable=mapping.get("index", True))
    return entry | {"aggregatable": aggregatable, "readFromDocValues": aggregatable}


def _entry(name: str, kind: str, engine: str | None, *, searchable: bool) -> Json:
    aggregatable = name in ("_id", "_index", "_type")
    return {
        "name": name,
        "type": kind,
        **({"esTypes": [engine]} if engine else {}),
        "searchable": searchable,
        "aggregatable": aggregatable,
        "readFromDocValues": False,
        "scripted": False,
        "count": 0,
    }


def _scripted() -> Json:
    return {
        "name": BITS,
        "type": "number",
        "script": SCRIPT,
        "lang": "painless",
        "scripted": True,
        "searchable": True,
        "aggregatable": True,
        "readFromDocValues": False,
        "count": 0,
    }


def _formats(dataset: Dataset) -> Iterator[tuple[str, Json]]:
    """How values are shown, by field."""
    for name in dataset.asked:
        last = name.rpartition(".")[2]
        if last == "bytes" or last.endswith("_bytes"):
            yield name, {"id": "bytes"}
        elif last in ("bits_per_second", "packets", "packets_per_second") or last.endswith("ifspeed"):
            yield name, {"id": "number", "params": {"pattern": "0.[00]a"}}
        elif name == "event.duration":
            yield name, {"id": "duration", "params": {"inputFormat": "nanoseconds", "outputFormat": "humanize"}}
        elif last.endswith("port") or last in ("number", "index") or "snmp" in last:
            yield name, {"id": "number", "params": {"pattern": "0"}}
    if "network.bytes" in dataset.asked:
        yield BITS, {"id": "number", "params": {"pattern": "0.[00]a"}}
