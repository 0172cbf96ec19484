"""The longest matching network of many addresses at once.

Networks, nested or not, are cut into intervals that do not overlap, each with the innermost network that holds it; an
address is then found by bisection. Addresses are 128-bit numbers in two halves, IPv4 ones in their mapped form.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from typing import Self

import numpy as np
import numpy.typing as npt

from collector.index import Halves

Network = IPv4Network | IPv6Network
Keys = npt.NDArray[np.bytes_]
Bits = npt.NDArray[np.uint8]
Entries = npt.NDArray[np.int32]
NONE = -1
MAPPED_BITS, MAPPED_LO = 96, 0xFFFF << 32
LOW = 2**64 - 1
ZERO, ONE = np.uint64(0), np.uint64(1)


class Prefixes:
    """Networks, each with the number of its entry; of equal networks the last one holds."""

    def __init__(self, hi: Halves, lo: Halves, bits: Bits, entries: Entries) -> None:
        """`bits` are the lengths of the prefixes, for IPv4 96 more than usual; bits of hosts may be set."""
        # What holds for ::/0 does not hold for IPv4.
        hi, lo = np.append(ZERO, hi), np.append(np.uint64(MAPPED_LO), lo)
        bits, entries = np.append(np.uint8(MAPPED_BITS), bits), np.append(np.int32(NONE), entries)
        mask_hi, mask_lo = _masks(bits)
        after_lo = (lo | ~mask_lo) + ONE
        after_hi = (hi | ~mask_hi) + (after_lo == 0)
        hi, lo = hi & mask_hi, lo & mask_lo
        edges_hi, edges_lo = np.concatenate([[ZERO], hi, after_hi]), np.concatenate([[ZERO], lo, after_lo])
        self._starts, first = np.unique(sortable(edges_hi, edges_lo), return_index=True)
        self._entries = _longest((hi, lo, bits, entries), edges_hi[first], edges_lo[first])

    @classmethod
    def of(cls, networks: Iterable[tuple[Network, int]]) -> Self:
        """From networks with the numbers of their entries."""
        rows = [(*halves(network), entry) for network, entry in networks]
        hi, lo, bits, entries = zip(*rows, strict=True) if rows else ((), (), (), ())
        return cls(
            np.array(hi, np.uint64), np.array(lo, np.uint64), np.array(bits, np.uint8), np.array(entries, np.int32)
        )

    def find(self, hi: Halves, lo: Halves) -> Entries:
        """The entry of the longest network that holds each address, in halves; -1 where none does."""
        return self._entries[np.searchsorted(self._starts, sortable(hi, lo), side="right") - 1]


def _longest(networks: tuple[Halves, Halves, Bits, Entries], hi: Halves, lo: Halves) -> Entries:
    """The entries of addresses, looked for among the networks of each length, the longest first."""
    out = np.full(len(lo), NONE, np.int32)
    bits, open_ = networks[2], np.arange(len(lo))
    for length in np.unique(bits)[::-1]:
        those = np.flatnonzero(bits == length)
        keys, entries = _last(sortable(networks[0][those], networks[1][those]), networks[3][those])
        mask_hi, mask_lo = _masks(np.array([length], np.uint8))
        asked = sortable(hi[open_] & mask_hi, lo[open_] & mask_lo)
        place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
        found = keys[place] == asked
        out[open_[found]] = entries[place[found]]
        open_ = open_[~found]
    return out


def _last(keys: Keys, entries: Entries) -> tuple[Keys, Entries]:
    """Each key once, in order, with the last of its entries."""
    unique, first = np.unique(keys[::-1], return_index=True)
    return unique, entries[::-1][first]


def _masks(bits: Bits) -> tuple[Halves, Halves]:
    """The bits of the network in both halves, for lengths of prefixes."""
    return _mask(np.minimum(bits, 64)), _mask(np.maximum(bits, 64) - np.uint8(64))


def _mask(bits: Bits) -> Halves:
    """The upper bits of 64, that many."""
    some = np.uint64(LOW) << (np.uint64(64) - np.maximum(bits, 1).astype(np.uint64))
    return np.where(bits == 0, ZERO, some)


def sortable(hi: Halves, lo: Halves) -> Keys:
    """Addresses as 16 bytes, which sort as the addresses do."""
    pairs = np.empty((len(lo), 2), ">u8")
    pairs[:, 0], pairs[:, 1] = hi, lo
    return pairs.view("S16")[:, 0]


def halves(network: Network) -> tuple[int, int, int]:
    """The first address of a network in halves, and the length of its prefix, for IPv4 96 more than usual."""
    number, bits = int(network.network_address), network.prefixlen
    if network.version == 4:
        return 0, number | MAPPED_LO, bits + MAPPED_BITS
    return number >> 64, number & LOW, bits
