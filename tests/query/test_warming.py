"""What is read before anybody asks is not read again."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from collector.explore.asking import question
from collector.explore.dashboard import Dashboard
from collector.explore.warming import Warmer, warm
from collector.query.model import Answer, Patience, Query, Range
from collector.query.parquet import ParquetEngine, gathering
from collector.query.parquet.keeping import Kept
from tests.query.parquet_folder import BEGIN, COUNT, STEP, flows, store

ALL = Range(BEGIN, BEGIN + COUNT * STEP)


def board(*panels: str) -> Dashboard:
    width = 48 // len(panels)
    made = [
        {"id": by.replace(".", "-"), "title": by, "kind": "bars", "width": width, "by": [by], "measures": ["bytes"]}
        for by in panels
    ]
    about = {"title": "Some", "description": "Some.", "group": "Other", "position": 1}
    return Dashboard.model_validate({**about, "rows": [{"panels": made}]})


BOARDS = [board("source.domain", "client.domain"), board("destination.port")]


def asked(engine: ParquetEngine, dashboard: Dashboard, within: Range = ALL) -> list[Answer]:
    return engine.ask([question(dashboard, panel, within) for panel in dashboard.panels()])


def spoil(root: Path) -> None:
    """Leaves nothing in the files that can be read."""
    for path in root.glob("*/*.parquet"):
        path.write_bytes(b"nothing")


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(gathering, "LARGE", 100)
    return store(tmp_path, flows(), files=2)


def test_what_is_kept_is_not_read_again(root: Path) -> None:
    engine, fresh = ParquetEngine(root), ParquetEngine(root)
    warm(engine, BOARDS, ALL, threading.Event(), share=1)
    wanted = [asked(fresh, one) for one in BOARDS]
    spoil(root)
    for dashboard, answers in zip(BOARDS, wanted, strict=True):
        for found, one in zip(asked(engine, dashboard), answers, strict=True):
            assert_frame_equal(found.frame, one.frame)
            assert found.total == one.total == COUNT
            assert not found.notes


def test_small_files_are_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "LARGE", COUNT)
    assert not list(ParquetEngine(root).prepare([question(BOARDS[0], one, ALL) for one in BOARDS[0].panels()]))


def test_nothing_is_read_ahead_where_memory_is_short(root: Path) -> None:
    engine = ParquetEngine(root)
    engine._memory = engine._memory._replace(kept=Kept(4000))
    steps = list(engine.prepare([question(BOARDS[0], one, ALL) for one in BOARDS[0].panels()]))
    assert 0 < len(steps) < len(list(root.glob("*/*.parquet")))


class Noting(ParquetEngine):
    """Notes what it is prepared for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.noted: list[tuple[str, ...]] = []

    def prepare(self, queries: Sequence[Query]) -> Iterator[None]:
        yield from super().prepare(queries)
        self.noted.append(queries[-1].by)


class Waited(ParquetEngine):
    """Of which an answer is waited for as long as it is said."""

    waits = True
    steps = 0

    @property
    def is_busy(self) -> bool:
        return self.waits

    def prepare(self, queries: Sequence[Query]) -> Iterator[None]:
        for step in super().prepare(queries):
            self.steps += 1
            yield step


def test_nothing_is_read_ahead_while_an_answer_is_waited_for(root: Path) -> None:
    engine = Waited(root)
    thread = threading.Thread(target=warm, args=(engine, BOARDS, ALL, threading.Event(), 1.0))
    thread.start()
    until(lambda: engine.steps == 1)
    thread.join(1.0)
    assert engine.steps == 1
    engine.waits = False
    thread.join(30.0)
    assert engine.steps > 2


def test_an_engine_is_busy_while_it_answers(root: Path) -> None:
    class Watching(Patience):
        seen = False

        def check(self) -> None:
            self.seen = self.seen or engine.is_busy

    engine, patience = ParquetEngine(root), Watching()
    engine.ask([question(BOARDS[0], one, ALL) for one in BOARDS[0].panels()], patience)
    assert patience.seen
    assert not engine.is_busy


def test_all_dashboards_are_ready_after_a_visit(root: Path) -> None:
    engine = Noting(root)
    warmer = Warmer(engine, BOARDS, lambda: ALL.end / 1000)
    warmer.start()
    until(lambda: bool(engine.noted))
    assert engine.noted == [("client.domain",)]
    warmer.visited()
    until(lambda: len(engine.noted) == 3)
    warmer.close()
    assert engine.noted[1:] == [("client.domain",), ("destination.port",)]
