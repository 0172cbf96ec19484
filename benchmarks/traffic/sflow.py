"""An sFlow v5 agent: flows in, timed datagrams of flow samples and counter samples out."""

import struct
from collections.abc import Iterator

import numpy as np
from exports import MAX_PAYLOAD, Exporter, interface_names
from pcap import Datagram
from population import ICMP, INTERFACES, TCP, UDP

SAMPLING_RATE, HEADER_BYTES, COUNTER_INTERVAL, MAX_SAMPLES = 1000, 128, 20.0, 7
SAMPLE_HEAD = np.dtype(
    [(n, ">u4") for n in "type length sequence source rate pool drops input output records".split()]  # noqa: SIM905
    + [(n, ">u4") for n in "raw raw_length protocol frame_length stripped header_length".split()]  # noqa: SIM905
)
SWITCH = np.dtype([(n, ">u4") for n in "type length src_vlan src_priority dst_vlan dst_priority".split()])  # noqa: SIM905
ETHERNET = [("dst_mac", "V6"), ("src_mac", "V6")]
VLAN = [("tpid", ">u2"), ("tci", ">u2")]
IPV4 = [("ver", "u1"), ("tos", "u1"), ("total", ">u2"), ("id", ">u2"), ("fragment", ">u2"), ("ttl", "u1"),
        ("proto", "u1"), ("sum", ">u2"), ("src4", ">u4"), ("dst4", ">u4")]  # fmt: skip
IPV6 = [("class", ">u4"), ("total", ">u2"), ("proto", "u1"), ("ttl", "u1"), ("src6", "V16"), ("dst6", "V16")]
L4 = {
    TCP: [("sport", ">u2"), ("dport", ">u2"), ("seq", ">u4"), ("ack", ">u4"), ("offset", "u1"), ("flags", "u1"),
          ("window", ">u2"), ("l4sum", ">u2"), ("urgent", ">u2")],
    UDP: [("sport", ">u2"), ("dport", ">u2"), ("l4length", ">u2"), ("l4sum", ">u2")],
    0: [("icmp", ">u2"), ("l4sum", ">u2"), ("seq", ">u4")],
}  # fmt: skip


def sflow(flows: np.ndarray, exporter: Exporter) -> Iterator[Datagram]:
    """sFlow v5: 5 to 7 flow samples a datagram, counter samples of each interface every 20 seconds."""
    times = exporter.arrivals(np.ones(flows.size))
    lengths, data = _flow_samples(flows, exporter)
    ends = np.concatenate(([0], np.cumsum(lengths))).tolist()
    entries = [(time, data[ends[i] : ends[i + 1]]) for i, time in enumerate(times.tolist())]
    entries += _counter_samples(exporter, times[-1])
    entries.sort(key=lambda entry: entry[0])
    room = MAX_PAYLOAD - 28  # the datagram's header
    batch, size, sequence = [], 0, 0
    for index, (time, sample) in enumerate(entries):
        batch.append(sample)
        size += len(sample)
        following = len(entries[index + 1][1]) if index + 1 < len(entries) else room
        if len(batch) == MAX_SAMPLES or size + following > room:
            uptime = exporter.uptime(time)
            header = struct.pack("!II4sIIII", 5, 1, exporter.address.packed, 0, sequence, uptime, len(batch))
            yield Datagram(time, exporter.address, 6343, header + b"".join(batch))
            batch, size, sequence = [], 0, sequence + 1


def _flow_samples(flows: np.ndarray, exporter: Exporter) -> tuple[np.ndarray, bytes]:
    """The encoded flow samples one after another, and their lengths."""
    parts = [_encode(flows, *prepared) for prepared in _chunks(flows, exporter)]
    return np.concatenate([lengths for lengths, _ in parts]), b"".join(data for _, data in parts)


