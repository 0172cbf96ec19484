"""Answers of a store as a table with bars, JSON lines or CSV."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from rich import box
from rich.bar import Bar
from rich.cells import cell_len
from rich.console import JustifyMethod
from rich.table import Table

from collector.explore.labels import label, unit
from collector.explore.units import text
from collector.query.model import OTHER, Answer

BAR = 24
"""Characters of the longest bar."""
GAP = 2
"""Characters between columns."""
SHORT = 15
"""Characters of a text that is not broken, as of an address of IPv4."""
FOLDED = 12
"""Characters of a line of a text that is broken."""
_LAST = re.compile(r"(?<=[. ])(?=[^. ]+$)")
"""Before the last word of a heading."""


@dataclass(frozen=True)
class _Column:
    """A column of a table as it is shown."""

    name: str
    heading: str
    cells: Sequence[str]
    number: bool
    folds: bool
    """Whether its texts may be broken over several lines."""

    @property
    def width(self) -> int:
        """Characters of its widest line."""
        return max(map(cell_len, [*self.heading.split("\n"), *self.cells]))

    @property
    def least(self) -> int:
        """The same where its texts are folded."""
        return min(self.width, FOLDED) if self.folds else self.width

    @property
    def broken(self) -> "_Column":
        """With its heading on two lines."""
        return replace(self, heading=_LAST.sub("\n", self.heading))


def table(
    answer: Answer, measures: tuple[str, ...], zone: str, width: int, spare: Sequence[str] = ()
) -> tuple[Table, tuple[str, ...]]:
    """Rows, with a bar of the first measure where there are some, and the columns that had no room.

    `width`: characters of a line. To fit, headings are broken first, then the bar is left out, then those of `spare`,
    the last first; then long texts are folded, and the last columns left out. Times are in the zone.
    """
    columns = _columns(answer, measures, zone)
    bars = _bars(answer.frame, measures)
    for shown, bar, folded in _forms(columns, bool(measures), spare):
        needed = sum(one.least if folded else one.width for one in shown) + GAP * (len(shown) - 1)
        if needed + bar * (GAP + BAR) <= width:
            break
    there = {one.name for one in shown}
    return _table(shown, bars if bar else []), tuple(one.name for one in columns if one.name not in there)


def _forms(columns: list[_Column], bar: bool, spare: Sequence[str]) -> Iterator[tuple[list[_Column], bool, bool]]:
    """From the widest to the narrowest; whether there is a bar, and whether texts are folded."""
    yield columns, bar, False
    shown = [one.broken for one in columns]
    yield shown, bar, False
    yield shown, False, False
    for name in reversed(spare):
        shown = [one for one in shown if one.name != name]
        yield shown, False, False
    for count in range(len(shown), 0, -1):
        yield shown[:count], False, True


def _table(columns: Sequence[_Column], bars: Sequence[Bar]) -> Table:
    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, GAP - 1, 0, 0), show_edge=False)
    for one in columns:
        side: JustifyMethod = "right" if one.number else "left"
        out.add_column(one.heading, justify=side, overflow="fold" if one.folds else "ellipsis", no_wrap=not one.folds)
    if bars:
        out.add_column("")
    for number, cells in enumerate(zip(*(one.cells for one in columns), strict=True)):
        out.add_row(*cells, *bars[number : number + 1])
    return out


def _columns(answer: Answer, measures: tuple[str, ...], zone: str) -> list[_Column]:
    frame = answer.frame.drop(OTHER, strict=False)
    others = answer.frame.get_column(OTHER).to_list() if OTHER in answer.frame.columns else [False] * frame.height
    return [_column(one, measures, zone, others) for one in frame.get_columns()]


def _column(values: pl.Series, measures: tuple[str, ...], zone: str, others: Sequence[bool]) -> _Column:
    name, dtype = values.name, values.dtype
    cells = [_cell(name, value, measures, zone, other) for value, other in zip(values.to_list(), others, strict=True)]
    heading = label(name) if name in measures else name
    folds = isinstance(dtype, pl.String | pl.List) and any(cell_len(cell) > SHORT for cell in cells)
    return _Column(name, heading, cells, name in measures or dtype.is_numeric(), folds)


def _bars(frame: pl.DataFrame, measures: tuple[str, ...]) -> list[Bar]:
    """A bar a row, of the first measure; none where there is no measure."""
    if not measures:
        return []
    values = [value or 0 for value in frame.get_column(measures[0]).to_list()]
    most = max(values, default=0) or 1
    return [Bar(most, 0, max(value, 0), width=BAR) for value in values]


def _cell(name: str, value: Any, measures: tuple[str, ...], zone: str, other: bool) -> str:
    if name in measures:
        return text(value, unit(name))
    if value is None:
        return "other" if other else "-"
    if isinstance(value, datetime):
        return _shown(value, zone)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def local(milliseconds: int, zone: str) -> str:
    """A time, in milliseconds since 1970, as a clock in that zone shows it."""
    return _shown(datetime.fromtimestamp(milliseconds / 1000, UTC), zone)


def _shown(moment: datetime, zone: str) -> str:
    """Without the fraction where it is none."""
    there = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(ZoneInfo(zone))
    return there.strftime("%Y-%m-%d %H:%M:%S") + (f".{there.microsecond // 1000:03}" if there.microsecond else "")


def json_text(answer: Answer) -> str:
    """A JSON object a row, with what it has; times in UTC."""
    rows = _whole(answer.frame).iter_rows(named=True)
    return "".join(json.dumps(_present(row), default=_utc, ensure_ascii=False) + "\n" for row in rows)


def csv_text(answer: Answer) -> str:
    """A heading and a line a row; lists with spaces between, times in UTC."""
    frame = _whole(answer.frame)
    lists = [name for name, dtype in frame.schema.items() if dtype == pl.List]
    times = [name for name, dtype in frame.schema.items() if dtype == pl.Datetime]
    whole = frame.with_columns(
        *(pl.col(name).cast(pl.List(pl.String)).list.join(" ") for name in lists),
        *(pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ") for name in times),
    )
    return whole.write_csv()


def _whole(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of real numbers as whole ones, where all are: sums of bytes are."""
    reals = [column for column in frame.get_columns() if column.dtype == pl.Float64]
    return frame.with_columns(one.cast(pl.Int64) for one in reals if (one.fill_null(0) % 1 == 0).all())


def _present(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None and (name != OTHER or value)}


def _utc(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
    raise TypeError(f"{value!r} has no form in JSON")
