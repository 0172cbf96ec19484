"""One rule as it is written: a table of TOML. ValueError, which names all keys that are wrong."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from collector.datasets import FLOWS
from collector.given import every, refuse_unknown, typed, within
from collector.query.errors import FilterError
from collector.query.filter import Filter, parse
from collector.query.origins import Both, Constant, Stored, Turned, asked, origin, rewritten
from collector.query.rules import Change, Rule
from collector.query.settable import checked, removable, texts
from collector.query.syntax import unknown
from collector.store.full import ENDS

KEYS = ("name", "when", "set", "remove", "tag", "drop")


def rule(name: str, given: Any) -> Rule:
    """A rule, which is called `name` where it has none of its own."""
    refuse_unknown(typed(given, Mapping, "it must be a table: [[rules]]"), KEYS)
    called, when, changed, removed, tags, drop = every(
        [
            lambda: typed(given.get("name", name), str, "name: it must be a text"),
            lambda: _when(given.get("when")),
            lambda: _set(given.get("set", {})),
            lambda: _removed(given.get("remove")),
            lambda: within("tag", texts, given["tag"]) if "tag" in given else (),
            lambda: typed(given.get("drop", False), bool, "drop: it must be true or false"),
        ]
    )
    made = Rule(name=called, when=when, changes=(*changed, *removed), tags=tags, drop=drop)
    if made.drop == bool(made.changes or made.tags):
        raise ValueError("it must have either drop = true, or some of set, remove and tag")
    return made


def _when(given: Any) -> Filter:
    text = typed(given, str, 'when: a filter is missing; when = "*" is for all flows')
    try:
        read = parse(text, FLOWS.asked)
    except FilterError as error:
        raise ValueError(f"when: {error}") from error
    return replace(read, tree=rewritten(read.tree, asked))


def _set(given: Any) -> list[Change]:
    table = typed(given, Mapping, "set: it must be a table: set = { FIELD = VALUE }")
    fields = every(partial(_changes, "set", name, partial(checked, value=value)) for name, value in _flat(table))
    return [change for changes in fields for change in changes]


def _flat(given: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    """Fields with or without quotation marks: TOML takes dots for tables."""
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _removed(given: Any) -> list[Change]:
    names = () if given is None else within("remove", texts, given)
    fields = every(partial(_changes, "remove", name, _nothing) for name in names)
    return [change for changes in fields for change in changes]


def _nothing(name: str) -> None:
    """The value of a field that is taken away."""
    removable(name)


def _changes(key: str, name: str, check: Callable[[str], Any]) -> list[Change]:
    """Those that make a field what `check` gives for the column that has its values."""
    if name not in FLOWS.asked:
        raise ValueError(f"{key}: {unknown(name, FLOWS.asked)}")
    columns = within(f"{key}: {name}", _columns, name)
    return [Change(column, within(f"{key}: {name}", check, column), end) for column, end in columns]


def _columns(name: str) -> list[tuple[str, str | None]]:
    """The columns that have the values of a field, and which end is the client where they have them."""
    match origin(FLOWS, name):
        case Turned(source, destination):
            return list(zip((source.name, destination.name), ENDS, strict=True))
        case Stored(field) if field.name != name:
            raise ValueError(f"it follows from {field.name}: change that")
        case Both(fields):
            raise ValueError(f"it follows from {' and '.join(field.name for field in fields)}: change those")
        case Constant():
            raise ValueError("it is the same for all flows")
    return [(name, None)]
