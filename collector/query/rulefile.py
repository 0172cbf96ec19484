"""Rules as they are written: `[[rules]]` of a TOML file. ValueError, with the rule's number, where one is wrong."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from collector import schema
from collector.given import refuse_unknown, typed, within
from collector.query.errors import FilterError
from collector.query.filter import Filter, parse
from collector.query.rules import Rule
from collector.query.settable import checked, removable, texts
from collector.query.syntax import unknown

KEYS = ("name", "when", "set", "remove", "tag", "drop")
RULES = "rules"


def rules(given: Any) -> tuple[Rule, ...]:
    """Rules from the path of a file, or from what a settings file has under `rules`."""
    if isinstance(given, str | Path):
        return _of_file(Path(given))
    listed = typed(given, (list, tuple), "rules are the path of a file, or [[rules]]")
    found = tuple(_numbered(number, one) for number, one in enumerate(listed, 1))
    names = [rule.name for rule in found]
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            raise ValueError(f"rule {number}: rule {names.index(name) + 1} is called {name} too")
    return found


def _of_file(path: Path) -> tuple[Rule, ...]:
    try:
        contents = tomllib.loads(path.read_text(encoding="utf-8"))
        refuse_unknown(contents, (RULES,))
        listed = typed(contents.get(RULES, []), list, "rules are written as [[rules]]")
        return rules(listed)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    except ValueError as error:  # of TOML and UTF-8 too
        raise ValueError(f"{path}: {error}") from error


def _numbered(number: int, given: Any) -> Rule:
    if isinstance(given, Rule):
        return given
    try:
        return _rule(number, given)
    except ValueError as error:
        raise ValueError(f"rule {number}: {error}") from error


def _rule(number: int, given: Any) -> Rule:
    refuse_unknown(typed(given, Mapping, "it must be a table: [[rules]]"), KEYS)
    rule = Rule(
        name=typed(given.get("name", str(number)), str, "name: it must be a text"),
        when=_when(given.get("when")),
        values={**_set(given.get("set", {})), **_removed(given.get("remove"))},
        tags=within("tag", texts, given["tag"]) if "tag" in given else (),
        drop=typed(given.get("drop", False), bool, "drop: it must be true or false"),
    )
    if rule.drop == bool(rule.values or rule.tags):
        raise ValueError("it must have either drop = true, or some of set, remove and tag")
    return rule


def _when(given: Any) -> Filter:
    text = typed(given, str, 'when: a filter is missing; when = "*" is for all flows')
    try:
        return parse(text)
    except FilterError as error:
        raise ValueError(f"when: {error}") from error


def _set(given: Any) -> dict[str, Any]:
    table = typed(given, Mapping, "set: it must be a table: set = { FIELD = VALUE }")
    return {name: _of_field("set", name, partial(checked, value=value)) for name, value in _flat(table)}


def _flat(given: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    """Fields with or without quotation marks: TOML takes dots for tables."""
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _removed(given: Any) -> dict[str, None]:
    names = () if given is None else within("remove", texts, given)
    return {_of_field("remove", name, removable): None for name in names}


def _of_field(key: str, name: str, check: Callable[[str], Any]) -> Any:
    if name not in schema.fields():
        raise ValueError(f"{key}: {unknown(name, schema.fields())}")
    return within(f"{key}: {name}", check, name)
