import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from collector import schema
from collector.flows import Flows
from collector.store.parquet import compaction
from collector.store.parquet.compaction import FAN_IN, REST, Compactor
from collector.store.parquet.folder import Folder, live_files, span_of
from tests.store.parquet_flows import add_file, expected, numbered, write_file
from tests.store.sample import flows

DAY = "2026-03-01"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def compactor(folder: Folder) -> Compactor:
    return Compactor(folder, threading.Event())


def numbers(day_folder: Path) -> list[int]:
    """The `flow.id` of all flows, in the order of files and rows."""
    return pl.read_parquet(live_files(day_folder), columns=["flow.id"]).to_series().to_list()


def noise(count: int, seed: int) -> Flows:
    """Flows that cannot be compressed well: 24 bytes each."""
    draw = np.random.default_rng(seed)
    names = ("network.bytes", "network.packets", "flow.id")
    return Flows(pl.DataFrame([pl.Series(name, draw.integers(0, 2**63, count), dtype=pl.UInt64) for name in names]))


def test_few_files_are_left_alone(folder: Folder, compactor: Compactor) -> None:
    paths = [add_file(folder, DAY, numbered(10, 10 * number)) for number in range(FAN_IN - 1)]
    assert compactor.compact(folder.day(DAY), time.time()) == 0
    assert live_files(folder.day(DAY)) == paths


def test_enough_files_become_one(folder: Folder, compactor: Compactor) -> None:
    paths = [add_file(folder, DAY, numbered(10, 10 * number)) for number in range(FAN_IN)]
    assert compactor.compact(folder.day(DAY), time.time()) == FAN_IN - 1
    (merged,) = folder.day(DAY).iterdir()
    span, first, last = span_of(merged), span_of(paths[0]), span_of(paths[-1])
    assert span is not None
    assert first is not None
    assert last is not None
    assert (span.first, span.last) == (first.first, last.last)
    assert numbers(folder.day(DAY)) == list(range(10 * FAN_IN))
    assert pq.read_metadata(merged).num_row_groups == 1


def test_all_columns_survive(folder: Folder, compactor: Compactor) -> None:
    parts = [flows(100, seed=number) for number in range(FAN_IN)]
    for part in parts:
        add_file(folder, DAY, part)
    assert compactor.compact(folder.day(DAY), time.time())
    assert_frame_equal(
        pl.read_parquet(live_files(folder.day(DAY)), hive_partitioning=False),
        pl.concat([expected(part) for part in parts]),
    )


def test_many_merges_leave_few_files(folder: Folder, compactor: Compactor) -> None:
    for number in range(100):
        add_file(folder, DAY, numbered(10, 10 * number))
        compactor.compact(folder.day(DAY), time.time())
    assert len(live_files(folder.day(DAY))) < 2 * FAN_IN
    assert numbers(folder.day(DAY)) == list(range(1000))


def test_a_day_at_rest_becomes_one_file(folder: Folder, compactor: Compactor) -> None:
    for number in range(3):
        add_file(folder, DAY, numbered(10, 10 * number))
    assert compactor.compact(folder.day(DAY), time.time() + REST - 60) == 0
    assert compactor.compact(folder.day(DAY), time.time() + REST + 60) == 2
    assert len(live_files(folder.day(DAY))) == 1
    assert compactor.compact(folder.day(DAY), time.time() + REST + 60) == 0
    assert numbers(folder.day(DAY)) == list(range(30))


def test_large_row_groups_are_copied_as_they_are(folder: Folder, compactor: Compactor) -> None:
    """With their bytes, statistics and all; small ones between them are written anew, in order."""
    parts = [flows(60_000), flows(100, seed=2), flows(200, seed=3), flows(70_000, seed=4)]
    paths = [add_file(folder, DAY, part) for part in parts]
    before = [pq.read_metadata(path).row_group(0) for path in paths]
    assert compactor.compact(folder.day(DAY), time.time() + 2 * REST) == 3
    (merged,) = live_files(folder.day(DAY))
    after = pq.read_metadata(merged)
    assert [after.row_group(number).num_rows for number in range(after.num_row_groups)] == [60_000, 300, 70_000]
    for one, other in ((before[0], after.row_group(0)), (before[3], after.row_group(2))):
        for number in range(one.num_columns):
            left, right = one.column(number), other.column(number)
            assert left.total_compressed_size == right.total_compressed_size
            assert left.compression == right.compression
            assert left.statistics == right.statistics
    assert_frame_equal(pl.read_parquet(merged, hive_partitioning=False), pl.concat([expected(part) for part in parts]))


