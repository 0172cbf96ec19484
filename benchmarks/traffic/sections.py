"""An IPFIX exporter that sends the first bytes of sampled frames (PSAMP), as Junos and IOS-XR do."""

import struct
from collections.abc import Iterator

import numpy as np
from exports import MAX_PAYLOAD, TEMPLATE_4, VARIABLE, Exporter, flow_set, pack, template
from pcap import Datagram
from sflow import HEADER_BYTES, SAMPLING_RATE, frame_lengths, frames

LAYOUT = [(10, 4, "input"), (14, 4, "output"), (61, 1, "direction"), (312, 2, "size"), (315, VARIABLE, "section")]
HEAD = np.dtype([("input", ">u4"), ("output", ">u4"), ("direction", "u1"), ("size", ">u2"), ("length", "u1")])
SAMPLING = 300
OPTIONS = struct.pack("!9H", SAMPLING, 3, 1, 144, 4, 305, 4, 306, 4)


def sections(flows: np.ndarray, exporter: Exporter) -> Iterator[Datagram]:
    """Datagrams of about ten records; templates and the sampling rate in every hundredth."""
    data, lengths = _records(flows, exporter.rng)
    numbers = pack(lengths, np.zeros(flows.size, "u1"), MAX_PAYLOAD - 16)
    counts = np.bincount(numbers)
    ends = np.concatenate(([0], np.cumsum(np.bincount(numbers, weights=lengths).astype(int)))).tolist()
    rate = struct.pack("!III", 1, 1, SAMPLING_RATE - 1)
    told = flow_set(2, template(TEMPLATE_4, LAYOUT)) + flow_set(3, OPTIONS) + flow_set(SAMPLING, rate)
    sequence = 0
    for number, time in enumerate(exporter.arrivals(counts).tolist()):
        sets = [] if number % 100 else [(told, 1)]
        sets.append((flow_set(TEMPLATE_4, data[ends[number] : ends[number + 1]]), int(counts[number])))
        for body, records in sets:
            header = struct.pack("!HHIII", 10, 16 + len(body), int(time), sequence & 0xFFFFFFFF, 0)
            yield Datagram(time, exporter.address, 4739, header + body)
            sequence += records


def _records(flows: np.ndarray, rng: np.random.Generator) -> tuple[bytes, np.ndarray]:
    """The records one after another, and their lengths."""
    tagged = rng.random(flows.size) < 0.6
    head = np.zeros(flows.size, HEAD)
    head["input"], head["output"], head["size"] = flows["input"], flows["output"], frame_lengths(flows, tagged)
    head["length"] = np.minimum(HEADER_BYTES, head["size"] - 4)
    lengths = HEAD.itemsize + head["length"].astype(int)
    matrix = np.concatenate([head.view("u1").reshape(flows.size, -1), frames(flows, tagged, head["size"], rng)], axis=1)
    return matrix[np.arange(matrix.shape[1]) < lengths[:, None]].tobytes(), lengths
