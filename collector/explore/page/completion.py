"""What the filter bar proposes: the field or value that is being written, and the text once it is chosen."""

from collections.abc import Mapping
from dataclasses import dataclass

from collector.explore.page.chips import quoted
from collector.schema import Field

MOST_VALUES = 15
MOST_FIELDS = 60
"""Proposals at a time."""
BREAKS = " \t("
SIGNS = "+-!"
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._")
WORDS = ("AND", "OR", "NOT")
"""What joins conditions, and values that mean something else without quotation marks."""


@dataclass(frozen=True)
class Writing:
    """The word that a cursor is in."""

    begin: int
    """Where it begins in the text."""
    end: int
    field: str | None
    """The field whose value it is; None for the name of a field."""
    prefix: str
    """As far as the cursor."""


@dataclass(frozen=True)
class Proposal:
    """One that can be chosen."""

    word: str
    hint: str
    text: str
    """The whole filter then."""
    cursor: int


def writing(text: str, cursor: int) -> Writing:
    """What is being written at the cursor."""
    begin, name = _begin(text[:cursor])
    field, prefix = (text[begin:name], text[name + 1 : cursor]) if name is not None else (None, text[begin:cursor])
    if name is not None:
        begin = name + 1
    return Writing(begin, _end(text, cursor, prefix), field, prefix.lstrip('"'))


def _begin(text: str) -> tuple[int, int | None]:
    """Where the last word begins, and its colon."""
    begin, colon, inside = 0, None, False
    for place, sign in enumerate(text):
        if sign == '"' and (not place or text[place - 1] != "\\"):
            inside = not inside
        elif inside:
            continue
        elif sign in BREAKS or (sign in SIGNS and place == begin):
            begin, colon = place + 1, None
        elif sign == ":" and colon is None:
            colon = place
    return begin, colon


def _end(text: str, cursor: int, prefix: str) -> int:
    """Where the word ends, behind the cursor."""
    if prefix.startswith('"'):
        close = text.find('"', cursor)
        return cursor if close < 0 else close + 1
    while cursor < len(text) and text[cursor] not in " \t():":
        cursor += 1
    return cursor


def fields(text: str, at: Writing, known: Mapping[str, Field]) -> list[Proposal]:
    """Fields that a name may become: those that begin so, then those with a part that does, then any with it."""
    found = sorted(
        (rank, name.count("."), name) for name in known if (rank := _rank(name, at.prefix.lower())) is not None
    )
    return [_chosen(text, at, name, f"{name}:", known[name].description) for _, _, name in found[:MOST_FIELDS]]


def _rank(name: str, prefix: str) -> int | None:
    if name.startswith(prefix):
        return 0
    if f".{prefix}" in name:
        return 1
    return 2 if prefix in name else None


def values(text: str, at: Writing, found: list[str]) -> list[Proposal]:
    """Values that a filter may have there."""
    return [_chosen(text, at, value, f"{written(value)} ", "") for value in found[:MOST_VALUES]]


def written(value: str) -> str:
    """A value as a filter has it."""
    return value if value and PLAIN.issuperset(value) and value not in WORDS else quoted(value)


def _chosen(text: str, at: Writing, word: str, new: str, hint: str) -> Proposal:
    end = at.end
    if new.endswith(":") and text[end : end + 1] == ":":
        end += 1
    if new.endswith(" ") and text[end : end + 1] in (" ", ")"):
        new = new.rstrip(" ")
    return Proposal(word, hint, text[: at.begin] + new + text[end:], at.begin + len(new))
