"""The decoder: datagrams in, frames of flows and counters out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.datagram import Datagram
from collector.decode.jsontext import Names
from collector.decode.octets import Octets
from collector.decode.problems import Problem, tally
from collector.decode.sequence import Changes, Key, SequenceTracker
from collector.decode.sflow import counters, packets, samples
from collector.decode.sflow.datagrams import Headers, headers, join
from collector.decode.sflow.extra import PacketExtras
from collector.decode.sflow.records import chain_problems, unknown_formats
from collector.decode.sflow.samples import (
    COUNTERS,
    COUNTERS_EXPANDED,
    DISCARDED,
    FLOW,
    FLOW_EXPANDED,
    Samples,
)
from collector.decode.sflow.walk import HEAD, Parts, walk


@dataclass(frozen=True, slots=True)
class SflowDecoded:
    """What the datagrams of a batch hold. Every frame has the columns that any of its rows has a value for, among them
    `_datagram` (UInt32, index into the batch), `host.ip` (UInt32, the exporter's row number), `flow.agent_ip.hi` and
    `.lo`, and `flow.observation_domain` (the sub-agent).
    """

    flows: pl.DataFrame
    """A row a flow sample, in the schema's columns. `network.bytes` is the length of the frame and `network.packets` 1:
    neither is scaled. `flow.tcp_flags`, `flow.sampling_from` and `network.iana_number` are row numbers of their tables.
    A packet that the device dropped has `flow.drop_reason`."""
    counters: pl.DataFrame
    """A row a counter sample: `sflow.source_type`, `sflow.source_index`, `sflow.sequence`, `sflow.uptime` (the agent's,
    in ms) and a column `<structure>.<field>` for what data/sflow-structures.csv lists, in its types and units (pct:
    hundredths of a percent). What the agent does not know is null."""
    discards: pl.DataFrame
    """A row a discarded packet: the columns of a flow and `flow.drop_reason`. They are no flows: not in any sum."""
    problems: list[Problem] = field(default_factory=list)
    loss: list[Changes] = field(default_factory=list)
    """Loss in datagrams; the key is exporter (row number), agent address (two halves) and sub-agent."""


class SflowDecoder:
    """Decodes sFlow version 5. Between batches it remembers sequence numbers and nothing else."""

    def __init__(self, names: Names | None = None) -> None:
        """With `names`, what the schema has no field for is kept under them."""
        self._sequence = SequenceTracker()
        self._extras = None if names is None else PacketExtras(names)

    def decode(self, datagrams: Sequence[Datagram], exporters: npt.NDArray[np.uint32]) -> SflowDecoded:
        """Decode a batch; `exporters` has the row number of each datagram's sender in the caller's table of exporters.

        No bytes raise. What cannot be read is counted in `problems`, and costs no more than itself.
        """
        octets, starts, ends = join(datagrams)
        head, problems = headers(octets, starts, ends, exporters)
        parts = walk(octets, head.at, head.end, head.samples)
        problems += _datagram_problems(head, parts)
        (flows, some), (counted, more), (discards, others) = (
            _frame(one, octets, head, parts, self._extras) for one in _FAMILIES
        )
        problems += some + more + others
        keys = (head.exporter, head.agent["hi"], head.agent["lo"], head.sub_agent)
        loss = self._sequence.update(keys, head.sequence, np.ones(len(head.sequence), np.int64))
        return SflowDecoded(flows, counted, discards, problems, loss)

    def forget(self, keys: Iterable[Key]) -> None:
        """Forget the sequence numbers of sub-agents; keys as in `SflowDecoded.loss`."""
        self._sequence.forget(keys)


@dataclass(frozen=True, slots=True)
class _Family:
    """Samples that become rows of the same frame: their tags, and who reads their heads and their records."""

    tags: tuple[int, ...]
    heads: Callable[[Octets, Headers, Parts], Samples]
    fill: Callable[[Octets, Samples], list[Problem]]


_FAMILIES = (
    _Family((FLOW, FLOW_EXPANDED), samples.packets, packets.fill),
    _Family((COUNTERS, COUNTERS_EXPANDED), samples.counters, counters.fill),
    _Family((DISCARDED,), samples.discarded, packets.fill),
)
"""In the order of the frames of `SflowDecoded`."""


def _frame(
    family: _Family, octets: Octets, head: Headers, parts: Parts, extras: PacketExtras | None
) -> tuple[pl.DataFrame, list[Problem]]:
    if not any((parts.tag == tag).any() for tag in family.tags):
        return pl.DataFrame(), []
    rows = family.heads(octets, head, parts)
    if not rows.table.rows:
        return pl.DataFrame(), rows.problems
    problems = rows.problems + family.fill(octets, rows)
    frame = rows.table.frame()
    if extras is not None and family.fill is packets.fill:
        columns, more = extras.column(octets, rows)
        return frame.hstack(columns), problems + more
    return frame, problems


def _datagram_problems(head: Headers, parts: Parts) -> list[Problem]:
    problems = chain_problems(parts, head.samples, head.exporter)
    trailing = (parts.count == head.samples) & (head.end - parts.rest >= HEAD.size)
    if trailing.any():
        problems += tally("sflow-trailing-bytes", head.exporter[trailing])
    unknown = (parts.tag < FLOW) | (parts.tag > DISCARDED)
    if not unknown.any():
        return problems
    return problems + unknown_formats("sflow-unknown-sample", head.exporter[parts.owner[unknown]], parts.tag[unknown])
