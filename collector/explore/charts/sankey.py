"""Who exchanges how much with whom."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from collector.explore.charts.frame import base, tooltip
from collector.explore.charts.groups import Group, groups, shown
from collector.explore.charts.look import Look, ink
from collector.explore.charts.shades import distinct
from collector.explore.dashboard import Panel
from collector.explore.labels import OTHERS, unit
from collector.query.model import Answer

Node = tuple[int, Any]
"""The level it stands in, and its value; None for what is beyond the top. A value in two levels is two nodes."""

GAP, SMALLEST_GAP, GAPS = 12, 5, 210
"""Pixels between nodes: so many that names do not overlap, unless there are too many nodes for that."""
NAME_WIDTH = 180
NARROW = {2: 130, 3: 88, 4: 62}
"""Pixels of a name on a phone, by levels."""


def sankey(panel: Panel, answer: Answer, look: Look) -> dict[str, Any]:
    """The groups of two to four fields as flows from level to level."""
    found = [one for one in groups(panel, answer) if one.amount > 0]
    nodes: dict[Node, float] = defaultdict(float)
    links: dict[tuple[Node, Node], float] = defaultdict(float)
    for one in found:
        path = _path(one, len(panel.by))
        for node in path:
            nodes[node] += one.amount
        for pair in pairwise(path):
            links[pair] += one.amount
    return {
        **base(look),
        "tooltip": tooltip(look, "flowCharts.item"),
        "series": [_series(_nodes(panel, nodes, look), _links(panel, links, look), look)],
        "media": [_narrow(len(panel.by))],
    }


def _narrow(levels: int) -> dict[str, Any]:
    """What changes on a phone."""
    return {"query": {"maxWidth": 420}, "option": {"series": [{"label": {"width": NARROW[levels]}}]}}


def gap(nodes: Sequence[dict[str, Any]]) -> int:
    """Pixels between nodes, by the level that has the most."""
    most = max(Counter(one["depth"] for one in nodes).values(), default=1)
    return max(SMALLEST_GAP, min(GAP, GAPS // most))


def _path(group: Group, levels: int) -> list[Node]:
    values = group.values if group.pairs else (None,) * levels
    return list(enumerate(values))


def _name(node: Node) -> str:
    level, value = node
    return f"{level} {'' if value is None else f'={value}'}"


def _text(node: Node) -> str:
    return OTHERS if node[1] is None else shown(node[1])


def _pairs(panel: Panel, *nodes: Node) -> list[list[Any]]:
    return [[panel.by[level], value] for level, value in nodes if value is not None]


def _rows(panel: Panel, amount: float, look: Look) -> list[list[Any]]:
    name = panel.measures[0]
    return [[look.words(panel, name), amount, unit(name)]]


def _nodes(panel: Panel, nodes: dict[Node, float], look: Look) -> list[dict[str, Any]]:
    painted = _colours(panel, nodes, look)
    last = len(panel.by) - 1
    return [
        {
            "name": _name(node),
            "depth": node[0],
            "text": _text(node),
            "pairs": _pairs(panel, node),
            "rows": _rows(panel, amount, look),
            "itemStyle": {"color": painted[node[1]]},
            "label": {"position": "left" if node[0] == last else "right"},
        }
        for node, amount in nodes.items()
    ]


def _colours(panel: Panel, nodes: Iterable[Node], look: Look) -> dict[Any, str]:
    """By value: what stands on both sides has the same on both."""
    wanted = {value: look.colour(panel.by[level], shown(value)) for level, value in nodes if value is not None}
    return {None: ink(look).other, **dict(zip(wanted, distinct([*wanted.values()]), strict=True))}


def _links(panel: Panel, links: dict[tuple[Node, Node], float], look: Look) -> list[dict[str, Any]]:
    return [
        {
            "source": _name(left),
            "target": _name(right),
            "value": amount,
            "text": f"{_text(left)} → {_text(right)}",
            "pairs": _pairs(panel, left, right),
            "rows": _rows(panel, amount, look),
        }
        for (left, right), amount in links.items()
    ]


def _series(nodes: list[dict[str, Any]], links: list[dict[str, Any]], look: Look) -> dict[str, Any]:
    return {
        "type": "sankey",
        "data": nodes,
        "links": links,
        "left": 4,
        "right": 4,
        "top": 8,
        "bottom": 8,
        "nodeWidth": 14,
        "nodeGap": gap(nodes),
        "draggable": False,
        "cursor": "pointer",
        "emphasis": {"focus": "adjacency"},
        "lineStyle": {"color": "gradient", "opacity": 0.35, "curveness": 0.5},
        "label": {
            "color": ink(look).text,
            "width": NAME_WIDTH,
            "fontSize": 11,
            "overflow": "truncate",
            ":formatter": "p => p.data.text",
        },
    }
