"""What was made, to be compared with what is found."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from collector.demo import frames, tables
from collector.demo.flows import CORE, INCIDENTS, Rows
from collector.demo.netflow import SAMPLING
from collector.demo.switches import RATES

SCALES = {CORE: SAMPLING, **RATES}
"""Sampling rates by the exporter's row."""
Mask = npt.NDArray[np.bool_]


@dataclass
class Volume:
    """How much traffic there is, scaled by the sampling rates."""

    flows: int = 0
    bytes: int = 0
    packets: int = 0


@dataclass
class Made:
    """What is in a demo."""

    start: int
    """Milliseconds since 1970."""
    end: int
    total: Volume = field(default_factory=Volume)
    exporters: dict[str, Volume] = field(default_factory=dict)
    """By address."""
    incidents: dict[str, Volume] = field(default_factory=dict)
    """By name: those of `flows.INCIDENTS`."""
    counters: int = 0
    discards: int = 0
    health: int = 0

    def add(self, flows: Rows) -> None:
        """Count flows."""
        single = np.isin(flows["exporter"], [*RATES])
        scales = np.array([SCALES.get(row, 1) for row in range(256)], np.uint64)[flows["exporter"]]
        octets = np.where(single, frames.lengths(flows), flows["octets"] + flows["back_octets"]) * scales
        packets = (flows["packets"] + flows["back_packets"]) * scales
        for volume, chosen in self._parts(flows):
            volume.flows += int(chosen.sum())
            volume.bytes += int(octets[chosen].sum())
            volume.packets += int(packets[chosen].sum())

    def _parts(self, flows: Rows) -> Iterator[tuple[Volume, Mask]]:
        yield self.total, np.ones(len(flows), np.bool_)
        for row, exporter in enumerate(tables.rows("exporters")):
            yield self.exporters.setdefault(exporter["exporter"], Volume()), flows["exporter"] == row
        for number, name in enumerate(INCIDENTS):
            if name:
                yield self.incidents.setdefault(name, Volume()), flows["incident"] == number
