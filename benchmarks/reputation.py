"""What lists of a million addresses cost: to read, in memory, and for addresses and flows that are looked up.

`python -m benchmarks.reputation [--entries N]` prints CPU seconds and MiB. Times are of CPU, in the thread that reads.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from collector.enrich.reputation import Reputation
from collector.registry import VALUE

ADDRESSES, FLOWS = 100_000, 100_000
MAPPED = np.uint64(0xFFFF << 32)


def written(path: Path, rng: np.random.Generator, entries: int) -> Path:
    """A list, a tenth of which are networks."""
    octets = rng.integers(1, 224, (entries, 4)).tolist()
    endings = ["/24" if number % 10 == 0 else "" for number in range(entries)]
    lines = [f"{a}.{b}.{c}.{d}{ending}" for (a, b, c, d), ending in zip(octets, endings, strict=True)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def resident() -> float:
    """MiB of the process in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 2**20


def tell(what: str, start: float, things: int) -> None:
    """Print what has been spent since `start`."""
    spent = time.process_time() - start
    print(f"{what:40} {spent:8.3f} s {spent / things * 1e6:8.3f} µs each")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    entries, rng = parser.parse_args().entries, np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder, "million.txt"), rng, entries)
        before, start = resident(), time.process_time()
        reputation = Reputation([path])
        tell("read a list", start, entries)
        print(f"{'memory kept':40} {resident() - before:8.0f} MiB")
    lo = pl.Series("lo", MAPPED | rng.integers(1 << 24, 224 << 24, ADDRESSES, dtype=np.uint64))
    new = pl.DataFrame([pl.Series(VALUE, [""] * ADDRESSES), pl.zeros(ADDRESSES, pl.UInt64, eager=True).alias("hi"), lo])
    start = time.process_time()
    (sets,) = [make(new).alias(name) for name, make in reputation.attributes().items()]
    tell("look up new addresses", start, ADDRESSES)
    for what, table in (("flows, some with tags", sets), ("flows without tags", sets * 0)):
        ends = {
            end: pl.Series(rng.integers(0, ADDRESSES, FLOWS, dtype=np.uint32))
            for end in ("source.ip", "destination.ip")
        }
        start = time.process_time()
        for _ in range(10):
            reputation.enrich(pl.DataFrame(ends), table.to_frame())
        tell(what, start, 10 * FLOWS)


if __name__ == "__main__":
    main()
