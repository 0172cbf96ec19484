"""Where the values of a field are in Parquet files: fields that only full documents have are copies of others."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import polars as pl

from collector import schema
from collector.datasets import FLOWS, Dataset
from collector.query.model import QueryError
from collector.query.syntax import unknown
from collector.schema import KINDS, Field
from collector.store.full import END, EVENT, TRANSLATED, constants

ENDS = {"client": ("source", "destination"), "server": ("destination", "source")}
"""The end that a role is where `flow.client_end` is the source, and where it is the destination."""
_TAGS = {"flow.client_rep_tags": ("src", "dst"), "flow.server_rep_tags": ("dst", "src")}
_TYPE = "event.dataset"


@dataclass(frozen=True)
class Stored:
    """A column of the files."""

    field: Field


@dataclass(frozen=True)
class Turned:
    """One column where the client is the source, another where it is the destination."""

    source: Field
    destination: Field


@dataclass(frozen=True)
class Both:
    """A list of what several columns have, each value once."""

    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Constant:
    """The same text in each row."""

    text: str


Origin = Stored | Turned | Both | Constant


def known(dataset: Dataset, name: str) -> Field:
    """A field that may be asked for. QueryError where there is none."""
    if name not in dataset.asked:
        raise QueryError(unknown(name, dataset.asked))
    return dataset.asked[name]


def origin(dataset: Dataset, name: str) -> Origin:
    """Where the values of a field are."""
    if dataset is not FLOWS or name in dataset.fields:
        return Stored(dataset.fields[name])
    return _copy(name)


@cache
def _copy(name: str) -> Origin:
    fields, texts = schema.fields(), _constants()
    role, _, rest = name.partition(".")
    if role in ENDS:
        one, other = ENDS[role]
        return Turned(fields[f"{one}.{rest}"], fields[f"{other}.{rest}"])
    if name in _TAGS:
        one, other = _TAGS[name]
        return Turned(fields[f"flow.{one}_rep_tags"], fields[f"flow.{other}_rep_tags"])
    if name in texts:
        return Constant(texts[name])
    if name == "type":
        return Stored(fields[_TYPE])
    ends = (
        ("source.ip", "destination.ip", *TRANSLATED)
        if name == "related.ip"
        else (f"source.{name}", f"destination.{name}")
    )
    return Both(tuple(fields[end] for end in ends))


@cache
def _constants() -> Mapping[str, str]:
    """By dotted names."""
    event = {f"event.{key}": text for key, text in json.loads(f"{{{EVENT}}}").items()}
    found = dict(event)
    for key, given in json.loads(f"{{{constants()}}}").items():
        found |= {f"{key}.{part}": text for part, text in given.items()} if isinstance(given, dict) else {key: given}
    return found


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
