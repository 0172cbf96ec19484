"""The heads of samples: what every sample of a packet or of counters says before its records."""

from dataclasses import dataclass

import numpy as np

from collector.decode.columns import Mask
from collector.decode.octets import Cells, Octets, Places
from collector.decode.problems import Problem, tally
from collector.decode.sflow.datagrams import Headers
from collector.decode.sflow.walk import Parts
from collector.decode.table import Table, Values
from collector.registry import number_of


def _words(names: str) -> np.dtype[np.void]:
    return np.dtype([(name, ">u4") for name in names.split()])


FLOW, COUNTERS, FLOW_EXPANDED, COUNTERS_EXPANDED, DISCARDED = 1, 2, 3, 4, 5
"""Tags of samples, all of enterprise 0."""
HEADS = {
    FLOW: _words("sequence source rate pool drops input output records"),
    COUNTERS: _words("sequence source records"),
    FLOW_EXPANDED: _words(
        "sequence source_type source rate pool drops input_format input output_format output records"
    ),
    COUNTERS_EXPANDED: _words("sequence source_type source records"),
    DISCARDED: _words("sequence source_type source drops input output reason records"),
}
SIZES = np.array([0, *(HEADS[tag].itemsize for tag in sorted(HEADS))], np.intp)

IFINDEX, DROPPED = 0, 1
"""Formats of an interface: a number, or the reason why the packet went to none. (2: it went to several.)"""
INTERNAL = 0x3FFFFFFF
"""The packet came from, or went to, the device itself."""
RECORD = np.uint8(number_of("sampling_sources", "record"))


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of one family: a table with a row for each, and where their records lie."""

    table: Table
    exporter: Values
    at: Places
    end: Places
    records: Places
    problems: list[Problem]


def packets(octets: Octets, headers: Headers, parts: Parts) -> Samples:
    """Flow samples, compact and expanded. The table has what a flow knows without its records."""
    samples, tags = _samples(octets, headers, parts, (FLOW, FLOW_EXPANDED))
    for tag in (FLOW, FLOW_EXPANDED):
        rows = (tags == tag).nonzero()[0]
        if rows.size:
            _flow_head(samples, rows, octets.cells(samples.at[rows], HEADS[tag]), compact=tag == FLOW)
    return _behind_heads(samples, tags)


def discarded(octets: Octets, headers: Headers, parts: Parts) -> Samples:
    """Samples of packets that the device dropped."""
    samples, tags = _samples(octets, headers, parts, (DISCARDED,))
    rows = np.arange(len(tags))
    head = octets.cells(samples.at, HEADS[DISCARDED])
    reason = head["reason"].astype(np.uint32)
    samples.table.put("flow.drop_reason", rows, reason.astype(np.uint16), reason <= 0xFFFF)
    for side in ("input", "output"):
        value = head[side].astype(np.uint32)
        samples.table.put(f"flow.{side}_snmp", rows, value, _is_index(value))
    samples.records[:] = head["records"]
    return _behind_heads(samples, tags)


def counters(octets: Octets, headers: Headers, parts: Parts) -> Samples:
    """Counter samples, compact and expanded."""
    samples, tags = _samples(octets, headers, parts, (COUNTERS, COUNTERS_EXPANDED))
    for tag in (COUNTERS, COUNTERS_EXPANDED):
        rows = (tags == tag).nonzero()[0]
        if not rows.size:
            continue
        head = octets.cells(samples.at[rows], HEADS[tag])
        source = head["source"].astype(np.uint32)
        kind = source >> 24 if tag == COUNTERS else head["source_type"].astype(np.uint32)
        samples.table.put("sflow.source_type", rows, kind)
        samples.table.put("sflow.source_index", rows, source & np.uint32(0xFFFFFF) if tag == COUNTERS else source)
        samples.table.put("sflow.sequence", rows, head["sequence"])
        samples.records[rows] = head["records"]
    return _behind_heads(samples, tags)


def _samples(octets: Octets, headers: Headers, parts: Parts, tags: tuple[int, ...]) -> tuple[Samples, Places]:
    """The samples of these tags whose head is whole, with what their datagram says, and their tags."""
    which = np.logical_or.reduce([parts.tag == tag for tag in tags]).nonzero()[0]
    whole = parts.at[which] + SIZES[parts.tag[which]] <= parts.end[which]
    problems: list[Problem] = []
    if not whole.all():
        problems = tally("sflow-short-sample", headers.exporter[parts.owner[which[~whole]]])
        which = which[whole]
    origin = headers.take(parts.owner[which])
    table = Table(len(which), octets)
    rows = np.arange(len(which))
    table.put("_datagram", rows, origin.datagram)
    table.put("host.ip", rows, origin.exporter)
    table.put("flow.agent_ip", rows, origin.agent, origin.has_agent)
    table.put("flow.observation_domain", rows, origin.sub_agent)
    if COUNTERS in tags:
        table.put("sflow.uptime", rows, origin.uptime)
    else:
        table.put("flow.version", rows, np.full(len(rows), 5, np.uint16))
        table.put("network.packets", rows, np.ones(len(rows), np.uint64))
    at, end = parts.at[which], parts.end[which]
    return Samples(table, origin.exporter, at, end, np.zeros(len(rows), np.intp), problems), parts.tag[which]


def _behind_heads(samples: Samples, tags: Places) -> Samples:
    samples.at[:] += SIZES[tags]
    return samples


def _flow_head(samples: Samples, rows: Places, head: Cells, compact: bool) -> None:
    rate = head["rate"].astype(np.uint32)
    samples.table.put("flow.sampling_interval", rows, rate, rate > 0)  # 0: unknown
    samples.table.put("flow.sampling_from", rows, np.full(rows.size, RECORD), rate > 0)
    samples.records[rows] = head["records"]
    for side in ("input", "output"):
        value = head[side].astype(np.uint32)
        if compact:
            form, value = value >> 30, value & np.uint32(INTERNAL)
        else:
            form = head[f"{side}_format"].astype(np.uint32)
        samples.table.put(f"flow.{side}_snmp", rows, value, (form == IFINDEX) & _is_index(value))
        samples.table.put("flow.drop_reason", rows, value.astype(np.uint16), (form == DROPPED) & (value <= 0xFFFF))


def _is_index(values: Values) -> Mask:
    """Whether an interface number is one (0 and all ones: unknown)."""
    valid: Mask = (values > 0) & (values != INTERNAL) & (values != 0xFFFFFFFF)
    return valid