def test_small_row_groups_are_written_before_they_are_too_many(folder: Folder, compactor: Compactor) -> None:
    for number in range(4):
        add_file(folder, DAY, numbered(40_000, 40_000 * number))
    assert compactor.compact(folder.day(DAY), time.time() + 2 * REST) == 3
    (merged,) = live_files(folder.day(DAY))
    found = pq.read_metadata(merged)
    assert [found.row_group(number).num_rows for number in range(found.num_row_groups)] == [120_000, 40_000]
    assert numbers(folder.day(DAY)) == list(range(160_000))


def test_files_become_full_and_are_then_left_alone(
    folder: Folder, compactor: Compactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "FULL_SIZE", 100_000)
    for number in range(40):
        add_file(folder, DAY, noise(1000, number))
        compactor.compact(folder.day(DAY), time.time())
    compactor.compact(folder.day(DAY), time.time() + 2 * REST)
    sizes = [path.stat().st_size for path in live_files(folder.day(DAY))]
    assert max(sizes) < 110_000
    assert min(sizes[:-1]) > 50_000
    assert pl.read_parquet(live_files(folder.day(DAY))).height == 40_000


def test_files_of_other_fields_are_left_alone_and_not_covered(folder: Folder, compactor: Compactor) -> None:
    """As an earlier or later version writes them: what they hold must not get lost."""
    paths = [add_file(folder, DAY, numbered(10, 10 * number)) for number in range(9)]
    strange = pl.DataFrame({"flow.id": pl.Series([1], dtype=pl.UInt64), "new.field": [1]})
    strange.write_parquet(paths[4])
    assert compactor.compact(folder.day(DAY), time.time() + 2 * REST) == 6
    assert len(live_files(folder.day(DAY))) == 3
    assert paths[4] in live_files(folder.day(DAY))
    assert pl.read_parquet(paths[4], hive_partitioning=False).equals(strange)


