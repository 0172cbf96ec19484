"""Texts, numbers and lists in Arrow arrays as columns of a row group."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from collector.datasets import Dataset
from collector.index import compacted
from collector.schema import Field
from collector.store.parquet.encoding import (
    Column,
    Dictionary,
    Mask,
    Order,
    Values,
    index_type,
    integers,
    levels,
    mixed,
    run,
)

_ORDERS: Mapping[str, Order] = {
    "time": "<i8", "u8": "<i4", "u16": "<i4", "u32": "<i4", "u64": "<i8", "id": "<i8", "counter": "<i8",
}  # fmt: skip
"""How integers are stored: Parquet has none shorter than 32 bits, but a column's type says how many of them count."""

_TEXT = 3
"""Definition level of a text in a list."""
_HEAD = 4
"""Bytes of the length in front of a text in encoding PLAIN."""


class Words(NamedTuple):
    """Texts by number: `codes[i]` is the entry of text i in the dictionary; `present` tells which are not null."""

    dictionary: Dictionary
    codes: Values
    present: Mask | None


class Pick(NamedTuple):
    """Rows of a table, one a flow."""

    rows: Values
    """Row numbers, of the flows that have one."""
    present: Mask | None
    """The flows that have one; None: all."""
    flows: int
    """How many flows there are."""


def text_columns(dataset: Dataset) -> list[str]:
    """Names of the fields that are kept as text."""
    return [name for name, field in dataset.fields.items() if not (is_list(field) or is_number(field))]


def is_list(field: Field) -> bool:
    """Whether a flow has a list of texts there."""
    return field.kind == "keywords"


def is_number(field: Field) -> bool:
    """Whether it is kept as a number, a time or a truth value."""
    return field.kind in _ORDERS or field.kind in ("f64", "bool")


def of_table(table: pa.Table, dataset: Dataset) -> Iterator[Column]:
    """The columns of a table with all fields, in the dataset's order, read with `read_dictionary=text_columns()`."""
    whole = table.unify_dictionaries().combine_chunks()
    for name, field in dataset.fields.items():
        yield of_array(field, whole.column(name).chunk(0))


def of_array(field: Field, array: pa.Array) -> Column:
    """A field's values, one a flow."""
    if is_list(field):
        return lists(array, Pick(np.arange(len(array)), None, len(array)))
    if not is_number(field):
        return texts(words(array), Pick(np.arange(len(array)), None, len(array)))
    present = array.is_valid().to_numpy(zero_copy_only=False) if array.null_count else None
    there = array.drop_null() if array.null_count else array
    if pa.types.is_timestamp(there.type):
        there = there.cast(pa.int64())
    return numbers(field, there.to_numpy(zero_copy_only=False), present, len(array))


def numbers(field: Field, values: Values, present: Mask | None, count: int) -> Column:
    """The values that are `present` (None: all) among `count`, as a column of an integer, float or bool field."""
    if field.kind in _ORDERS:
        return integers(values, _ORDERS[field.kind], present, count)
    if field.kind == "bool":
        values = np.packbits(values.astype(np.uint8), bitorder="little")
    nulls = 0 if present is None else count - int(np.count_nonzero(present))
    return Column(count, levels(present, count), nulls, values)


def words(array: pa.Array) -> Words:
    """Each distinct text of an array once."""
    coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    dictionary = Dictionary(_plain(coded.dictionary), len(coded.dictionary))
    indices, present = coded.indices, None
    if indices.null_count:
        present, indices = indices.is_valid().to_numpy(zero_copy_only=False), indices.fill_null(0)
    return Words(dictionary, indices.to_numpy().astype(index_type(dictionary.entries)), present)


def some_words(coded: pa.DictionaryArray, rows: Values) -> Words:
    """Some rows of texts that `coded_once` gave."""
    codes, used = compacted(coded.indices.to_numpy()[rows], len(coded.dictionary))
    dictionary = Dictionary(_joined(coded.dictionary.take(pa.array(used))), len(used))
    return Words(dictionary, codes.astype(index_type(len(used))), None)


def coded_once(array: pa.Array) -> pa.DictionaryArray:
    """Texts, none of them null, each with its length in front and numbered, to take some of them again and again."""
    coded = array.dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices, _headed(coded.dictionary))


def _plain(array: pa.Array) -> bytes:
    """Texts one after another, the length of each in front."""
    return _joined(_headed(array))


def _headed(array: pa.Array) -> pa.LargeBinaryArray:
    """Texts with the length of each in front."""
    count, binaries = len(array), array.cast(pa.large_binary())
    lengths = pc.binary_length(binaries).to_numpy().astype("<u4")
    places = np.arange(0, _HEAD * count + 1, _HEAD, dtype=np.int64)
    heads = pa.LargeBinaryArray.from_buffers(binaries.type, count, [None, pa.py_buffer(places), pa.py_buffer(lengths)])
    return pc.binary_join_element_wise(heads, binaries, pa.scalar(b"", binaries.type))


def _joined(array: pa.LargeBinaryArray) -> bytes:
    """Texts one after another."""
    if not len(array):
        return b""
    _, ends, data = array.buffers()
    end = int(np.frombuffer(ends, np.int64)[len(array)])
    return bytes(memoryview(data)[:end])


def texts(source: Words, pick: Pick) -> Column:
    """The picked texts, one a flow."""
    codes, present = source.codes[pick.rows], pick.present
    if source.present is not None:
        there = source.present[pick.rows]
        if not there.all():
            codes, present = codes[there], _narrowed(present, there)
    if not len(codes):
        return Column(pick.flows, run(0, pick.flows), pick.flows, codes)
    return Column(pick.flows, levels(present, pick.flows), pick.flows - len(codes), codes, source.dictionary)


def _narrowed(present: Mask | None, there: Mask) -> Mask:
    """`present`, where `there` tells which of its true places stay true."""
    if present is None:
        return there
    out = present.copy()
    out[present] = there
    return out


def nothing(field: Field, count: int) -> Column:
    """A column that is null in each row."""
    head = run(0, count)
    return Column(count, head * 2 if is_list(field) else head, count, np.empty(0, np.uint8))


def lists(array: pa.Array, pick: Pick) -> Column:
    """The picked lists of texts, one a flow.

    A list begins with repetition level 0. Definition levels: 0 no list, 1 an empty one, 2 a null in it, 3 a text.
    """
    slots, kinds, codes, dictionary = _slots(array)
    starts = np.cumsum(slots) - slots
    rows = pick.rows
    if pick.present is not None:
        rows = np.full(pick.flows, len(array), np.int64)
        rows[pick.present] = pick.rows
    counts = slots[rows]
    ends = np.cumsum(counts)
    total = int(counts.sum())
    places = np.repeat(starts[rows] - (ends - counts), counts)
    places += np.arange(total)
    repeated = np.ones(total, np.bool_)
    repeated[ends - counts] = False
    defined = kinds[places]
    head = mixed(repeated, 1) + mixed(defined, 2)
    values = codes.take(places).compress(defined == _TEXT)
    return Column(total, head, total - len(values), values, dictionary if len(values) else None)


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
    codes[inside] = found.codes
    if found.present is not None:
        kinds[inside] = np.where(found.present, np.uint8(_TEXT), np.uint8(_TEXT - 1))
    return slots, kinds, codes, found.dictionary
