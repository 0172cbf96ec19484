"""Answers of a store as a table with bars, JSON lines or CSV."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from rich import box
from rich.bar import Bar
from rich.console import RenderableType
from rich.table import Table

from collector.explore.labels import label, unit
from collector.explore.units import text
from collector.query.model import OTHER, Answer

BAR = 24
"""Characters of the longest bar."""


def table(answer: Answer, measures: tuple[str, ...], zone: str) -> Table:
    """Rows, with a bar of the first measure where there are some; times in that zone."""
    frame = answer.frame.drop(OTHER, strict=False)
    out = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in frame.columns:
        number = name in measures or frame.schema[name].is_numeric()
        out.add_column(
            label(name) if name in measures else name, justify="right" if number else "left", overflow="fold"
        )
    if measures:
        out.add_column("")
    bars = _bars(frame, measures)
    others = answer.frame.get_column(OTHER).to_list() if OTHER in answer.frame.columns else [False] * frame.height
    for row, bar, other in zip(frame.iter_rows(named=True), bars, others, strict=True):
        cells = [_cell(name, value, measures, zone, other) for name, value in row.items()]
        out.add_row(*cells, *bar)
    return out


def _bars(frame: pl.DataFrame, measures: tuple[str, ...]) -> list[list[RenderableType]]:
    """A bar a row, of the first measure; none where there is no measure."""
    if not measures:
        return [[] for _ in range(frame.height)]
    values = [value or 0 for value in frame.get_column(measures[0]).to_list()]
    most = max(values, default=0) or 1
    return [[Bar(most, 0, max(value, 0), width=BAR)] for value in values]


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