def _chunks(
    flows: np.ndarray, exporter: Exporter, rows: int = 50_000
) -> Iterator[tuple[np.ndarray, np.random.Generator, np.ndarray]]:
    """Cut the work, so that memory stays small: (rows, generator, sequence numbers of the samples)."""
    order = np.argsort(flows["input"], kind="stable")
    source = flows["input"][order]
    sequence = np.empty(flows.size, "u4")
    sequence[order] = np.arange(flows.size) - np.searchsorted(source, source)
    for first in range(0, flows.size, rows):
        part = slice(first, first + rows)
        yield part, exporter.rng, sequence[part]


def _encode(flows: np.ndarray, part: slice, rng: np.random.Generator, sequence: np.ndarray) -> tuple[np.ndarray, bytes]:
    flows = flows[part]
    tagged = rng.random(flows.size) < 0.6
    frame_length = frame_lengths(flows, tagged)
    header_length = np.minimum(HEADER_BYTES, frame_length - 4)
    padded = (header_length + 3) // 4 * 4
    head = np.zeros(flows.size, SAMPLE_HEAD)
    router_bytes = np.where(flows["v6"], 36, 24)
    head["type"], head["length"] = 1, SAMPLE_HEAD.itemsize - 8 + padded + SWITCH.itemsize + router_bytes
    head["sequence"], head["source"], head["rate"] = sequence, flows["input"], SAMPLING_RATE
    head["pool"] = (sequence.astype("u8") + 1) * SAMPLING_RATE + rng.integers(0, SAMPLING_RATE, flows.size)
    head["input"], head["output"], head["records"] = flows["input"], flows["output"], 3
    head["raw"], head["raw_length"], head["protocol"] = 1, 16 + padded, 1
    head["frame_length"], head["stripped"], head["header_length"] = frame_length, 4, header_length
    switch = np.zeros(flows.size, SWITCH)
    switch["type"], switch["length"] = 1001, 16
    switch["src_vlan"] = switch["dst_vlan"] = flows["vlan"]
    headers = frames(flows, tagged, frame_length, rng)
    columns = np.arange(HEADER_BYTES)
    headers[columns >= header_length[:, None]] = 0
    matrix = np.concatenate([_bytes(head), headers, _bytes(switch), _routers(flows)], axis=1)
    keep = np.ones(matrix.shape, "?")
    keep[:, SAMPLE_HEAD.itemsize : SAMPLE_HEAD.itemsize + HEADER_BYTES] = columns < padded[:, None]
    keep[:, -12:] = flows["v6"][:, None]
    return keep.sum(axis=1), matrix[keep].tobytes()


