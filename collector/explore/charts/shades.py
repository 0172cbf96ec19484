"""Colours that can be told apart."""

import re
from collections.abc import Sequence

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
STEPS = (0.0, 0.4, -0.35, 0.65, -0.6, 0.2, -0.18)
"""How much lighter (or darker) the same colour is when it comes again."""


def distinct(wanted: Sequence[str]) -> list[str]:
    """The same colours, each lighter or darker where it was there before."""
    times: dict[str, int] = {}
    out = []
    for colour in wanted:
        count = times.get(colour, 0)
        times[colour] = count + 1
        out.append(shade(colour, STEPS[count % len(STEPS)]))
    return out


def shade(colour: str, share: float) -> str:
    """A colour mixed with so much white, or with black where `share` is negative; as it is where it is not #rrggbb."""
    if not share or not _HEX.fullmatch(colour):
        return colour
    towards = 255 if share > 0 else 0
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + (towards - part) * abs(share)):02x}" for part in parts)
