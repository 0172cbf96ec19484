"""Who exchanges how much with whom: levels of nodes, and bands between them as broad as what they stand for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from matplotlib.patches import PathPatch
from matplotlib.path import Path

from collector.explore import units
from collector.explore.charts.groups import Group, groups, shown
from collector.explore.charts.look import Look
from collector.explore.charts.shades import distinct
from collector.explore.dashboard import Panel
from collector.explore.labels import OTHERS, unit
from collector.explore.report.sheet import INK, LINE, SIZE, Box, Sheet
from collector.query.model import Answer

NODE = 0.12
"""Inches of a node."""
THINNEST = 0.01
GAP, GAPS = 0.125, 0.75
"""Inches between nodes, so that names are below one another, and the share of the height that they have at most."""
NAME = 1.9
OPACITY = 0.35
BEHIND = 0.6
"""Of the paper behind names, which bands would strike through."""
Key = tuple[int, Any]
"""The level of a node and its value; None for what is beyond the top."""


@dataclass
class Node:
    """One place of a level; in inches once it is laid out."""

    amount: float = 0.0
    top: float = 0.0
    height: float = 0.0
    used: dict[str, float] = field(default_factory=lambda: {"in": 0.0, "out": 0.0})
    """How much of each side has bands."""


def draw(sheet: Sheet, box: Box, panel: Panel, answer: Answer, look: Look) -> None:
    """The groups of two to four fields, from level to level."""
    found = [one for one in groups(panel, answer) if one.amount > 0]
    levels = len(panel.by)
    nodes = _nodes(found, levels)
    _place(nodes, levels, box)
    painted = _colours(panel, nodes, look)
    lefts = [box.left + level * (box.width - NODE) / (levels - 1) for level in range(levels)]
    for (left, right), amount in _links(found, levels).items():
        _band(sheet, (left, right), nodes, amount, (lefts[left[0]] + NODE, lefts[right[0]], painted[left[1]]))
    for key, node in nodes.items():
        sheet.block(Box(lefts[key[0]], node.top, NODE, max(node.height, THINNEST)), painted[key[1]])
        _name(sheet, panel, key, node, lefts)


def _path(one: Group, levels: int) -> list[Key]:
    return list(enumerate(one.values if one.pairs else (None,) * levels))


def _nodes(found: Iterable[Group], levels: int) -> dict[Key, Node]:
    nodes: dict[Key, Node] = defaultdict(Node)
    for one in found:
        for key in _path(one, levels):
            nodes[key].amount += one.amount
    return dict(nodes)


def _links(found: Iterable[Group], levels: int) -> Mapping[tuple[Key, Key], float]:
    links: dict[tuple[Key, Key], float] = defaultdict(float)
    for one in found:
        for pair in pairwise(_path(one, levels)):
            links[pair] += one.amount
    return links


def _place(nodes: dict[Key, Node], levels: int, box: Box) -> None:
    """Largest on top; the same scale for all levels, so that bands are as broad at both ends."""
    by_level = [[node for key, node in nodes.items() if key[0] == level] for level in range(levels)]
    most = max(map(len, by_level), default=1)
    gap = min(GAP, GAPS * box.height / most)
    whole = max((sum(node.amount for node in level) for level in by_level), default=0)
    scale = (box.height - gap * (most - 1)) / whole if whole else 0
    for level in by_level:
        level.sort(key=lambda node: -node.amount)
        spare = box.height - scale * sum(node.amount for node in level)
        own = min(spare / max(len(level) - 1, 1), 3 * gap)
        top = box.top + (spare - own * (len(level) - 1)) / 2
        for node in level:
            node.top, node.height = top, node.amount * scale
            top += node.height + own


def _colours(panel: Panel, nodes: Iterable[Key], look: Look) -> dict[Any, str]:
    """By value: what stands on both sides has the same colour on both."""
    wanted = {value: look.colour(panel.by[level], shown(value)) for level, value in nodes if value is not None}
    return {None: INK.other, **dict(zip(wanted, distinct([*wanted.values()]), strict=True))}


def _band(
    sheet: Sheet,
    ends: tuple[Key, Key],
    nodes: Mapping[Key, Node],
    amount: float,
    drawn: tuple[float, float, str],
) -> None:
    left, right, colour = drawn
    begin, end = nodes[ends[0]], nodes[ends[1]]
    breadth = amount * begin.height / begin.amount
    above, below = begin.top + begin.used["out"], end.top + end.used["in"]
    begin.used["out"] += breadth
    end.used["in"] += breadth
    middle = (left + right) / 2
    places = [(left, above), (middle, above), (middle, below), (right, below)]
    back = [(right, below + breadth), (middle, below + breadth), (middle, above + breadth), (left, above + breadth)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    path = Path([*places, *back, places[0]], codes)
    sheet.shape(PathPatch(path, facecolor=colour, alpha=OPACITY, linewidth=0))


def _name(sheet: Sheet, panel: Panel, key: Key, node: Node, lefts: list[float]) -> None:
    level, value = key
    last = level == len(lefts) - 1
    name = OTHERS if value is None else shown(value)
    text = f"{name}  {units.text(node.amount, unit(panel.measures[0]))}"
    room = min(NAME, (lefts[1] - lefts[0] - NODE) * 0.48)
    x = lefts[level] - 0.04 if last else lefts[level] + NODE + 0.04
    y = node.top + node.height / 2
    wide = sheet.write(x, y, text, room, ha="right" if last else "left", size=SIZE - 0.5)
    paper = Box(x - wide if last else x, y - LINE * 0.4, wide, LINE * 0.8)
    sheet.block(paper, INK.paper, alpha=BEHIND, zorder=1.5)
