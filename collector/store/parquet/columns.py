"""Texts, numbers and lists in Arrow arrays as columns of a row group."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from collector.datasets import Dataset
from collector.schema import Field
from collector.store.parquet.encoding import Column, Mask, Order, Values, levels, run
from collector.store.parquet.integers import Integers
from collector.store.parquet.lists import lists
from collector.store.parquet.texts import Pick, texts, words

_ORDERS: Mapping[str, Order] = {
    "time": "<i8", "u8": "<i4", "u16": "<i4", "u32": "<i4", "u64": "<i8", "id": "<i8", "counter": "<i8",
}  # fmt: skip
"""How integers are stored: Parquet has none shorter than 32 bits, but a column's type says how many of them count."""


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
    whole, integers = table.unify_dictionaries().combine_chunks(), Integers()
    for name, field in dataset.fields.items():
        yield of_array(field, whole.column(name).chunk(0), integers)


def of_array(field: Field, array: pa.Array, integers: Integers) -> Column:
    """A field's values, one a flow."""
    if is_list(field):
        return lists(array, np.arange(len(array)))
    if not is_number(field):
        return texts(words(array), Pick(np.arange(len(array)), None))
    present = array.is_valid().to_numpy(zero_copy_only=False) if array.null_count else None
    there = array.drop_null() if array.null_count else array
    if pa.types.is_timestamp(there.type):
        there = there.cast(pa.int64())
    return numbers(field, there.to_numpy(zero_copy_only=False), present, len(array), integers)


def numbers(field: Field, values: Values, present: Mask | None, count: int, integers: Integers) -> Column:
    """The values that are `present` (None: all) among `count`, as a column of an integer, float or bool field."""
    if field.kind in _ORDERS:
        return integers.column(values, _ORDERS[field.kind], present, count)
    if field.kind == "bool":
        values = np.packbits(values.astype(np.uint8), bitorder="little")
    nulls = 0 if present is None else count - int(np.count_nonzero(present))
    return Column(count, levels(present, count), nulls, values)


def nothing(field: Field, count: int) -> Column:
    """A column that is null in each row."""
    head = run(0, count)
    return Column(count, head * 2 if is_list(field) else head, count, np.empty(0, np.uint8))
