"""Address fields: of either family, of both in one record, of the outer and the inner header."""

import numpy as np
import numpy.typing as npt

from collector.decode.columns import MAPPED, Mask
from collector.decode.layout import Layout
from collector.decode.records import Records
from collector.decode.sheet import Part
from collector.schema import Field, field

LENGTHS = (4, 16)
INNER = {
    "network.inner.source.ip": "source.ip",
    "network.inner.destination.ip": "destination.ip",
    "network.inner.source.port": "source.port",
    "network.inner.destination.port": "destination.port",
    "network.inner.iana_number": "network.iana_number",
}
"""RFC 7011 section 8: of an element that occurs twice the first is the outer header's, the second the inner's."""
ALWAYS_GIVEN = frozenset({"source.ip", "destination.ip"})
"""Fields in which all zeros is an address that was seen (DHCP); elsewhere it means that there is none."""
Halves = tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]


class AddressStep:
    """Puts an address field of records into their part of the sheet."""

    def __init__(self, name: str, slots: tuple[int, ...]) -> None:
        self._name = name
        self._slots = slots
        self._rank = 1 if name in INNER else 0
        """Of the addresses that are given, the second is the inner one."""

    def __call__(self, records: Records, part: Part) -> None:
        """Put it in."""
        found = [_halves(records, place) for place in self._slots]
        hi, lo = found[0]
        valid = None
        if len(found) > 1:
            hi, lo, valid = _chosen(found, self._rank)
        if self._name not in ALWAYS_GIVEN:
            given = _given(hi, lo)
            valid = given if valid is None else valid & given
        part.put(f"{self._name}.hi", hi, valid)
        part.put(f"{self._name}.lo", lo, valid)


def step(layout: Layout, one: Field) -> AddressStep | None:
    """The step for an address field, None where the layout does not feed it.

    Of the enterprises that have such an element the preferred one counts, with its elements of both families in wire
    order. A length that is no address spoils only itself.
    """
    outer = field(INNER.get(one.name, one.name))
    by_owner: dict[str, list[int]] = {}
    for key in outer.elements:
        places = [p for p in layout.occurrences.get(key, ()) if layout.slots[p].length in LENGTHS]
        by_owner.setdefault(key.rpartition(":")[0], []).extend(places)
    slots = tuple(sorted(next((places for places in by_owner.values() if places), [])))
    enough = len(slots) > (1 if outer is not one else 0)
    return AddressStep(one.name, slots) if enough else None


def _halves(records: Records, place: int) -> Halves:
    """The halves of the IPv6 address, IPv4 in its mapped form."""
    if records.layout.slots[place].length == 4:
        lo = records.raw(place).astype(np.uint64)
        lo |= MAPPED
        return np.zeros(records.count, np.uint64), lo
    pairs = records.cells(place).view(">u8").reshape(-1, 2).astype(np.uint64)
    return pairs[:, 0], pairs[:, 1]


def _given(hi: npt.NDArray[np.uint64], lo: npt.NDArray[np.uint64]) -> Mask:
    """Which addresses are not all zeros."""
    given: Mask = (hi != 0) | ((lo != 0) & (lo != MAPPED))
    return given


def _chosen(found: list[Halves], rank: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64], Mask]:
    """Of the addresses that are given in each record the one of that rank; of the first rank zeros where none is given.

    A record for both families leaves one of them zero.
    """
    hi, lo = found[0][0].copy(), found[0][1].copy()
    seen = np.zeros(len(hi), np.int64)
    valid = np.full(len(hi), not rank)
    for one_hi, one_lo in found:
        given = _given(one_hi, one_lo)
        chosen = given & (seen == rank)
        hi[chosen], lo[chosen], valid[chosen] = one_hi[chosen], one_lo[chosen], True
        seen += given
    return hi, lo, valid
