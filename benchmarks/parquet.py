"""CPU time and size of flows as Parquet files, and of merging small files.

    python -m benchmarks.parquet [--flows 10000 50000 100000 200000] [--runs 7]

For several sizes of a file, the store's own writer is compared with polars and with pyarrow, which writes dictionary
columns made from the same tables. Prints CPU microseconds a flow, all threads counted, the best of so many runs taken
in turns; and bytes a flow. All fields of the schema are written (`all`), or those that the flows have (`some`).
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.enriched import enriched
from collector import schema
from collector.flows import Flows
from collector.registry import VALUE
from collector.store.parquet.compaction import REST, Compactor
from collector.store.parquet.file import ParquetFile
from collector.store.parquet.folder import Folder
from collector.store.parquet.rolling import Rolling
from collector.store.parquet.store import ParquetStore

OLDEST = pl.CompatLevel.oldest()


def own(flows: Flows, path: Path) -> None:
    """The writer of the store."""
    with path.open("wb") as out:
        file = ParquetFile(out)
        file.write(flows)
        file.close()


def with_polars(flows: Flows, path: Path) -> None:
    """All texts are gathered, and hashed by the writer."""
    flows.wide().write_parquet(path, compression="zstd", compression_level=1, statistics=False)


def with_pyarrow(flows: Flows, path: Path, whole: bool, **options: object) -> None:
    """Each text of a table is hashed once."""
    names = list(schema.fields()) if whole else flows.names()
    there, tables = set(flows.names()), {}
    arrays = {name: _array(flows, name, tables) if name in there else _nulls(name, len(flows)) for name in names}
    texts = [name for name in names if schema.field(name).dtype == pl.String]
    chosen = {"compression": "zstd", "compression_level": 1, "write_statistics": ["@timestamp"], **options}
    lists = [f"{name}.list.element" for name in names if schema.field(name).dtype == pl.List]
    pq.write_table(
        pa.table(arrays),
        path,
        use_dictionary=texts + lists,
        store_schema=False,
        dictionary_pagesize_limit=1 << 26,
        **chosen,
    )


def _array(flows: Flows, name: str, tables: dict[tuple[str, str], tuple[pl.Series, pa.Array]]) -> pa.Array:
    """A dictionary column where the texts are in a table: of its own where the table is larger than the batch."""
    field = schema.field(name)
    code = field.code or (name if field.table else None)
    if code is None or field.dtype != pl.String:
        return flows.column(name).to_arrow(compat_level=OLDEST)
    codes, texts = flows.frame.get_column(code), flows.table(code).get_column(field.attribute or VALUE)
    key = schema.table_of(code) or "", field.attribute or VALUE
    if len(texts) > len(flows):
        used, places = np.unique(codes.to_numpy(), return_inverse=True)
        codes, texts, key = pl.Series(places.astype(np.uint32)), texts.gather(used), (name, "")
    if key not in tables:
        coded = texts.to_arrow(compat_level=OLDEST).cast(pa.string()).dictionary_encode()
        tables[key] = pl.Series(coded.indices), coded.dictionary
    indices, dictionary = tables[key]
    return pa.DictionaryArray.from_arrays(indices.gather(codes).to_arrow(), dictionary, safe=False)


def _nulls(name: str, count: int) -> pa.Array:
    dtype = schema.field(name).dtype
    kind = pa.string() if dtype == pl.String else pl.Series([], dtype=dtype).to_arrow(compat_level=OLDEST).type
    return pa.nulls(count, kind)


VARIANTS: dict[str, Callable[[Flows, Path], None]] = {
    "own writer, zstd 1, all": own,
    "polars, zstd 1, some": with_polars,
    "pyarrow, zstd 1, some": lambda flows, path: with_pyarrow(flows, path, False),
    "pyarrow, zstd 1, all": lambda flows, path: with_pyarrow(flows, path, True),
    "pyarrow, zstd 1, all, statistics": lambda flows, path: with_pyarrow(flows, path, True, write_statistics=True),
    "pyarrow, zstd 1, all, page v2": lambda flows, path: with_pyarrow(flows, path, True, data_page_version="2.0"),
    "pyarrow, snappy, all": lambda flows, path: with_pyarrow(
        flows, path, True, compression="snappy", compression_level=None
    ),
    "pyarrow, lz4, all": lambda flows, path: with_pyarrow(flows, path, True, compression="lz4", compression_level=None),
}


def compare(flows: Flows, runs: int, folder: Path) -> None:
    """Prints a line for each variant; they take turns, so that a noisy machine is noisy for all."""
    best: dict[str, float] = {}
    path = folder / "a.parquet"
    sizes = {}
    for _ in range(runs):
        for name, write in VARIANTS.items():
            begin = time.process_time()
            write(flows, path)
            best[name] = min(best.get(name, 1e9), time.process_time() - begin)
            sizes[name] = path.stat().st_size
    for name, seconds in best.items():
        print(f"  {name:34}{seconds / len(flows) * 1e6:7.2f} µs a flow{sizes[name] / len(flows):8.1f} bytes a flow")


def store(flows: Flows, batch: int, folder: Path) -> None:
    """The whole store: batches gathered, joined, split by days, written, merged in the background."""
    parts = [Flows(flows.frame.slice(begin, batch), flows.tables) for begin in range(0, len(flows), batch)]
    parts = [_own_tables(part) for part in parts]
    begin = time.process_time()
    one = ParquetStore(folder / f"store-{batch}", rolling=Rolling(seconds=3600))
    for part in parts:
        one.write(part)
    one.close(60)
    spent = time.process_time() - begin
    each = f"{spent / len(flows) * 1e6:.2f} µs a flow, {one.counters.bytes / len(flows):.1f} bytes a flow"
    print(f"  {len(flows):,} flows in batches of {batch:,}: {each}")


def _own_tables(flows: Flows) -> Flows:
    """As batches come: the table of addresses has those of the batch alone."""
    coded = [name for name in flows.frame.columns if schema.table_of(name) == "addresses"]
    rows = np.concatenate([flows.frame.get_column(name).to_numpy() for name in coded])
    used, places = np.unique(rows, return_inverse=True)
    parts = np.split(places.astype(np.uint32), len(coded))
    columns = [pl.Series(name, part) for name, part in zip(coded, parts, strict=True)]
    return Flows(flows.frame.with_columns(columns), {**flows.tables, "addresses": flows.tables["addresses"][used]})


def merging(count: int, files: int, folder: Path) -> None:
    """Files of so many flows each become one."""
    days = Folder(folder / f"merging-{count}")
    for number in range(files):
        with days.temporary(days.day("2026-01-01")) as out:
            file = ParquetFile(out)
            file.write(enriched(count, number))
            file.close()
            days.publish(out)
    begin = time.process_time()
    gone = Compactor(days, threading.Event()).compact(days.day("2026-01-01"), time.time() + 2 * REST)
    spent = time.process_time() - begin
    print(f"  {files} files of {count:,} flows become {files - gone}: {spent / files / count * 1e6:.2f} µs a flow")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=int, nargs="*", default=[10_000, 50_000, 100_000, 200_000])
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in args.flows:
            flows = enriched(count)
            print(f"a file of {count:,} flows with {len(flows.names())} of {len(schema.fields())} fields")
            compare(flows, args.runs, folder)
        print("the store")
        for batch in (1000, 5000, 50_000):
            store(enriched(400_000), batch, folder)
        print("merging")
        for count, files in ((50, 16), (5000, 16), (100_000, 10)):
            merging(count, files, folder)


if __name__ == "__main__":
    main()
