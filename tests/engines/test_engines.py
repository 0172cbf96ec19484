"""The engines do what the collector's own tests rely on, and keep what they acknowledged through a SIGKILL."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engines.engine import Engine, EngineError
from tests.engines.fetch import CHECKOUT
from tests.engines.fixtures import Pool

pytestmark = pytest.mark.engine

TEMPLATE: dict[str, Any] = {
    "index_patterns": ["flows-*"],
    "template": {
        "settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "30s"},
        "mappings": {
            "dynamic": False,
            "properties": {
                "@timestamp": {"type": "date"},
                "source.ip": {"type": "ip"},
                "network.bytes": {"type": "long", "index": False},
            },
        },
    },
}
FLOWS = [
    {"@timestamp": "2026-03-01T10:00:10Z", "source.ip": "10.0.0.1", "network.bytes": 100},
    {"@timestamp": "2026-03-01T10:00:50Z", "source.ip": "10.0.0.2", "network.bytes": 1000},
    {"@timestamp": "2026-03-01T10:01:00Z", "source.ip": "10.0.0.1", "network.bytes": 10},
]
BULK = "".join(
    f"{json.dumps({'create': {'_index': 'flows-2026.03.01', '_id': f'flow-{row}'}})}\n{json.dumps(flow)}\n"
    for row, flow in enumerate(FLOWS)
).encode()


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """The engine with the three flows acknowledged, in no segment yet: they are in the write-ahead log alone."""
    engine.clear()
    assert engine.call("PUT", "/_index_template/flows", TEMPLATE) == (200, {"acknowledged": True})
    assert bulk(engine) == [201, 201, 201]
    return engine


def bulk(engine: Engine) -> list[int]:
    status, answer = engine.call("POST", "/_bulk", BULK)
    assert status == 200
    return [item["create"]["status"] for item in answer["items"]]


def search(engine: Engine, **body: Any) -> dict[str, Any]:
    assert engine.call("POST", "/flows-*/_refresh")[0] == 200
    status, answer = engine.call("POST", "/flows-*/_search", body)
    assert status == 200, answer
    assert isinstance(answer, dict)
    return answer


def documents(engine: Engine) -> dict[str, Any]:
    hits = search(engine, query={"match_all": {}})["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


def test_applies_the_index_template(filled: Engine) -> None:
    status, answer = filled.call("GET", "/flows-2026.03.01/_mapping")
    assert status == 200
    properties = answer["flows-2026.03.01"]["mappings"]["properties"]
    assert properties["source"]["properties"]["ip"] == {"type": "ip"}


def test_terms_aggregation(filled: Engine) -> None:
    top = {"terms": {"field": "source.ip"}, "aggs": {"bytes": {"sum": {"field": "network.bytes"}}}}
    buckets = search(filled, size=0, aggs={"top": top})["aggregations"]["top"]["buckets"]
    assert [(bucket["key"], bucket["doc_count"], bucket["bytes"]["value"]) for bucket in buckets] == [
        ("10.0.0.1", 2, 110.0),
        ("10.0.0.2", 1, 1000.0),
    ]


def test_date_histogram(filled: Engine) -> None:
    minutes = {"date_histogram": {"field": "@timestamp", "fixed_interval": "1m"}}
    buckets = search(filled, size=0, aggs={"minutes": minutes})["aggregations"]["minutes"]["buckets"]
    assert [(bucket["key_as_string"], bucket["doc_count"]) for bucket in buckets] == [
        ("2026-03-01T10:00:00.000Z", 2),
        ("2026-03-01T10:01:00.000Z", 1),
    ]


@pytest.mark.parametrize("engine", ["elasticsearch7"], indirect=True)
def test_keeps_acknowledged_documents_through_a_kill(filled: Engine) -> None:
    url, pid = filled.url, filled.pid
    filled.kill()
    assert not filled.running
    with pytest.raises(ConnectionRefusedError):
        filled.call("GET", "/_cluster/health")
    filled.restart()
    assert (filled.url, filled.pid != pid) == (url, True)
    assert documents(filled) == {f"flow-{row}": flow for row, flow in enumerate(FLOWS)}
    assert bulk(filled) == [409, 409, 409]


def test_same_ids_are_refused(filled: Engine) -> None:
    assert bulk(filled) == [409, 409, 409]
    assert len(documents(filled)) == 3


def test_clear_leaves_nothing(filled: Engine) -> None:
    filled.clear()
    assert filled.call("GET", "/flows-2026.03.01")[0] == 404
    assert filled.call("GET", "/_index_template/flows")[0] == 404


@pytest.mark.parametrize("engine", ["elasticsearch7"], indirect=True)
def test_killed_from_outside(engine: Engine) -> None:
    os.kill(engine.pid, signal.SIGKILL)
    wait_until(lambda: not engine.running)


@pytest.mark.parametrize("engine", ["elasticsearch7"], indirect=True)
def test_a_killed_engine_runs_again_in_the_next_test(engine: Engine) -> None:
    assert engine.running


def test_only_the_engine_asked_for_runs(engine: Engine, engines: Pool) -> None:
    assert engines.running == {engine.name}


def test_two_engines_asked_for_run_together(opensearch3: Engine, elasticsearch9: Engine, engines: Pool) -> None:
    assert engines.running == {"opensearch3", "elasticsearch9"}
    assert opensearch3.url != elasticsearch9.url


def test_start_of_a_running_engine_is_refused(engine: Engine) -> None:
    with pytest.raises(EngineError, match="running already"):
        engine.start()


def test_a_failed_start_tells_the_log(elasticsearch9: Engine, tmp_path: Path) -> None:
    """A data folder that another engine holds: the node refuses it."""
    (tmp_path / "data").symlink_to(elasticsearch9.folder / "data")
    said = r"(?s)Elasticsearch 9 ended with status \d+ at start:.*lock"
    with pytest.raises(EngineError, match=said), Engine("elasticsearch9", tmp_path):
        pass


ABANDON = """
import os, pathlib, signal, sys
from tests.engines import Engine
engine = Engine("elasticsearch7", pathlib.Path(sys.argv[1]))
engine.start()
print(engine.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_engine_ends_with_a_killed_parent(elasticsearch7: Engine, tmp_path: Path) -> None:
    """Asks for the fixture only to be skipped where that engine cannot run."""
    command = [sys.executable, "-c", ABANDON, str(tmp_path)]
    done = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, check=False)
    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    wait_until(lambda: not is_alive(pid))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # An orphan that nobody has waited for yet is dead all the same.
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (ProcessLookupError, FileNotFoundError):
        return False
