"""Lists of texts as columns of a row group.

A list begins with repetition level 0. Definition levels: 0 no list, 1 an empty one, 2 a null in it, 3 a text.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from collector.store.parquet.encoding import Column, Dictionary, Values, index_type, mixed
from collector.store.parquet.texts import kept, words

_TEXT = 3
"""Definition level of a text."""


def lists(array: pa.Array, rows: Values) -> Column:
    """The lists in some rows of an array, one a flow; the row behind the last is for a flow that has none."""
    laid, dictionary = _laid_out(array)
    cells = _cells(laid.take(pa.array(rows)), dictionary)
    defined = (cells >> 1 & _TEXT).astype(np.uint8)
    head = mixed((cells & 1).astype(np.uint8), 1) + mixed(defined, 2)
    values = kept(cells >> 3, defined == _TEXT).astype(index_type(dictionary.entries), copy=False)
    return Column(len(cells), head, len(cells) - len(values), values, dictionary if len(values) else None)


def _laid_out(array: pa.Array) -> tuple[pa.LargeBinaryArray, Dictionary]:
    """Each list as one value, so that taking values lays their slots one after another; the last is for no list.

    A slot is a number: the repetition level, from bit 1 on the definition level, from bit 3 on that of the text.
    """
    slots, kinds, codes, dictionary = _slots(array)
    repeated = np.ones(len(kinds), np.bool_)
    ends = np.cumsum(slots)
    repeated[ends - slots] = False
    texts: Values = codes.astype(_cell(dictionary))
    cells = texts << 3 | kinds << 1 | repeated
    places = np.append(0, ends) * cells.itemsize
    buffers = [None, pa.py_buffer(places), pa.py_buffer(cells)]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(slots), buffers), dictionary


def _cell(dictionary: Dictionary) -> type[np.uint8] | type[np.uint16] | type[np.uint32]:
    return index_type(max(1, dictionary.entries) << 3)


def _cells(taken: pa.LargeBinaryArray, dictionary: Dictionary) -> Values:
    _, ends, data = taken.buffers()
    size = int(np.frombuffer(ends, np.int64)[len(taken)])
    return np.frombuffer(data, np.uint8, size).view(_cell(dictionary))


def _slots(array: pa.Array) -> tuple[Values, Values, Values, Dictionary]:
    """How many slots each list takes, and of each slot the definition level and the text.

    A list without texts takes one slot. After all lists one more slot stands for no list.
    """
    found = words(array.flatten())
    lengths = pc.list_value_length(array).fill_null(0).to_numpy()
    bare = array.is_valid().to_numpy(zero_copy_only=False).view(np.uint8)
    slots = np.append(np.maximum(lengths, 1), 1)
    kinds = np.repeat(np.append(np.where(lengths > 0, np.uint8(_TEXT), bare), np.uint8(0)), slots)
    inside = kinds == _TEXT
    codes = np.zeros(len(kinds), found.codes.dtype)
    null = found.codes == found.dictionary.entries
    codes[inside] = np.where(null, 0, found.codes)
    kinds[inside] = _TEXT - null
    return slots, kinds, codes, found.dictionary
