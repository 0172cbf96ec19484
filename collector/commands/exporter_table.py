"""The table of exporters, eighty columns wide where no address is long, and the notes below it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rich.console import Console, JustifyMethod
from rich.table import Table

from collector.exporters.spans import span
from collector.exporters.view import Exporter, Overview, Stream

NO_VALUE = "-"
LEFT = ("Exporter", "Protocol")
BREAKING = ("Exporter", "Domain")
"""Columns that give way where the terminal is narrow."""
COLUMNS = (*LEFT, "Domain", "Datagr.", "Flows", "Templ.", "Rate", "Lost", "Clock", "Seen")
ADDRESS = 15
"""Characters of an IPv4 address."""
EXACT = 100_000
"""A sampling rate below that is shown as it is."""
UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
SKEW_SECONDS = 2
"""A clock that is off by less is right, as far as whole seconds and the way of a datagram let anybody tell."""


def show(overview: Overview, console: Console, limit: int) -> None:
    """Print the table and the notes, of each not more than so many."""
    shown = overview.exporters[:limit]
    console.print(table(shown, datetime.now(UTC)) if shown else "No exporter has sent anything yet.")
    more = len(overview.exporters) - len(shown) + overview.more_exporters
    if more:
        console.print(f"and {more:,} more exporters, which gave fewer flows: --limit shows more")
    told = [*overview.notes, *(f"{one.name}: {note}" for one in overview.exporters for note in one.notes)]
    if told:
        console.print()
    for line in told[:limit]:
        console.print(f"* {line}")
    if len(told) > limit:
        console.print(f"and {len(told) - limit:,} more sentences: --limit shows more")


def table(exporters: Iterable[Exporter], now: datetime) -> Table:
    """A row a stream; an exporter's address stands in its first."""
    out = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for name in COLUMNS:
        justify: JustifyMethod = "left" if name in LEFT else "right"
        least = ADDRESS if name == "Exporter" else None
        out.add_column(name, justify=justify, overflow="fold", no_wrap=name not in BREAKING, min_width=least)
    for one in exporters:
        for cells in _rows(one, now):
            out.add_row(*cells)
    return out


def short(number: int) -> str:
    """At most three digits and a unit."""
    for size, unit in UNITS:
        if number >= size:
            share = number / size
            return f"{share:.1f}{unit}" if share < 9.95 else f"{share:.0f}{unit}"
    return str(number)


def _rows(one: Exporter, now: datetime) -> Iterator[list[str]]:
    name = one.name
    for stream in one.streams:
        yield [name, *_stream(stream, now)]
        name = ""
    if not one.streams:
        counts = [short(one.datagrams), short(one.flows)]
        yield [name, NO_VALUE, NO_VALUE, *counts, *[NO_VALUE] * 4, _since(one.last_seen, now)]
    if one.more_streams:
        yield ["", f"and {one.more_streams:,} more", *[""] * 8]


def _stream(stream: Stream, now: datetime) -> list[str]:
    return [
        stream.protocol,
        str(stream.domain),
        short(stream.datagrams),
        short(stream.flows),
        _templates(stream.templates, stream.missing_templates),
        _rate(stream.sampling_rate),
        _share(stream.lost_percent),
        _clock(stream.skew),
        _since(stream.last_seen, now),
    ]


def _templates(known: int, missing: int) -> str:
    """`4`, or `4/5` where one of five has not come yet."""
    if missing:
        return f"{known}/{known + missing}"
    return str(known) if known else NO_VALUE


def _rate(rate: int | None) -> str:
    if not rate:
        return NO_VALUE
    return f"1:{rate if rate < EXACT else short(rate)}"


def _share(percent: float) -> str:
    if not percent:
        return NO_VALUE
    return f"{percent:.0f}%" if percent >= 10 else f"{percent:.2g}%"


def _clock(skew: float) -> str:
    if abs(skew) < SKEW_SECONDS:
        return NO_VALUE
    return ("-" if skew < 0 else "+") + _brief(abs(skew))


def _since(then: datetime, now: datetime) -> str:
    return _brief((now - then).total_seconds())


def _brief(seconds: float) -> str:
    """The largest unit of a length of time, without a blank."""
    number, unit, *_ = span(round(seconds * 1000)).split()
    return f"{number}{unit}"
