"""Measures by the text that commands, pages and dashboard files have for them.

bytes, packets, flows     sums of network.bytes and network.packets, and the count of rows
bits                      eight times the bytes
sum:FIELD, average:FIELD, min:FIELD, max:FIELD
unique:FIELD              how many different values there are; about, where there are many
p95:FIELD                 a percentile, from p1 to p99
…/s                       a sum or a count per second: of the bucket, or of the whole range
"""

import re
from dataclasses import dataclass
from typing import Literal

from collector.errors import CollectorError

Kind = Literal["count", "sum", "average", "min", "max", "unique", "percentile"]
NAMED: dict[str, tuple[Kind, str | None, int]] = {
    "bytes": ("sum", "network.bytes", 1),
    "bits": ("sum", "network.bytes", 8),
    "packets": ("sum", "network.packets", 1),
    "flows": ("count", None, 1),
    "rows": ("count", None, 1),
}
"""What has a word of its own: kind, field, factor."""
RATES: tuple[Kind, ...] = ("count", "sum")
"""What can be per second."""
_FORM = re.compile(r"(?:(sum|average|min|max|unique)|p([1-9][0-9]?)):(\S+)")


class MeasureError(CollectorError):
    """A text that is no measure."""


@dataclass(frozen=True)
class Measure:
    """What is worked out of the rows of a group."""

    text: str
    """As it is written, and the name of its column in an answer."""
    kind: Kind
    field: str | None = None
    """None for a count."""
    factor: int = 1
    """What a sum is multiplied by."""
    percent: int = 0
    """Of a percentile: 1 to 99."""
    per_second: bool = False


def measure(text: str) -> Measure:
    """Read a measure. MeasureError where it is none; whether there is such a field is not looked at."""
    plain = text.removesuffix("/s")
    kind, name, factor, percent = _read(plain)
    if plain != text and kind not in RATES:
        raise MeasureError(f"{text}: only sums and counts can be per second")
    return Measure(text, kind, name, factor, percent, plain != text)


def _read(text: str) -> tuple[Kind, str | None, int, int]:
    if text in NAMED:
        return *NAMED[text], 0
    found = _FORM.fullmatch(text)
    if not found:
        known = ", ".join([*NAMED, "sum:FIELD", "average:FIELD", "min:FIELD", "max:FIELD", "unique:FIELD", "p95:FIELD"])
        raise MeasureError(f"{text!r} is no measure; there are {known}, and /s behind a sum or count")
    if found[2]:
        return "percentile", found[3], 1, int(found[2])
    kind: Kind = found[1]  # type: ignore[assignment]
    return kind, found[3], 1, 0
