"""Whether the columns of a file are those that the collector writes: others may lie in the same folder."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import polars as pl
import pyarrow as pa

from collector.datasets import Dataset
from collector.errors import CollectorError
from collector.query.model import TIME

_TEXTS = (pa.string(), pa.large_string(), pa.string_view())


class UnfitError(CollectorError):
    """A file with other columns than those of its dataset; the text goes on after the file's name and a colon."""


def check(schema: pa.Schema, dataset: Dataset) -> None:
    """UnfitError where a file has no times, or a column of another type or more than once. Unknown names are allowed.

    Texts and lists may be of any length, as other programs write them anew.
    """
    types: dict[str, Any] = dict(zip(schema.names, schema.types, strict=True))
    if TIME not in types:
        raise UnfitError(f"it has no column {TIME}")
    if len(types) < len(schema.names):
        twice = next(name for name in types if schema.names.count(name) > 1)
        raise UnfitError(f"it has more than one column {twice}")
    for name, wanted in _written(dataset).items():
        if name in types and types[name] != wanted and not _alike(types[name], wanted):
            raise UnfitError(f"its column {name} is {types[name]}, and not {wanted}")


def _alike(given: Any, wanted: Any) -> bool:
    """Whether a column of another type can be read as if it were of that one."""
    if pa.types.is_list(wanted):
        return bool(pa.types.is_list(given) or pa.types.is_large_list(given)) and given.value_type in _TEXTS
    if pa.types.is_string(wanted):
        return (given.value_type if pa.types.is_dictionary(given) else given) in _TEXTS
    return bool(pa.types.is_timestamp(wanted) and pa.types.is_timestamp(given) and given.unit == wanted.unit)


@cache
def _written(dataset: Dataset) -> Mapping[str, Any]:
    """The types of the columns that the collector writes."""
    return {name: _type(field.dtype) for name, field in dataset.fields.items()}


def _type(dtype: pl.DataType) -> Any:
    if isinstance(dtype, pl.List):
        return pa.list_(pa.string())
    if dtype == pl.String:
        return pa.string()
    return pa.timestamp("ms", "UTC") if dtype == pl.Datetime else pl.Series([], dtype=dtype).to_arrow().type
