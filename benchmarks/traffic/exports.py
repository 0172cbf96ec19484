"""NetFlow v5, NetFlow v9 and IPFIX exporters: flows in, timed export datagrams out.

A layout is a list of (information element, length, column, enterprise number where there is one); columns are
those of FLOW and what `columns` adds. It gives both the template on the wire and the bytes of the records.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

import numpy as np
from pcap import Datagram
from population import APPLICATIONS, FLOW, INTERFACES, Population

MAX_PAYLOAD = 1472  # what fits an Ethernet frame
TEMPLATE_INTERVAL = 60.0  # seconds
VARIABLE = 65535
NTOP = 35632
TEMPLATE_4, TEMPLATE_6, OPTIONS_SAMPLER, OPTIONS_INTERFACE = 256, 257, 258, 259
SAMPLER_ID, SAMPLER_RATE = 1, 100

Field = tuple  # (element, length, column) or (element, length, column, enterprise)


def _family(layout: list[Field], six: dict[int, Field]) -> list[Field]:
    """The same layout for IPv6: some elements replaced."""
    return [six.get(field[0], field) for field in layout]


NETFLOW9_4 = [
    (8, 4, "src4"), (12, 4, "dst4"), (15, 4, "hop4"), (7, 2, "sport"), (11, 2, "dport"), (4, 1, "proto"),
    (6, 1, "flags"), (5, 1, "tos"), (61, 1, "direction"), (1, 4, "octets"), (2, 4, "packets"), (22, 4, "first"),
    (21, 4, "last"), (10, 4, "input"), (14, 4, "output"), (16, 4, "src_as"), (17, 4, "dst_as"), (9, 1, "src_mask"),
    (13, 1, "dst_mask"), (48, 1, "sampler"), (89, 1, "forwarding"),
]  # fmt: skip
ADDRESSES_6 = {
    8: (27, 16, "src6"), 12: (28, 16, "dst6"), 15: (62, 16, "hop6"), 9: (29, 1, "src_mask"), 13: (30, 1, "dst_mask"),
}  # fmt: skip
NETFLOW9_6 = _family(NETFLOW9_4, ADDRESSES_6)
IPFIX_4 = [
    (8, 4, "src4"), (12, 4, "dst4"), (15, 4, "hop4"), (7, 2, "sport"), (11, 2, "dport"), (4, 1, "proto"),
    (6, 2, "flags"), (5, 1, "tos"), (61, 1, "direction"), (136, 1, "end_reason"), (1, 8, "octets"), (2, 8, "packets"),
    (152, 8, "start_ms"), (153, 8, "end_ms"), (10, 4, "input"), (14, 4, "output"), (16, 4, "src_as"),
    (17, 4, "dst_as"), (9, 1, "src_mask"), (13, 1, "dst_mask"), (58, 2, "vlan"),
]  # fmt: skip
IPFIX_6 = _family(IPFIX_4, ADDRESSES_6)
VARLEN_4 = [
    (8, 4, "src4"), (12, 4, "dst4"), (7, 2, "sport"), (11, 2, "dport"), (4, 1, "proto"), (6, 1, "flags"),
    (5, 1, "tos"), (1, 8, "octets"), (2, 8, "packets"), (152, 8, "start_ms"), (153, 8, "end_ms"), (10, 4, "input"),
    (14, 4, "output"), (16, 4, "src_as"), (17, 4, "dst_as"), (58, 2, "vlan"), (96, VARIABLE, "application"),
    (187, VARIABLE, "host", NTOP), (205, VARIABLE, "query", NTOP),
]  # fmt: skip
VARLEN_6 = _family(VARLEN_4, ADDRESSES_6)


@dataclass
class Exporter:
    """One device: its address, when it booted and the share of traffic that it sees."""

    address: IPv4Address
    boot: float  # seconds since the epoch
    start: float  # when the capture starts
    rate: float  # flows per second
    rng: np.random.Generator
    world: Population

    def uptime(self, time: float) -> int:
        """Milliseconds since boot, in 32 bits."""
        return int((time - self.boot) * 1000) & 0xFFFFFFFF

    def arrivals(self, sizes: np.ndarray) -> np.ndarray:
        """Times of datagrams with so many flows each: a Poisson process at this exporter's rate."""
        return self.start + 0.05 + np.cumsum(self.rng.exponential(sizes / self.rate))


