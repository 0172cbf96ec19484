"""What flow records say beyond the fields of the schema, as one JSON object a flow (`--keep-unknown`).

The type of a value in JSON follows from its element alone, as a search engine wants the same under one name each time:
numbers for integers and floats, true and false for booleans, text for all else. Times are in UTC as in documents.
Octets, and what no registry knows, are hexadecimal.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial

import numpy as np
import polars as pl

from collector.decode import columns, jsontext, values
from collector.decode.elements import Element
from collector.decode.jsontext import Names, objects, quoted
from collector.decode.layout import Layout
from collector.decode.problems import Problems
from collector.decode.records import Records
from collector.decode.sheet import Part
from collector.decode.texts import octets, words
from collector.decode.times import READERS

FIELD = "flow.extra"
PADDING = frozenset({"paddingOctets", "padding"})
"""Of templates, and of the fixed formats (legacy.py)."""
MOST_PLANS = 4096
YEAR_10000 = 253_402_300_800_000
"""Milliseconds since 1970; nothing beyond is a time."""
Member = tuple[str, tuple[int, ...]]
"""A name, and the slots with its values."""


class Extras:
    """Puts the fields that feed nothing else under the names of their elements."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._plans: dict[Layout, list[Member]] = {}
        self._refused: list[tuple[int, str]] = []

    def put(self, records: Records, unused: Sequence[int], exporter: int, part: Part) -> None:
        """Put the values of the slots that are `unused` into the part; `exporter` is the one to be told about."""
        plan = self._plan(records.layout, unused, exporter)
        if plan:
            members = [(name, [_column(records, place) for place in places]) for name, places in plan]
            part.text(objects(FIELD, members))

    def tell(self, problems: Problems) -> None:
        """Count the names that were refused since the last call, each once for a layout."""
        for exporter, name in self._refused:
            problems.add("extra-names", exporter, name)
        self._refused.clear()

    def _plan(self, layout: Layout, unused: Sequence[int], exporter: int) -> list[Member]:
        if layout not in self._plans:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            found = _members(layout, unused)
            self._plans[layout] = [one for one in found if self._names.admit(one[0])]
            self._refused += [(exporter, name) for name, _ in found if not self._names.admit(name)]
        return self._plans[layout]


def _members(layout: Layout, unused: Sequence[int]) -> list[Member]:
    """Slots by name, in wire order; without those that carry nothing."""
    out: dict[str, tuple[int, ...]] = {}
    for place in unused:
        element = layout.slots[place].element
        if element.key not in PADDING and layout.slots[place].length:
            out[name_of(element)] = (*out.get(name_of(element), ()), place)
    return list(out.items())


@lru_cache(maxsize=4096)
def name_of(element: Element) -> str:
    """The element's name behind its enterprise's number, `9_clientBytesNetwork`; `9_12345` for an unknown one.

    IANA's names stand alone, numbers unknown to IANA are `0_N`, types of NetFlow v9 alone `v9_…`. Dots would make
    objects of a search engine's field.
    """
    pen, _, name = element.key.rpartition(":")
    if not element.known:
        pen, name = pen or "0", name.removeprefix("ie")
    return (f"{pen}_{name}" if pen else name).replace(".", "_").replace(":", "_")


def _column(records: Records, place: int) -> pl.Series:
    """The values of a slot as JSON text, null where there is none."""
    kind = records.layout.slots[place].element.type
    if kind in values.READERS and kind not in _READERS:
        return words(FIELD, records, place, partial(_word, kind))
    column = _READERS.get(kind, _octets)(records, place)
    return columns.nulled(column, records.ragged[place].lengths > 0) if place in records.ragged else column


def _unsigned(records: Records, place: int) -> pl.Series:
    numbers = records.numbers(place)
    return jsontext.numbers(pl.Series(numbers.astype(numbers.dtype.newbyteorder("="))))


def _signed(records: Records, place: int) -> pl.Series:
    """Two's complement of whatever length: the sign is moved to the first of 64 bits, and back."""
    ragged = records.ragged.get(place)
    length = records.layout.slots[place].length if ragged is None else ragged.lengths
    shift = 64 - 8 * np.clip(length, 1, 8)
    shifted = records.numbers(place).astype(np.uint64) << np.uint64(shift)
    return pl.Series(shifted.view(np.int64) >> shift).cast(pl.String)


def _boolean(records: Records, place: int) -> pl.Series:
    """1 is true and 2 is false (RFC 7011 section 6.1.5)."""
    return pl.Series(records.numbers(place) == 1).cast(pl.String)


def _time(unit: str, records: Records, place: int) -> pl.Series:
    stamps = READERS[unit](records, place)
    times = columns.nulled(pl.Series(stamps), (stamps > 0) & (stamps < YEAR_10000))
    return times.cast(pl.Datetime("ms")).dt.strftime('"%Y-%m-%dT%H:%M:%S%.3fZ"')


def _octets(records: Records, place: int) -> pl.Series:
    digits = octets(records, place).bin.encode("hex").to_frame("x")
    return digits.select(pl.concat_str(pl.lit('"'), "x", pl.lit('"'))).to_series()


_READERS: Mapping[str, Callable[[Records, int], pl.Series]] = {
    **{f"unsigned{bits}": _unsigned for bits in (8, 16, 32, 64)},
    **{f"signed{bits}": _signed for bits in (8, 16, 32, 64)},
    **{f"dateTime{unit}": partial(_time, unit) for unit in READERS},
    "boolean": _boolean,
}
"""Types that are read as columns. Of the others that have a form (values.py) each distinct value is read once."""


def _word(kind: str, cell: bytes) -> str | None:
    """One value as JSON text; None where it is empty, or no number."""
    found = values.value(kind, cell)
    if kind.startswith("float"):
        return _float(found, len(cell)) if isinstance(found, float) else None
    return quoted(str(found)) if found not in (None, "") else None


def _float(number: float, length: int) -> str | None:
    if not np.isfinite(number):
        return None
    return str(np.float32(number) if length == np.float32().itemsize else number)
