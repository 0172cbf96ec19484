"""Counter samples (sFlow) in the schema's columns: types and units as kept, and an interface's state in words."""

from collections.abc import Iterator, Mapping
from functools import cache

import polars as pl

from collector import registry, schema
from collector.decode.sflow.structures import structures

INTERFACE = 0
"""Type of a source that is an interface, and its index an ifIndex."""
DIRECTIONS: Mapping[int, str] = {1: "full-duplex", 2: "half-duplex", 3: "in", 4: "out"}
"""ifDirection; 0 is unknown."""
STATUS = {"interface.admin_status": 1, "interface.oper_status": 2}
"""Bits of ifStatus that are set where the interface is up."""


def described(samples: pl.DataFrame) -> pl.DataFrame:
    """`Decoded.counters` in the columns of `schema.counters`, without rates; addresses are still pairs of halves."""
    dataset = pl.lit(registry.number_of("datasets", "sflow-counters"), pl.UInt8).alias("event.dataset")
    return samples.select(
        pl.col("event.ingested").alias("@timestamp"),
        dataset,
        pl.col("host.ip", "^flow\\..*$", "^sflow\\..*$"),
        *_interface(samples.columns),
        *(_kept(name, dtype) for name, dtype in samples.schema.items() if name in _of_structures()),
    )


def _kept(name: str, dtype: pl.DataType) -> pl.Expr:
    column, kept = pl.col(name), schema.field(name).dtype
    if name in _hundredths():
        return column / 100
    return column if dtype == kept else column.cast(kept)


def _interface(names: list[str]) -> Iterator[pl.Expr]:
    own = pl.when(pl.col("sflow.source_type") == INTERFACE).then(pl.col("sflow.source_index"))
    told = [name for name in ("if_counters.ifIndex",) if name in names]
    yield pl.coalesce(*told, own).alias("interface.index")
    if "port_name.name" in names:
        yield pl.col("port_name.name").alias("interface.name")
    if "if_counters.ifDirection" in names:
        direction = pl.col("if_counters.ifDirection")
        words = direction.replace_strict(DIRECTIONS, default=None, return_dtype=pl.String)
        yield words.alias("interface.direction")
    if "if_counters.ifStatus" in names:
        for name, bit in STATUS.items():
            status = pl.col("if_counters.ifStatus")
            up = pl.when(status & bit > 0).then(pl.lit("up"))
            yield up.when(status.is_not_null()).then(pl.lit("down")).alias(name)


@cache
def _types() -> dict[str, str]:
    known = structures("counter_record").values()
    return {f"{one.name}.{field}": kind for one in known for field, kind in one.types.items()}


@cache
def _of_structures() -> frozenset[str]:
    return frozenset(_types()) & schema.counters().keys()


@cache
def _hundredths() -> frozenset[str]:
    """Percentages, which are sent in hundredths."""
    return frozenset(name for name, kind in _types().items() if kind == "pct")
