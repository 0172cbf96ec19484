"""Random flows of all kinds of fields, and comparison of what was read back with what was written."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import strategies as st

from collector import registry, schema
from collector.flows import Flows
from collector.registry import VALUE
from collector.schema import Field
from collector.store.parquet.file import ParquetFile
from collector.store.parquet.folder import Folder

BOUNDS = {"u8": 2**8, "u16": 2**16, "u32": 2**32, "u64": 2**64, "id": 2**64, "counter": 2**64}
YEAR_9999 = 253_402_300_799_999

texts = st.one_of(
    st.sampled_from(["", "a", "ž", "🦊", "eth0", "x" * 1000]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)


def values(field: Field) -> st.SearchStrategy[Any]:
    if field.kind in BOUNDS:
        top = BOUNDS[field.kind] - 1
        return st.one_of(st.integers(0, min(top, 300)), st.integers(0, top), st.sampled_from([0, top]))
    if field.kind == "time":
        return st.integers(-(2**40), YEAR_9999)
    if field.kind == "bool":
        return st.booleans()
    if field.kind == "f64":
        return st.floats(allow_nan=False)
    if field.kind == "keywords":
        return st.lists(st.none() | texts, max_size=4)
    return texts


def table_of(name: str) -> st.SearchStrategy[pl.DataFrame]:
    """A table that coded columns point into; the values are distinct, the attributes may be null or missing."""
    attributes = {
        field.attribute: field
        for field in schema.fields().values()
        if field.code and field.attribute and schema.table_of(field.code) == name
    }
    (own,) = {field.kind: field for field in schema.fields().values() if field.table == name}.values()

    @st.composite
    def draw(draw: st.DrawFn) -> pl.DataFrame:
        things = draw(st.lists(values(own), min_size=1, max_size=40, unique_by=repr))
        chosen = draw(st.lists(st.sampled_from(sorted(attributes)), unique=True)) if attributes else []
        columns = [pl.Series(VALUE, things, own.dtype)]
        for attribute in chosen:
            cell = st.none() | values(attributes[attribute])
            cells = draw(st.lists(cell, min_size=len(things), max_size=len(things)))
            columns.append(pl.Series(attribute, cells, attributes[attribute].dtype))
        return pl.DataFrame(columns)

    return draw()


def is_constant(name: str) -> bool:
    try:
        registry.table(name)
    except KeyError:
        return False
    return True


@st.composite
def random_flows(draw: st.DrawFn, min_rows: int = 1, max_rows: int = 60) -> Flows:
    count = draw(st.integers(min_rows, max_rows))
    own = [field for field in schema.fields().values() if field.code is None]
    chosen = draw(st.lists(st.sampled_from(own), unique=True, max_size=12))
    tables: dict[str, pl.DataFrame] = {}
    columns = []
    for field in chosen:
        with_nulls = draw(st.booleans())
        if field.table is None:
            source, dtype = values(field), pl.Int64() if field.kind == "time" else field.dtype
        else:
            if not is_constant(field.table) and field.table not in tables:
                tables[field.table] = draw(table_of(field.table))
            height = (
                tables.get(field.table, pl.DataFrame()) if field.table in tables else registry.table(field.table)
            ).height
            source, dtype = st.integers(0, height - 1), pl.UInt32()
        cell = st.none() | source if with_nulls else source
        column = pl.Series(field.name, draw(st.lists(cell, min_size=count, max_size=count)), dtype=dtype)
        columns.append(column.cast(field.dtype) if field.kind == "time" else column)
    if not columns:
        columns = [pl.Series("flow.version", [9] * count, dtype=pl.UInt16)]
    return Flows(pl.DataFrame(columns), tables)


def expected(flows: Flows) -> pl.DataFrame:
    """All fields of the schema, as a reader should see them."""
    there = set(flows.names())
    columns = [
        flows.column(name) if name in there else pl.Series(name, [None] * len(flows), dtype=field.dtype)
        for name, field in schema.fields().items()
    ]
    return in_utc(pl.DataFrame(columns))


def in_utc(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.Datetime("ms")).dt.replace_time_zone("UTC"))


def write_file(path: Path, *parts: Flows) -> Path:
    """One Parquet file, a row group for each part."""
    with path.open("wb") as out:
        file = ParquetFile(out)
        for part in parts:
            file.write(part)
        file.close()
    return path


def add_file(folder: Folder, day: str, flows: Flows) -> Path:
    """A file in a day of a folder, as the store writes it."""
    with folder.temporary(folder.day(day)) as out:
        file = ParquetFile(out, flows.dataset)
        file.write(flows)
        file.close()
        return folder.publish(out)


def numbered(count: int, first: int = 0) -> Flows:
    """Flows known by their `flow.id`, of 2026-03-01."""
    numbers = pl.Series("flow.id", range(first, first + count), dtype=pl.UInt64)
    times = pl.Series("@timestamp", [1_772_323_200_000] * count, dtype=pl.Int64) + (numbers % 86_400_000).cast(pl.Int64)
    codes = (numbers % 7).cast(pl.UInt32).alias("source.ip")
    table = pl.DataFrame({VALUE: [f"192.0.2.{number}" for number in range(7)]})
    return Flows(pl.DataFrame([times.cast(pl.Datetime("ms")), numbers, codes]), {"addresses": table})


def eventually(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Waits for what another thread or process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