def frame_lengths(flows: np.ndarray, tagged: np.ndarray) -> np.ndarray:
    """The lengths of sampled frames, with the frame check sequence."""
    size = np.clip(flows["octets"] // flows["packets"], 46, 1500) + np.where(flows["v6"], 20, 0)
    return np.clip(size, 46, 1500) + 18 + np.where(tagged, 4, 0)


def _bytes(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows).view("u1").reshape(len(rows), rows.dtype.itemsize)


def _routers(flows: np.ndarray) -> np.ndarray:
    """Extended router records: 24 bytes with an IPv4 next hop, 36 with an IPv6 one."""
    four = np.zeros(flows.size, [(n, ">u4") for n in "type length kind hop src dst".split()] + [("rest", "V12")])  # noqa: SIM905
    six = np.zeros(flows.size, [(n, "V16" if n == "hop" else ">u4") for n in "type length kind hop src dst".split()])  # noqa: SIM905
    for rows, kind, length, hop in ((four, 1, 16, "hop4"), (six, 2, 28, "hop6")):
        rows["type"], rows["length"], rows["kind"], rows["hop"] = 1002, length, kind, flows[hop]
        rows["src"], rows["dst"] = flows["src_mask"], flows["dst_mask"]
    return np.where(flows["v6"][:, None], _bytes(six), _bytes(four))


def frames(flows: np.ndarray, tagged: np.ndarray, frame_length: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The first 128 bytes of the sampled frames."""
    frames = rng.integers(0, 256, (flows.size, HEADER_BYTES), dtype="u1")
    l4 = np.where(np.isin(flows["proto"], (TCP, UDP)), flows["proto"], 0)
    for tag in (False, True):
        for six in (False, True):
            for protocol, fields in L4.items():
                rows = np.flatnonzero((tagged == tag) & (flows["v6"] == six) & (l4 == protocol))
                layout = ETHERNET + VLAN * tag + [("ethertype", ">u2")] + (IPV6 if six else IPV4) + fields
                frame = np.zeros(rows.size, layout)
                _fill(frame, flows[rows], frame_length[rows] - 18 - 4 * tag, rng)
                frames[rows, : frame.dtype.itemsize] = _bytes(frame)
    return frames


def _fill(frame: np.ndarray, flows: np.ndarray, ip_length: np.ndarray, rng: np.random.Generator) -> None:
    """Fill one kind of frame from flows; `ip_length` is the length of the IP packet."""
    names = set(frame.dtype.names or ())
    six = "src6" in names
    mac = np.zeros(flows.size, [("oui", ">u2"), ("port", ">u4")])
    mac["oui"], mac["port"] = 0x0200, flows["input"]
    frame["src_mac"] = mac.view("V6")
    mac["port"] = 0x10000 + flows["output"]
    frame["dst_mac"] = mac.view("V6")
    frame["ethertype"] = 0x86DD if six else 0x0800
    if "tpid" in names:
        frame["tpid"], frame["tci"] = 0x8100, flows["vlan"]
    for name in names & {"src4", "dst4", "src6", "dst6", "sport", "dport", "proto", "tos"}:
        frame[name] = flows[name]
    if "flags" in names:  # of one packet, not of a flow's whole life
        frame["flags"] = rng.choice((0x10, 0x18, 0x02, 0x12, 0x11), flows.size, p=(0.6, 0.3, 0.04, 0.03, 0.03))
    frame["ttl"] = rng.integers(40, 128, flows.size)
    frame["total"] = ip_length - 40 * six
    if six:
        frame["class"] = 6 << 28 | flows["tos"].astype("u4") << 20
    else:
        frame["ver"], frame["id"], frame["fragment"] = 0x45, rng.integers(0, 65536, flows.size), 0x4000
        start = 18 if "tpid" in names else 14
        words = np.ascontiguousarray(_bytes(frame)[:, start : start + 20]).view(">u2").astype("u8").sum(axis=1)
        frame["sum"] = 0xFFFF - words % 0xFFFF
    if "offset" in names:
        frame["offset"], frame["window"] = 0x50, 64240
        frame["seq"], frame["ack"] = rng.integers(0, 1 << 32, (2, flows.size))
    if "l4length" in names:
        frame["l4length"] = ip_length - (40 if six else 20)
    if "icmp" in names:
        frame["icmp"] = np.where(np.isin(flows["proto"], (ICMP, 58)), flows["dport"], 0)


def _counter_samples(exporter: Exporter, end: float) -> list[tuple[float, bytes]]:
    """Generic and Ethernet counters of each interface, every 20 seconds from a moment of its own."""
    samples = []
    traffic = exporter.rate / INTERFACES * SAMPLING_RATE * 700 * COUNTER_INTERVAL  # octets of an interface
    for index, *_ in interface_names():
        octets = int(exporter.rng.integers(1 << 30, 1 << 40))
        first = exporter.start + exporter.rng.uniform(0, COUNTER_INTERVAL)
        for sequence, time in enumerate(np.arange(first, end, COUNTER_INTERVAL).tolist()):
            octets += int(exporter.rng.exponential(traffic))
            packets = octets // 700
            received = struct.pack("!QIIIIII", octets, packets & 0xFFFFFFFF, 10 * sequence, sequence, 0, 0, 0)
            sent = struct.pack("!QIIIIII", octets // 3, packets // 2 & 0xFFFFFFFF, 12 * sequence, sequence, 0, 0, 0)
            generic = struct.pack("!IIIIQII", 1, 88, index, 6, 10_000_000_000, 1, 3) + received + sent
            ethernet = struct.pack("!II13I", 2, 52, *[0] * 13)
            body = struct.pack("!III", sequence, index, 2) + generic + ethernet
            samples.append((time, struct.pack("!II", 2, len(body)) + body))
    return samples
