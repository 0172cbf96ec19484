"""The usual traffic: conversations of the kinds in data/traffic.csv, at the hours at which people have them."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from collector.demo import tables
from collector.demo.flows import (
    ACCESS,
    ACK,
    BRANCH,
    CORE,
    EDGE,
    EPHEMERAL,
    FIN,
    FIREWALL,
    FLOW_CREATE,
    FLOW_END,
    LAST_PORT,
    PSH,
    RST,
    SPINE,
    SYN,
    TCP,
    Rows,
    blank,
    settle,
    turned,
)
from collector.demo.hours import Curve, Times
from collector.demo.world import World

EXPORTERS: Mapping[str, int] = {
    "core": CORE, "edge": EDGE, "spine": SPINE, "fw": FIREWALL, "access": ACCESS, "branch": BRANCH,
}  # fmt: skip
PACKETS = (SPINE, ACCESS)
"""Exporters that send single packets instead of flows."""
NUMBERS = ("protocol", "port", "six", "dscp", "up", "down", "upsize", "downsize")
SKEW = 2.6
"""A host's place in its pool is a random number from 0 to 1 to this power: the first ones talk most."""
TAIL, LONGEST = 1.15, 20_000
"""Of the sizes of flows: the exponent of Pareto's law, and the most by which one is larger than usual."""
USUAL, USUAL_SAMPLED, LARGEST = 2.4, 0.6, 500_000
"""Packets of a usual flow, times what the table says, the same of the core router, and those of the largest flow."""
STEADY = 1000
"""Packets from which on the kind of a flow has a size of its own: calls."""
MOST_SAMPLED = 400
"""Packets of a flow at most that the core router samples."""
FLAGS = (SYN | PSH | ACK | FIN, SYN | PSH | ACK, PSH | ACK, ACK, SYN, SYN | RST | ACK)
FLAG_SHARES = (0.62, 0.14, 0.12, 0.06, 0.03, 0.03)
PACKET_FLAGS, PACKET_FLAG_SHARES = (ACK, PSH | ACK, SYN, SYN | ACK, FIN | ACK), (0.62, 0.3, 0.03, 0.02, 0.03)
CONGESTION = 0.04
"""Share of flows whose packets say that they know congestion notification (ECN)."""
EXTERNAL = 1
"""The interface of firewall and branch router that leads to the internet."""
UNCOUNTED = ("packets", "octets", "back_packets", "back_octets")
"""What a firewall does not tell of a connection that has just begun."""
LOWEST_MAPPED, MAPPED_PORTS = 1024, 60_000
Ints = npt.NDArray[np.int64]


class Kinds:
    """The kinds of traffic, an array a column."""

    def __init__(self, world: World, start: int, end: int) -> None:
        """Kinds between two times, in milliseconds since 1970."""
        rows = [*tables.rows("traffic")]
        self.count = len(rows)
        self.exporter = np.array([EXPORTERS[row["exporter"]] for row in rows])
        self.share = np.array([float(row["share"]) for row in rows])
        self.number = {name: np.array([int(row[name]) for row in rows]) for name in NUMBERS}
        self.application = np.array([_application(row["application"]) for row in rows])
        self.pools = {
            name: np.array([(pool.first, pool.count) for pool in (world.pool(row[name]) for row in rows)])
            for name in ("clients", "servers")
        }
        self.interfaces = {name: np.array([_range(row[name]) for row in rows]) for name in ("client_if", "server_if")}
        curves = {name: Curve(name, start, end) for name in {row["curve"] for row in rows}}
        self.curves = [curves[row["curve"]] for row in rows]
        pairs = ~np.isin(self.exporter, PACKETS) & (self.number["down"] > 0)
        self.rows = np.where(pairs, 2, 1)
        """Flows that a conversation gives."""

    def part_of(self, exporter: int) -> float:
        """What an exporter tells, as a share of all flows."""
        return float(self.share[self.exporter == exporter].sum() / self.share.sum())

    def loads(self, exporter: int) -> Mapping[int, tuple[float, float]]:
        """Bytes that come in and go out at each interface of a switch, for each packet that it sees."""
        out: dict[int, tuple[float, float]] = {}
        number, mine = self.number, np.flatnonzero(self.exporter == exporter)
        both = number["up"] + number["down"]
        for kind in mine.tolist():
            share = self.share[kind] / self.share[mine].sum()
            up, down = (share * (number[way] / both * number[f"{way}size"])[kind] for way in ("up", "down"))
            for name, moved in (("client_if", (up, down)), ("server_if", (down, up))):
                first, count = self.interfaces[name][kind].tolist()
                for port in range(first, first + count):
                    came, went = out.get(port, (0.0, 0.0))
                    out[port] = came + moved[0] / count, went + moved[1] / count
        return out

    def counts(self, flows: int, bounds: Times) -> Ints:
        """How many flows of each kind there have been at each of the bounds: shape (bounds, kinds)."""
        whole = split(flows, self.share)
        shares = np.stack([curve.share(bounds) for curve in self.curves], axis=1)
        return np.round(shares * whole).astype(np.int64)


