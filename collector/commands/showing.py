"""Answers on standard output, once or again and again; what there is to say about them on standard error."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console, Group, RenderableType
from rich.live import Live

from collector.commands.answers import csv_text, json_text, local, table
from collector.commands.questions import Question
from collector.errors import CollectorError
from collector.query.model import Answer, Engine, Range

WIDE = 100_000
"""Columns of what is no terminal: lines are not broken there, and nothing is left out."""
NAMED = 5
"""Columns without room that are named."""


class Form(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True)
class Show:
    """Asks a question and shows the answers; times of tables in the zone."""

    engine: Engine
    question: Question
    form: Form
    zone: str

    def once(self, within: Range) -> None:
        """The answer for a time range. CollectorError."""
        answer = self.question.ask(self.engine, within)
        if self.form is Form.TABLE:
            console = _console()
            made, notes = self._drawn(answer, within, console.width)
            for part in made:
                console.print(part)
        else:
            sys.stdout.write(json_text(answer) if self.form is Form.JSON else csv_text(answer))
            notes = answer.notes
        sys.stdout.flush()
        for note in notes:
            print(f"flow-collector: {note}", file=sys.stderr)

    def again(self, span: Callable[[], Range], seconds: float) -> None:
        """The answers every so many seconds, without end: on a terminal each table in the place of the last.

        CollectorError of the first question, which may make no sense; those of others are shown.
        """
        console = _console()
        lively = self.form is Form.TABLE and console.is_terminal
        with Live(console=console, auto_refresh=False, screen=True) if lively else nullcontext() as live:
            self._next(live, span())
            while True:
                time.sleep(seconds)
                try:
                    self._next(live, span())
                except CollectorError as error:
                    _tell(live, error)

    def _next(self, live: Live | None, within: Range) -> None:
        if live is None:
            self.once(within)
            return
        made, notes = self._drawn(self.question.ask(self.engine, within), within, live.console.width)
        # Notes come first, as the end of a long table is beyond the end of the screen.
        live.update(Group(*notes, *made), refresh=True)

    def _drawn(self, answer: Answer, within: Range, width: int) -> tuple[Sequence[RenderableType], Sequence[str]]:
        """A table, or none where there is no row; and what to say beside it."""
        if answer.frame.is_empty():
            return (), (self._nothing(answer, within), *answer.notes)
        spare = self.question.spare(answer.frame.columns)
        made, left = table(answer, self.question.measures, self.zone, width, spare)
        return (made,), (*_narrow(left, width), *answer.notes)

    def _nothing(self, answer: Answer, within: Range) -> str:
        """Why there is no row."""
        if answer.total:
            return self.question.missing(answer.total)
        rows, newest = self.question.dataset.title, self.engine.newest(self.question.dataset)
        if newest is None:
            return f"There are no {rows} in this store."
        begin, end, last = (local(at, self.zone) for at in (within.start, within.end, newest))
        return f"No {rows} match from {begin} to {end} ({self.zone}); the newest of all are of {last}."


def _narrow(left: Sequence[str], width: int) -> tuple[str, ...]:
    """What to say of columns that had no room."""
    if not left:
        return ()
    more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
    return (f"left out, as the terminal has {width} columns: {', '.join(left[:NAMED])}{more}",)


def _tell(live: Live | None, error: CollectorError) -> None:
    """That a question failed, and will be asked again."""
    if live is None:
        print(f"flow-collector: {error}", file=sys.stderr)
    else:
        live.update(str(error), refresh=True)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, emoji=False, markup=False)
