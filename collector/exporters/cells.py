"""What is known of an exporter in a few characters, for tables."""

from datetime import datetime

from collector.exporters.spans import span

NO_VALUE = "-"
EXACT = 100_000
"""A sampling rate below that is shown as it is."""
UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
SKEW_SECONDS = 2
"""A clock that is off by less is right, as far as whole seconds and the way of a datagram let anybody tell."""


def short(number: int) -> str:
    """At most three digits and a unit."""
    for size, unit in UNITS:
        if number >= size:
            part = number / size
            return f"{part:.1f}{unit}" if part < 9.95 else f"{part:.0f}{unit}"
    return str(number)


def templates(known: int, missing: int) -> str:
    """`4`, or `4/5` where one of five has not come yet."""
    if missing:
        return f"{known}/{known + missing}"
    return str(known) if known else NO_VALUE


def rate(number: int | None) -> str:
    """A sampling rate: `1:1000`."""
    if not number:
        return NO_VALUE
    return f"1:{number if number < EXACT else short(number)}"


def share(percent: float) -> str:
    """Of what was lost."""
    if not percent:
        return NO_VALUE
    return f"{percent:.0f}%" if percent >= 10 else f"{percent:.2g}%"


def clock(skew: float) -> str:
    """Seconds that a clock is ahead, where that is worth telling."""
    if abs(skew) < SKEW_SECONDS:
        return NO_VALUE
    return ("-" if skew < 0 else "+") + brief(abs(skew))


def since(then: datetime, now: datetime) -> str:
    """How long ago something was."""
    return brief((now - then).total_seconds())


def brief(seconds: float) -> str:
    """The largest unit of a length of time, without a blank."""
    number, unit, *_ = span(round(seconds * 1000)).split()
    return f"{number}{unit}"
