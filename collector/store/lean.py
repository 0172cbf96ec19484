"""What a lean document leaves out of the columns, because other fields say it."""

from collections.abc import Mapping

import polars as pl

from collector.flows import Flows
from collector.registry import VALUE

LEAN = "lean"
"""Key of the tables without what repeats, in `Flows.shared`."""
NUMBERED = {"flow.input_snmp": "flow.input_ifname", "flow.output_snmp": "flow.output_ifname"}
"""ifIndex: an interface without a name is called by it."""
ONE_WAY = {
    "source.bytes": ("network.bytes", "destination.bytes"),
    "source.packets": ("network.packets", "destination.packets"),
}
"""Volumes that are those of the whole flow where nothing is told of the other direction."""


def lean(flows: Flows) -> Flows:
    """Flows without ifIndex beside a name, volumes told twice, an end that is the timestamp, addresses as domains."""
    frame = flows.frame
    dropped = [number for number, name in NUMBERED.items() if name in frame.columns]
    frame = frame.drop(dropped, strict=False)
    frame = frame.with_columns([*_volumes(frame), *_end(frame)])
    if LEAN not in flows.shared:
        flows.shared[LEAN] = _tables(flows.tables), {}
    return Flows(_filled(frame), flows.shared[LEAN][0], flows.dataset, flows.shared[LEAN][1])


def _tables(tables: Mapping[str, pl.DataFrame]) -> Mapping[str, pl.DataFrame]:
    if "domain" not in tables.get("addresses", pl.DataFrame()).columns:
        return tables
    named = pl.when(pl.col("domain") != pl.col(VALUE)).then("domain").alias("domain")
    return {**tables, "addresses": tables["addresses"].with_columns(named)}


def _volumes(frame: pl.DataFrame) -> list[pl.Expr]:
    return [
        pl.when(pl.col(other).is_not_null() if other in frame.columns else pl.lit(False)).then(name).alias(name)
        for name, (whole, other) in ONE_WAY.items()
        if name in frame.columns and whole in frame.columns
    ]


def _end(frame: pl.DataFrame) -> list[pl.Expr]:
    if "event.end" not in frame.columns or "@timestamp" not in frame.columns:
        return []
    return [pl.when(pl.col("event.end") != pl.col("@timestamp")).then("event.end").alias("event.end")]


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    """Only the columns that any flow has a value in."""
    return frame.drop([column.name for column in frame.get_columns() if column.null_count() == frame.height])
