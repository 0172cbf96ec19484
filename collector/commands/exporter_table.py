"""The table of exporters, eighty columns wide where no address is long, and the notes below it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rich.console import Console, JustifyMethod
from rich.table import Table

from collector.exporters.cells import NO_VALUE, clock, rate, share, short, since, templates
from collector.exporters.view import Exporter, Overview, Stream

LEFT = ("Exporter", "Protocol")
BREAKING = ("Exporter", "Domain")
"""Columns that give way where the terminal is narrow."""
COLUMNS = (*LEFT, "Domain", "Datagr.", "Flows", "Templ.", "Rate", "Lost", "Clock", "Seen")
ADDRESS = 15
"""Characters of an IPv4 address."""


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


def _rows(one: Exporter, now: datetime) -> Iterator[list[str]]:
    name = one.name
    for stream in one.streams:
        yield [name, *_stream(stream, now)]
        name = ""
    if not one.streams:
        counts = [short(one.datagrams), short(one.flows)]
        yield [name, NO_VALUE, NO_VALUE, *counts, *[NO_VALUE] * 4, since(one.last_seen, now)]
    if one.more_streams:
        yield ["", f"and {one.more_streams:,} more", *[""] * 8]


def _stream(stream: Stream, now: datetime) -> list[str]:
    return [
        stream.protocol,
        str(stream.domain),
        short(stream.datagrams),
        short(stream.flows),
        templates(stream.templates, stream.missing_templates),
        rate(stream.sampling_rate),
        share(stream.lost_percent),
        clock(stream.skew),
        since(stream.last_seen, now),
    ]
