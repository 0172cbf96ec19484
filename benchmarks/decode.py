"""CPU time from datagrams to columns, for each protocol.

    python -m benchmarks.decode [PROFILE ...] [--flows 200000] [--batch 2000] [--runs 5]

Makes traffic (benchmarks/traffic) in a temporary folder, decodes it in batches, and prints the CPU microseconds a flow
and a batch: the best of so many runs, threads of all libraries counted. `--batch 1` shows what a quiet network costs.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from collector.datagram import Datagram
from collector.decode.decoder import Decoder
from collector.receive.pcap import read_capture

MAKER = Path(__file__).with_name("traffic") / "make_traffic.py"
BARS = {"netflow5": 0.5, "netflow9": 0.5, "ipfix": 0.5, "ipfix-varlen": 4.0, "ipfix-sections": 2.5, "sflow": 2.5}
"""Microseconds a flow that decoding may take at most."""


def traffic(profile: str, flows: int, folder: Path) -> list[Datagram]:
    """The datagrams of a profile."""
    capture = folder / f"{profile}.pcap"
    command = [sys.executable, str(MAKER), profile, str(capture), "--flows", str(flows)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return list(read_capture(capture))


def run(datagrams: Sequence[Datagram], size: int) -> tuple[float, int]:
    """CPU seconds, and flows."""
    decoder, flows = Decoder(), 0
    start = time.process_time()
    for first in range(0, len(datagrams), size):
        flows += decoder.decode(datagrams[first : first + size]).flows.height
    return time.process_time() - start, flows


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profiles", nargs="*", metavar="PROFILE", default=list(BARS), help=", ".join(BARS))
    parser.add_argument("--flows", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=2000, help="datagrams decoded together")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for profile in args.profiles:
            datagrams = traffic(profile, args.flows, Path(folder))
            seconds, flows = min(run(datagrams, args.batch) for _ in range(args.runs))
            batches = -(-len(datagrams) // args.batch)
            each = f"{seconds / flows * 1e6:6.3f} µs a flow (at most {BARS[profile]})"
            print(
                f"{profile:14}{each}, {seconds / batches * 1e3:8.2f} ms a batch, {flows:,} flows in {len(datagrams):,}"
            )


if __name__ == "__main__":
    main()
