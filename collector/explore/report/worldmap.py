"""Countries in shades of their amounts, or points, on an outline of the world."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.path import Path

from collector.explore import units
from collector.explore.charts.groups import Group, colours, groups
from collector.explore.charts.look import Look
from collector.explore.charts.places import LOCATION, limits
from collector.explore.dashboard import Panel
from collector.explore.labels import unit
from collector.explore.report.legend import Entry, legend
from collector.explore.report.sheet import INK, LINE, Box, Sheet
from collector.query.model import Answer

NORTH, SOUTH = 84.0, -58.0
"""Degrees that are shown."""
SMALLEST, LARGEST = 3.0, 18.0
"""Points of a place; its area follows the amount."""
LEGEND = 1.1


def draw(sheet: Sheet, box: Box, panel: Panel, answer: Answer, look: Look) -> None:
    """By country code, or by latitude and longitude."""
    found = [one for one in groups(panel, answer) if not one.other]
    axes = _world(sheet, box)
    if panel.by[0].endswith(LOCATION):
        _land(axes, {})
        _points(axes, found, colours(found, look))
    else:
        _land(axes, _shades(found))
        _scale(sheet, box, found, unit(panel.measures[0]))


def _world(sheet: Sheet, box: Box) -> Axes:
    """Axes in degrees, as large as the box allows."""
    ratio = 360 / (NORTH - SOUTH)
    width = min(box.width, box.height * ratio)
    left = box.left + (box.width - width) / 2
    axes = sheet.axes(Box(left, box.top + (box.height - width / ratio) / 2, width, width / ratio))
    axes.set_axis_off()
    axes.set_xlim(-180, 180)
    axes.set_ylim(SOUTH, NORTH)
    return axes


def _land(axes: Axes, shades: Mapping[str, str]) -> None:
    outlines = world()
    axes.add_collection(
        PathCollection(
            [path for _, path in outlines],
            facecolors=[shades.get(name, INK.land) for name, _ in outlines],
            edgecolors=INK.border,
            linewidths=0.3,
        ),
        autolim=False,
    )


@cache
def world() -> tuple[tuple[str, Path], ...]:
    """The codes of countries and their outlines in degrees."""
    given = json.loads(files("collector").joinpath("data/world.json").read_text(encoding="utf-8"))
    return tuple((one["properties"]["name"], _outline(one["geometry"])) for one in given["features"])


def _outline(geometry: Mapping[str, Any]) -> Path:
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    rings = [Path(ring, closed=True) for polygon in polygons for ring in polygon]
    return Path.make_compound_path(*rings)


def _most(found: Iterable[Group]) -> float:
    return max((one.amount for one in found), default=0)


def _shades(found: Sequence[Group]) -> dict[str, str]:
    edges = limits(_most(found), len(INK.ramp))
    return {str(one.values[0]): INK.ramp[sum(one.amount >= edge for edge in edges)] for one in found}


def _scale(sheet: Sheet, box: Box, found: Sequence[Group], measured: str) -> None:
    """What the shades stand for, the darkest on top."""
    if not found:
        return
    edges = limits(_most(found), len(INK.ramp))
    texts = [f"< {units.text(edges[0], measured)}", *(f"≥ {units.text(edge, measured)}" for edge in edges)]
    entries = [Entry(text, colour) for text, colour in zip(texts, INK.ramp, strict=True)][::-1]
    high = LINE * len(entries)
    place = Box(box.left, box.top + box.height - high, min(LEGEND, box.width), high)
    legend(sheet, place, entries, sideways=False)


def _points(axes: Axes, found: Sequence[Group], painted: Sequence[str]) -> None:
    most = _most(found)
    drawn = [(place, one, colour) for one, colour in zip(found, painted, strict=True) if (place := _place(one))]
    if not drawn or most <= 0:
        return
    sizes = [(SMALLEST + (LARGEST - SMALLEST) * math.sqrt(max(one.amount, 0) / most)) ** 2 for _, one, _ in drawn]
    across, up = zip(*(place for place, _, _ in drawn), strict=True)
    shown = [colour for _, _, colour in drawn]
    axes.scatter(across, up, s=sizes, c=shown, alpha=0.75, edgecolors=INK.border, linewidths=0.4)


def _place(one: Group) -> tuple[float, float] | None:
    """Longitude and latitude of `lat,lon`."""
    try:
        latitude, longitude = map(float, str(one.values[0]).split(","))
    except ValueError:
        return None
    return longitude, latitude
