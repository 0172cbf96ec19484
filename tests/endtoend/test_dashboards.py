"""What dashboards ask of the fields, answered by Elasticsearch 7.10 about imported captures.

What is expected is counted from the documents one by one.
"""

import json
import math
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from benchmarks.decode import MAKER
from collector import schema
from collector.captures import batches
from collector.enrichers import open_enricher
from collector.flows import Flows
from collector.pipeline import Pipeline
from collector.receive.pcap import read_capture
from collector.settings import Settings
from collector.store.counts import Counts
from collector.store.documents import documents
from tests.builders import pcap
from tests.corpus import capture, manifest
from tests.endtoend.running import environment
from tests.engines.engine import Engine
from tests.model.documents import leaves
from tests.model.table import dashboard_fields, needs_table
from tests.model.traffic import datagrams
from tests.model.world import settings

pytestmark = [pytest.mark.engine, needs_table]
BYTES = "network.bytes"
FLOWS = 5000
THIRD = 3
"""Of the captures of the corpus: each day of them costs an index."""
MOST = 65_535
"""Buckets that the engine gives."""
EXACT = 40_000
"""Precision threshold up to which a count of distinct values is near to exact."""
Values = Mapping[str, set[Any]]


@dataclass(frozen=True)
class Imported:
    """An engine with documents, and their values by field; those that are numbers or texts."""

    engine: Engine
    rows: list[Values]

    def search(self, **body: Any) -> Any:
        """The answer to a search in all indices of flows."""
        whole = {"size": 0, "track_total_hits": True, **body}
        status, answer = self.engine.call("POST", "/elastiflow-1-*/_search", whole)
        assert status == 200, answer
        return answer

    def hits(self, query: str) -> int:
        """Flows that a search like one in Kibana finds."""
        found = self.search(query={"query_string": {"query": query}})
        return int(found["hits"]["total"]["value"])

    def volume(self, rows: list[Values]) -> int:
        """Bytes of flows."""
        return sum(sum(row.get(BYTES, ())) for row in rows)


class Kept:
    """A store that keeps the values of full documents."""

    def __init__(self) -> None:
        self.rows: list[Values] = []

    def write(self, flows: Flows) -> None:
        if flows.dataset.name == "flows":
            self.rows += [_values(json.loads(line)) for line in documents(flows)]

    def flush(self, timeout: float) -> bool:  # noqa: ARG002
        return True

    def close(self, timeout: float) -> None:
        pass

    def counts(self) -> Counts:
        return Counts()


def _values(document: dict[str, Any]) -> Values:
    out = defaultdict[str, set[Any]](set)
    for name, value in leaves(document):
        out[name].add(value)
    return out


