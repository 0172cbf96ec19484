"""Time that the dashboards take on a folder of Parquet files.

    python -m benchmarks.query [--flows 10000000] [--folder .cache/query] [--dashboards dashboards] [--panels]

Makes flows of 24 hours as benchmarks/enriched.py has them, writes them as the store does and merges the files as it
does; the folder is kept for the next time. Then asks what the panels of each dashboard ask of the whole time, together
as the page does: the first look of a new engine (`first`), the next (`again`), the next after a new file has come
(`refresh`), and the first with a filter (`filtered`). Milliseconds of wall time and, in brackets, of CPU time. The
operating system has the files in memory.
"""

import argparse
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import yaml

from benchmarks.enriched import enriched
from collector.datasets import FLOWS
from collector.explore.asking import question, rows
from collector.explore.dashboard import Dashboard, Panel
from collector.flows import Flows
from collector.query.filter import parse
from collector.query.model import Patience, Query, Range, Records
from collector.query.parquet import ParquetEngine
from collector.registry import number_of
from collector.store.parquet.compaction import REST, Compactor
from collector.store.parquet.file import ParquetFile
from collector.store.parquet.folder import Folder

START, LENGTH = 1_767_225_600_000, 86_400_000
"""2026-01-01 in UTC, and a day, in milliseconds."""
BATCH = 200_000
REFRESHED = 5_000
TIMES = ("@timestamp", "event.ingested", "event.start", "event.end")
EPHEMERAL = 32_768
CLICK = "flow.service_name:https"
"""A filter that half of the flows pass."""
Asked = tuple[list[Query], list[Records]]


def build(folder: Path, count: int) -> None:
    """Fills a folder, unless it is there."""
    if folder.exists():
        return
    store, batches = Folder(folder), -(-count // BATCH)
    for number in range(batches):
        write(store, batch(min(BATCH, count - number * BATCH), number, batches))
    for _, day in store.days():
        Compactor(store, threading.Event()).compact(day, time.time() + 2 * REST)


def batch(count: int, number: int, batches: int) -> Flows:
    """One of so many batches of a day."""
    flows = enriched(count, seed=number)
    frame, part = flows.frame, LENGTH / batches
    ends = frame.get_column("@timestamp").to_physical()
    begin = int(ends.min() or 0)  # type: ignore[call-overload]
    stretched = (ends - begin) * (part / (int(ends.max() or 0) - begin + 1))  # type: ignore[call-overload]
    shift = (stretched + (START + number * part)).cast(pl.Int64) - ends
    moved = [(frame.get_column(name).to_physical() + shift).cast(pl.Datetime("ms")).alias(name) for name in TIMES]
    return flows.over(frame.with_columns(*moved, *_roles(frame)))


def _roles(frame: pl.DataFrame) -> Iterator[pl.Series]:
    """Which end is the client; and a few more attributes."""
    ephemeral = frame.get_column("source.port").to_numpy() >= EPHEMERAL
    ends = np.where(ephemeral, number_of("ends", "source"), number_of("ends", "destination"))
    yield pl.Series("flow.client_end", ends, dtype=pl.UInt32)
    service = frame.get_column("flow.service_port")
    yield pl.Series("network.application", "app " + (service % 40).cast(pl.String))


def write(store: Folder, flows: Flows) -> Path:
    """A new file, of flows of one day."""
    ((day, part),) = flows.days()
    with store.temporary(store.day(day)) as out:
        file = ParquetFile(out)
        file.write(part)
        file.close()
        return store.publish(out)


def looks(folder: Path, dashboard: Dashboard, *, alone: bool) -> None:
    """Prints what the panels of a dashboard take, together or each."""
    within = Range(START, START + LENGTH)
    panels = {panel.id: panel for panel in dashboard.panels() if panel.kind != "text"}
    groups = {name: [one] for name, one in panels.items()} if alone else {"together": list(panels.values())}
    for name, group in groups.items():
        asked, filtered = (_asked(dashboard, group, within, given) for given in (None, CLICK))
        print(f"  {name:24s} {_times(folder, asked, filtered)}")


def _asked(dashboard: Dashboard, panels: list[Panel], within: Range, given: str | None) -> Asked:
    """What panels ask; those of other rows than flows always without a filter."""
    read = parse(given, FLOWS.asked) if given and dashboard.dataset == FLOWS.name else None
    return (
        [question(dashboard, panel, within, read) for panel in panels if panel.kind != "records"],
        [rows(dashboard, panel, within, read) for panel in panels if panel.kind == "records"],
    )


def _times(folder: Path, asked: Asked, filtered: Asked) -> str:
    engine = ParquetEngine(folder)
    first, again = (_milliseconds(engine, *asked) for _ in range(2))
    path = write(Folder(folder), batch(REFRESHED, 0, 1))
    refresh = _milliseconds(engine, *asked)
    path.unlink()
    looks = {"first": first, "again": again, "refresh": refresh, "filtered": _milliseconds(engine, *filtered)}
    engine.close()
    return "  ".join(f"{name} {wall:6.0f} ({cpu:6.0f})" for name, (wall, cpu) in looks.items())


def _milliseconds(engine: ParquetEngine, queries: list[Query], records: list[Records]) -> tuple[float, float]:
    """Of wall and of CPU time."""
    begin, spent = time.perf_counter(), time.process_time()
    engine.ask(queries, Patience(600))
    for one in records:
        engine.records(one, Patience(600))
    return 1000 * (time.perf_counter() - begin), 1000 * (time.process_time() - spent)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--flows", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, default=Path(".cache/query"))
    parser.add_argument("--dashboards", type=Path, default=Path("dashboards"))
    parser.add_argument("--panels", action="store_true")
    given = parser.parse_args()
    build(given.folder, given.flows)
    for path in sorted(given.dashboards.glob("*.yaml")):
        if path.name != "labels.yaml":
            dashboard = Dashboard.model_validate(yaml.safe_load(path.read_text("utf-8")))
            print(path.stem)
            looks(given.folder, dashboard, alone=given.panels)


if __name__ == "__main__":
    main()
