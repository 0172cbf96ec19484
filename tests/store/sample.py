"""Small batches of flows for the tests of the stores."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from collector.flows import Flows

# Columns hold naive times in UTC.
DAY = datetime(2026, 3, 1, 12)  # noqa: DTZ001


def flows(count: int, begin: datetime = DAY, step: timedelta = timedelta(milliseconds=1), seed: int = 1) -> Flows:
    """Flows of TCP between 250 addresses by two exporters, `step` apart."""
    draw = np.random.default_rng(seed)
    times = pl.Series([begin + row * step for row in range(count)], dtype=pl.Datetime("ms"))
    volume = pl.Series(draw.integers(40, 10**6, count), dtype=pl.UInt64)
    frame = pl.DataFrame(
        {
            "@timestamp": times,
            "event.dataset": pl.Series(np.zeros(count), dtype=pl.UInt32),
            "event.start": times - timedelta(seconds=3),
            "event.duration": pl.Series(np.full(count, 3 * 10**9), dtype=pl.UInt64),
            "host.ip": pl.Series(np.arange(count) % 2, dtype=pl.UInt32),
            "flow.version": pl.Series(np.full(count, 9), dtype=pl.UInt16),
            "network.bytes": volume,
            "network.packets": pl.Series(draw.integers(1, 1000, count), dtype=pl.UInt64),
            "network.iana_number": pl.Series(np.full(count, 6), dtype=pl.UInt32),
            "source.ip": pl.Series(draw.integers(0, 250, count), dtype=pl.UInt32),
            "source.port": pl.Series(draw.integers(1024, 65536, count), dtype=pl.UInt16),
            "destination.ip": pl.Series(draw.integers(0, 250, count), dtype=pl.UInt32),
            "destination.port": pl.Series(np.full(count, 443), dtype=pl.UInt16),
            "flow.tcp_flags": pl.Series(draw.integers(0, 256, count), dtype=pl.UInt32),
            "flow.input_ifname": pl.Series([0, None], dtype=pl.UInt32).gather(np.arange(count) % 2),
        }
    )
    return Flows(frame, {"addresses": addresses(), "exporters": exporters(), "interfaces": interfaces()})


def addresses() -> pl.DataFrame:
    numbers = range(250)
    return pl.DataFrame(
        {
            "value": [f"198.51.100.{number}" if number % 2 else f"2001:db8::{number:x}" for number in numbers],
            "domain": [f"host-{number}.example.net" for number in numbers],
            "geo.location": ["50.08,14.42" if number % 3 else None for number in numbers],
        }
    )


def interfaces() -> pl.DataFrame:
    return pl.DataFrame({"value": ["eth0"], "alias": ["uplink"]})


def exporters() -> pl.DataFrame:
    return pl.DataFrame({"value": ["192.0.2.1", "192.0.2.2"], "name": ["edge", "core"]})
