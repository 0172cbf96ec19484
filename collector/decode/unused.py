"""Which fields of a layout nothing reads: those that a blank record was not asked for.

So no second list of elements has to agree with what the decoder does.
"""

from dataclasses import dataclass, field

import numpy as np

from collector.decode.layout import VARIABLE, Layout
from collector.decode.records import Numbers, Ragged, Records


@dataclass(frozen=True)
class Watched(Records):
    """Records that remember which of their slots were read."""

    read: set[int] = field(default_factory=set)

    def raw(self, place: int) -> Numbers:
        """As of any records."""
        self.read.add(place)
        return super().raw(place)

    def unused(self) -> tuple[int, ...]:
        """The slots that were not read, in wire order."""
        return tuple(place for place in range(len(self.layout.slots)) if place not in self.read)


class _Columns(dict[int, Ragged]):
    """Variable fields that remember which of them were read."""

    def __init__(self, columns: dict[int, Ragged], read: set[int]) -> None:
        super().__init__(columns)
        self._read = read

    def __getitem__(self, place: int) -> Ragged:
        self._read.add(place)
        return super().__getitem__(place)


def blank(layout: Layout) -> Watched:
    """One record of zeros."""
    read: set[int] = set()
    nothing = Ragged(np.zeros(1, np.uint8), np.zeros(1, np.int64), np.zeros(1, np.int64))
    ragged = {place: nothing for place, slot in enumerate(layout.slots) if slot.length == VARIABLE}
    segments = tuple(np.zeros(1, dtype) for dtype in layout.dtypes)
    return Watched(layout, 1, segments, _Columns(ragged, read), read)
