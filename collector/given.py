"""Checks of tables in a settings file, such as `[[rules]]` and `[[reports]]`. ValueError where a value is wrong."""

import difflib
from collections.abc import Callable, Iterable
from typing import Any


class FaultsError(ValueError):
    """One thing that is wrong, or several: its text is all of them in one line."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


def _faults(error: ValueError) -> tuple[str, ...]:
    return error.faults if isinstance(error, FaultsError) else (str(error),)


def within(where: str, check: Callable[[Any], Any], given: Any) -> Any:
    """What a check makes of a value; each of its faults is told with the place."""
    try:
        return check(given)
    except ValueError as error:
        raise FaultsError(f"{where}: {one}" for one in _faults(error)) from error


def every(checks: Iterable[Callable[[], Any]]) -> list[Any]:
    """What all the checks make; where some fail, the faults of them all are told."""
    made, wrong = [], list[str]()
    for check in checks:
        try:
            made.append(check())
        except ValueError as error:
            wrong += _faults(error)
    if wrong:
        raise FaultsError(wrong)
    return made


def typed(given: Any, kind: type | tuple[type, ...], reason: str) -> Any:
    """The value, which is of that type, or else the reason is told."""
    if not isinstance(given, kind):
        raise ValueError(reason)  # noqa: TRY004 - the settings take it for a wrong value
    return given


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """All keys are known, or each that is not is told with the nearest one."""
    known = list(known)
    if wrong := [f"{name}: no such key; {_hint(name, known)}" for name in given if name not in known]:
        raise FaultsError(wrong)


def _hint(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