@dataclass
class Records:
    """Encoded records one after another, and where each ends."""

    data: bytes
    ends: np.ndarray  # ends[i]:ends[i + 1] are the bytes of record i

    def slice(self, first: int, last: int) -> bytes:
        """The bytes of records first..last-1."""
        return self.data[self.ends[first] : self.ends[last]]


def columns(flows: np.ndarray, exporter: Exporter, times: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of flows with what the exporter adds when it sends them at `times`."""
    end = np.floor(times * 1000).astype("i8") - flows["lag"]
    start = end - flows["duration"]
    boot = int(exporter.boot * 1000)
    constant = np.ones(flows.size, "u1")
    return {name: flows[name] for name in FLOW.fields or ()} | {
        "first": (start - boot) & 0xFFFFFFFF, "last": (end - boot) & 0xFFFFFFFF, "start_ms": start, "end_ms": end,
        "sampler": constant * SAMPLER_ID, "forwarding": constant * 0x40, "end_reason": constant * 3,
    }  # fmt: skip


def encode(layout: list[Field], values: dict[str, np.ndarray], world: Population) -> Records:
    """Encode rows of columns by a layout; variable lengths (RFC 7011 section 7) may only come last."""
    kinds = {1: "u1", 2: ">u2", 4: ">u4", 8: ">u8", 16: "V16"}
    fixed = [field for field in layout if field[1] != VARIABLE]
    rows = np.empty(len(values["src4"]), [(field[2], kinds[field[1]]) for field in fixed])
    for _, length, name, *_ in fixed:
        column = values[name]
        rows[name] = np.minimum(column, (1 << 8 * length) - 1) if name in ("octets", "packets") else column
    matrix = rows.view("u1").reshape(len(rows), -1)
    strings = [_strings(world, field[2], values[field[2]]) for field in layout if field[1] == VARIABLE]
    if not strings:
        return Records(matrix.tobytes(), np.arange(len(rows) + 1) * matrix.shape[1])
    used = [np.ones(matrix.shape, "?"), *(used for _, used in strings)]
    keep = np.concatenate(used, axis=1)
    data = np.concatenate([matrix, *(text for text, _ in strings)], axis=1)[keep].tobytes()
    return Records(data, np.concatenate(([0], np.cumsum(keep.sum(axis=1)))))


def _strings(world: Population, column: str, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One variable-length field: a length byte and the text, padded, and which bytes are used."""
    table = [name.encode() for name in APPLICATIONS] if column == "application" else world.names
    width = max(map(len, table)) + 1
    text = np.frombuffer(b"".join((bytes([len(t)]) + t).ljust(width, b"\0") for t in table), "u1").reshape(-1, width)
    return text[index], np.arange(width) <= text[index, :1]


def template(number: int, layout: list[Field]) -> bytes:
    """A template record."""
    fields = b"".join(
        struct.pack("!HHI", field[0] | 0x8000, field[1], field[3]) if len(field) > 3 else struct.pack("!HH", *field[:2])
        for field in layout
    )
    return struct.pack("!HH", number, len(layout)) + fields


def flow_set(number: int, body: bytes) -> bytes:
    """A set with its header, padded to four bytes."""
    padding = -len(body) % 4
    return struct.pack("!HH", number, 4 + len(body) + padding) + body + bytes(padding)


def pack(lengths: np.ndarray, families: np.ndarray, room: int) -> np.ndarray:
    """The datagram of each record when records fill datagrams in order, a set for each family in it."""
    result, number, left, seen = [], -1, 0, 0
    for length, family in zip(lengths.tolist(), families.tolist(), strict=True):
        bit = 1 << family
        need = length if seen & bit else length + 7  # a new set: four bytes of header, up to three of padding
        if need > left:
            number, left, seen = number + 1, room, 0
            need = length + 7
        left -= need
        seen |= bit
        result.append(number)
    return np.array(result, "i8")


@dataclass
class Message:
    """An export message before it has its header."""

    time: float
    sets: bytes
    records: int  # as the header or the sequence number counts them
    data_records: int


def netflow5(flows: np.ndarray, exporter: Exporter) -> Iterator[Datagram]:
    """NetFlow v5: 30 records a datagram."""
    sizes = np.full(-(-flows.size // 30), 30)
    sizes[-1] = flows.size - 30 * (sizes.size - 1)
    times = exporter.arrivals(sizes)
    names = ("src4", "dst4", "hop4", "input", "output", "packets", "octets", "first", "last", "sport", "dport",
             "zero", "flags", "proto", "tos", "src_as", "dst_as", "src_mask", "dst_mask", "zero2")  # fmt: skip
    kinds = ">u4 >u4 >u4 >u2 >u2 >u4 >u4 >u4 >u4 >u2 >u2 u1 u1 u1 u1 >u2 >u2 u1 u1 >u2".split()  # noqa: SIM905
    values = columns(flows, exporter, np.repeat(times, sizes))
    rows = np.zeros(flows.size, list(zip(names, kinds, strict=True)))
    for name in names:
        if not name.startswith("zero"):
            rows[name] = np.minimum(values[name], 0xFFFFFFFF) if name in ("octets", "packets") else values[name]
    rows["src_as"], rows["dst_as"] = (np.where(flows[c] > 65535, 23456, flows[c]) for c in ("src_as", "dst_as"))
    data, sequence = rows.tobytes(), 0
    for time, count in zip(times.tolist(), sizes.tolist(), strict=True):
        seconds = int(time)
        header = struct.pack("!HHIIIIBBH", 5, count, exporter.uptime(time), seconds, int((time - seconds) * 1e9),
                             sequence & 0xFFFFFFFF, 0, 0, 0)  # fmt: skip
        yield Datagram(time, exporter.address, 2055, header + data[sequence * 48 : (sequence + count) * 48])
        sequence += count


def netflow9(flows: np.ndarray, exporter: Exporter) -> Iterator[Datagram]:
    """NetFlow v9 as a Cisco router sends it: IPv4 and IPv6 in datagrams of their own, sampler and interface options."""
    room = MAX_PAYLOAD - 20 - 24  # the rest a router leaves unused: 25 IPv4 records or 15 IPv6 records
    messages: list[Message] = []
    for number, layout, six in ((TEMPLATE_4, NETFLOW9_4, False), (TEMPLATE_6, NETFLOW9_6, True)):
        part = flows[flows["v6"] == six]
        share = part.size / flows.size
        messages += _data_messages([(number, layout)], part, exporter, room, share)
    end = max(message.time for message in messages)
    for time in np.arange(exporter.start, end, TEMPLATE_INTERVAL).tolist():
        messages += _netflow9_templates(time, exporter.address)
    messages.sort(key=lambda message: message.time)
    for sequence, message in enumerate(messages):
        uptime = exporter.uptime(message.time)
        header = struct.pack("!HHIIII", 9, message.records, uptime, int(message.time), sequence, 0)
        yield Datagram(message.time, exporter.address, 2055, header + message.sets)


def ipfix(flows: np.ndarray, exporter: Exporter, varlen: bool = False) -> Iterator[Datagram]:
    """IPFIX: IPv4 and IPv6 sets in one datagram; with `varlen` three strings of variable length in each record."""
    four, six = (VARLEN_4, VARLEN_6) if varlen else (IPFIX_4, IPFIX_6)
    layouts = [(TEMPLATE_4, four), (TEMPLATE_6, six)]
    messages = _data_messages(layouts, flows, exporter, MAX_PAYLOAD - 16, 1.0)
    end = max(message.time for message in messages)
    for time in np.arange(exporter.start, end, TEMPLATE_INTERVAL).tolist():
        messages += _ipfix_templates(time, layouts)
    messages.sort(key=lambda message: message.time)
    sequence = 0
    for message in messages:
        header = struct.pack("!HHIII", 10, 16 + len(message.sets), int(message.time), sequence & 0xFFFFFFFF, 0)
        yield Datagram(message.time, exporter.address, 4739, header + message.sets)
        sequence += message.data_records


Layouts = list[tuple[int, list[Field]]]  # template number and layout


def _data_messages(layouts: Layouts, flows: np.ndarray, exporter: Exporter, room: int, share: float) -> list[Message]:
    """Data sets of a share of an exporter's flows; of two layouts the second is for IPv6, and both share datagrams."""
    if not flows.size:
        return []
    family = flows["v6"].astype("u1") if len(layouts) > 1 else np.zeros(flows.size, "u1")
    untimed = columns(flows, exporter, np.full(flows.size, exporter.start))
    lengths = np.empty(flows.size, "i8")
    for index, (_, layout) in enumerate(layouts):
        chosen = family == index
        lengths[chosen] = np.diff(encode(layout, {k: v[chosen] for k, v in untimed.items()}, exporter.world).ends)
    datagram = pack(lengths, family, room)
    sizes = np.bincount(datagram)
    times = exporter.start + 0.05 + np.cumsum(exporter.rng.exponential(sizes / (exporter.rate * share)))
    values = columns(flows, exporter, times[datagram])
    sets: list[list[bytes]] = [[] for _ in sizes]
    for index, (number, layout) in enumerate(layouts):
        chosen = family == index
        records = encode(layout, {k: v[chosen] for k, v in values.items()}, exporter.world)
        counts = np.bincount(datagram[chosen], minlength=sizes.size)
        bounds = np.concatenate(([0], np.cumsum(counts))).tolist()
        for row in np.flatnonzero(counts).tolist():
            sets[row].append(flow_set(number, records.slice(bounds[row], bounds[row + 1])))
    return [Message(t, b"".join(s), n, n) for t, s, n in zip(times.tolist(), sets, sizes.tolist(), strict=True)]


def interface_names() -> list[tuple[int, bytes, bytes]]:
    """ifIndex, name and description of a device's interfaces."""
    kinds = [b"uplink", b"uplink"] + [b"access port"] * (INTERFACES - 2)
    return [(i, b"Gi0/0/%d" % i, b"%s %d" % (kind, i)) for i, kind in enumerate(kinds, 1)]


def _netflow9_templates(time: float, address: IPv4Address) -> list[Message]:
    """Templates, then options templates with their data."""
    templates = flow_set(0, template(TEMPLATE_4, NETFLOW9_4) + template(TEMPLATE_6, NETFLOW9_6))
    sampler = struct.pack("!HHH", OPTIONS_SAMPLER, 4, 16) + struct.pack("!10H", 1, 4, 48, 1, 49, 1, 50, 4, 84, 16)
    interface = struct.pack("!HHH", OPTIONS_INTERFACE, 4, 12) + struct.pack("!8H", 1, 4, 10, 4, 82, 16, 83, 32)
    sampler_data = struct.pack("!4sBBI16s", address.packed, SAMPLER_ID, 2, SAMPLER_RATE, b"every-100th")
    interface_data = b"".join(struct.pack("!4sI16s32s", address.packed, *row) for row in interface_names())
    options = flow_set(1, sampler) + flow_set(1, interface)
    options += flow_set(OPTIONS_SAMPLER, sampler_data) + flow_set(OPTIONS_INTERFACE, interface_data)
    count = 3 + INTERFACES
    return [Message(time, templates, 2, 0), Message(time + 0.001, options, count, count - 2)]


def _ipfix_templates(time: float, layouts: Layouts) -> list[Message]:
    """Templates, then an options template with its data."""
    templates = flow_set(2, b"".join(template(number, layout) for number, layout in layouts))
    interface = struct.pack("!HHH", OPTIONS_INTERFACE, 3, 1) + struct.pack("!6H", 10, 4, 82, 16, 83, 32)
    data = b"".join(struct.pack("!I16s32s", *row) for row in interface_names())
    options = flow_set(3, interface) + flow_set(OPTIONS_INTERFACE, data)
    return [Message(time, templates, 2, 0), Message(time + 0.001, options, 1 + INTERFACES, INTERFACES)]
