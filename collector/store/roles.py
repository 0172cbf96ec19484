"""Client and server as ends of flows: source and destination as they are, or the other way round."""

from collections.abc import Callable, Iterator

import polars as pl

from collector import schema
from collector.flows import Flows
from collector.registry import number_of
from collector.store.plan import place

END = "flow.client_end"
ENDS = ("source", "destination")
ROLES = ("client", "server")
CORE = ("ip", "domain", "port", "mac", "bytes", "packets", "as", "geo", "network")
"""Members of an end that its copy has."""
Pair = tuple[pl.Series, pl.Series]
Counts = list[tuple[pl.Series, pl.Series]]
"""Columns of counts, and their texts."""


class Turned:
    """Which end of each flow is the client."""

    def __init__(self, flows: Flows) -> None:
        """Of enriched flows."""
        self._flows = flows
        self._straight = flows.frame.get_column(END) == number_of("ends", ENDS[0])

    def pair(self, source: pl.Series, destination: pl.Series) -> Pair:
        """What the clients and what the servers have of what the sources and what the destinations have."""
        return source.zip_with(self._straight, destination), destination.zip_with(self._straight, source)

    def copies(self, text: Callable[[pl.Series], pl.Series]) -> Iterator[tuple[str, Flows, Counts]]:
        """Flows whose source is the client, and flows whose source is the server; `text` renders counts.

        They have no more than the core of an end; with them come the texts of their counts.
        """
        columns: list[Pair] = []
        counts: list[tuple[int, Pair]] = []
        for name in dict.fromkeys(place(name)[0] or name for name in map(_of_source, self._core())):
            ends = self._ends(name)
            if schema.field(name).kind == "counter":
                counts.append((len(columns), self.pair(*map(text, ends))))
            columns.append(self.pair(*ends))
        for number, role in enumerate(ROLES):
            mine = [pair[number] for pair in columns]
            flows = self._flows.over(pl.DataFrame([one for one in mine if one.null_count() < len(one)]))
            yield role, flows, [(mine[which], texts[number]) for which, texts in counts]

    def _core(self) -> Iterator[str]:
        return (name for name in self._flows.names() if is_core(name))

    def _ends(self, name: str) -> Pair:
        """A column of the source and of the destination, both under its name at the source."""
        frame = self._flows.frame
        names = name, _of_destination(name)
        have = next(frame.get_column(one) for one in names if one in frame.columns)
        nothing = pl.Series([None], dtype=have.dtype).new_from_index(0, len(have))
        source, destination = (frame.get_column(one, default=nothing).alias(name) for one in names)
        return source, destination


def is_core(name: str) -> bool:
    """Whether a field is of an end and copied to client or server."""
    end, _, rest = name.partition(".")
    return end in ENDS and rest.split(".")[0] in CORE


def _of_source(name: str) -> str:
    return f"{ENDS[0]}.{name.partition('.')[2]}"


def _of_destination(name: str) -> str:
    return f"{ENDS[1]}.{name.partition('.')[2]}"
