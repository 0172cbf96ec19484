"""Numbers with their units as text: SI prefixes, also for bytes (1 kB is 1,000 bytes), and times in words."""

import math
from collections.abc import Mapping

NOTHING = "–"
"""What stands where there is no number."""
PREFIXES = ("", "k", "M", "G", "T", "P", "E")
SYMBOLS: Mapping[str, str] = {
    "bits": "bit",
    "bytes": "B",
    "bits/s": "bit/s",
    "bytes/s": "B/s",
    "packets/s": "/s",
    "flows/s": "/s",
    "rows/s": "/s",
    "packets": "",
    "flows": "",
    "rows": "",
    "": "",
}
"""What stands behind the prefix, by unit."""
SECONDS: Mapping[str, float] = {"ns": 1e-9, "ms": 1e-3, "s": 1.0}
"""Units of time, in seconds."""
PER_SECOND = "/s"
"""Behind any unit, of the sum of a field for each second."""
PERCENT = "percent"
EXACT = "exact"
"""Of numbers to be read digit by digit, as a sampling rate."""
UNITS = frozenset((*SYMBOLS, *SECONDS, PERCENT, EXACT))
"""All."""
SHORT = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
LONG = ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))
"""Seconds and sign of a unit, and of the smaller one that is told beside it."""


def text(value: float | None, unit: str = "") -> str:
    """A number in few characters: 1.2 Gbit/s, 3.4 M, 2 min 5 s, 12.3 %. `unit` is one of `UNITS`, or one per second."""
    if value is None or not math.isfinite(value):
        return NOTHING
    sign = "-" if value < 0 else ""
    return sign + _positive(abs(value), unit)


def _positive(value: float, unit: str) -> str:
    if unit in SECONDS:
        return duration(value * SECONDS[unit])
    if unit == PERCENT:
        return f"{digits(value)} %"
    if unit == EXACT:
        return f"{value:,.0f}"
    if unit not in SYMBOLS:
        return f"{_positive(value, unit.removesuffix(PER_SECOND))}{PER_SECOND}"
    return si(value, SYMBOLS[unit])


def si(value: float, symbol: str = "") -> str:
    """A number from 0 on with an SI prefix, so that it has one to three digits before the point."""
    power = 0
    # As it is shown: 999.95 is 1.0 k, and never 1000.
    while power + 1 < len(PREFIXES) and float(digits(value / 1000**power)) >= 1000:
        power += 1
    shown = digits(value / 1000**power, whole=power == 0 and value == int(value))
    unit = PREFIXES[power] + symbol
    return shown + (unit if unit.startswith("/") else f" {unit}" if unit else "")


def digits(value: float, *, whole: bool = False) -> str:
    """A number from 0 on with one decimal below 100 and none above; the smaller ones with two digits that count."""
    if whole or value >= 99.95 or value == 0:
        return f"{value:.0f}"
    if value >= 0.95:
        return f"{value:.1f}"
    places = min(1 - math.floor(math.log10(value)), 12)
    return f"{value:.{places}f}"


def duration(seconds: float) -> str:
    """A time from 0 on: in its two largest units, below a minute in one with decimals."""
    for size, unit, less, smaller in LONG:
        if round(seconds) >= size:
            count, rest = divmod(round(seconds / less), size // less)
            return f"{count} {unit}" + (f" {rest} {smaller}" if rest else "")
    for part, unit in SHORT:
        if float(digits(seconds / part)) >= 1:
            return f"{digits(seconds / part)} {unit}"
    return "0 s" if seconds == 0 else f"{digits(seconds * 1e9)} ns"
