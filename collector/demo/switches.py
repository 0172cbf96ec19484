"""The data centre router and the access switch: sampled packets, dropped packets and counters by sFlow v5."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from itertools import pairwise, product

import numpy as np

from collector.datagram import Datagram
from collector.demo import frames, tables
from collector.demo.counters import CounterSamples, Loads
from collector.demo.flows import ACCESS, SPINE, Rows
from collector.demo.frames import HEADER
from collector.demo.layouts import CARRIERS, OWN_AS
from collector.demo.wire import Matrix, cuts, fields
from collector.demo.world import World

PORT = 6343
RATES = {SPINE: 10_000, ACCESS: 8_192}
"""Sampling: one packet of so many."""
CURVES = {SPINE: "public", ACCESS: "office"}
"""When they are busy (hours.py)."""
DAY = 86_400_000
MOST = 7
"""Samples in a datagram."""
FLOW, DISCARDED = 1, 5
SAMPLE = "tag size sequence source rate pool drops input output records"
DROPPED = "tag size sequence kind source drops input output reason records"
HEADER_RECORD = f"raw raw_size protocol length stripped header_size header:V{HEADER}"
SWITCH_RECORD = "switch switch_size vlan_in priority_in vlan_out priority_out"
ROUTER_RECORD = {
    False: "router router_size kind hop mask_in mask_out",
    True: "router router_size kind hop:V16 mask_in mask_out",
}
PATH = 2
"""Autonomous systems in a path: the carrier's and the last one."""
GATEWAY_RECORD = """
    gateway gateway_size gateway_kind gateway_hop own from peer segments segment ases first last communities community
    preference
"""
SEQUENCE, COMMUNITY, PREFERENCE = 2, 65_000 << 16 | 100, 100
HOPS = {False: int(IPv4Address("10.20.0.1")), True: np.void(bytes.fromhex("20010db8002000000000000000000001"))}
EXTENDED_SWITCH, EXTENDED_ROUTER, EXTENDED_GATEWAY, ETHERNET = 1001, 1002, 1003, 1
NANOSECONDS = 1_000_000
REASONS = {"ttl_exceeded": 257, "acl": 258, "no_buffer_space": 259, "unknown_l2": 284, "blackhole_route": 269}
"""Why packets are dropped (data/drop-reasons.csv)."""
REASON_SHARES = (0.1, 0.35, 0.4, 0.05, 0.1)
Entry = tuple[int, bytes, int]
"""Time, samples, and how many they are."""


@dataclass
class Switch:
    """An agent; it has sent nothing yet."""

    row: int
    """Of data/exporters.csv."""
    address: str
    boot: int
    counters: CounterSamples
    _sequence: int = field(default=0, init=False)
    _samples: int = field(default=0, init=False)

    def datagrams(
        self, flows: Rows, dropped: Rows, until: int, world: World, rng: np.random.Generator
    ) -> list[Datagram]:
        """Of packets in order of time, and counters from the last call until then."""
        entries: list[Entry] = [*self.counters.until(until)]
        leaving = (world.hosts["as"][flows["destination"]] > 0) & (self.row == SPINE)
        for six, outward in product((False, True), repeat=2):
            chosen = flows[(flows["six"] == six) & (leaving == outward)]
            entries += _entries(self._flow_samples(chosen, six, outward, world), chosen["end"])
        entries += _entries(_discards(dropped, world, rng), dropped["end"])
        entries.sort(key=lambda entry: entry[0])
        return [self._datagram(*entry) for entry in entries]

    def _flow_samples(self, flows: Rows, six: bool, outward: bool, world: World) -> Matrix:
        routed = self.row == SPINE
        beside = (ROUTER_RECORD[six] if routed else "", GATEWAY_RECORD if outward else "")
        rows = np.zeros(len(flows), fields(SAMPLE, HEADER_RECORD, SWITCH_RECORD, *beside))
        rows["tag"], rows["size"], rows["rate"] = FLOW, rows.dtype.itemsize - 8, RATES[self.row]
        rows["sequence"] = self._samples + np.arange(len(flows))
        self._samples += len(flows)
        rows["pool"] = rows["sequence"].astype(np.uint64) * RATES[self.row] & 0xFFFFFFFF
        rows["source"], rows["input"], rows["output"] = flows["input"], flows["input"], flows["output"]
        rows["records"] = 2 + routed + outward
        _raw(rows, flows, world)
        rows["switch"], rows["switch_size"] = EXTENDED_SWITCH, 16
        rows["vlan_in"] = rows["vlan_out"] = flows["vlan"]
        if routed:
            _router(rows, six)
        if outward:
            _gateway(rows, flows, world)
        return rows.view(np.uint8).reshape(len(flows), rows.dtype.itemsize)

    def _datagram(self, time: int, samples: bytes, count: int) -> Datagram:
        uptime = time - self.boot & 0xFFFFFFFF
        agent = IPv4Address(self.address).packed
        head = struct.pack("!II4sIIII", 5, 1, agent, 0, self._sequence, uptime, count)
        self._sequence += 1
        return Datagram(head + samples, self.address, PORT, time * NANOSECONDS)


