"""Where the values of a field are: those that only full documents have are copies of others, or alike in each flow.

Parquet files, lean documents and the flows that rules look at have none of these.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import polars as pl

from collector import schema
from collector.datasets import FLOWS, Dataset
from collector.query.columns import Values
from collector.query.conditions import Condition, Word
from collector.query.tree import All, Everything, Has, Node, Not, Some
from collector.schema import Field
from collector.store.full import END, ENDS, EVENT, TRANSLATED, constants

_ROLES = {"client": ("source", "destination"), "server": ("destination", "source")}
"""The end that a role is where `flow.client_end` is the source, and where it is the destination."""
_TAGS = {"flow.client_rep_tags": ("src", "dst"), "flow.server_rep_tags": ("dst", "src")}
_TYPE = "event.dataset"


@dataclass(frozen=True)
class Stored:
    """A column."""

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
    """The same text in each flow."""

    text: str


Origin = Stored | Turned | Both | Constant


def origin(dataset: Dataset, name: str) -> Origin:
    """Where the values of a field are."""
    if dataset is not FLOWS or name in dataset.fields:
        return Stored(dataset.fields[name])
    return _copy(name)


@cache
def _copy(name: str) -> Origin:
    fields, texts = schema.fields(), _constants()
    role, _, rest = name.partition(".")
    if role in _ROLES:
        one, other = _ROLES[role]
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


def rewritten(node: Node, ask: Callable[[str, Condition], Node]) -> Node:
    """A filter with other parts in place of its conditions on fields."""
    match node:
        case Not(part):
            return Not(rewritten(part, ask))
        case All(parts):
            return All(tuple(rewritten(part, ask) for part in parts))
        case Some(parts):
            return Some(tuple(rewritten(part, ask) for part in parts))
        case Has(name, condition):
            return ask(name, condition)
    return node


def asked(name: str, condition: Condition, ask: Callable[[str, Condition], Node] = Has) -> Node:
    """A condition on a field of flows, put to those that have its values by `ask`."""
    match origin(FLOWS, name):
        case Stored(field):
            return ask(field.name, condition)
        case Turned(source, destination):
            ends = zip(ENDS, (source, destination), strict=True)
            return Some(tuple(All((Has(END, Word(end)), ask(field.name, condition))) for end, field in ends))
        case Both(fields):
            return Some(tuple(ask(field.name, condition) for field in fields))
        case Constant(text):
            return Everything() if condition.matches(Values(pl.Series([text])), 0)[0] else Not(Everything())
