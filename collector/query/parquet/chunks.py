"""Columns of files that the store wrote, as Arrow has them."""

import os
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from collector.query.columns import Mask
from collector.query.parquet.coding import narrow
from collector.query.parquet.pages import Numbers, OtherwiseError, Packed, entries, levels, pages, texts
from collector.store.parquet.chunks import PLAIN, RLE_DICTIONARY

_STORED = {"INT32": "<i4", "INT64": "<i8", "DOUBLE": "<f8"}
_NO_LIST, _NULL, _TEXT = 0, 2, 3
"""Definition levels of the elements of lists."""
_CODED = pa.dictionary(pa.int32(), pa.string())


class Chunks:
    """The columns of a file; a dictionary that several have is read once."""

    def __init__(self, descriptor: int, opened: pq.ParquetFile, places: Mapping[str, int]) -> None:
        self._descriptor = descriptor
        self._metadata = opened.metadata
        self._schema = opened.schema_arrow
        self._places = places
        self._texts: dict[tuple[bytes, bool], pa.Array] = {}

    def column(self, name: str, path: str, group: int) -> pa.Array | None:
        """A column of a row group, texts and most numbers coded; None where it is not as the store writes it, or is
        damaged.
        """
        kind = self._schema.field(name).type
        try:
            return self._read(group, path, kind)
        except (OtherwiseError, LookupError, ValueError, TypeError, ArithmeticError, RecursionError, OSError):
            return None

    def _read(self, group: int, path: str, kind: pa.DataType) -> pa.Array:
        chunk = self._metadata.row_group(group).column(self._places[path])
        start = chunk.dictionary_page_offset or chunk.data_page_offset
        data = os.pread(self._descriptor, chunk.total_compressed_size, start)
        dictionary, page = pages(memoryview(data), chunk.compression)
        if page.count != chunk.num_values:
            raise OtherwiseError
        if pa.types.is_list(kind):
            return self._lists(dictionary, page)
        values = page.unpacked()
        defined, at = levels(values, 0, page.count, 1)
        there = None if _is_same(defined) and defined[0] else defined.view(np.bool_)
        if pa.types.is_dictionary(kind):
            return self._coded(dictionary, page, values[at:], there)
        return _numbers(dictionary, page, values[at:], there, _STORED[chunk.physical_type], kind)

    def _lists(self, dictionary: Packed | None, page: Packed) -> pa.Array:
        values = page.unpacked()
        again, at = levels(values, 0, page.count, 1)
        defined, at = levels(values, at, page.count, 2)
        if (defined == _NULL).any():
            raise OtherwiseError
        begins = np.append(np.flatnonzero(again == 0), page.count).astype(np.int32)
        heads = defined[begins[:-1]]
        offsets = np.zeros(len(begins), np.int32)
        np.cumsum(np.diff(begins) * (heads == _TEXT), out=offsets[1:])
        elements = self._coded(dictionary, replace(page, count=int(offsets[-1])), values[at:], None)
        return pa.ListArray.from_arrays(pa.array(offsets), elements, mask=pa.array(heads == _NO_LIST))

    def _coded(self, dictionary: Packed | None, page: Packed, values: memoryview, there: Mask | None) -> pa.Array:
        """Texts as places in the dictionary."""
        if not values.nbytes and not _count(page, there):
            return pa.nulls(page.count, _CODED)
        if dictionary is None or page.encoding != RLE_DICTIONARY:
            raise OtherwiseError
        indices = entries(values, _count(page, there))
        if indices.max(initial=0) >= dictionary.count:
            raise OtherwiseError
        # The place behind the others is null's, as that is what becomes of nulls.
        enough = np.promote_types(indices.dtype, narrow(dictionary.count + 1))
        indices = _spaced(_aligned(indices.astype(enough, copy=False)), there, dictionary.count)
        return pa.DictionaryArray.from_arrays(pa.array(indices), self._words(dictionary, there), safe=False)

    def _words(self, dictionary: Packed, there: Mask | None) -> pa.Array:
        """The texts of a dictionary, and null behind them where there are nulls."""
        key = bytes(dictionary.data), there is None
        if key not in self._texts:
            found = texts(dictionary.unpacked(), dictionary.count)
            self._texts[key] = found if there is None else pa.concat_arrays([found, pa.nulls(1, found.type)])
        return self._texts[key]


def _numbers(
    dictionary: Packed | None, page: Packed, values: memoryview, there: Mask | None, stored: str, kind: pa.DataType
) -> pa.Array:
    """Those that the store has numbered stay so."""
    count = _count(page, there)
    if page.encoding == PLAIN:
        numbers = _aligned(np.frombuffer(values, stored))
        if len(numbers) != count:
            raise OtherwiseError
        return _valued(_spaced(numbers, there, 0), there, kind)
    if dictionary is None or page.encoding != RLE_DICTIONARY:
        raise OtherwiseError
    different = _valued(_aligned(np.frombuffer(dictionary.unpacked(), stored)), None, kind)
    places = _aligned(entries(values, count))
    if places.max(initial=0) >= len(different):
        raise OtherwiseError
    spaced = _spaced(places, there, 0)
    return pa.DictionaryArray.from_arrays(_valued(spaced, there, pa.from_numpy_dtype(spaced.dtype)), different)


def _valued(numbers: Numbers, there: Mask | None, kind: pa.DataType) -> pa.Array:
    """Numbers as Arrow has them: unsigned ones have their bits where the stored type is signed."""
    if pa.types.is_integer(kind):
        shown = np.dtype(kind.to_pandas_dtype())
        numbers = numbers.view(shown) if shown.itemsize == numbers.itemsize else numbers.astype(shown)
    bits = None if there is None else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(kind, len(numbers), [bits, pa.py_buffer(numbers)])


def _aligned(numbers: Numbers) -> Numbers:
    return numbers if numbers.flags.aligned else numbers.copy()


def _is_same(level: Numbers) -> bool:
    return level.strides == (0,)


def _count(page: Packed, there: Mask | None) -> int:
    """Values that are not null."""
    return page.count if there is None else int(np.count_nonzero(there))


def _spaced(values: Numbers, there: Mask | None, nothing: int) -> Numbers:
    """A number for each row, `nothing` where there is none: by places, which takes a quarter of what a mask takes."""
    if there is None:
        return values
    spaced = np.full(len(there), nothing, values.dtype)
    spaced[np.flatnonzero(there)] = values
    return spaced
