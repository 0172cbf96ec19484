"""A day of made-up traffic, through the decoder and the enrichment into a store."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from collector.datagram import Datagram
from collector.decode.decoder import Decoder
from collector.demo import tables
from collector.demo.atlas import Atlas
from collector.demo.counters import Loads, pace
from collector.demo.flows import BRANCH, CORE, FIREWALL, Rows
from collector.demo.health import Minutes
from collector.demo.hours import HOUR, Times
from collector.demo.incidents import FLOOD_AT, FLOOD_LASTS, MINUTE, Span, incidents
from collector.demo.made import Made
from collector.demo.netflow import Device, devices
from collector.demo.switches import RATES, switches
from collector.demo.traffic import Kinds, Usual
from collector.demo.world import world
from collector.enrich.enricher import Enricher
from collector.enrich.interfaces import InterfaceFile
from collector.enrich.inventory import Inventory
from collector.enrich.networks import Networks
from collector.enrich.reputation import Reputation
from collector.enrich.services import Services
from collector.enrich.sources import Sources
from collector.flows import Flows
from collector.pipeline import Pipeline, Store

FLOWS, HOURS, SEED = 1_000_000, 24.0, 1
PART, FEWEST_PARTS = 15_000, 12
"""Flows that are made together, and in how many parts at least."""
DROPPED, FEWEST_DROPPED, MOST_DROPPED = 0.01, 300, 0.2
"""Dropped packets, as a share of those that switches sample: in a small demo more."""
MARGIN = 2_000
"""Milliseconds between the last flow and the end: exporters take their time."""
SILENT = 4 * MINUTE
"""So long the branch router, which has just started, sends flows before it tells their templates."""
SKEW = -40_000
"""Milliseconds by which the firewall's clock is ahead."""
Progress = Callable[[int], None]
"""Is told how many flows have come since the last time."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a demo is to be: so many flows in the hours before `end` (seconds since 1970, now unless told otherwise)."""

    flows: int = FLOWS
    hours: float = HOURS
    seed: int = SEED
    end: float | None = None


class Demo:
    """Makes the traffic of a day part by part; the same wish gives the same traffic."""

    def __init__(self, wish: Wish) -> None:
        end = round((time.time() if wish.end is None else wish.end) * 1000) - MARGIN
        self.span = Span(end - round(wish.hours * HOUR), end, wish.flows)
        self.parts = max(FEWEST_PARTS, wish.flows // PART)
        self.made = Made(self.span.start, end)
        self._world, self._rng = world(), np.random.default_rng(wish.seed)
        self._bounds: Times = np.linspace(self.span.start, end, self.parts + 1).astype(np.int64)
        self._special = np.sort(incidents(self.span, self._world, self._rng), order="end")
        kinds = Kinds(self._world, self.span.start, end)
        usual = wish.flows - len(self._special)
        self._usual = Usual(self._world, kinds, usual, self._bounds, self._rng)
        self._routers = _routers(self.span)
        packets = {row: usual * kinds.part_of(row) for row in RATES}
        loads = {row: _loads(kinds, row, count) for row, count in packets.items()}
        self._switches = switches((self.span.start, end), loads, pace(wish.flows))
        self._share_dropped = min(MOST_DROPPED, max(DROPPED, FEWEST_DROPPED / sum(packets.values())))
        self._minutes = Minutes(self.span)

    def datagrams(self, part: int) -> list[Datagram]:
        """All that exporters send in a part of the time, in order."""
        flows = self._flows(part)
        begin, end = self._bounds[part : part + 2].tolist()
        out: list[Datagram] = []
        for device in self._routers:
            told = begin + SILENT if device.row == BRANCH and not part else begin
            out += device.datagrams(flows[flows["exporter"] == device.row], self._world, told)
        for switch in self._switches:
            chosen = flows[flows["exporter"] == switch.row]
            out += switch.datagrams(chosen, self._dropped(chosen), end, self._world, self._rng)
        out.sort(key=lambda datagram: datagram.received)
        self._minutes.add(flows, out)
        return out

    def health(self) -> Flows:
        """What the collector would have noted of itself, a row an exporter and minute, when all parts are made."""
        rows = self._minutes.rows(self._routers, SILENT)
        self.made.health = len(rows)
        return rows

    def _flows(self, part: int) -> Rows:
        """Usual ones and special ones, in order of their ends."""
        first, last = np.searchsorted(self._special["end"], self._bounds[part : part + 2])
        last = len(self._special) if part == self.parts - 1 else last
        flows = np.concatenate([self._usual.flows(part), self._special[first:last]])
        ordered: Rows = flows[np.argsort(flows["end"], kind="stable")]
        self.made.add(ordered)
        return ordered

    def _dropped(self, flows: Rows) -> Rows:
        """Some of the packets that a switch saw, as those that went no further."""
        chosen: Rows = flows[self._rng.random(len(flows)) < self._share_dropped]
        self.made.discards += len(chosen)
        return chosen


def _loads(kinds: Kinds, switch: int, packets: float) -> Loads:
    """Bytes at the interfaces of a switch that samples so many packets."""
    scale = packets * RATES[switch]
    return {port: (scale * came, scale * went) for port, (came, went) in kinds.loads(switch).items()}


def _routers(span: Span) -> list[Device]:
    """With their troubles: the line of the core is full in the flood, and the firewall's clock is wrong."""
    out = devices(span.start)
    for device in out:
        if device.row == CORE:
            device.trouble = span.part(FLOOD_AT, FLOOD_LASTS)
        if device.row == FIREWALL:
            device.skew = SKEW
    return out


def pipeline(store: Store) -> Pipeline:
    """Decoder and enrichment that know the made-up network, in front of a store."""
    sources = Sources(
        Inventory(tables.path("exporters")),
        Services(tables.path("services")),
        InterfaceFile(tables.path("interfaces")),
    )
    enricher = Enricher(
        sources=sources,
        networks=Networks(tables.path("networks")),
        reputation=Reputation([tables.path("reputation")]),
        geo=Atlas(world()),
    )
    return Pipeline(store, Decoder(), enricher)


def fill(into: Pipeline, wish: Wish = Wish(), progress: Progress | None = None) -> Made:
    """Put a demo into the store of a `pipeline`; what is in it. The store is not flushed."""
    demo = Demo(wish)
    for part in range(demo.parts):
        before = into.tallies.flows
        into.process(demo.datagrams(part))
        if progress:
            progress(into.tallies.flows - before)
    into.store.write(demo.health())
    demo.made.counters = into.tallies.counters
    return demo.made
