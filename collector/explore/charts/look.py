"""How charts look, beside what they show."""

from collections.abc import Callable
from dataclasses import dataclass

from collector.explore.dashboard import Panel
from collector.query.model import Range


@dataclass(frozen=True)
class Look:
    """What all panels of a page have in common."""

    dark: bool
    zone: str
    """IANA name of the time zone that times are shown in."""
    label: Callable[[str], str]
    """Words for a field, or for the text of a measure."""
    colour: Callable[[str, str], str]
    """Colour of a value of a field, as CSS has it."""
    step: int | None
    """Milliseconds of the buckets of a series."""
    range: Range

    def words(self, panel: Panel, name: str) -> str:
        """For a field or measure of a panel, which may have words of its own."""
        return panel.labels.get(name) or self.label(name)


@dataclass(frozen=True)
class Ink:
    """Colours of what is not data."""

    text: str
    faint: str
    line: str
    land: str
    border: str
    other: str
    """Of what is beyond the top."""
    paper: str
    ramp: tuple[str, ...]
    """From little to much."""


LIGHT = Ink(
    text="#1f2933",
    faint="#5f6c7b",
    line="#e1e5ea",
    land="#e6e9ed",
    border="#ffffff",
    other="#a9b1bc",
    paper="#ffffff",
    ramp=("#c6dbef", "#9ecae1", "#6baed6", "#3182bd", "#08519c"),
)
DARK = Ink(
    text="#e4e7eb",
    faint="#9aa5b1",
    line="#323a44",
    land="#39414b",
    border="#1d2228",
    other="#6b7682",
    paper="#1d2228",
    ramp=("#1d4566", "#24648f", "#3486bb", "#5fb0e0", "#b3e0ff"),
)


def ink(look: Look) -> Ink:
    """The colours that fit the page."""
    return DARK if look.dark else LIGHT
