"""How much is kept about those who send: addresses of UDP datagrams can be forged, and memory is finite.

What one exporter may take is far above what any device needs. What all may take together holds whoever sends: beyond
it nothing new is taken in, and before the next batch those exporters that never gave a flow are forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_EXPORTERS = 65_536
"""Exporters known at a time."""
MOST_STREAMS, STREAMS_OF_ONE = 262_144, 4096
"""Streams of NetFlow and IPFIX; sFlow's sub-agents are bounded alike, by the same numbers."""
MOST_FIELDS, FIELDS_OF_ONE = 8_000_000, 250_000
"""Fields of all templates, each template counted as `TEMPLATE_COST` fields more: 10,000 exporters with 28 templates of
20 fields."""
TEMPLATE_COST = 8
MOST_WAITING, WAITING_OF_ONE = 256 << 20, 1 << 20
"""Bytes of data that waits for its templates."""
MOST_RATES, RATES_OF_ONE = 500_000, 20_000
"""Sampling rates and times of boot that options data told: by sampler, interface, template or domain."""


@dataclass(slots=True)
class Budget:
    """What may be taken of something; what is taken of a part is taken of the `whole`, too."""

    limit: int
    whole: "Budget | None" = None
    used: int = 0
    refused: bool = False
    """Whether more was asked for than there is, since that was last looked at."""

    def take(self, units: int = 1) -> bool:
        """Take so many units, or nothing where they are not to be had; whether they were."""
        if self.used + units > self.limit:
            self.refused = True
            return False
        if self.whole is not None and not self.whole.take(units):
            return False
        self.used += units
        return True

    def give(self, units: int = 1) -> None:
        """Give so many units back."""
        self.used -= units
        if self.whole is not None:
            self.whole.give(units)

    def clear(self) -> None:
        """Give everything back."""
        self.give(self.used)


@dataclass(slots=True)
class Limits:
    """What all exporters together may take."""

    exporters: int = MOST_EXPORTERS
    streams: Budget = field(default_factory=lambda: Budget(MOST_STREAMS))
    agents: Budget = field(default_factory=lambda: Budget(MOST_STREAMS))
    fields: Budget = field(default_factory=lambda: Budget(MOST_FIELDS))
    waiting: Budget = field(default_factory=lambda: Budget(MOST_WAITING))
    rates: Budget = field(default_factory=lambda: Budget(MOST_RATES))

    def exceeded(self) -> bool:
        """Whether any of them was not enough since this was last asked."""
        found = any(budget.refused for budget in self._budgets())
        for budget in self._budgets():
            budget.refused = False
        return found

    def _budgets(self) -> Iterator[Budget]:
        yield from (self.streams, self.agents, self.fields, self.waiting, self.rates)