def split(total: int, weights: Sequence[float] | npt.NDArray[np.float64]) -> Ints:
    """Whole numbers in proportion to weights; their sum is the total."""
    edges = np.round(np.concatenate([[0.0], np.cumsum(weights)]) / np.sum(weights) * total)
    return np.diff(edges).astype(np.int64)


class Usual:
    """Gives the usual traffic bit by bit."""

    def __init__(self, world: World, kinds: Kinds, flows: int, bounds: Times, rng: np.random.Generator) -> None:
        self._world, self._kinds, self._rng = world, kinds, rng
        self._bounds = bounds
        self._counts = kinds.counts(flows, bounds)
        self._conversations = 0

    def flows(self, part: int) -> Rows:
        """Those between the bounds `part` and `part + 1`, in no order."""
        kinds = self._kinds
        wanted = self._counts[part + 1] - self._counts[part]
        conversations = -(-wanted // kinds.rows)
        kind = np.repeat(np.arange(kinds.count), conversations)
        place = np.arange(len(kind)) - np.repeat(np.cumsum(conversations) - conversations, conversations)
        flows = self._ends(kind)
        self._times(flows, kind, part, (place + self._rng.random(len(kind))) / conversations[kind])
        flows["id"] = self._conversations + np.arange(len(flows))
        self._conversations += len(flows)
        answered = (kinds.rows[kind] == 2) & (place < (wanted - conversations)[kind])
        return self._told(flows, kind, answered, int(self._bounds[part]))

    def _ends(self, kind: Ints) -> Rows:
        """Who talks to whom about what."""
        kinds, rng, hosts = self._kinds, self._rng, self._world.hosts
        flows = blank(len(kind))
        for end, pool in (("source", "clients"), ("destination", "servers")):
            first, count = kinds.pools[pool][kind].T
            flows[end] = first + (count * rng.random(len(kind)) ** SKEW).astype(np.int64)
        for side, name, end in (("input", "client_if", "source"), ("output", "server_if", "destination")):
            lowest, some = kinds.interfaces[name][kind].T
            flows[side] = lowest + flows[end] % some
        flows["exporter"], flows["application"] = kinds.exporter[kind], kinds.application[kind]
        flows["protocol"], flows["dport"] = kinds.number["protocol"][kind], kinds.number["port"][kind]
        flows["sport"] = rng.integers(EPHEMERAL, LAST_PORT, len(kind), endpoint=True)
        dual = hosts["dual"][flows["source"]] & hosts["dual"][flows["destination"]]
        flows["six"] = dual & (rng.integers(0, 100, len(kind)) < kinds.number["six"][kind])
        flows["tos"] = (kinds.number["dscp"][kind] << 2) + 2 * (rng.random(len(kind)) < CONGESTION)
        return flows

    def _times(self, flows: Rows, kind: Ints, part: int, at: npt.NDArray[np.float64]) -> None:
        """When they end, with `at` from 0 to 1 in the part; when they begin is known when their size is."""
        first, last = self._counts[part], self._counts[part + 1]
        whole = self._counts[-1]
        shares = (first[kind] + at * (last - first)[kind]) / np.maximum(whole, 1)[kind]
        edges = np.searchsorted(kind, np.arange(self._kinds.count + 1))
        for curve, begin, end in zip(self._kinds.curves, edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            if end > begin:
                flows["end"][begin:end] = curve.times(shares[begin:end])

    def _told(self, flows: Rows, kind: Ints, answered: npt.NDArray[np.bool_], since: int) -> Rows:
        """As the exporters tell them: both directions, one packet of either, or the events of a connection."""
        number, rng = self._kinds.number, self._rng
        there = self._sized(flows, number["up"][kind], number["upsize"][kind])
        back = self._sized(turned(flows), number["down"][kind], number["downsize"][kind])
        firewall = flows["exporter"] == FIREWALL
        for unit in ("packets", "octets"):
            there[f"back_{unit}"][firewall] = back[unit][firewall]
        packet = np.isin(flows["exporter"], PACKETS)
        other = packet & (rng.random(len(flows)) < number["down"][kind] / (number["up"] + number["down"])[kind])
        there[other] = back[other]
        there["event"][firewall] = FLOW_END
        created = there[firewall & answered]
        created["event"], created["end"] = FLOW_CREATE, np.maximum(created["start"], since)
        for name in UNCOUNTED:
            created[name] = 0
        out = np.concatenate([there, back[answered & ~firewall], created])
        return settle(translated(out), self._world, rng)

    def _sized(self, flows: Rows, packets: Ints, size: Ints) -> Rows:
        """With packets, bytes, flags and a beginning."""
        rng, count = self._rng, len(flows)
        single = np.isin(flows["exporter"], PACKETS)
        tall = np.minimum((1 - rng.random(count)) ** (-1 / TAIL), LONGEST)
        sampled = flows["exporter"] == CORE
        tall *= np.where(sampled, USUAL_SAMPLED, USUAL)
        tall = np.where((packets > 1) & (packets < STEADY), tall, 1)
        most = np.where(sampled, MOST_SAMPLED, LARGEST)
        flows["packets"] = np.where(single, 1, np.minimum(np.ceil(packets * tall), most))
        mean = np.clip(size * rng.normal(1, 0.12, count), 64, 1500)
        flows["octets"] = (flows["packets"] * mean).astype(np.int64)
        flows["start"] = flows["end"] - _durations(flows["packets"], rng)
        usual = rng.choice(FLAGS, count, p=FLAG_SHARES)
        seen = np.where(single, rng.choice(PACKET_FLAGS, count, p=PACKET_FLAG_SHARES), usual)
        flows["flags"] = np.where(flows["protocol"] == TCP, seen, 0)
        return flows


def translated(flows: Rows) -> Rows:
    """What leaves a firewall or a branch for the internet has another address and port from there on."""
    through = np.isin(flows["exporter"], (FIREWALL, BRANCH)) & ~flows["six"]
    outward = through & ~flows["answer"] & (flows["output"] == EXTERNAL)
    flows["mapped_port"] = np.where(outward, LOWEST_MAPPED + flows["sport"] % MAPPED_PORTS, 0)
    return flows


def _durations(packets: npt.NDArray[np.uint64], rng: np.random.Generator) -> Ints:
    """Milliseconds: at most what routers let a flow grow before they tell of it."""
    usual = 40 * packets * rng.exponential(1, len(packets))
    return np.where(packets > 1, np.minimum(usual, 60_000 + 1000 * rng.random(len(packets))), 0).astype(np.int64)


def _application(number: str) -> int:
    """Row of data/applications.csv, from 1 on; 0 for none."""
    known = [row["id"] for row in tables.rows("applications")]
    return known.index(number) + 1 if number else 0


def _range(text: str) -> tuple[int, int]:
    """The first of `3-5`, and how many they are."""
    first, _, last = text.partition("-")
    return int(first), int(last or first) - int(first) + 1
