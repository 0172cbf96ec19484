"""What the colours of a chart stand for."""

from collections.abc import Sequence
from typing import NamedTuple

from collector.explore.report.sheet import INK, LINE, SIZE, Box, Sheet

SWATCH, SPACE, GAP = 0.09, 0.05, 0.16
"""Inches of the coloured square, from it to its name, and from name to square."""
APART = 0.15
"""From a name to its number."""
WIDEST = 1.9
MOST_LINES = 3


class Entry(NamedTuple):
    """A colour, a name, and perhaps a number."""

    text: str
    colour: str
    value: str = ""


def legend(sheet: Sheet, box: Box, entries: Sequence[Entry], *, sideways: bool) -> float:
    """At the foot of a box, side by side, or from its top one below the other; returns the height that it takes."""
    if not entries:
        return 0.0
    return _sideways(sheet, box, entries) if sideways else _downwards(sheet, box, entries)


def needed(sheet: Sheet, entries: Sequence[Entry]) -> float:
    """Inches of the widest entry, where they are one below the other."""
    return max((_wide(sheet, one) for one in entries), default=0.0)


def _wide(sheet: Sheet, entry: Entry) -> float:
    text = sheet.ruler.width(sheet.ruler.shown(entry.text), SIZE)
    return SWATCH + SPACE + text + (sheet.ruler.width(entry.value, SIZE) + APART if entry.value else 0.0) + 0.02


def _sideways(sheet: Sheet, box: Box, entries: Sequence[Entry]) -> float:
    lines = _broken(sheet, box.width, entries)[:MOST_LINES]
    top = box.top + box.height - LINE * len(lines)
    for number, line in enumerate(lines):
        x = box.left
        for entry in line:
            x += _entry(sheet, x, top + (number + 0.5) * LINE, entry, WIDEST) + GAP
    return LINE * len(lines) + 0.04


def _broken(sheet: Sheet, width: float, entries: Sequence[Entry]) -> list[list[Entry]]:
    lines: list[list[Entry]] = [[]]
    used = 0.0
    for entry in entries:
        needs = SWATCH + SPACE + min(sheet.ruler.width(sheet.ruler.shown(entry.text), SIZE), WIDEST) + GAP
        if lines[-1] and used + needs - GAP > width:
            lines.append([])
            used = 0.0
        lines[-1].append(entry)
        used += needs
    return lines


def _downwards(sheet: Sheet, box: Box, entries: Sequence[Entry]) -> float:
    room = max(int(box.height / LINE), 1)
    for number, entry in enumerate(entries[:room]):
        y = box.top + (number + 0.5) * LINE
        told = sheet.ruler.width(entry.value, SIZE) + APART if entry.value else 0.0
        _entry(sheet, box.left, y, entry, box.width - SWATCH - SPACE - told)
        if entry.value:
            sheet.write(box.left + box.width, y, entry.value, told, ha="right", color=INK.faint)
    return LINE * min(len(entries), room)


def _entry(sheet: Sheet, x: float, y: float, entry: Entry, width: float) -> float:
    sheet.block(Box(x, y - SWATCH / 2, SWATCH, SWATCH), entry.colour)
    return SWATCH + SPACE + sheet.write(x + SWATCH + SPACE, y, entry.text, width)