@pytest.fixture(scope="module")
def imported(elasticsearch7: Engine, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """The model's own flows, made-up traffic and, where it is there, a part of the corpus, by `import`."""
    folder = tmp_path_factory.mktemp("dashboards")
    files = [str(_model(folder)), str(_made_up(folder)), *(str(capture(name)) for name in [*manifest()][::THIRD])]
    known = settings(folder)
    elasticsearch7.clear()
    told = [word for name, value in known.items() for word in (f"--{name.replace('_', '-')}", value)]
    where = ["--elasticsearch", elasticsearch7.url, "--folder", str(folder / "queue")]
    command = [sys.executable, "-m", "collector", "import", *where, *told, *files]
    subprocess.run(command, check=True, env=environment(), capture_output=True, timeout=120)
    assert elasticsearch7.call("POST", "/elastiflow-1-*/_refresh")[0] == 200
    return Imported(elasticsearch7, _expected(files, known))


def _model(folder: Path) -> Path:
    path = folder / "model.pcap"
    sent = [one for _, batch in datagrams() for one in batch]
    path.write_bytes(pcap.classic(pcap.Packet(one.received, pcap.frame(one.payload, one.exporter)) for one in sent))
    return path


def _made_up(folder: Path) -> Path:
    path = folder / "mixed.pcap"
    command = [sys.executable, str(MAKER), "mixed", str(path), "--flows", str(FLOWS)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


def _expected(files: list[str], known: dict[str, str]) -> list[Values]:
    store = Kept()
    pipeline = Pipeline(store, enricher=open_enricher(Settings(**known)))  # type: ignore[arg-type]
    for file in files:
        for batch in batches(read_capture(file)):
            pipeline.process(batch)
    return store.rows


def _types(names: list[str], *wanted: str) -> Iterator[str]:
    return (name for name in names if schema.field(name).elasticsearch["type"] in wanted)


def _searchable(name: str) -> bool:
    return bool(schema.field(name).elasticsearch.get("index", True))


def test_a_panel_has_the_bytes_of_each_value_of_each_field(imported: Imported) -> None:
    """Each one a terms aggregation with a sum, as tables, pies and areas are made of."""
    for name in (one for one in _types(dashboard_fields(), "keyword", "ip", "long") if _searchable(one)):
        expected = defaultdict[Any, int](int)
        for row in imported.rows:
            for value in row.get(name, ()):
                expected[value] += imported.volume([row])
        assert expected, name
        terms = {"terms": {"field": name, "size": MOST}, "aggs": {"bytes": {"sum": {"field": BYTES}}}}
        buckets = imported.search(aggs={"top": terms})["aggregations"]["top"]["buckets"]
        assert {one["key"]: one["bytes"]["value"] for one in buckets} == pytest.approx(expected), name


def test_the_bytes_by_rule_and_by_locality_are_all_bytes(imported: Imported) -> None:
    total = imported.volume(imported.rows)
    for name in ("flow.client_server_by", "event.dataset", "type", "host.name", "@version"):
        terms = {"terms": {"field": name, "size": MOST}, "aggs": {"bytes": {"sum": {"field": BYTES}}}}
        answer = imported.search(aggs={"top": terms, "all": {"sum": {"field": BYTES}}})
        buckets = answer["aggregations"]["top"]["buckets"]
        assert math.fsum(one["bytes"]["value"] for one in buckets) == pytest.approx(total), name
        assert answer["aggregations"]["all"]["value"] == pytest.approx(total)
        assert answer["hits"]["total"]["value"] == len(imported.rows)


def test_bytes_and_packets_over_time(imported: Imported) -> None:
    for name in ("network.bytes", "network.packets"):
        days = {"date_histogram": {"field": "@timestamp", "calendar_interval": "1d", "min_doc_count": 1}}
        found = imported.search(aggs={"days": days | {"aggs": {"sum": {"sum": {"field": name}}}}})
        expected = defaultdict[str, int](int)
        for row in imported.rows:
            expected[min(row["@timestamp"])[:10]] += sum(row.get(name, ()))
        buckets = found["aggregations"]["days"]["buckets"]
        assert {one["key_as_string"][:10]: one["sum"]["value"] for one in buckets} == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["geohash_grid", "geotile_grid"])
def test_maps(imported: Imported, kind: str) -> None:
    for name in _types(dashboard_fields(), "geo_point"):
        places = {kind: {"field": name, "precision": 3}, "aggs": {"bytes": {"sum": {"field": BYTES}}}}
        buckets = imported.search(aggs={"places": places})["aggregations"]["places"]["buckets"]
        rows = [row for row in imported.rows if name in row]
        assert rows
        assert sum(one["doc_count"] for one in buckets) == len(rows)
        assert math.fsum(one["bytes"]["value"] for one in buckets) == pytest.approx(imported.volume(rows))


@pytest.mark.parametrize("name", ["source.ip", "destination.ip", "client.ip", "server.ip", "host.ip"])
def test_how_many_addresses(imported: Imported, name: str) -> None:
    count = {"cardinality": {"field": name, "precision_threshold": EXACT}}
    expected = len({value for row in imported.rows for value in row.get(name, ())})
    assert imported.search(aggs={"n": count})["aggregations"]["n"]["value"] == pytest.approx(expected, rel=0.01)


def test_searches_for_a_field_that_is_there(imported: Imported) -> None:
    for name in filter(_searchable, dashboard_fields()):
        expected = sum(name in row for row in imported.rows)
        assert expected, name
        assert imported.hits(f"{name}:*") == expected, name


def test_searches(imported: Imported) -> None:
    inside = ip_network("10.1.0.0/16")
    searches = {
        'client.ip:"10.1.0.0/16"': lambda row: any(ip_address(one) in inside for one in row.get("client.ip", ())),
        "flow.service_port:443 AND network.transport:tcp": lambda row: (
            443 in row.get("flow.service_port", ()) and "tcp" in row.get("network.transport", ())
        ),
        "as.organization.name:private": lambda row: "private" in row.get("as.organization.name", ()),
        'geo.country_name:"Germany"': lambda row: "Germany" in row.get("geo.country_name", ()),
        "flow.client_rep_tags:scanners": lambda row: "scanners" in row.get("flow.client_rep_tags", ()),
        "NOT flow.tcp_flags:ACK": lambda row: "ACK" not in row.get("flow.tcp_flags", ()),
        "flow.traffic_locality:public AND NOT server.port:[0 TO 1023]": lambda row: (
            "public" in row.get("flow.traffic_locality", ())
            and not any(port < 1024 for port in row.get("server.port", ()))
        ),
    }
    for query, meant in searches.items():
        expected = sum(map(meant, imported.rows))
        assert 0 < expected < len(imported.rows), query
        assert imported.hits(query) == expected, query
