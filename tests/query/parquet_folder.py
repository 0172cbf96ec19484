"""A folder of Parquet files as the store leaves it, of flows that differ in all that questions are about."""

from pathlib import Path

import numpy as np
import polars as pl

from collector.flows import Flows
from collector.store.parquet.file import ParquetFile
from collector.store.parquet.folder import Folder
from tests.store.parquet_flows import add_file

BEGIN = 1_772_300_000_000
"""2026-02-28T17:33:20Z."""
STEP = 173_000
COUNT = 900
"""Flows that end `STEP` milliseconds after one another: of three days."""
ADDRESSES = pl.DataFrame(
    {
        "value": [f"10.0.{n // 5}.{n}" if n % 3 else f"2001:db8::{n:x}" for n in range(20)],
        "domain": [f"host-{n % 12}.example.net" for n in range(20)],
        "as.organization.name": ["Example" if n % 2 else None for n in range(20)],
        "geo.country_iso_code": [("DE", "FR", None)[n % 3] for n in range(20)],
        "geo.country_name": [("Germany", "France", None)[n % 3] for n in range(20)],
        "rep_tags": [["bad", "worse"] if n == 7 else ["bad"] if n == 8 else None for n in range(20)],
    }
)


def flows(count: int = COUNT, seed: int = 5) -> Flows:
    """In the order of their ends."""
    draw = np.random.default_rng(seed)
    ends = BEGIN + STEP * np.arange(count)
    lasted = draw.integers(0, 5_000_000, count) * (draw.random(count) < 0.5)

    def some(values: pl.Series) -> pl.Series:
        return values.zip_with(
            pl.Series(draw.random(count) < 0.9), pl.Series([None], dtype=values.dtype).new_from_index(0, count)
        )

    columns = {
        "@timestamp": pl.Series(ends).cast(pl.Datetime("ms")),
        "event.dataset": pl.Series(draw.integers(0, 2, count), dtype=pl.UInt8),
        "event.start": some(pl.Series(ends - lasted)).cast(pl.Datetime("ms")),
        "event.end": some(pl.Series(ends)).cast(pl.Datetime("ms")),
        "event.duration": some(pl.Series(lasted * 1_000_000, dtype=pl.UInt64)),
        "network.bytes": some(pl.Series(draw.integers(40, 10**6, count), dtype=pl.UInt64)),
        "network.packets": pl.Series(draw.integers(1, 1000, count), dtype=pl.UInt64),
        "network.iana_number": pl.Series(draw.choice([1, 6, 17], count), dtype=pl.UInt8),
        "source.ip": some(pl.Series(draw.integers(0, 20, count), dtype=pl.UInt32)),
        "source.port": pl.Series(draw.integers(0, 9, count), dtype=pl.UInt16),
        "source.bytes": pl.Series(draw.integers(40, 10**6, count), dtype=pl.UInt64),
        "destination.ip": pl.Series(draw.integers(0, 20, count), dtype=pl.UInt32),
        "destination.port": some(pl.Series(draw.integers(0, 5, count), dtype=pl.UInt16)),
        "flow.client_end": pl.Series(draw.integers(0, 2, count), dtype=pl.UInt8),
        "flow.tcp_flags": some(pl.Series(draw.integers(0, 8, count), dtype=pl.UInt8)),
        "flow.id": pl.Series(np.arange(count), dtype=pl.UInt64),
    }
    return Flows(pl.DataFrame(columns), {"addresses": ADDRESSES})


def store(root: Path, some: Flows, files: int = 5, zone: str = "UTC") -> Path:
    """Flows in several files a day; the first two of each are merged, and these sources are still there."""
    folder = Folder(root)
    for day, part in some.days(zone):
        sizes = -(-len(part) // files)
        paths = [add_file(folder, day, part.slice(begin, sizes)) for begin in range(0, len(part), sizes)]
        kept = {path: path.read_bytes() for path in paths[:2]}
        with folder.temporary(folder.day(day)) as out:
            file = ParquetFile(out)
            for begin in (0, sizes):
                file.write(part.slice(begin, sizes))
            file.close()
            folder.replace(out, paths[:2])
        for path, data in kept.items():
            path.write_bytes(data)
    return root
