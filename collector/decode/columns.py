"""Helpers that make polars columns in the schema's types from numpy arrays.

While a flow is being decoded an address is two unsigned 64-bit columns, `NAME.hi` and `NAME.lo`: the halves of the IPv6
address, with IPv4 in its mapped form (RFC 4291 section 2.5.5.2). Both are null where the flow has no such address.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Mask = npt.NDArray[np.bool_]

MAPPED = np.uint64(0x0000_FFFF_0000_0000)
"""Lower half of ::ffff:0.0.0.0."""


def nulled(column: pl.Series, valid: Mask) -> pl.Series:
    """The same column, null where `valid` is false."""
    if valid.all():
        return column
    return column.zip_with(pl.Series(valid), pl.Series(column.name, [None], dtype=column.dtype))


def numbers(frame: pl.DataFrame, name: str) -> npt.NDArray[np.int64]:
    """A column of numbers below 2**63, -1 where a row has no such thing."""
    if name not in frame.columns:
        return np.full(frame.height, -1)
    return frame[name].cast(pl.Int64).fill_null(-1).to_numpy()


def filled(frame: pl.DataFrame, name: str) -> npt.NDArray[np.unsignedinteger]:
    """A column of unsigned numbers, 0 where a row has no such thing."""
    if name not in frame.columns:
        return np.zeros(frame.height, np.uint8)
    return frame[name].fill_null(0).to_numpy()


def texts(
    name: str, cells: npt.NDArray[np.bytes_] | npt.NDArray[np.void], render: Callable[[bytes], str | None]
) -> pl.Series:
    """A string column from cells of a fixed width: each distinct cell is rendered once.

    `cells` is a contiguous one-dimensional array of dtype `S<n>` or `V<n>`.
    """
    width = cells.dtype.itemsize
    buffer = pa.py_buffer(np.ascontiguousarray(cells).view(np.uint8).data)
    packed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(cells), [None, buffer])
    coded = packed.dictionary_encode()
    words = pl.Series(name, [render(cell) for cell in coded.dictionary.to_pylist()], dtype=pl.String)
    return words.gather(pl.Series(coded.indices.to_numpy()))


def mac(cell: bytes) -> str:
    """`aa:bb:cc:dd:ee:ff`."""
    return cell.hex(":")


def text(cell: bytes) -> str:
    """A string of fixed width: zero filled in practice (RFC 7011 section 6.1.6: UTF-8; devices send anything)."""
    return cell.rstrip(b"\0").decode("utf-8", "replace")


def codes(name: str, rows: npt.NDArray[np.unsignedinteger], valid: Mask | None = None) -> pl.Series:
    """A coded column: row numbers of the field's table, null where `valid` is false."""
    out = pl.Series(name, rows)
    return out if valid is None else nulled(out, valid)
