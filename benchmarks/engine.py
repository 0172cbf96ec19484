"""What full and lean documents cost a search engine: bytes, and CPU of its process, a document.

    python -m benchmarks.engine [KIND ...] [--flows 100000] [--rounds 3]

Starts an engine of the tests (python -m tests.engines fetch), and sends it bulk requests of enriched flows (NetFlow v9
with places and autonomous systems), made beforehand, in turn full and lean. A line is the median of the rounds, after
a first one that warms the engine up. Time of merges that run on after the last request is waited for and counted.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.decode import traffic
from benchmarks.pipeline import row
from benchmarks.places import databases
from collector.decode.decoder import Decoder
from collector.enrich.enricher import Enricher
from collector.enrich.geo import Geo
from collector.flows import Flows
from collector.store import bulk
from collector.store.template import template
from tests.engines.engine import Engine

BATCH = 2000
"""Datagrams decoded together."""
REQUEST_BYTES = 5_000_000
TICKS = os.sysconf("SC_CLK_TCK")
QUIET_SECONDS = 1.0
"""An engine that used less than a tenth of that in so long is done."""


def batches(count: int, folder: Path) -> list[Flows]:
    """Flows of NetFlow v9, enriched with places and autonomous systems."""
    decoder, enricher = Decoder(), Enricher(geo=Geo(databases(folder)))
    out, datagrams = [], traffic("netflow9", count, folder)
    for begin in range(0, len(datagrams), BATCH):
        decoded = decoder.decode(datagrams[begin : begin + BATCH])
        enricher.learn(decoded.options, decoded.counters, decoder.exporters)
        out.append(enricher.enrich(decoded.flows, decoder.exporters))
    return out


def made_of(flows: Sequence[Flows], full: bool) -> list[tuple[str, bytes]]:
    """Bulk requests of all flows: path and body."""
    return [
        (request.target, bytes(request.body))
        for number, batch in enumerate(flows)
        for request in bulk.requests(batch, f"{number:012d}", "UTC", lambda: REQUEST_BYTES, full)
    ]


def cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def settle(pid: int) -> None:
    """Wait until the engine does nothing more."""
    before = cpu(pid)
    while True:
        time.sleep(QUIET_SECONDS)
        now = cpu(pid)
        if now - before < QUIET_SECONDS / 10:
            return
        before = now


def index(engine: Engine, requests: Sequence[tuple[str, bytes]]) -> float:
    """CPU seconds that the engine takes for them."""
    engine.clear()
    engine.call("PUT", "/_index_template/elastiflow-1", template())
    settle(engine.pid)
    before = cpu(engine.pid)
    for path, body in requests:
        status, answer = engine.call("POST", path, body)
        if status != 200 or answer["errors"]:
            raise SystemExit(f"{engine.url} refuses documents: {str(answer)[:500]}")
    engine.call("POST", "/_refresh")
    settle(engine.pid)
    return cpu(engine.pid) - before


def stored(engine: Engine) -> int:
    """Bytes on disk of all indices."""
    _, answer = engine.call("GET", "/_stats/store")
    return int(answer["_all"]["primaries"]["store"]["size_in_bytes"])


def measure(kind: str, flows: int, rounds: int) -> None:
    """Prints a line for full and one for lean documents."""
    with tempfile.TemporaryDirectory() as folder:
        made = batches(flows, Path(folder))
    with tempfile.TemporaryDirectory() as folder, Engine(kind, Path(folder)) as engine:
        index(engine, made_of(made, True))
        for full in (True, False):
            requests = made_of(made, full)
            spent = [index(engine, requests) / flows * 1e6 for _ in range(rounds)]
            sent = sum(len(body) for _, body in requests) / flows
            cells = (f"{sent:.0f}", f"{stored(engine) / flows:.0f}", f"{statistics.median(spent):.0f}")
            print(row(kind, "full" if full else "lean", *cells), flush=True)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", default=["opensearch3"])
    parser.add_argument("--flows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(row("engine", "documents", "bytes sent", "bytes on disk", "CPU of the engine, µs"))
    print(row(*["---"] * 5))
    for kind in args.kinds:
        measure(kind, args.flows, args.rounds)


if __name__ == "__main__":
    main()
