"""Rules as they are written: `[[rules]]` of a TOML file. ValueError, with all faults and the rules' numbers."""

import tomllib
from functools import partial
from pathlib import Path
from typing import Any, cast

from collector.given import FaultsError, every, refuse_unknown, typed, within
from collector.query.rules import Rule

RULES = "rules"


def rules(given: Any) -> tuple[Rule, ...]:
    """Rules from the path of a file, or from what a settings file has under `rules`."""
    if isinstance(given, str | Path):
        return _of_file(Path(given))
    listed = typed(given, (list, tuple), "rules are the path of a file, or [[rules]]")
    found = tuple(every(partial(_numbered, number, one) for number, one in enumerate(listed, 1)))
    names = [rule.name for rule in found]
    again = [(number, name) for number, name in enumerate(names, 1) if name in names[: number - 1]]
    if again:
        raise FaultsError(f"rule {number}: rule {names.index(name) + 1} is called {name} too" for number, name in again)
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

    return cast("Rule", within(f"rule {number}", partial(rule, str(number)), given))
