"""Tables of `query` in terminals of all widths, and again and again."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest
from rich.console import Console

from collector.commands.answers import table
from collector.commands.questions import COLUMNS, SPARE, Rows
from collector.commands.showing import Form, Show
from collector.datasets import FLOWS
from collector.explore.page.silence import unfilled
from collector.query.model import OTHER, TIME, Answer, Engine, QueryError, Range
from collector.settings import Settings

ADDRESS, LONG = "10.20.30.140", "2001:db8:1111:2222:3333:4444:5555:6666"
WITHIN = Range(1_772_300_000_000, 1_772_310_000_000)


def row(source: str = ADDRESS) -> Answer:
    texts = {"host.name": "192.0.2.1", "source.ip": source, "destination.ip": source, "flow.service_name": "https"}
    numbers = {"source.port": 50_000, "destination.port": 443, "network.bytes": 12_345_678, "network.packets": 9000}
    time = datetime(2026, 3, 1, 12, 0, 0, 123_000, UTC)
    return Answer(pl.DataFrame([texts | numbers | {TIME: time}]).select(COLUMNS), 1)


def drawn(answer: Answer, width: int, measures: tuple[str, ...] = (), spare: Sequence[str] = ()) -> tuple[str, Any]:
    """What is on the screen, and the columns that are not."""
    made, left = table(answer, measures, "UTC", width, spare)
    console = Console(width=width, force_terminal=False)
    with console.capture() as caught:
        console.print(made)
    return caught.get(), left


@pytest.mark.parametrize(
    ("width", "left"), [(80, set(SPARE)), (115, {"host.name"}), (120, set()), (200, set()), (1000, set())]
)
def test_columns_without_room_are_left_out_the_least_important_first(width: int, left: set[str]) -> None:
    text, gone = drawn(row(), width, spare=SPARE)
    *heading, _, line = text.splitlines()
    assert set(gone) == left
    assert len(heading) <= 2
    assert line.startswith("2026-03-01 12:00:00.123")
    assert line.split().count(ADDRESS) == 2
    assert "12345678" in line


def test_headings_are_in_one_line_where_there_is_room() -> None:
    assert drawn(row(), 200)[0].splitlines()[0].split() == list(COLUMNS)


def test_long_addresses_are_folded_where_nothing_else_helps() -> None:
    text, left = drawn(row(LONG), 80, spare=SPARE)
    assert set(left) == set(SPARE)
    assert "12345678" in text
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("width", [20, 30, 50, 80])
def test_numbers_are_whole_or_left_out_and_said(width: int) -> None:
    text, left = drawn(row(LONG), width)
    assert ("12345678" in text) != ("network.bytes" in left)
    assert "…" not in text or width < 23


def test_the_bar_gives_way_to_what_it_shows() -> None:
    groups = Answer(pl.DataFrame({"source.ip": [LONG], "bytes": [1000.0], OTHER: [False]}))
    assert "█" * 24 in drawn(groups, 80, ("bytes",))[0]
    text, left = drawn(groups, 60, ("bytes",))
    assert LONG in text
    assert "1.0 kB" in text
    assert "█" not in text
    assert left == ()


def test_lists_are_words() -> None:
    assert "SYN, ACK" in drawn(Answer(pl.DataFrame({"flow.tcp_flags": [["SYN", "ACK"]]})), 80)[0]


class Failing:
    """Answers each question with the next of these; an error is raised."""

    def __init__(self, *answers: Answer | BaseException) -> None:
        self.answers = list(answers)

    def records(self, asked: object) -> Answer:  # noqa: ARG002
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def newest(self, asked: object) -> int:  # noqa: ARG002
        return WITHIN.start


def watched(monkeypatch: pytest.MonkeyPatch, form: Form, *answers: Answer | BaseException) -> None:
    """Until Ctrl-C."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    question = Rows(FLOWS, None, (), TIME, ascending=False, top=10, offset=0)
    engine = cast("Engine", Failing(*answers, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        Show(engine, question, form, "UTC").again(lambda: WITHIN, 1)


@pytest.mark.parametrize("form", [Form.TABLE, Form.JSON, Form.CSV])
def test_watching_goes_on_after_a_question_that_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: Form
) -> None:
    watched(monkeypatch, form, row(), QueryError("the engine restarts"), row())
    shown = capsys.readouterr()
    assert shown.out.count(ADDRESS) == 4
    assert (shown.out.startswith("{"), "," in shown.out) == (form is Form.JSON, form is not Form.TABLE)
    assert shown.err == "flow-collector: the engine restarts\n"


def test_watching_says_what_there_is_to_know(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = Answer(row().frame.clear(), 0, ("a file is skipped",))
    watched(monkeypatch, Form.TABLE, nothing)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "No flows match from 2026-02-28 17:33:20 to" in shown.err
    assert "flow-collector: a file is skipped\n" in shown.err


def test_watching_on_a_screen_says_it_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    screen = Console(width=80, height=20, force_terminal=True, highlight=False)
    monkeypatch.setattr("collector.commands.showing._console", lambda: screen)
    nothing = Answer(row().frame.clear(), 0, ("a file is skipped",))
    watched(monkeypatch, Form.TABLE, nothing, QueryError("the engine restarts"), row())
    shown = capsys.readouterr().out
    assert "No flows match" in shown
    assert "a file is skipped" in shown
    assert "the engine restarts" in shown
    assert "left out, as the terminal has 80 columns: host.name, source.port" in shown
    assert ADDRESS in shown


def test_a_question_that_makes_no_sense_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(QueryError, match="list"):
        watched(monkeypatch, Form.TABLE, QueryError("a list"))


def test_the_page_tells_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert unfilled(Settings(folder=tmp_path / "flow")).startswith(f"There is no folder {tmp_path / 'flow'} yet")
    assert unfilled(Settings(folder=tmp_path)).startswith(f"The store has none: Parquet files in {tmp_path}.")
