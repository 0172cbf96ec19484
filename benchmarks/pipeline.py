"""CPU time of a flow on its way from the datagram into a store, stage by stage and as a whole.

    python -m benchmarks.pipeline [PROFILE ...] [--flows 200000] [--rounds 7] [--geoip] [--lean]
    python -m benchmarks.pipeline --live [PROFILE ...] [--flows 1000000] [--rate 100000] [--rounds 3]

Makes traffic (benchmarks/traffic) in a temporary folder and takes it through the stages of the collector, in batches
as large as a busy collector makes them. Prints CPU microseconds a flow, best / median of the rounds; polars has one
thread. Each round begins with an empty decoder and an empty book of addresses, so that learning is in the figures.

`--live` starts `flow-collector run`, with Parquet files as its store, sends it the traffic over loopback, and prints
what the whole process used (benchmarks/traffic/measure.py) and how many flows are missing from the files.
"""

import os
import sys

if "--live" not in sys.argv:
    # One core is measured; polars reads this when it is imported.
    os.environ["POLARS_MAX_THREADS"] = "1"

import argparse
import json
import shlex
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.decode import MAKER, traffic
from benchmarks.places import databases
from collector.datagram import Datagram
from collector.decode.decoder import Decoder
from collector.enrich.enricher import Enricher
from collector.enrich.geo import Geo
from collector.flows import Flows
from collector.inbox import BATCH
from collector.store import bulk
from collector.store.elasticsearch import SEGMENT_FLOWS
from collector.store.parquet.file import ParquetFile
from collector.store.parquet.folder import Folder
from collector.store.parquet.rolling import Rolling, batches_of, size_of
from collector.store.segments import Segments

PROFILES = ("netflow5", "netflow9", "ipfix", "sflow")
MEASURE = Path(__file__).with_name("traffic") / "measure.py"
REQUEST_BYTES = 5_000_000
STAGES = ("decode", "enrich", "documents", "Parquet", "segments")
SUMS = {"to documents": ("decode", "enrich", "documents"), "to Parquet": ("decode", "enrich", "Parquet")}
BARS = {"to documents": 6.0, "to Parquet": 2.0}
"""Microseconds that a flow of NetFlow v9 may take at most."""
ROWS = """import sys, glob, pyarrow.dataset as d
print(d.dataset(glob.glob(f"{sys.argv[1]}/date=*/*.parquet")).count_rows())"""


def one_round(
    datagrams: Sequence[Datagram], folder: Path, places: Sequence[Path], full: bool
) -> tuple[dict[str, float], int]:
    """CPU seconds of each stage, and flows."""
    decoder, enricher, spent = Decoder(), Enricher(geo=Geo(places)), dict.fromkeys(STAGES, 0.0)
    batches: list[Flows] = []
    for first in range(0, len(datagrams), BATCH):
        start = time.process_time()
        decoded = decoder.decode(datagrams[first : first + BATCH])
        between = time.process_time()
        enricher.learn(decoded.options, decoded.counters, decoder.exporters)
        batches.append(enricher.enrich(decoded.flows, decoder.exporters))
        spent["decode"] += between - start
        spent["enrich"] += time.process_time() - between
    spent["documents"] = timed(lambda some: documents(some, full), batches)
    spent["Parquet"] = timed(lambda some: parquet(some, Folder(folder)), batches)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        spent["segments"] = timed(lambda some: segments(some, Segments(Path(name))), batches)
    return spent, sum(map(len, batches))


def timed(stage: Callable[[Sequence[Flows]], None], batches: Sequence[Flows]) -> float:
    """CPU seconds."""
    start = time.process_time()
    stage(batches)
    return time.process_time() - start


def documents(batches: Iterable[Flows], full: bool) -> None:
    """Bodies of bulk requests, with their action lines."""
    for part in pieces(batches):
        for _ in bulk.requests(part, "AAAAAAAAAAAA", "UTC", lambda: REQUEST_BYTES, full):
            pass


def segments(batches: Iterable[Flows], queue: Segments) -> None:
    """Write-ahead segments as they are while the engine keeps up."""
    for part in pieces(batches):
        queue.write(part)


def pieces(batches: Iterable[Flows]) -> Iterator[Flows]:
    """What becomes one segment each."""
    for flows in batches:
        for begin in range(0, len(flows), SEGMENT_FLOWS):
            yield flows.slice(begin, SEGMENT_FLOWS)


