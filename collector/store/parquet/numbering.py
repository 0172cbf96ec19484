"""Numbers for the distinct values of a column, where these are few."""

import numpy as np
import pyarrow as pa

from collector.store.parquet.encoding import Values, index_type

_MANY = 1 << 16
"""Distinct values that are not numbered any more."""
_EACH = 4
"""Rows that each distinct value needs to have at least."""
_REACH = 1 << 17
"""Values that are less above the least are looked up in tables, which stay in the processor's cache."""
_WIDE = 8
"""Bytes of the widest values."""
_SAMPLE = 8
"""A value of so many is looked at to tell whether values repeat."""
_FEW = 512
"""Values that are looked at to tell what all may be multiples of."""


def numbered(values: Values) -> tuple[Values, Values] | None:
    """Which of its distinct values each one is, and these; None where they are too many."""
    wide: Values = values.view(np.uint64) if values.dtype.itemsize == _WIDE else values.astype(np.uint64)
    low = wide[values.argmin()]
    offsets, unit, distant = wide - low, np.uint64(1), wide[:0]
    if offsets.max() >= _REACH:
        offsets, unit = _divided(offsets)
    far = np.flatnonzero(offsets >= _REACH) if offsets.max() >= _REACH else distant
    if len(far):
        if not _repeat(values):
            return None
        coded = pa.array(offsets[far]).dictionary_encode()
        distant, offsets[far] = coded.dictionary.to_numpy(), coded.indices.to_numpy() + _REACH
    found = _counted(offsets.view(np.intp), min(_MANY, len(values) // _EACH))
    if found is None:
        return None
    codes, used = found
    distinct: Values = np.append(used[: len(used) - len(distant)].astype(np.uint64), distant) * unit + low
    return codes, distinct.astype(values.dtype)


def _counted(offsets: Values, many: int) -> tuple[Values, Values] | None:
    """Which of its distinct values each offset is, and these, in order; None where they are more than so `many`."""
    marked = np.zeros(int(offsets.max()) + 1, np.bool_)
    marked[offsets] = True
    used = np.flatnonzero(marked)
    if len(used) > many:
        return None
    places = np.empty(len(marked), index_type(len(used)))
    places[used] = np.arange(len(used))
    return places.take(offsets), used


def _divided(offsets: Values) -> tuple[Values, np.uint64]:
    """By what all are multiples of: durations that are told in milliseconds are kept in nanoseconds."""
    unit = np.gcd.reduce(offsets[:: max(1, len(offsets) // _FEW)])
    if unit > 1:
        quotients = offsets // unit
        if np.array_equal(quotients * unit, offsets):
            return quotients, unit
    return offsets, np.uint64(1)


def _repeat(values: Values) -> bool:
    """Whether few are distinct, by a sample."""
    some = np.sort(values[::_SAMPLE])
    return bool(4 * np.count_nonzero(some[1:] != some[:-1]) < 3 * len(some))
