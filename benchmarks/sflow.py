"""CPU time of sFlow from datagrams to columns.

    python -m benchmarks.sflow CAPTURE.pcap [--datagrams 2000] [--runs 5]

Prints for several sizes of batch the CPU microseconds a flow sample and a batch: the best of so many runs, threads of
all libraries counted.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from collector.datagram import Datagram
from collector.decode.sflow import SflowDecoder
from collector.receive.pcap import read_capture

SIZES = (1, 10, 100, 500, 2000, 10_000)


def run(datagrams: list[Datagram], exporters: npt.NDArray[np.uint32], size: int) -> tuple[float, int, int]:
    """CPU seconds, flow samples and batches."""
    decoder, flows, batches = SflowDecoder(), 0, 0
    start = time.process_time()
    for first in range(0, len(datagrams), size):
        flows += decoder.decode(datagrams[first : first + size], exporters[first : first + size]).flows.height
        batches += 1
    return time.process_time() - start, flows, batches


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture", type=Path)
    parser.add_argument("--datagrams", type=int, nargs="*", default=SIZES, help="datagrams a batch")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    datagrams = list(read_capture(args.capture))
    rows: dict[str, int] = {}
    exporters = np.array([rows.setdefault(one.exporter, len(rows)) for one in datagrams], np.uint32)
    print(f"{len(datagrams)} datagrams of {len(rows)} exporters")
    for size in args.datagrams:
        some = min(len(datagrams), size * 200)
        seconds, flows, batches = min(run(datagrams[:some], exporters[:some], size) for _ in range(args.runs))
        each = f"{seconds / flows * 1e6:8.3f} µs a flow sample, {seconds / batches * 1e6:9.0f} µs a batch"
        print(f"{size:6d} datagrams a batch: {each} ({flows} flow samples)")


if __name__ == "__main__":
    main()
