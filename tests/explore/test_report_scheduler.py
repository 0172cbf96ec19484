"""Reports are made when they are due, once, and what goes wrong is told."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.errors import CollectorError
from collector.explore.report import apart
from collector.explore.report.journal import FILE, Journal
from collector.explore.report.mail import Post
from collector.explore.report.order import Order
from collector.explore.report.periods import covered
from collector.explore.report.scheduler import Scheduler
from collector.query.model import Range
from collector.settings import Settings, load
from tests.endtoend.running import Running, wait_for
from tests.explore.mailserver import served
from tests.query.parquet_folder import flows, store

MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
"""When the report of the week is due that has all flows of the folder but the last ones."""


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Drawing:
    """Stands in for the process that draws."""

    ranges: list[Range] = field(default_factory=list)
    faults: list[CollectorError] = field(default_factory=list)

    def __call__(self, _: Settings, order: Order, __: threading.Event) -> bytes:
        self.ranges.append(order.within)
        if self.faults:
            raise self.faults.pop(0)
        return b"%PDF"


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> Drawing:
    made = Drawing()
    monkeypatch.setattr(apart, "made", made)
    return made


def settings(folder: Path, *reports: dict[str, Any], **more: Any) -> Settings:
    given = [{"dashboard": "overview", "every": "week", "folder": str(folder / "out"), **one} for one in reports]
    return load({"folder": str(folder / "flows"), "reports": given, **more})


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Callable[..., Scheduler]]:
    """A scheduler as a process has it, begun at a time; the one before ends."""
    running: list[Scheduler] = []

    def begin(now: datetime, *reports: dict[str, Any], **more: Any) -> Scheduler:
        if running:
            running[-1]._journal.release()
        given = settings(tmp_path, *(reports or ({},)), **more)
        post = Post(given.smtp_host, "a@b.example", given.smtp_port, "off") if given.smtp_host else None
        made = Scheduler(given, post, Clock(now), waits=(0.0, 0.0))
        assert made._journal.claim()
        running.append(made)
        return made

    yield begin
    running[-1]._journal.release()


def at(scheduler: Scheduler, now: datetime) -> None:
    scheduler.clock = Clock(now)
    scheduler.step()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "out").glob("*"))


def test_a_report_is_made_once_when_it_is_due(
    scheduler: Callable[..., Scheduler], drawing: Drawing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    running = scheduler(MONDAY - timedelta(hours=2))
    running.step()
    assert "report overview, week: the first one is due on 2026-03-02 06:00 (UTC)" in caplog.messages
    at(running, MONDAY - timedelta(seconds=1))
    assert not drawing.ranges
    for later in (timedelta(), timedelta(minutes=1), timedelta(days=6)):
        at(running, MONDAY + later)
    assert names(tmp_path) == ["overview-2026-W09.pdf"]
    assert drawing.ranges == [covered("week", MONDAY.date(), running._zone)]
    at(running, MONDAY + timedelta(days=7))
    assert names(tmp_path) == ["overview-2026-W09.pdf", "overview-2026-W10.pdf"]


def test_one_that_was_missed_is_made_at_the_start(
    scheduler: Callable[..., Scheduler], drawing: Drawing, tmp_path: Path
) -> None:
    scheduler(MONDAY - timedelta(days=1)).step()
    again = scheduler(MONDAY + timedelta(hours=23))
    again.step()
    assert names(tmp_path) == ["overview-2026-W09.pdf"]
    scheduler(MONDAY + timedelta(hours=23)).step()
    assert len(drawing.ranges) == 1, "a restart makes no second one"


def test_one_that_was_missed_long_ago_is_told_with_what_makes_it(
    scheduler: Callable[..., Scheduler], drawing: Drawing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scheduler(MONDAY - timedelta(days=1), {"filter": "server.port:443"}).step()
    again = scheduler(MONDAY + timedelta(hours=25), {"filter": "server.port:443"})
    again.step()
    again.step()
    assert not drawing.ranges
    told = [message for message in caplog.messages if "was due while the collector was down" in message]
    by_hand = "--from 2026-02-23T00:00:00+00:00 --to 2026-03-02T00:00:00+00:00 --filter server.port:443 -o overview.pdf"
    assert len(told) == 1
    assert told[0].endswith(f"this makes it: flow-collector report overview {by_hand} --folder {tmp_path}/flows")


def test_what_fails_is_tried_again(
    scheduler: Callable[..., Scheduler], drawing: Drawing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    running = scheduler(MONDAY - timedelta(days=1))
    running.step()
    drawing.faults = [CollectorError("no engine answers"), CollectorError("no engine answers")]
    at(running, MONDAY)
    assert names(tmp_path) == ["overview-2026-W09.pdf"]
    assert caplog.messages.count("report overview, week: no engine answers; tried again in 0 s") == 2


def test_what_fails_three_times_is_given_up_until_the_next_start(
    scheduler: Callable[..., Scheduler], drawing: Drawing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    running = scheduler(MONDAY - timedelta(days=1))
    running.step()
    drawing.faults = [CollectorError("no engine answers")] * 3
    at(running, MONDAY)
    at(running, MONDAY + timedelta(minutes=1))
    assert len(drawing.ranges) == 3
    assert "report overview, week of 2026-W09 is given up; this makes it: flow-collector report" in caplog.text
    scheduler(MONDAY + timedelta(hours=1)).step()
    assert names(tmp_path) == ["overview-2026-W09.pdf"]


def test_a_folder_that_cannot_be_written_is_told(
    scheduler: Callable[..., Scheduler], drawing: Drawing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    report = {"folder": str(tmp_path / "file" / "out")}
    running = scheduler(MONDAY - timedelta(days=1), report)
    running.step()
    at(running, MONDAY)
    assert f"report overview, week: {tmp_path}/file/out: Not a directory" in caplog.messages


def test_a_report_goes_by_mail(scheduler: Callable[..., Scheduler], drawing: Drawing) -> None:
    with served(login=False) as box:
        report = {"mail": ["noc@example.net"], "folder": None}
        report = {key: value for key, value in report.items() if value}
        more = {"smtp_host": "127.0.0.1", "smtp_port": box.port, "smtp_from": "a@b.example"}
        running = scheduler(MONDAY - timedelta(days=1), report, **more)
        running.step()
        at(running, MONDAY)
    (message,) = box.messages
    assert message["Subject"] == "Overview: Monday 23 February 2026 – Sunday 1 March 2026 (UTC)"
    text = message.get_body(("plain",))
    assert text
    assert "Filter: none: all traffic" in text.get_content()
    (document,) = message.iter_attachments()
    assert (document.get_filename(), document.get_content()) == ("overview-2026-W09.pdf", b"%PDF")


def test_two_processes_do_not_make_the_same_reports(tmp_path: Path) -> None:
    first, second = Journal(tmp_path), Journal(tmp_path)
    assert first.claim()
    assert not second.claim()
    first.note("a", MONDAY.date())
    first.release()
    assert second.claim()
    assert second.last("a") == MONDAY.date()
    second.release()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 2, "done": {}}', '{"version": 1, "done": {"a": 7}}'])
def test_a_damaged_journal_is_told_and_put_aside(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    journal = Journal(tmp_path)
    assert journal.claim()
    assert journal.last("a") is None
    journal.note("a", MONDAY.date())
    assert json.loads((tmp_path / FILE).read_bytes()) == {"version": 1, "done": {"a": "2026-03-02"}}
    journal.release()
    assert "reports begin anew with the next one of each" in caplog.text


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("scheduled")
    store(root / "flows", flows())
    return root


def test_drawing_is_done_by_another_process(filled: Path, caplog: pytest.LogCaptureFixture) -> None:
    given = settings(filled, {"filter": "network.bytes:>0"})
    (plan,) = given.reports
    within = covered("week", MONDAY.date(), Scheduler(given, None)._zone)
    assert apart.made(given, plan.order(within), threading.Event()).startswith(b"%PDF-")
    assert caplog.messages == []


def test_what_the_other_process_says_is_told(filled: Path) -> None:
    given = settings(filled, {}, elasticsearch="http://127.0.0.1:9")
    gone = replace(given.reports[0], dashboard="gone")
    with pytest.raises(CollectorError, match="there is no dashboard gone"):
        apart.made(given, gone.order(Range(0, 1000)), threading.Event())


def test_the_other_process_ends_with_the_collector(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = settings(filled, {})
    ending = threading.Event()
    ending.set()
    monkeypatch.setattr(apart, "LOOK", 0.01)
    with pytest.raises(apart.StoppedError):
        apart.made(given, given.reports[0].order(Range(0, 1000)), ending)


def test_passwords_go_to_the_other_process_by_a_pipe_alone(tmp_path: Path) -> None:
    given = settings(tmp_path, {}, elasticsearch="http://a:9200", elasticsearch_user="me", elasticsearch_password="p")
    told = apart.reading(given)
    assert told["elasticsearch_password"] == "p"
    assert told["elasticsearch"] == ["http://a:9200"]
    assert "smtp_password" not in told
    again = Settings(**json.loads(json.dumps(told)))
    assert {name: getattr(again, name) for name in told} == {name: getattr(given, name) for name in told}


def test_a_running_collector_makes_what_it_has_missed(tmp_path: Path) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    root = tmp_path / "flows"
    root.mkdir()
    (root / FILE).write_text(json.dumps({"version": 1, "done": {"overview, day": str(yesterday)}}), encoding="utf-8")
    file = tmp_path / "some.toml"
    out = tmp_path / "out"
    file.write_text(
        f'[[reports]]\ndashboard = "overview"\nevery = "day"\nat = "00:00"\nformat = "html"\nfolder = "{out}"\n',
        encoding="utf-8",
    )
    with Running(tmp_path, ["--config", str(file)]):
        wait_for(lambda: bool(list(out.glob("overview-*.html"))), "the report")
    (made,) = out.glob("overview-*.html")
    assert "Nothing in this time range." in made.read_text(encoding="utf-8")
    assert "Traceback" not in (tmp_path / "collector.log").read_text(encoding="utf-8")
