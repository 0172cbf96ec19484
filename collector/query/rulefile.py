"""Rules as they are written: `[[rules]]` of a TOML file. ValueError, with the rule's number, where one is wrong."""

import tomllib
from pathlib import Path
from typing import Any

from collector.given import refuse_unknown, typed
from collector.query.rules import Rule

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
    from collector.query.ruletable import rule  # noqa: PLC0415 - loads the data model, which is for naught without rules

    try:
        return rule(str(number), given)
    except ValueError as error:
        raise ValueError(f"rule {number}: {error}") from error
