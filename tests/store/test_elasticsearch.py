"""The store against a server that misbehaves; tests/store/test_elasticsearch_engines.py has the real engines."""

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from collector.datasets import DATASETS
from collector.flows import Flows
from collector.store import elasticsearch
from collector.store.access import Access
from collector.store.counts import Counts
from collector.store.elasticsearch import ElasticsearchStore, Settings
from collector.store.errors import StoreError
from collector.store.shipping import Patience
from tests.store.sample import flows
from tests.store.server import Reply, Server

QUICK = Patience(first=0.001, longest=0.01, mending=0.002)
OVERLOADED = {"error": {"type": "es_rejected_execution_exception", "reason": "queue is full"}, "status": 429}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def opened(tmp_path: Path, server: Server) -> Iterator[Callable[..., ElasticsearchStore]]:
    """Opens stores on one folder, and closes them in the end."""
    stores: list[ElasticsearchStore] = []

    def open_store(**options: Any) -> ElasticsearchStore:
        chosen: dict[str, Any] = {"access": Access((server.url,)), "folder": tmp_path, "patience": QUICK} | options
        stores.append(ElasticsearchStore(Settings(**chosen)))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close(0)


def until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "segments").iterdir())


def test_flows_arrive_and_segments_go(
    opened: Callable[..., ElasticsearchStore], server: Server, tmp_path: Path
) -> None:
    store = opened()
    for seed in range(5):
        store.write(flows(100, seed=seed))
    assert store.flush(60)
    assert server.count == 500
    assert list(server.documents) == ["elastiflow-1-2026.03.01"]
    assert files(tmp_path) == []
    assert store.counts() == Counts(stored=500)
    assert (store.status, str(store.engine)) == ("ok", f"OpenSearch 2.19.1 at {server.url}")
    known = store.counters
    assert (known.documents, known.requests, known.retries, known.pending_bytes) == (500, 5, 0, 0)
    assert known.bytes == sum(len(asked.body) for asked in server.bulks())


def test_the_template_comes_before_the_first_document(
    opened: Callable[..., ElasticsearchStore], server: Server
) -> None:
    store = opened()
    store.write(flows(10))
    assert store.flush(60)
    paths = [f"{asked.method} {asked.path.partition('?')[0]}" for asked in server.asked]
    assert paths.index("PUT /_index_template/elastiflow-1") < paths.index("POST /elastiflow-1-2026.03.01/_bulk")


def test_nothing_is_indexed_without_the_template(
    opened: Callable[..., ElasticsearchStore], server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = dict(server.fixed)
    server.fixed = {
        "/_index_template": Reply(400, {"error": {"type": "illegal_argument_exception", "reason": "clash"}})
    }
    store = opened()
    store.write(flows(10))
    until(lambda: store.counters.retries > 3)
    assert not server.bulks()
    assert "status 400 (illegal_argument_exception: clash) (since 2" in store.status
    assert "clash" in caplog.text
    assert f"wait in {tmp_path}/segments" in caplog.text
    assert len(files(tmp_path)) == 1
    server.fixed = good
    assert store.flush(60)
    assert (server.count, store.status) == (10, "ok")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(429, OVERLOADED),
        Reply(502, "<html>Bad Gateway</html>", "text/html"),
        Reply(503, {"error": {"type": "cluster_block_exception", "reason": "no master"}}),
        Reply(504, ""),
        Reply(500, {}),
        Reply(401, {"error": {"type": "security_exception", "reason": "expired"}}),
        Reply(403, {"error": {"type": "security_exception", "reason": "unauthorized"}}),
        Reply(404, {"message": "no route"}),
        Reply(400, {"error": {"type": "illegal_argument_exception", "reason": "odd"}}),
        Reply(200, "<html>Log in</html>", "text/html"),
        Reply(200, {"errors": True, "items": []}),
        Reply(302, "", headers={"location": "/login"}),
    ],
    ids=lambda reply: f"{reply.status}-{reply.kind}",
)
def test_any_refusal_is_waited_out(opened: Callable[..., ElasticsearchStore], server: Server, reply: Reply) -> None:
    server.first.extend([reply] * 4)
    store = opened(parallel=1)
    store.write(flows(50))
    assert store.flush(60)
    assert server.count == 50
    assert (store.counts(), store.counters.retries) == (Counts(stored=50), 4)


