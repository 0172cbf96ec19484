"""Bulk requests: made from a segment's flows, and what became of their documents read from the answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.datasets import Dataset
from collector.flows import Flows
from collector.store import reasons
from collector.store.client import Answer
from collector.store.documents import lines
from collector.store.ids import letters

ROW_LETTERS = 4
"""Letters of the row number in an `_id`: enough for seven million flows in a segment."""

# Each item's status is asked for, since a filter for errors alone would leave out which item had them; ids and shard
# counts would be three times as much.
TARGET = "/_bulk?filter_path=errors,items.*.status,items.*.error"

# Faults of the cluster (no more shards allowed) or the index that are answered as if they were the document's.
MENDABLE = frozenset({"validation_exception", "index_closed_exception"})


@dataclass(frozen=True)
class Request:
    """Documents of a dataset and a day (YYYY.MM.DD), with their actions, in `body`; `offsets` (one value more) tell
    where each begins.
    """

    dataset: Dataset
    day: str
    body: memoryview
    offsets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def index(self) -> str:
        """Name of the index."""
        return f"{self.dataset.prefix}{self.day}"

    @property
    def target(self) -> str:
        """Path of the request."""
        return f"/{self.index}{TARGET}"

    def part(self, start: int, stop: int) -> "Request":
        """The documents from `start` to before `stop`, over the same memory."""
        begin = self.offsets[start]
        offsets = self.offsets[start : stop + 1] - begin
        return replace(self, body=self.body[begin : self.offsets[stop]], offsets=offsets)

    def only(self, rows: Sequence[int]) -> "Request":
        """The documents of those rows."""
        parts = [self.body[self.offsets[row] : self.offsets[row + 1]] for row in rows]
        offsets = np.cumsum([0, *map(len, parts)], dtype=np.int64)
        return replace(self, body=memoryview(b"".join(parts)), offsets=offsets)

    def document(self, row: int) -> str:
        """The document of a row as text, without its action."""
        return bytes(self.body[self.offsets[row] : self.offsets[row + 1]]).decode(errors="replace").splitlines()[1]


@dataclass
class Outcome:
    """What became of the documents of a request."""

    created: int = 0
    repeated: int = 0
    """Those that the index had already, from an earlier request whose answer was lost."""
    refused: dict[str, list[int]] = field(default_factory=dict)
    """Rows that the engine will never take, by type of error."""
    again: list[int] = field(default_factory=list)
    """Rows to be sent again."""
    reason: str = ""
    """Why those, by the first of them."""
    overload: bool = True
    """Whether they need no more than time, and not an operator."""
    sample: dict[str, str] = field(default_factory=dict)
    """The reason of the first refused row, by type of error."""


def requests(
    flows: Flows, segment: str, zone: str, size: Callable[[], int], full: bool = True, message: bool = False
) -> Iterator[Request]:
    """The requests that bring a segment's flows into their daily indices, each of at most about `size()` bytes.

    Documents that are not `full` leave out what repeats other fields; with `message` they have a line of text. The
    `_id` of a document is the segment's id and the number of its row, so that a request can be sent again.
    """
    endings = _endings(len(flows))
    for day, rows in days(flows.frame.get_column("@timestamp"), zone):
        some, ends = (flows, endings) if rows is None else (flows.filter(rows), endings.filter(rows))
        for made in lines(some, [f'{{"create":{{"_id":"{segment}', ends], full, message):
            yield from _cut(Request(flows.dataset, day, made.data, made.offsets), size)


def days(times: pl.Series, zone: str) -> Iterator[tuple[str, pl.Series | None]]:
    """Each day (YYYY.MM.DD in a time zone) of some times in UTC, and which of them are in it; None where all are."""
    ends = pl.Series([times.min(), times.max()], dtype=times.dtype)
    first, last = _dates(ends, zone)
    if first == last and first is not None and not times.null_count():
        yield f"{first:%Y.%m.%d}", None
        return
    dates = _dates(times, zone)
    for date in dates.unique().drop_nulls().sort():
        yield f"{date:%Y.%m.%d}", dates == date


def outcome(request: Request, answer: Answer) -> Outcome | None:
    """What an answer says of each document of a request; None where it is no answer to a bulk request."""
    if b'"errors":false' in answer.body[:64]:
        return Outcome(created=len(request))
    content = answer.json()
    items = content.get("items") if isinstance(content, dict) else None
    if not isinstance(items, list) or len(items) != len(request):
        return None
    result = Outcome()
    for row, item in enumerate(items):
        _count(result, row, item["create"])
    return result


def _cut(request: Request, size: Callable[[], int]) -> Iterator[Request]:
    start = 0
    while start < len(request):
        end = request.offsets[start] + size()
        stop = max(start + 1, int(np.searchsorted(request.offsets, end, side="right")) - 1)
        yield request.part(start, stop)
        start = stop


def _count(result: Outcome, row: int, item: dict[str, Any]) -> None:
    status, error = item["status"], item.get("error", {})
    kind = error.get("type", f"status {status}")
    if status < 300:
        result.created += 1
    elif status == 409:
        result.repeated += 1
    elif status == 400 and kind not in MENDABLE:
        result.refused.setdefault(kind, []).append(row)
        result.sample.setdefault(kind, reasons.of_engine(error))
    else:
        if not result.again:
            result.reason = f"status {status} ({reasons.of_engine(error)})"
            result.overload = status in {429, 500, 502, 503, 504}
        result.again.append(row)


def _dates(times: pl.Series, zone: str) -> pl.Series:
    return times.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.date()


def _endings(rows: int) -> pl.Series:
    """What the action lines of a segment's rows end in."""
    # In powers of two, so that they are made a few times only.
    return _many_endings(1 << max(10, rows.bit_length())).head(rows)


@cache
def _many_endings(rows: int) -> pl.Series:
    return pl.Series([f'{letters(row, ROW_LETTERS)}"}}}}\n' for row in range(rows)], dtype=pl.String)
