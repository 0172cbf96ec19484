"""What is worth finding: a port scan, a flood, a backup at night, an infected client, and what the firewall denied.

Each gives rows like the usual traffic, marked as its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from collector.demo.flows import (
    ACK,
    BACKUP,
    BRANCH,
    CORE,
    DENIED,
    EDGE,
    EPHEMERAL,
    FIREWALL,
    FLOOD,
    FLOW_DENIED,
    INFECTION,
    LAST_PORT,
    NAT_CREATE,
    NAT_DELETE,
    NOTHING,
    PSH,
    SCAN,
    SYN,
    TCP,
    UDP,
    Rows,
    blank,
    settle,
    turned,
)
from collector.demo.hours import HOUR, MILLISECONDS, Curve
from collector.demo.world import World

MINUTE = 60 * MILLISECONDS
DAY = 24 * HOUR
SHARE = 0.01
"""Of all flows, in the scan, in the flood and in the backup together with the infection; twice that are denied."""
SCAN_AT, SCAN_LASTS = 0.62, 20 * MINUTE
FLOOD_AT, FLOOD_LASTS = 0.87, 10 * MINUTE
"""When they begin, as a share of the whole time, and how long they last in a day or more."""
BACKUP_HOURS = (1, 3)
BACKUP_EVERY, BACKUP_APART, BEACON_EVERY = 5 * MINUTE, 100 * MILLISECONDS, MINUTE
"""`BACKUP_APART` is from one file server to the next."""
SCANNED = (21, 22, 23, 25, 80, 110, 135, 139, 143, 443, 445, 1433, 3306, 3389, 5432, 5900, 6379, 8080, 8443, 9200)
ATTACKED = (22, 23, 445, 3389, 5060, 8080)
GAME, RSYNC, HTTPS = 27015, 873, 443
REASONS = (1001, 1002, 1003, 1004)
"""Extended events of an ASA: denied by the rules inwards, outwards, at the firewall itself, first packet no SYN."""
REASON_SHARES = (0.7, 0.14, 0.1, 0.06)


@dataclass(frozen=True, slots=True)
class Span:
    """The whole time, in milliseconds since 1970, and how many flows there are in it."""

    start: int
    end: int
    flows: int

    def part(self, at: float, lasts: int) -> tuple[int, int]:
        """Beginning and end of something; in less than a day it lasts less."""
        whole = self.end - self.start
        begin = self.start + round(at * whole)
        return begin, begin + round(lasts * min(1, whole / DAY))

    @property
    def share(self) -> int:
        """Flows of an incident."""
        return max(10, round(SHARE * self.flows))


def incidents(span: Span, world: World, rng: np.random.Generator) -> Rows:
    """The flows of all incidents."""
    parts = [make(span, world, rng) for make in (_scan, _flood, _backup, _infection, _denied, _translations)]
    return settle(np.concatenate(parts), world, rng)


def _scan(span: Span, world: World, rng: np.random.Generator) -> Rows:
    """Every address of the DMZ at one port after the other."""
    flows = _between(span, world, (SCAN, CORE), ("scanner", "dmz"), span.share)
    number, targets = np.arange(len(flows)), world.pool("dmz")
    flows["end"] = _even(*span.part(SCAN_AT, SCAN_LASTS), len(flows))
    flows["start"] = flows["end"]
    flows["destination"] = targets.first + number % targets.count
    flows["sport"] = rng.integers(EPHEMERAL, LAST_PORT, len(flows))
    flows["protocol"], flows["flags"] = TCP, SYN
    flows["dport"] = np.array(SCANNED)[number // targets.count % len(SCANNED)]
    flows["dport"] += (number // (targets.count * len(SCANNED))).astype(np.uint16)
    flows["packets"], flows["octets"] = 1, 60
    flows["input"], flows["output"] = 1, 10
    return flows


def _flood(span: Span, world: World, rng: np.random.Generator) -> Rows:
    """Hundreds of rented machines against one server."""
    flows = _between(span, world, (FLOOD, CORE), ("botnet", "web"), span.share)
    begin, end = span.part(FLOOD_AT, FLOOD_LASTS)
    flows["end"] = np.sort(rng.integers(begin, end, len(flows)))
    flows["start"] = np.maximum(flows["end"] - rng.integers(0, 20_000, len(flows)), begin)
    sources = world.pool("botnet")
    flows["source"] = sources.first + rng.integers(0, sources.count, len(flows))
    flows["sport"], flows["dport"], flows["protocol"] = rng.integers(1024, LAST_PORT, len(flows)), GAME, UDP
    flows["packets"] = rng.integers(2, 9, len(flows))
    flows["octets"] = flows["packets"] * 1320
    flows["input"], flows["output"] = 2, 10
    return flows


def _backup(span: Span, world: World, rng: np.random.Generator) -> Rows:
    """Three file servers of the office, each with a long transfer that is told every five minutes, and its answer."""
    ends = _every(BACKUP_EVERY, span, BACKUP_HOURS)
    sources = world.pool("sources")
    flows = _between(span, world, (BACKUP, EDGE), ("sources", "backup"), len(ends) * sources.count)
    flows["source"] = sources.first + np.arange(len(flows)) % sources.count
    flows["end"] = np.repeat(ends, sources.count) + BACKUP_APART * (np.arange(len(flows)) % sources.count)
    flows = flows[flows["end"] < span.end]
    flows["start"] = flows["end"] - BACKUP_EVERY
    flows["sport"], flows["dport"], flows["protocol"] = 50_100 + np.arange(len(flows)) % sources.count, RSYNC, TCP
    flows["flags"], flows["application"] = PSH | ACK, 15
    flows["packets"] = rng.integers(2_600_000, 3_400_000, len(flows))
    flows["octets"] = flows["packets"] * 1448
    flows["input"], flows["output"] = 11, 2
    answers = turned(flows)
    answers["packets"], answers["octets"] = flows["packets"] // 2, flows["packets"] // 2 * 52
    return np.concatenate([flows, answers])


def _infection(span: Span, world: World, rng: np.random.Generator) -> Rows:
    """A client that asks for orders every minute, and sends much away once in a while."""
    ends = _every(BEACON_EVERY, span)[:: max(1, DAY // BEACON_EVERY // max(span.share, 1))]
    flows = _between(span, world, (INFECTION, EDGE), ("infected", "sinkhole"), len(ends))
    flows["end"] = np.minimum(ends + rng.integers(0, 4000, len(ends)), span.end)
    flows["start"] = flows["end"] - 900
    flows["sport"], flows["dport"] = rng.integers(EPHEMERAL, LAST_PORT, len(ends)), HTTPS
    flows["protocol"], flows["flags"], flows["application"] = TCP, SYN | PSH | ACK | 1, 1
    flows["packets"] = np.where(np.arange(len(ends)) % 60 == 30, 9000, 6)
    flows["octets"] = flows["packets"] * np.where(flows["packets"] > 6, 1380, 140)
    flows["input"], flows["output"] = 10, 1
    return flows


def _denied(span: Span, world: World, rng: np.random.Generator) -> Rows:
    """What knocks at the firewall all day."""
    flows = _between(span, world, (DENIED, FIREWALL), ("noise", "dmz"), 2 * span.share)
    flows["end"] = Curve("flat", span.start, span.end).times(np.sort(rng.random(len(flows))))
    flows["start"] = flows["end"]
    for end, name in (("source", "noise"), ("destination", "dmz")):
        pool = world.pool(name)
        flows[end] = pool.first + (pool.count * rng.random(len(flows)) ** 2).astype(np.int64)
    flows["sport"] = rng.integers(1024, LAST_PORT, len(flows))
    flows["dport"] = rng.choice(ATTACKED, len(flows), p=(0.2, 0.3, 0.2, 0.15, 0.1, 0.05))
    flows["protocol"] = np.where(flows["dport"] == 5060, UDP, TCP)
    flows["event"], flows["extended"] = FLOW_DENIED, rng.choice(REASONS, len(flows), p=REASON_SHARES)
    flows["input"], flows["output"] = 1, 3
    return flows


def _translations(span: Span, world: World, rng: np.random.Generator) -> Rows:
    """No incident: the branch router tells of the addresses that it translates, when it begins and when it ends."""
    flows = _between(span, world, (NOTHING, BRANCH), ("branch", "internet"), span.share)
    begin = Curve("office", span.start, span.end).times(np.sort(rng.random(len(flows))))
    for end, name in (("source", "branch"), ("destination", "internet")):
        pool = world.pool(name)
        flows[end] = pool.first + (pool.count * rng.random(len(flows)) ** 2).astype(np.int64)
    flows["sport"], flows["dport"], flows["protocol"] = rng.integers(EPHEMERAL, LAST_PORT, len(flows)), HTTPS, TCP
    flows["mapped_port"] = rng.integers(1024, 61_000, len(flows))
    flows["input"], flows["output"], flows["event"] = 2, 1, NAT_CREATE
    over = flows.copy()
    over["event"], over["end"] = NAT_DELETE, np.minimum(begin + 120_000, span.end)
    flows["end"] = begin
    return np.concatenate([flows, over])


def _between(span: Span, world: World, of: tuple[int, int], ends: tuple[str, str], count: int) -> Rows:
    """Rows of an incident, told by an exporter, from the first host of a pool to the first of another."""
    flows = blank(count)
    flows["incident"], flows["exporter"] = of
    flows["source"], flows["destination"] = (world.pool(name).first for name in ends)
    flows["id"] = span.flows + np.arange(count)
    return flows


def _even(begin: int, end: int, count: int) -> np.ndarray:
    return np.linspace(begin, end, count, endpoint=False).astype(np.int64)


def _every(step: int, span: Span, hours: tuple[int, int] = (0, 24)) -> np.ndarray:
    """Times within some hours of the day (UTC), the first one step after they begin."""
    times = np.array(list(_steps(step, span)), np.int64)
    hour = (times - step) % DAY // HOUR
    return times[(hour >= hours[0]) & (hour < hours[1])]


def _steps(step: int, span: Span) -> Iterator[int]:
    yield from range(-(-(span.start + step) // step) * step, span.end, step)
