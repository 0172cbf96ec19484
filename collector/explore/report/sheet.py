"""A page to draw on: places in inches from its top left corner."""

from dataclasses import dataclass, replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Text

from collector.explore.charts.look import LIGHT
from collector.explore.report.fonts import Ruler

INK = LIGHT
SIZE = 7.0
"""Points of most texts."""
LINE = 0.155
"""Inches from line to line of such a text."""
BOLD = 1.13
"""How much broader bold letters are, about."""


@dataclass(frozen=True)
class Box:
    """A part of a page."""

    left: float
    top: float
    width: float
    height: float

    def inside(self, left: float = 0, top: float = 0, right: float = 0, bottom: float = 0) -> "Box":
        """The same without so much at its sides; never less than nothing."""
        width, height = max(self.width - left - right, 0.01), max(self.height - top - bottom, 0.01)
        return Box(self.left + left, self.top + top, width, height)

    def upper(self, height: float) -> "Box":
        """Its upper part."""
        return replace(self, height=height)


class Sheet:
    """One page, or one panel where each is a picture of its own."""

    def __init__(self, width: float, height: float, ruler: Ruler) -> None:
        self.figure = Figure(figsize=(width, height), facecolor=INK.paper)
        self.ruler = ruler
        self.width, self.height = width, height
        self._whole = self.plain(Box(0, 0, width, height))

    def axes(self, box: Box) -> Axes:
        """Axes that fill a box."""
        place = (
            box.left / self.width,
            1 - (box.top + box.height) / self.height,
            box.width / self.width,
            box.height / self.height,
        )
        return self.figure.add_axes(place, facecolor="none")

    def plain(self, box: Box) -> Axes:
        """Axes that are not seen, whose coordinates are those of the page."""
        axes = self.axes(box)
        axes.set_axis_off()
        axes.set_xlim(box.left, box.left + box.width)
        axes.set_ylim(box.top + box.height, box.top)
        return axes

    def write(self, x: float, y: float, text: str, width: float, **look: Any) -> float:
        """A text on one line, cut at a width, its middle at the height `y`; returns how wide it is."""
        if not text:
            return 0.0
        size = look.pop("size", SIZE)
        broader = BOLD if look.get("weight") == "bold" else 1.0
        shown = self.ruler.fit(text, size, width / broader)
        look = {"color": INK.text, "ha": "left", "va": "center_baseline", **look}
        self._whole.add_artist(self._text(x, y, shown, fontsize=size, **look))
        return self.ruler.width(shown, size) * broader

    def _text(self, x: float, y: float, text: str, **look: Any) -> Text:
        families = list(self.ruler.families)
        return Text(x, y, text, transform=self._whole.transData, parse_math=False, fontfamily=families, **look)

    def paragraph(self, box: Box, text: str, **look: Any) -> float:
        """A text of several lines, as many as there is room for; returns how high it is."""
        size: float = look.get("size", SIZE)
        step = LINE * size / SIZE
        lines = self.lines(text, size, box.width / (BOLD if look.get("weight") == "bold" else 1.0))
        room = max(int(box.height / step), 1)
        for number, line in enumerate(lines[:room]):
            self.write(box.left, box.top + (number + 0.5) * step, line, box.width, **look)
        return step * min(len(lines), room)

    def lines(self, text: str, size: float, width: float) -> list[str]:
        """The lines of a text."""
        return [line for part in text.splitlines() for line in self.ruler.lines(part, size, width)]

    def block(self, box: Box, colour: str, **look: Any) -> None:
        """A filled rectangle."""
        look = {"linewidth": 0, **look}
        place = (box.left, box.top)
        self._whole.add_patch(Rectangle(place, box.width, box.height, facecolor=colour, **look))

    def shape(self, patch: Patch) -> None:
        """Any shape in the coordinates of the page."""
        self._whole.add_patch(patch)

    def rule(self, left: float, right: float, y: float, colour: str = INK.line, width: float = 0.6) -> None:
        """A line across."""
        self._whole.plot([left, right], [y, y], color=colour, linewidth=width, solid_capstyle="butt")