def _raw(rows: np.ndarray, flows: Rows, world: World) -> None:
    """The record of the sampled header."""
    rows["raw"], rows["raw_size"], rows["protocol"] = 1, 16 + HEADER, ETHERNET
    rows["length"], rows["stripped"], rows["header_size"] = frames.lengths(flows), 4, HEADER
    rows["header"] = frames.headers(flows, world).view(f"V{HEADER}")[:, 0]


def _router(rows: np.ndarray, six: bool) -> None:
    """The record of the route: next hop and lengths of prefixes."""
    rows["router"], rows["router_size"], rows["kind"] = EXTENDED_ROUTER, 28 if six else 16, 2 if six else 1
    rows["hop"], rows["mask_in"], rows["mask_out"] = HOPS[six], 64 if six else 24, 64 if six else 24


def _gateway(rows: np.ndarray, flows: Rows, world: World) -> None:
    """The record of BGP: the path to the destination, and a community."""
    rows["gateway"], rows["gateway_size"] = EXTENDED_GATEWAY, 4 * (len(GATEWAY_RECORD.split()) - 2)
    rows["gateway_kind"], rows["gateway_hop"], rows["own"] = 1, HOPS[False], OWN_AS
    rows["segments"], rows["segment"], rows["ases"] = 1, SEQUENCE, PATH
    rows["first"] = np.array(CARRIERS)[flows["id"] % len(CARRIERS)]
    rows["last"] = world.hosts["as"][flows["destination"]]
    rows["communities"], rows["community"], rows["preference"] = 1, COMMUNITY, PREFERENCE


def _discards(flows: Rows, world: World, rng: np.random.Generator) -> Matrix:
    """Packets that went nowhere."""
    rows = np.zeros(len(flows), fields(DROPPED, HEADER_RECORD))
    rows["tag"], rows["size"], rows["records"] = DISCARDED, rows.dtype.itemsize - 8, 1
    rows["sequence"], rows["source"], rows["input"] = flows["id"], flows["input"], flows["input"]
    rows["reason"] = rng.choice([*REASONS.values()], len(flows), p=REASON_SHARES)
    _raw(rows, flows, world)
    return rows.view(np.uint8).reshape(len(flows), rows.dtype.itemsize)


def _entries(samples: Matrix, times: np.ndarray) -> Iterator[Entry]:
    """Datagrams' worth of samples of one size."""
    if not len(samples):
        return
    size, data = samples.shape[1], samples.tobytes()
    edges = cuts(times, MOST)
    for first, last in pairwise(edges):
        yield int(times[last - 1]), data[first * size : last * size], last - first


def switches(span: tuple[int, int], loads: Mapping[int, Loads], interval: int) -> list[Switch]:
    """Both, with the loads of their interfaces between two times; `interval` is that of counters, in milliseconds."""
    known = [*tables.rows("exporters")]
    out = []
    for row, curve in CURVES.items():
        address = known[row]["exporter"]
        boot = span[0] - (11 + row) * DAY
        out.append(Switch(row, address, boot, CounterSamples(address, span, loads[row], curve, interval)))
    return out
