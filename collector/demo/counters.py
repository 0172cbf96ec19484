"""Counters of interfaces, as busy as the flows that are sampled there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from collector.demo import tables
from collector.demo.hours import MILLISECONDS, Times, busy
from collector.demo.wire import fields

COUNTERS = 2
PACKET = 780
"""Bytes of a packet on average."""
UNEVEN = 0.25
"""How far a minute is from the next."""
ERRORS, DISCARDS = 2e-6, 4e-5
"""Of all packets."""
Loads = Mapping[int, tuple[float, float]]
"""Bytes that come in and go out, by ifIndex."""
INTERFACE = fields(
    "tag size sequence source records generic generic_size index type speed:>u8 direction status",
    "in_octets:>u8 in_unicast in_multicast in_broadcast in_discards in_errors in_unknown",
    "out_octets:>u8 out_unicast out_multicast out_broadcast out_discards out_errors promiscuous",
    "named named_size name_size name:S12",
)
ETHERNET_CSMACD, FULL_DUPLEX, UP = 6, 1, 3
UNITS = {"M": 10**6, "G": 10**9}


@dataclass(frozen=True, slots=True)
class _Port:
    index: int
    name: str
    speed: int


class CounterSamples:
    """The counter samples of an agent, in order of time."""

    def __init__(self, address: str, between: tuple[int, int], loads: Loads, curve: str, interval: int) -> None:
        """Interfaces have `loads` between two times, spread by a curve; a sample of each comes every `interval`
        milliseconds.
        """
        start, end = between
        ports = [_port(row) for row in tables.rows("interfaces") if row["exporter"] == address]
        self._times: Times = np.arange(start + interval // 2, end, interval)
        rng = np.random.default_rng([start, int(address.rpartition(".")[2])])
        shape = busy(curve, self._times)
        shape /= max(shape.sum(), 1e-9)
        self._at, self._ports = 0, len(ports)
        self._data = np.zeros((len(self._times), self._ports), INTERFACE)
        for place, port in enumerate(ports):
            self._data[:, place] = _samples(port, shape, loads.get(port.index, (0.0, 0.0)), rng)

    def until(self, time: int) -> Iterator[tuple[int, bytes, int]]:
        """Those since the last call: time, the samples of all interfaces, and how many they are."""
        last = int(np.searchsorted(self._times, time))
        for place in range(self._at, last):
            yield int(self._times[place]), self._data[place].tobytes(), self._ports
        self._at = last


def _samples(
    port: _Port, shape: npt.NDArray[np.float64], load: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Of one interface; `shape` is the share of its load that comes between each sample and the one before."""
    rows = np.zeros(len(shape), INTERFACE)
    rows["tag"], rows["size"], rows["records"] = COUNTERS, rows.dtype.itemsize - 8, 2
    rows["sequence"], rows["source"], rows["index"] = np.arange(len(shape)), port.index, port.index
    rows["generic"], rows["generic_size"], rows["type"] = 1, 88, ETHERNET_CSMACD
    rows["speed"], rows["direction"], rows["status"] = port.speed, FULL_DUPLEX, UP
    for side, octets in zip(("in", "out"), load, strict=True):
        moved = np.cumsum(octets * shape * rng.lognormal(0, UNEVEN, len(shape)))
        packets = moved / PACKET
        rows[f"{side}_octets"] = moved
        rows[f"{side}_unicast"], rows[f"{side}_multicast"] = packets % 2**32, packets / 200 % 2**32
        rows[f"{side}_errors"] = np.cumsum(rng.poisson(ERRORS * np.diff(packets, prepend=0)))
        rows[f"{side}_discards"] = np.cumsum(rng.poisson(DISCARDS * np.diff(packets, prepend=0)))
    rows["named"], rows["named_size"], rows["name_size"] = 1005, 16, len(port.name)
    rows["name"] = port.name.encode()
    return rows


def _port(row: dict[str, str]) -> _Port:
    speed = row["speed"]
    return _Port(int(row["ifindex"]), row["name"], int(speed[:-1]) * UNITS[speed[-1]])


def pace(flows: int) -> int:
    """Milliseconds between samples: in a small demo fewer, so that they are not more than the flows."""
    return (30 if flows >= FEW else 300) * MILLISECONDS


FEW = 100_000
"""Flows of a small demo."""
