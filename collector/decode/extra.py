"""What flow records say beyond the fields of the schema, as one JSON object a flow (`--keep-unknown`).

The type of a value in JSON follows from its element alone, as a search engine wants the same under one name each time:
numbers for integers and floats, true and false for booleans, text for all else. Times are in UTC as in documents.
A basicList is JSON within text; octets, lists by templates and what no registry knows are hexadecimal.
"""

import json
from collections.abc import Sequence
from functools import lru_cache, partial

import numpy as np
import polars as pl

from collector.decode import columns, values
from collector.decode.elements import Element
from collector.decode.jsontext import Names, Value, as_hexadecimal, as_long, as_text, as_time, objects, quoted
from collector.decode.layout import Layout
from collector.decode.problems import Problems
from collector.decode.records import Ints, Records
from collector.decode.sheet import Part
from collector.decode.structured import structured
from collector.decode.texts import octets, words
from collector.decode.times import READERS

FIELD = "flow.extra"
LIST = "basicList"
"""Of the lists of RFC 6313 the one that needs no template to be read."""
PADDING = frozenset({"paddingOctets", "padding"})
"""Of templates, and of the fixed formats (legacy.py)."""
MOST_PLANS = 4096
UNSIGNED = frozenset(f"unsigned{bits}" for bits in (8, 16, 32, 64))
SIGNED = frozenset(f"signed{bits}" for bits in (8, 16, 32, 64))
TIMES = {f"dateTime{unit}": read for unit, read in READERS.items()}
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
            members = [(name, [_value(records, place) for place in places]) for name, places in plan]
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


def _value(records: Records, place: int) -> Value:
    """The values of a slot."""
    kind = records.layout.slots[place].element.type
    column, shown = _read(kind, records, place)
    return columns.nulled(column, records.ragged[place].lengths > 0) if place in records.ragged else column, shown


def _read(kind: str, records: Records, place: int) -> Value:
    """The values by their type: most as a column, those of other forms (values.py) each distinct one once."""
    if kind in UNSIGNED:
        numbers = records.numbers(place)
        native = pl.Series(numbers.astype(numbers.dtype.newbyteorder("=")))
        return native, as_long if native.dtype == pl.UInt64 else as_text
    if kind in SIGNED:
        return pl.Series(_signed(records, place)), as_text
    if kind in TIMES:
        return pl.Series(TIMES[kind](records, place)), as_time
    if kind == "boolean":  # 1 is true and 2 is false (RFC 7011 section 6.1.5)
        return pl.Series(records.numbers(place) == 1), as_text
    if kind in values.READERS or kind == LIST:
        return words(FIELD, records, place, partial(_word, kind)), as_text
    return octets(records, place), as_hexadecimal


def _signed(records: Records, place: int) -> Ints:
    """Two's complement of whatever length: the sign is moved to the first of 64 bits, and back."""
    ragged = records.ragged.get(place)
    length = records.layout.slots[place].length if ragged is None else ragged.lengths
    shift = 64 - 8 * np.clip(length, 1, 8)
    shifted = records.numbers(place).astype(np.uint64) << np.uint64(shift)
    signed: Ints = shifted.view(np.int64) >> shift
    return signed


def _word(kind: str, cell: bytes) -> str | None:
    """One value as JSON text; None where it is empty, or no number."""
    found = _list(cell) if kind == LIST else values.value(kind, cell)
    if kind.startswith("float"):
        return _float(found, len(cell)) if isinstance(found, float) else None
    return quoted(str(found)) if found not in (None, "") else None


def _list(cell: bytes) -> str:
    """A list as JSON, which is kept as text, since one name is to have one type in a search engine."""
    found = structured(cell, LIST, lambda _: None)
    return found if isinstance(found, str) else json.dumps(found)


def _float(number: float, length: int) -> str | None:
    if not np.isfinite(number):
        return None
    return str(np.float32(number) if length == np.float32().itemsize else number)
