"""Packets that a device dropped (sFlow), in the columns of their dataset."""

from functools import cache

import polars as pl

from collector import registry


def described(frame: pl.DataFrame) -> pl.DataFrame:
    """Dropped packets, enriched as flows are, with the columns in which they differ from flows."""
    dataset = pl.lit(registry.number_of("datasets", "sflow-discards"), pl.UInt8).alias("event.dataset")
    size = pl.col("^network\\.bytes$").cast(pl.UInt32).name.map(lambda _: "flow.frame_bytes")
    reason = pl.col("^flow\\.drop_reason$").replace_strict(_reasons(), default=None, return_dtype=pl.String)
    return frame.with_columns(dataset, size, reason.name.suffix("_name"))


@cache
def _reasons() -> dict[int, str]:
    return {int(row["number"]): row["name"] for row in registry.rows("drop-reasons")}
