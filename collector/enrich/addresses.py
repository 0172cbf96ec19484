"""The address book: every address seen, once, with what is known about it."""

from collections.abc import Callable, Mapping
from functools import cache
from socket import AF_INET, AF_INET6, inet_ntop

import numpy as np
import numpy.typing as npt
import polars as pl

from collector import schema
from collector.index import AddressIndex, Halves, Rows, compacted
from collector.registry import VALUE

LIMIT = 1_000_000
"""Addresses kept. When there are more, the half that was used last stays."""
MAPPED_PREFIX = 0xFFFF
PAIRS = (16, 0)
"""How far pairs of octets of an IPv4 address are from the lowest bit."""
Entries = pl.DataFrame
"""New addresses: `value` (text), `hi` and `lo` (halves)."""
Attribute = Callable[[Entries], pl.Series]
"""Works out one attribute for new addresses: a column as long as they are many."""
Forget = Callable[[pl.DataFrame], None]
"""Takes the attributes of addresses that the book has no longer."""


class AddressBook:
    """Interns the addresses of flows. `attributes` are worked out once for each new address, never for a flow."""

    def __init__(self, attributes: Mapping[str, Attribute], limit: int = LIMIT, forget: Forget | None = None) -> None:
        """An empty one; `attributes` are called for no addresses first, and `forget` for those that it leaves out."""
        self._attributes = attributes
        self._limit = limit
        self._forget = forget
        self._index = AddressIndex()
        self._entries = self._described(self._index.hi[:0], self._index.lo[:0])
        self._turn = 0
        self._used = np.zeros(len(self._index.hi), np.int64)
        """The turn in which each address was used last."""

    def __len__(self) -> int:
        return self._index.count

    def intern(self, flows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Replace the columns `NAME.hi`, `NAME.lo` by one of row numbers; also returns the table they point into."""
        names = [name for name, one in schema.fields().items() if one.kind == "ip" and f"{name}.lo" in flows.columns]
        if not names:
            return flows, self._entries.clear()
        if self._index.count > self._limit:
            self._shorten()
        valid = [flows.get_column(f"{name}.lo").is_not_null() for name in names]
        known = self._index.count
        rows = [self._rows(flows, name, mask) for name, mask in zip(names, valid, strict=True)]
        self._describe(known)
        codes, used = compacted(np.concatenate(rows), self._index.count)
        self._stamp(used)
        bare = flows.drop([f"{name}.{half}" for name in names for half in ("hi", "lo")])
        return bare.with_columns(spread(names, valid, codes)), self._entries[used]

    def _rows(self, flows: pl.DataFrame, name: str, mask: pl.Series) -> Rows:
        """Those of the addresses in two columns, where there are any."""
        return self._index.rows(*(_halves(flows, f"{name}.{half}", mask) for half in ("hi", "lo")))[0]

    def _stamp(self, used: npt.NDArray[np.intp]) -> None:
        if len(self._index.hi) > len(self._used):
            self._used = np.resize(self._used, len(self._index.hi))
        self._turn += 1
        self._used[used] = self._turn

    def _shorten(self) -> None:
        """Leave out all but half of what the book may have."""
        count, gone = self._index.count, self._index.count - self._limit // 2
        order = np.argpartition(self._used[:count], gone)
        kept = np.sort(order[gone:])
        if self._forget:
            self._forget(self._entries[np.sort(order[:gone])])
        self._index.keep(kept)
        self._entries = self._entries[kept]
        self._used[: len(kept)] = self._used[kept]

    def _describe(self, known: int) -> None:
        """Work out the attributes of the rows from `known` on."""
        if self._index.count > known:
            new = slice(known, self._index.count)
            self._entries.extend(self._described(self._index.hi[new], self._index.lo[new]))

    def _described(self, hi: Halves, lo: Halves) -> pl.DataFrame:
        values = texts(hi, lo).alias(VALUE)
        new = pl.DataFrame([values, pl.Series("hi", hi), pl.Series("lo", lo)])
        return pl.DataFrame([values, *(make(new).alias(name) for name, make in self._attributes.items())])


def text(hi: int, lo: int) -> str:
    """An address as text (RFC 5952); the mapped form is IPv4."""
    if hi == 0 and lo >> 32 == MAPPED_PREFIX:
        return inet_ntop(AF_INET, (lo & 0xFFFFFFFF).to_bytes(4, "big"))
    return inet_ntop(AF_INET6, (hi << 64 | lo).to_bytes(16, "big"))


def texts(hi: Halves, lo: Halves) -> pl.Series:
    """Many addresses as `text` gives them: those of IPv4 are put together out of pairs of octets as columns."""
    pairs = [_pairs().gather((lo >> np.uint64(shift) & np.uint64(0xFFFF)).astype(np.uint32)) for shift in PAIRS]
    out = pl.select(pl.concat_str(pairs, separator=".")).to_series()
    others = np.flatnonzero(~is_ipv4(hi, lo))
    return out.scatter(others, _ipv6(hi[others], lo[others])) if len(others) else out


@cache
def _pairs() -> pl.Series:
    """Two octets, which are half of an IPv4 address."""
    return pl.Series([f"{one}.{other}" for one in range(256) for other in range(256)])


def _ipv6(hi: Halves, lo: Halves) -> list[str]:
    packed = np.stack([hi, lo], axis=1).astype(">u8").tobytes()
    return [inet_ntop(AF_INET6, packed[begin : begin + 16]) for begin in range(0, len(packed), 16)]


def is_ipv4(hi: Halves, lo: Halves) -> npt.NDArray[np.bool_]:
    """Which addresses are IPv4."""
    four: npt.NDArray[np.bool_] = (hi == 0) & (lo >> np.uint64(32) == MAPPED_PREFIX)
    return four


def _halves(flows: pl.DataFrame, name: str, valid: pl.Series) -> Halves:
    column = flows.get_column(name)
    return (column if valid.all() else column.filter(valid)).to_numpy()


def spread(names: list[str], valid: list[pl.Series], codes: npt.NDArray[np.uint32]) -> list[pl.Series]:
    """A column of row numbers for each name, null where the flow has no such thing."""
    out, start = [], 0
    for name, mask in zip(names, valid, strict=True):
        end = start + int(mask.sum())
        if end - start == len(mask):
            out.append(pl.Series(name, codes[start:end]))
        else:
            place = (mask.cum_sum() - 1).to_frame("p").select(pl.when(pl.lit(mask)).then(pl.col("p"))).to_series()
            out.append(pl.Series(codes[start:end]).gather(place).alias(name))
        start = end
    return out
