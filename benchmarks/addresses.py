"""Memory and time of the address book.

    python -m benchmarks.addresses [--addresses 1000000] [--batch 20000]

Enriches flows between addresses that were not seen before until so many are known, half of them IPv4, with databases of
places and autonomous systems (1,000 networks each, made in a temporary folder). Prints how much the process grew, its
size, CPU microseconds a new address, the longest batch, and the longest one while the full book makes room.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from collector.enrich.enricher import Enricher
from collector.enrich.geo import Geo
from tests.builders.mmdb import write

NETWORKS = 1000
EXPORTERS = ("192.0.2.1",)
MAPPED = 0xFFFF << 32
IPV4, IPV6 = 0x10000000, 0x2000 << 48
"""The first addresses of the networks."""


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--addresses", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        enricher = Enricher(geo=Geo(databases(Path(folder))))
        before, begin = resident(), time.process_time()
        filled = [one_batch(enricher, frame) for frame in batches(0, given.addresses, given.batch)]
        spent = time.process_time() - begin
        print(f"{len(enricher.addresses):,} addresses: {resident() - before:.0f} MB more, {resident():.0f} MB in all")
        print(f"{1e6 * spent / given.addresses:.2f} µs CPU an address; longest batch {1000 * max(filled):.0f} ms")
        more = [one_batch(enricher, frame) for frame in batches(given.addresses, 2 * given.addresses, given.batch)]
        print(f"as many again: longest batch {1000 * max(more):.0f} ms, {resident():.0f} MB in all")


def databases(folder: Path) -> list[Path]:
    """One of places, one of autonomous systems."""
    systems = {network: {"asn": f"AS{place}", "as_name": f"System {place}"} for place, network in enumerate(networks())}
    cities = {
        network: {
            "city": f"City {place}",
            "region": f"Region {place % 50}",
            "country": "NO",
            "lat": "59.9",
            "lng": "10.7",
        }
        for place, network in enumerate(networks())
    }
    return [write(folder / "as.mmdb", systems), write(folder / "city.mmdb", cities)]


def networks() -> Iterator[str]:
    """Networks that the addresses lie in."""
    for number in range(NETWORKS // 2):
        yield f"{16 + (number >> 8)}.{number & 255}.0.0/16"
        yield f"2000:{number:x}::/32"


def batches(begin: int, end: int, size: int) -> Iterator[pl.DataFrame]:
    """Flows between addresses with the numbers from `begin` to `end`, so many addresses a batch."""
    for first in range(begin, end, size):
        number = np.arange(first, min(first + size, end), dtype=np.uint64)
        four = number % 2 == 0
        network, host = (number >> 1) % (NETWORKS // 2), (number >> 1) // (NETWORKS // 2)
        hi = np.where(four, 0, IPV6 + (network << 32)).astype(np.uint64)
        lo = np.where(four, MAPPED + IPV4 + (network << 16) + host, host)
        half = len(number) // 2
        ends = {"source": slice(0, half), "destination": slice(half, 2 * half)}
        columns = {f"{end}.ip.hi": hi[which] for end, which in ends.items()}
        columns |= {f"{end}.ip.lo": lo[which] for end, which in ends.items()}
        yield pl.DataFrame({"host.ip": np.zeros(half, np.uint32), **columns})


def one_batch(enricher: Enricher, frame: pl.DataFrame) -> float:
    """Seconds that it takes."""
    begin = time.perf_counter()
    enricher.enrich(frame, EXPORTERS)
    return time.perf_counter() - begin


def resident() -> float:
    """Memory of the process, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    sys.exit(main())