def test_files_from_another_folder_are_left_alone(folder: Folder, compactor: Compactor, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other")
    other.root.mkdir()
    theirs = [add_file(other, DAY, numbered(10, 1000 + number)) for number in range(3)]
    ours = [add_file(folder, DAY, numbered(10, 10 * number)) for number in range(2)]
    moved = [path.rename(folder.day(DAY) / path.name) for path in theirs]
    assert compactor.compact(folder.day(DAY), time.time() + 2 * REST) == 1
    assert not any(path.exists() for path in ours)
    assert set(moved) < set(live_files(folder.day(DAY)))


@pytest.mark.parametrize("damage", ["empty", "cut", "zeros"])
def test_damaged_files_are_set_aside(
    folder: Folder, compactor: Compactor, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    paths = [add_file(folder, DAY, numbered(1000, 1000 * number)) for number in range(4)]
    data = paths[1].read_bytes()
    middle = len(data) // 4
    damaged = {"empty": b"", "cut": data[:-1], "zeros": data[:4] + bytes(middle) + data[4 + middle :]}
    paths[1].write_bytes(damaged[damage])
    assert compactor.compact(folder.day(DAY), time.time() + 2 * REST) == 2
    assert numbers(folder.day(DAY)) == [*range(1000), *range(2000, 4000)]
    assert (folder.day(DAY) / f".{paths[1].name}.damaged").read_bytes() == damaged[damage]
    assert str(paths[1]) in caplog.text


def test_a_full_disk_costs_nothing(folder: Folder, compactor: Compactor, tmp_path: Path) -> None:
    paths = [add_file(folder, DAY, noise(1000, number)) for number in range(FAN_IN)]
    script = f"""
import errno, resource, threading, time
from pathlib import Path
from collector.store.parquet.compaction import Compactor
from collector.store.parquet.folder import Folder
folder = Folder(Path({str(tmp_path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    Compactor(folder, threading.Event()).compact(folder.day({DAY!r}), time.time())
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "EFBIG\n"
    assert sorted(folder.day(DAY).iterdir()) == live_files(folder.day(DAY)) == paths


def test_it_stops_when_told(folder: Folder) -> None:
    stop = threading.Event()
    stop.set()
    paths = [add_file(folder, DAY, numbered(10, 10 * number)) for number in range(FAN_IN)]
    assert Compactor(folder, stop).compact(folder.day(DAY), time.time()) == 0
    assert sorted(folder.day(DAY).iterdir()) == paths


def test_one_process_merges_at_a_time(folder: Folder, compactor: Compactor) -> None:
    for number in range(FAN_IN):
        add_file(folder, DAY, numbered(10, 10 * number))
    with folder.merging() as alone:
        assert alone
        assert compactor.compact(folder.day(DAY), time.time()) == 0
    assert compactor.compact(folder.day(DAY), time.time()) > 0


MERGE_FOR_EVER = f"""
import sys, threading, time
from pathlib import Path
from collector.store.parquet.compaction import REST, Compactor
from collector.store.parquet.folder import Folder
folder = Folder(Path(sys.argv[1]))
compactor = Compactor(folder, threading.Event())
print("ready", flush=True)
while True:
    compactor.compact(folder.day({DAY!r}), time.time() + 2 * REST)
"""


def test_killed_while_merging_it_loses_and_doubles_nothing(folder: Folder, tmp_path: Path) -> None:
    """Files are added while a process merges them and is killed again and again."""
    draw = random.Random(1)
    written = 0
    for _ in range(12):
        merging = subprocess.Popen([sys.executable, "-c", MERGE_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE)
        assert merging.stdout is not None
        merging.stdout.readline()
        end = time.monotonic() + draw.random() / 2
        while time.monotonic() < end:
            add_file(folder, DAY, numbered(100, written))
            written += 100
        os.kill(merging.pid, 9)
        merging.communicate()
        assert numbers(folder.day(DAY)) == list(range(written))
    folder.tidy(folder.day(DAY))
    assert numbers(folder.day(DAY)) == list(range(written))
    assert sorted(folder.day(DAY).iterdir()) == live_files(folder.day(DAY))


def test_each_step_of_a_merge_may_be_the_last(folder: Folder, compactor: Compactor, tmp_path: Path) -> None:
    """Sources deleted one by one, as a process killed between two deletions leaves them."""
    sources = [add_file(folder, DAY, numbered(10, 10 * number)) for number in range(FAN_IN)]
    kept = {path: path.read_bytes() for path in sources}
    compactor.compact(folder.day(DAY), time.time())
    (merged,) = live_files(folder.day(DAY))
    for number in range(FAN_IN):
        for path in sources[number:]:
            path.write_bytes(kept[path])
        assert live_files(folder.day(DAY)) == [merged]
        assert numbers(folder.day(DAY)) == list(range(10 * FAN_IN))
        assert set(folder.tidy(folder.day(DAY))) == set(sources[number:])
    assert list(folder.day(DAY).iterdir()) == [merged]


def test_readers_see_each_flow_once_while_files_are_merged(folder: Folder) -> None:
    stop, seen = threading.Event(), 0
    written = 0
    compactor = Compactor(folder, stop)

    def merge() -> None:
        while not stop.is_set():
            compactor.compact(folder.day(DAY), time.time() + 2 * REST)

    thread = threading.Thread(target=merge)
    thread.start()
    try:
        for _ in range(60):
            add_file(folder, DAY, numbered(100, written))
            written += 100
            try:
                found = numbers(folder.day(DAY))
            except FileNotFoundError:  # merged after it was listed: what `live_files` tells readers to expect
                continue
            assert found == list(range(written))
            seen += 1
    finally:
        stop.set()
        thread.join()
    assert seen > 0


def test_the_schema_is_ours(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.parquet", flows(1))
    assert pq.read_schema(path).names == list(schema.fields())
