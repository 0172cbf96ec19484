"""The columns of Parquet files that fields are made of, and how their values are shown."""

import polars as pl

from collector.datasets import Dataset
from collector.query.model import QueryError
from collector.query.origins import Both, Stored, Turned, origin
from collector.query.syntax import unknown
from collector.schema import KINDS, Field
from collector.store.full import END


def known(dataset: Dataset, name: str) -> Field:
    """A field that may be asked for. QueryError where there is none."""
    if name not in dataset.asked:
        raise QueryError(unknown(name, dataset.asked))
    return dataset.asked[name]


def columns(dataset: Dataset, name: str) -> tuple[str, ...]:
    """The columns that have to be read for a field."""
    match origin(dataset, name):
        case Stored(field):
            return (field.name,)
        case Turned(source, destination):
            return END, source.name, destination.name
        case Both(fields):
            return tuple(field.name for field in fields)
    return ()


def is_list(dataset: Dataset, name: str) -> bool:
    """Whether a row may have more than one value of it."""
    return isinstance(origin(dataset, name), Both) or known(dataset, name).kind == "keywords"


def is_text(field: Field) -> bool:
    """Whether its values are texts."""
    return field.kind in ("ip", "mac", "keyword", "keywords", "geo_point", "object")


def is_number(field: Field) -> bool:
    """Whether its values can be summed: not times, truth values and identifiers."""
    return KINDS[field.kind].numeric and field.kind != "id"


def shown_type(dataset: Dataset, name: str) -> pl.DataType:
    """The type that a field's values are shown in."""
    return pl.List(pl.String()) if is_list(dataset, name) else known(dataset, name).dtype