def test_status_tells_what_is_wrong_while_it_is(
    opened: Callable[..., ElasticsearchStore], server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.first.extend([Reply(401, {})] * 10_000)
    store = opened()
    store.write(flows(5))
    until(lambda: store.counters.retries > 5)
    assert store.status.startswith(
        f"{server.url}: status 401: user, password, API key or token is missing or wrong (since"
    )
    assert store.counts().waiting == 5
    server.first.clear()
    assert store.flush(60)
    assert store.status == "ok"
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len([text for text in told if "status 401" in text and "over after" not in text]) == 1
    assert len([text for text in told if text.startswith("over after")]) == 1


def test_rows_refused_for_good_are_counted_and_one_is_shown(
    opened: Callable[..., ElasticsearchStore], server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(document: dict[str, Any]) -> dict[str, Any] | None:
        if document["host"]["name"] == "core":
            return {"status": 400, "error": {"type": "mapper_parsing_exception", "reason": "failed to parse [x]"}}
        return None

    server.item = refuse
    store = opened()
    for seed in range(3):
        store.write(flows(100, seed=seed))
    assert store.flush(60)
    assert server.count == 150
    assert store.counters.failed == {"mapper_parsing_exception": 150}
    assert store.counts() == Counts(150, 0, {"refused by the engine (mapper_parsing_exception)": 150})
    told = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert len(told) == 1
    assert 'one of them: {"@timestamp":"2026-03-01T12:00:00.001Z"' in told[0]


def test_only_the_rows_that_were_not_taken_are_sent_again(
    opened: Callable[..., ElasticsearchStore], server: Server
) -> None:
    turns = iter(range(10**6))

    def refuse(_: dict[str, Any]) -> dict[str, Any] | None:
        busy = {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "queue is full"}}
        return busy if next(turns) % 3 == 0 else None

    server.item = refuse
    store = opened()
    store.write(flows(300))
    assert store.flush(60)
    assert server.count == 300
    assert (store.counts(), store.counters.repeated) == (Counts(stored=300), 0)
    assert [len(asked.body.splitlines()) // 2 for asked in server.bulks()][:3] == [300, 100, 34]


def test_a_lost_answer_doubles_nothing(opened: Callable[..., ElasticsearchStore], server: Server) -> None:
    take = server.answer

    def lose(asked: Any) -> Reply:
        reply = take(asked)
        return Reply(504, "") if len(server.bulks()) == 1 and "/_bulk" in asked.path else reply

    server.answer = lose  # type: ignore[method-assign]
    store = opened()
    store.write(flows(100))
    assert store.flush(60)
    assert (server.count, store.counters.documents, store.counters.repeated) == (100, 100, 100)


def test_requests_too_large_are_halved(
    opened: Callable[..., ElasticsearchStore], server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.largest = 100_000
    store = opened(parallel=1)
    store.write(flows(2000))
    assert store.flush(60)
    assert server.count == 2000
    before = len(server.bulks())
    store.write(flows(2000, seed=2))
    assert store.flush(60)
    assert all(len(asked.body) <= 100_000 for asked in server.bulks()[before:])
    assert server.count == 4000
    assert "is too large for the engine" in caplog.text


def test_a_document_too_large_is_lost_aloud(
    opened: Callable[..., ElasticsearchStore], server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.largest = 1000
    batch = flows(3)
    frame = batch.frame.with_columns(pl.Series("flow.http_url", ["/", "/" + "x" * 5000, "/"]))
    store = opened()
    store.write(Flows(frame, batch.tables))
    assert store.flush(60)
    assert server.count == 2
    assert store.counters.failed == {"too large": 1}
    assert "status 413" in caplog.text


def test_gzip(opened: Callable[..., ElasticsearchStore], server: Server) -> None:
    store = opened(access=Access((server.url,), compress=True))
    store.write(flows(100))
    assert store.flush(60)
    assert server.count == 100


def test_requests_are_of_the_size_asked_for(opened: Callable[..., ElasticsearchStore], server: Server) -> None:
    store = opened(request_bytes=20_000)
    store.write(flows(1000))
    assert store.flush(60)
    assert 15_000 < max(len(asked.body) for asked in server.bulks()) <= 20_000


def test_a_large_batch_becomes_several_segments(
    opened: Callable[..., ElasticsearchStore], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch, "SEGMENT_FLOWS", 300)
    store = opened()
    store.write(flows(1000))
    assert store.flush(60)
    assert server.count == 1000
    assert len({json.loads(asked.body.split(b"\n")[0])["create"]["_id"][:12] for asked in server.bulks()}) == 4


def test_flows_outlive_an_engine_that_is_down(
    tmp_path: Path, opened: Callable[..., ElasticsearchStore], server: Server
) -> None:
    server.first.extend([Reply(503, {})] * 10**6)
    store = opened(parallel=1)
    for seed in range(20):
        store.write(flows(100, seed=seed))
    until(lambda: store.counters.retries > 3)
    assert len(files(tmp_path)) == 20
    assert store.counts().waiting == 2000
    # Only a few are in memory as well; those that only wait on disk are compressed.
    assert len(store._held) == 2
    sizes = [(tmp_path / "segments" / name).stat().st_size for name in files(tmp_path)]
    assert max(sizes[2:]) < min(sizes[:2])
    server.first.clear()
    assert store.flush(60)
    assert (server.count, store.counters.repeated) == (2000, 0)


def test_what_an_earlier_run_left_is_shipped_first(
    tmp_path: Path, opened: Callable[..., ElasticsearchStore], server: Server
) -> None:
    server.first.extend([Reply(503, {})] * 10**6)
    store = opened(parallel=1)
    for seed in range(5):
        store.write(flows(100, seed=seed))
    store.close(0.1)
    left = files(tmp_path)
    assert len(left) == 5
    server.first.clear()
    server.asked.clear()
    again = opened(parallel=1)
    again.write(flows(100, seed=9))
    assert again.flush(60)
    order = [json.loads(asked.body.split(b"\n")[0])["create"]["_id"][:12] for asked in server.bulks()]
    assert order[:5] == [name[:12] for name in left]
    assert (server.count, len(order)) == (600, 6)


def test_close_ends_soon_and_says_what_is_left(
    tmp_path: Path, opened: Callable[..., ElasticsearchStore], server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.first.extend([Reply(503, {})] * 10**6)
    store = opened(patience=Patience(first=1000, longest=1000, mending=1000))
    store.write(flows(10))
    until(server.bulks)
    assert not store.flush(0.05)
    store.close(0.05)
    assert "1 segments are not shipped" in caplog.text
    assert not any(thread.is_alive() for thread in store._threads)
    assert len(files(tmp_path)) == 1


def test_beyond_the_limit_flows_are_dropped_and_counted(
    opened: Callable[..., ElasticsearchStore], server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.first.extend([Reply(503, {})] * 10**6)
    store = opened(segment_bytes=200_000)
    for seed in range(20):
        store.write(flows(1000, seed=seed))
    dropped = store.counts().lost["no space for segments"]
    assert dropped % 1000 == 0 < dropped
    assert store.counts().waiting == 20_000 - dropped
    assert "never shipped" in caplog.text
    server.first.clear()
    assert store.flush(60)
    assert server.count == 20_000 - dropped


def test_a_damaged_segment_does_not_stop_the_others(
    tmp_path: Path, opened: Callable[..., ElasticsearchStore], server: Server
) -> None:
    folder = tmp_path / "segments"
    folder.mkdir()
    (folder / "AAAAAAAAAAAA-77.flows").write_bytes(b"half a segm")
    store = opened()
    store.write(flows(10))
    assert store.flush(60)
    assert (server.count, files(tmp_path)) == (10, ["AAAAAAAAAAAA-77.flows.damaged"])
    assert store.counts() == Counts(10, 0, {"segment set aside": 77})


def test_flows_that_make_no_documents_do_not_stop_the_others(
    tmp_path: Path, opened: Callable[..., ElasticsearchStore], server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    batch = flows(10)
    store = opened()
    store.write(Flows(batch.frame, {**batch.tables, "addresses": batch.tables["addresses"].head(1)}))
    store.write(batch)
    assert store.flush(60)
    assert (server.count, [name[-14:] for name in files(tmp_path)]) == (10, [".flows.damaged"])
    assert "its flows make no documents" in caplog.text


def test_flows_without_a_time_are_counted(opened: Callable[..., ElasticsearchStore], server: Server) -> None:
    batch = flows(4)
    some = batch.frame.with_columns(pl.when(pl.int_range(4) != 2).then("@timestamp").alias("@timestamp"))
    store = opened()
    store.write(Flows(some, batch.tables))
    assert store.flush(60)
    assert (server.count, store.counters.failed) == (3, {"no @timestamp": 1})


def test_no_flows_make_no_segment(opened: Callable[..., ElasticsearchStore], tmp_path: Path) -> None:
    store = opened()
    store.write(flows(0))
    assert (files(tmp_path), store.flush(0)) == ([], True)


def test_old_indices_are_deleted(opened: Callable[..., ElasticsearchStore], server: Server) -> None:
    names = ["elastiflow-1-2020.01.01", "elastiflow-1-2999.01.01", "elastiflow-1-other"]
    server.fixed["/_cat/indices/elastiflow-1-*"] = Reply(body=[{"index": name, "store.size": "1"} for name in names])
    server.fixed["/elastiflow-1-"] = Reply()
    opened(keep_days=30)
    until(lambda: [asked.path for asked in server.asked if asked.method == "DELETE"] == ["/elastiflow-1-2020.01.01"])


def test_indices_that_may_not_be_deleted_stop_nothing(
    opened: Callable[..., ElasticsearchStore], server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.fixed["/_cat/indices/elastiflow-1-*"] = Reply(403, {"error": {"type": "security_exception", "reason": "no"}})
    store = opened(keep_days=30)
    store.write(flows(10))
    assert store.flush(60)
    until(lambda: "old indices are not deleted" in caplog.text)
    assert (server.count, store.status) == (10, "ok")


def test_an_engine_that_comes_back_is_prepared_again(opened: Callable[..., ElasticsearchStore], server: Server) -> None:
    store = opened(parallel=1)
    store.write(flows(10))
    assert store.flush(60)
    server.first.append(Reply(503, {}))
    store.write(flows(10, seed=2))
    assert store.flush(60)
    assert len([asked for asked in server.asked if asked.method == "PUT"]) == 2 * len(DATASETS)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"zone": "Europe/Nowhere"}, "time zone Europe/Nowhere: not known"),
        ({"zone": "../etc/passwd"}, "not known"),
        ({"access": Access(("es:9200",))}, "es:9200: not of the form"),
        ({"folder": Path("/proc/nowhere")}, "folder /proc/nowhere"),
    ],
)
def test_settings_that_make_no_sense(
    opened: Callable[..., ElasticsearchStore], options: dict[str, Any], text: str
) -> None:
    with pytest.raises(StoreError, match=text):
        opened(**options)


FULL = """
import logging, resource, signal, sys
from pathlib import Path
from collector.store.access import Access
from collector.store.elasticsearch import ElasticsearchStore, Settings
from collector.store.shipping import Patience
from tests.store.sample import flows
from tests.store.server import Reply, Server
logging.basicConfig(format="%(message)s")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
with Server() as server:
    server.first.extend([Reply(503, {})] * 10**6)
    store = ElasticsearchStore(Settings(Access((server.url,)), Path(sys.argv[1]), patience=Patience(0.01, 0.01, 0.01)))
    for seed in range(7):
        store.write(flows(1000, seed=seed))
    server.first.clear()
    print(store.flush(60), server.count, store.counts().lost)
    store.close(1)
"""


def test_on_a_full_disk_flows_go_through_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True 4000 {'no space for segments': 3000}\n"
    assert f"no segment can be written to {tmp_path}/segments: File too large" in done.stderr
    assert "flows are kept in memory until they are shipped" in done.stderr
    assert "1000 flows are lost" in done.stderr
