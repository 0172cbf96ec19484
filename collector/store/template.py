"""The index templates, which follow from the schema, and the lifecycle policies for those who install by hand.

`python -m collector.store.template` writes them as JSON files into the folder templates/, or the one that is named.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from collector import schema
from collector.datasets import COUNTERS, DATASETS, DISCARDS, FLOWS, HEALTH, Dataset
from collector.store.client import Client
from collector.store.errors import StoreError

MOST_FIELDS = 5000
"""Fields of a daily index: several collectors may each bring names of their own (`jsontext.MOST_NAMES`)."""
_FOUND: Mapping[str, Mapping[str, Any]] = {
    "string": schema.KINDS["keyword"].elasticsearch,
    "long": {"type": "long", "ignore_malformed": True},
    "double": {"type": "double", "ignore_malformed": True},
    "boolean": {"type": "boolean"},
}
"""What a search engine takes a value under a new name for, and the mapping of that name."""


@dataclass(frozen=True)
class IndexSettings:
    """What an operator may choose about the daily indices."""

    shards: int = 1
    replicas: int | None = None
    """Copies of each shard; None: one where a second node can hold it, and so none and green on a single node."""
    codec: Literal["default", "best_compression"] = "default"
    """best_compression takes about a third more of the engine's CPU."""
    refresh_interval: str = "30s"
    """How long until a new document can be found."""


def properties(dataset: Dataset = FLOWS) -> dict[str, Any]:
    """The mapping's properties: the dataset's dotted names as nested objects, with the copies of full documents."""
    tree: dict[str, Any] = {}
    copies = schema.copies() if dataset is FLOWS else {}
    for name, field in {**dataset.fields, **copies}.items():
        *parents, leaf = name.split(".")
        level = tree
        for parent in parents:
            level = level.setdefault(parent, {"properties": {}})["properties"]
        level[leaf] = dict(field.elasticsearch)
    return tree


def mappings(dataset: Dataset = FLOWS) -> dict[str, Any]:
    """Types of all fields. Only names within a field of kind `object` are added by themselves."""
    return {
        "dynamic": False,
        # Text that happens to be a date would make the next text under its name cost the document.
        "date_detection": False,
        "dynamic_templates": [
            {f"{name}-{found}": {"path_match": f"{name}.*", "match_mapping_type": found, "mapping": dict(mapping)}}
            for name, field in dataset.fields.items()
            if field.kind == "object"
            for found, mapping in _FOUND.items()
        ],
        "properties": properties(dataset),
    }


def template(settings: IndexSettings | None = None, dataset: Dataset = FLOWS) -> dict[str, Any]:
    """The body of PUT /_index_template/<name of the dataset's index>."""
    chosen = settings or IndexSettings()
    replicas = {"auto_expand_replicas": "0-1"} if chosen.replicas is None else {"number_of_replicas": chosen.replicas}
    index = {
        "number_of_shards": chosen.shards,
        **replicas,
        "refresh_interval": chosen.refresh_interval,
        "codec": chosen.codec,
        "mapping": {"total_fields": {"limit": MOST_FIELDS}},
    }
    return {
        "index_patterns": [f"{dataset.prefix}*"],
        # Above that of the templates that engines bring along and that users make for *.
        "priority": 200,
        "template": {"settings": {"index": index}, "mappings": mappings(dataset)},
        "_meta": {
            "description": f"{dataset.title.capitalize()}, version {schema.VERSION} of the data model of flow-collector"
        },
    }


def install(client: Client, settings: IndexSettings | None = None, dataset: Dataset = FLOWS) -> None:
    """Installs the template and makes sure that a daily index made now would have its types. Raises StoreError."""
    client.request("PUT", f"/_index_template/{dataset.index}", template(settings, dataset))
    answer = client.request("POST", f"/_index_template/_simulate_index/{dataset.prefix}1970.01.01")
    found = dict(_types(answer.get("template", {}).get("mappings", {}).get("properties", {})))
    wrong = [
        f"{name} would be {found.get(name, 'unknown')} instead of {kind}"
        for name, kind in _types(properties(dataset))
        if found.get(name) != kind
    ]
    if wrong:
        others = ", ".join(other["name"] for other in answer.get("overlapping", ())) or "none"
        raise StoreError(
            f"new indices would not be as the index template {dataset.index} says, so nothing is indexed: {wrong[0]}, "
            f"and {len(wrong) - 1} more fields; other templates that match {dataset.prefix}*: {others}"
        )


def _types(level: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The dotted name and the type of each field of a mapping."""
    for name, body in level.items():
        if "properties" in body:
            yield from _types(body["properties"], f"{prefix}{name}.")
        else:
            yield prefix + name, body.get("type", "object")


# Daily indices, so no rollover: an index is as old as its day.
ILM_POLICY = {"policy": {"phases": {"hot": {"actions": {}}, "delete": {"min_age": "30d", "actions": {"delete": {}}}}}}
"""Elasticsearch: PUT /_ilm/policy/elastiflow; in force where an index has it as `index.lifecycle.name`."""

ISM_POLICY = {
    "policy": {
        "description": "Deletes daily flow indices after 30 days",
        "default_state": "keep",
        "states": [
            {
                "name": "keep",
                "actions": [],
                "transitions": [{"state_name": "delete", "conditions": {"min_index_age": "30d"}}],
            },
            {"name": "delete", "actions": [{"delete": {}}], "transitions": []},
        ],
        "ism_template": [{"index_patterns": [f"{one.prefix}*" for one in DATASETS.values()], "priority": 100}],
    }
}
"""OpenSearch: PUT /_plugins/_ism/policies/elastiflow; in force for each index made afterwards."""


def generate() -> dict[str, str]:
    """The files of templates/ by name."""
    contents = {
        "elastiflow-template.json": template(),
        "elastiflow-counters-template.json": template(dataset=COUNTERS),
        "elastiflow-discards-template.json": template(dataset=DISCARDS),
        "elastiflow-health-template.json": template(dataset=HEALTH),
        "ilm-policy.json": ILM_POLICY,
        "ism-policy.json": ISM_POLICY,
    }
    return {name: json.dumps(content, indent=2) + "\n" for name, content in contents.items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1] if sys.argv[1:] else "templates")
    for file_name, text in generate().items():
        (folder / file_name).write_text(text, encoding="utf-8")
