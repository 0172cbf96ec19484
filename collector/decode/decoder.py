"""The decoder: datagrams in, columns out. No socket, no clock, no log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress

import polars as pl

from collector.datagram import Datagram
from collector.decode.agents import Agents
from collector.decode.clocks import AHEAD, BEHIND, Clocks
from collector.decode.configured import ConfiguredSampling, NetworkRate
from collector.decode.jsontext import Names
from collector.decode.ledger import Loss
from collector.decode.netflow import NetflowDecoder
from collector.decode.options import Options
from collector.decode.problems import Problem
from collector.decode.sampling import scaled
from collector.decode.state import StreamState, stream_states

__all__ = ["Decoded", "Decoder", "Options"]

SFLOW_VERSIONS = (b"\2", b"\4", b"\5")
"""Of these 5 is decoded, the others are told about."""


@dataclass(frozen=True)
class Decoded:
    """What a batch of datagrams held.

    Frames are in the schema's columns, but addresses are still pairs of halves (`columns.py`), and `host.ip` is the row
    number of the exporter in `Decoder.exporters`.
    """

    flows: pl.DataFrame
    """A row a flow, bytes and packets scaled by the sampling rate."""
    counters: pl.DataFrame = field(default_factory=pl.DataFrame)
    """A row a counter sample of sFlow: see `SflowDecoded.counters`; with `event.ingested`."""
    discards: pl.DataFrame = field(default_factory=pl.DataFrame)
    """A row a packet that a device dropped, as sFlow tells it: columns as of flows, but in no sum."""
    options: list[Options] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    """What the sequence numbers miss, by stream; the counts since the start are in `Decoder.state`."""


class Decoder:
    """Decodes NetFlow v1, v5, v7, v9, IPFIX and sFlow v5 of any number of exporters, and keeps what they taught.

    `behind` and `ahead` say how far, in milliseconds, an exporter's clock may be off before the time of receipt becomes
    the `@timestamp` of its flows. `sampling_override` has the sampling rates of exporters whatever they tell,
    `sampling_default` those where nothing is known. With `keep_unknown`, what the schema has no field for is kept in
    `flow.extra`.
    """

    def __init__(
        self,
        behind: int = BEHIND,
        ahead: int = AHEAD,
        sampling_default: Sequence[NetworkRate] = (),
        sampling_override: Sequence[NetworkRate] = (),
        keep_unknown: bool = False,
    ) -> None:
        self.exporters: list[str] = []
        """Addresses of all exporters seen; flows refer to them by row number."""
        self._rows: dict[str, int] = {}
        names = Names() if keep_unknown else None
        self._netflow = NetflowDecoder(Clocks(behind, ahead), names)
        self._agents = Agents(names)
        self._configured = ConfiguredSampling(sampling_default, sampling_override)

    def decode(self, datagrams: Sequence[Datagram]) -> Decoded:
        """Decode datagrams in order of arrival. Nothing in them raises; what cannot be used is in `problems`."""
        exporters = [self._exporter(datagram.exporter) for datagram in datagrams]
        sampled = [is_sflow(datagram.payload) for datagram in datagrams]
        others = [not one for one in sampled]
        netflow = self._netflow.decode([*compress(datagrams, others)], [*compress(exporters, others)])
        sflow = self._agents.decode([*compress(datagrams, sampled)], [*compress(exporters, sampled)])
        frames = [frame for frame in (netflow.flows, sflow.flows) if frame.height]
        flows = pl.concat(frames, how="diagonal") if frames else pl.DataFrame()
        return Decoded(
            scaled(self._configured.settle(flows, self.exporters)),
            sflow.counters,
            sflow.discards,
            netflow.options,
            netflow.problems + sflow.problems,
            netflow.losses + sflow.losses,
        )

    def state(self) -> Iterator[StreamState]:
        """What is known of each stream of export seen since the start."""
        return stream_states(self._netflow, self._agents)

    def _exporter(self, address: str) -> int:
        row = self._rows.get(address)
        if row is None:
            row = self._rows[address] = len(self.exporters)
            self.exporters.append(address)
        return row


def is_sflow(payload: bytes) -> bool:
    """Whether a datagram begins with an sFlow version as a 32-bit word; NetFlow and IPFIX have 16 bits for theirs."""
    return payload[:3] == b"\0\0\0" and payload[3:4] in SFLOW_VERSIONS
