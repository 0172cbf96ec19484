"""Rows in the columns of the dataset HEALTH."""

import socket
from collections.abc import Callable, Sequence

import polars as pl

from collector import registry
from collector.datasets import HEALTH
from collector.flows import Flows
from collector.health.exporters import ADDRESS, Row

COLUMNS = {name: field.dtype for name, field in HEALTH.fields.items() if name.startswith("health.")}
DATASET = "collector-health"


def made(rows: Sequence[Row], minute: int, seconds: float, exporters: Callable[[Sequence[str]], pl.DataFrame]) -> Flows:
    """Rows about `seconds` that began in a `minute` (seconds since 1970); `exporters` makes the table of addresses."""
    addresses = [row[ADDRESS] for row in rows if ADDRESS in row]
    codes = dict(zip(addresses, range(len(addresses)), strict=True))
    frame = pl.from_dicts(rows, schema=COLUMNS).with_columns(
        pl.lit(minute * 1000).cast(pl.Datetime("ms")).alias("@timestamp"),
        pl.lit(registry.number_of("datasets", DATASET), pl.UInt8).alias("event.dataset"),
        pl.Series(ADDRESS, [codes.get(row.get(ADDRESS, "")) for row in rows], pl.UInt32),
        pl.lit(socket.gethostname()).alias("health.collector"),
        pl.lit(round(seconds, 3)).alias("health.seconds"),
    )
    return Flows(frame, {"exporters": exporters(addresses)}, HEALTH)
