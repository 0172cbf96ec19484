"""Checks of tables in a settings file, such as `[[rules]]` and `[[reports]]`. ValueError where a value is wrong."""

import difflib
from collections.abc import Callable, Iterable
from typing import Any


def within(where: str, check: Callable[[Any], Any], given: Any) -> Any:
    """What a check makes of a value; its fault is told with the place."""
    try:
        return check(given)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def typed(given: Any, kind: type | tuple[type, ...], reason: str) -> Any:
    """The value, which is of that type, or else the reason is told."""
    if not isinstance(given, kind):
        raise ValueError(reason)  # noqa: TRY004 - the settings take it for a wrong value
    return given


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """All keys are known, or the nearest one is told."""
    known = list(known)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise ValueError(f"{name}: no such key; {hint}")