def parquet(batches: Iterable[Flows], folder: Folder) -> None:
    """Files, each from as many batches as the store gathers when flows come fast."""
    parts: list[Flows] = []
    for flows in batches:
        parts.append(flows)
        if sum(map(len, parts)) >= Rolling().rows:
            write_files(parts, folder)
            parts = []
    if parts:
        write_files(parts, folder)


def write_files(parts: Sequence[Flows], folder: Folder) -> None:
    """The batches joined, a file for each day."""
    for batch in batches_of(parts, sum(map(size_of, parts)), "UTC"):
        with folder.temporary(folder.day(batch.day)) as out:
            file = ParquetFile(out)
            file.write(batch.flows)
            file.close()
            folder.publish(out)


def stages(profile: str, flows: int, rounds: int, geoip: bool, full: bool) -> None:
    """Prints a line of the table."""
    columns: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        datagrams = traffic(profile, flows, Path(name))
        places = databases(Path(name)) if geoip else []
        for _ in range(rounds):
            spent, count = one_round(datagrams, Path(name), places, full)
            spent |= {title: sum(spent[stage] for stage in summed) for title, summed in SUMS.items()}
            for title, seconds in spent.items():
                columns.setdefault(title, []).append(seconds / count * 1e6)
    cells = [f"{min(values):.2f} / {statistics.median(values):.2f}" for values in columns.values()]
    print(row(profile, *cells), flush=True)


def row(*cells: str) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def live(profile: str, flows: int, rate: float, rounds: int) -> None:
    """Prints a line of the table: medians of the rounds."""
    with tempfile.TemporaryDirectory() as name:
        capture, folder = Path(name, "traffic.pcap"), Path(name, "flows")
        # Of the present and at the pace it is sent at, so that clocks are right.
        make = [sys.executable, str(MAKER), profile, str(capture), "--flows", str(flows)]
        make += ["--rate", str(rate), "--start", str(time.time())]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        (port,) = json.loads(capture.with_suffix(".json").read_text())["ports"]
        chosen = free_port()
        before, count = shlex.join(["rm", "-rf", str(folder)]), shlex.join([sys.executable, "-c", ROWS, str(folder)])
        command = [sys.executable, str(MEASURE), str(capture), "--rate", str(rate), "--runs", str(rounds)]
        command += ["--map", f"{port}={chosen}", "--before", before, "--count", count, "--"]
        command += [sys.executable, "-m", "collector", "run", "--udp", f"127.0.0.1:{chosen}", "--web", "off"]
        command += ["--folder", str(folder)]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    *each, median = map(json.loads, output.splitlines())
    sent, lost = f"{median['sent_per_second']:,.0f}", [one["flows"] - one["received"] for one in each]
    losses = ", ".join(f"{one:,}" for one in lost)
    print(row(profile, sent, f"{median['us_per_flow']:.2f}", f"{median['peak_mib']:.0f}", losses), flush=True)


def free_port() -> int:
    """A UDP port that nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profiles", nargs="*", metavar="PROFILE", default=list(PROFILES), help=", ".join(PROFILES))
    parser.add_argument("--flows", type=int, help="default: 200000; live: 1000000")
    parser.add_argument("--rounds", type=int, help="default: 7; live: 3")
    parser.add_argument("--geoip", action="store_true", help="with databases of places and autonomous systems")
    parser.add_argument("--lean", action="store_true", help="lean documents")
    parser.add_argument("--live", action="store_true", help="measure a collector that runs")
    parser.add_argument("--rate", type=float, default=100_000, help="flows a second that are sent to it")
    args = parser.parse_args()
    titles = ["sent a second", "CPU µs a flow", "peak MiB", "lost in each round"] if args.live else [*STAGES, *SUMS]
    print(row("profile", *titles), row("---", *["---"] * len(titles)), sep="\n")
    for profile in args.profiles:
        if args.live:
            live(profile, args.flows or 1_000_000, args.rate, args.rounds or 3)
        else:
            stages(profile, args.flows or 200_000, args.rounds or 7, args.geoip, not args.lean)
    if not args.live:
        print(row("*netflow9 at most*", *[""] * len(STAGES), *[f"*{bar}*" for bar in BARS.values()]))


if __name__ == "__main__":
    main()
