"""A template's layout: which element lies where in a record, and the numpy type that views many records at once.

Layouts are shared by all exporters whose templates list the same fields, so that their records are decoded together.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from collector.decode.elements import Element

VARIABLE = 65535
"""RFC 7011 section 7; NetFlow v9 knows no variable length, but H3C sends it there with the IPFIX encoding."""
MACHINE_SIZES = {1: "u1", 2: ">u2", 4: ">u4", 8: ">u8"}
PADDING = 3
"""Sets are filled up to four bytes."""
Structured = npt.NDArray[np.void]
"""Records as numpy sees them."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One field of a template."""

    element: Element
    length: int
    """Bytes, or `VARIABLE`."""


@dataclass(frozen=True)
class Layout:
    """The fields of a template in wire order; the first `scopes` of them are the scope of an options template."""

    slots: tuple[Slot, ...]
    scopes: int = 0

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.slots, self.scopes))

    @cached_property
    def variable(self) -> bool:
        """Whether any field has a length of its own in each record."""
        return any(slot.length == VARIABLE for slot in self.slots)

    @cached_property
    def smallest(self) -> int:
        """Bytes of the shortest possible record; with fixed lengths, of every record."""
        return sum(1 if slot.length == VARIABLE else slot.length for slot in self.slots)

    def fits(self, length: int) -> bool:
        """Whether a set of so many bytes can be whole records and padding; variable fields can be of any length."""
        return self.variable or length % self.smallest <= PADDING

    @cached_property
    def segments(self) -> tuple[tuple[int, int], ...]:
        """Runs of fixed fields as (first slot, end slot); a variable field lies between one run and the next."""
        ends = [place for place, slot in enumerate(self.slots) if slot.length == VARIABLE]
        starts = [0, *(end + 1 for end in ends)]
        return tuple(zip(starts, [*ends, len(self.slots)], strict=True))

    @cached_property
    def dtypes(self) -> tuple[np.dtype[np.void], ...]:
        """The structured type of each run in `segments`; field names are slot numbers, zero-length fields left out."""
        return tuple(_dtype(self.slots, first, end) for first, end in self.segments)

    @cached_property
    def occurrences(self) -> dict[str, tuple[int, ...]]:
        """Slot numbers of each element key, in wire order; without zero-length fields, which carry nothing."""
        out: dict[str, tuple[int, ...]] = {}
        for place, slot in enumerate(self.slots[self.scopes :], self.scopes):
            if slot.length:
                out[slot.element.key] = (*out.get(slot.element.key, ()), place)
        return out

    def first(self, *keys: str) -> int | None:
        """Slot of the first of these elements that the template has, None where it has none of them."""
        found = self.occurrences
        return next((found[key][0] for key in keys if key in found), None)


def _dtype(slots: tuple[Slot, ...], first: int, end: int) -> np.dtype[np.void]:
    names, formats, offsets, offset = [], [], [], 0
    for place in range(first, end):
        length = slots[place].length
        if length:
            names.append(str(place))
            formats.append(MACHINE_SIZES.get(length, f"V{length}"))
            offsets.append(offset)
        offset += length
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": offset})


@lru_cache(maxsize=4096)
def layout(slots: tuple[Slot, ...], scopes: int = 0) -> Layout:
    """The one layout for these fields."""
    return Layout(slots, scopes)
