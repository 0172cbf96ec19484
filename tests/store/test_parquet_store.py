import errno
import logging
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from collector.flows import Flows
from collector.store.errors import StoreError
from collector.store.parquet import store as store_module
from collector.store.parquet.file import ParquetFile
from collector.store.parquet.folder import live_files
from collector.store.parquet.rolling import Rolling, size_of
from collector.store.parquet.store import ParquetStore
from tests.store.parquet_flows import eventually, expected, numbered
from tests.store.sample import DAY, flows

AT_ONCE = Rolling(seconds=0.01)
NEVER = Rolling(seconds=3600)
FOLDER = "date=2026-03-01"


def ids(folder: Path) -> list[int]:
    """The `flow.id` of all flows of all days."""
    paths = [path for day in sorted(folder.glob("date=*")) for path in live_files(day)]
    return sorted(pl.read_parquet(paths, columns=["flow.id"]).to_series().to_list()) if paths else []


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ParquetStore]:
    one = ParquetStore(tmp_path, rolling=NEVER)
    yield one
    one.close(10)


def test_flows_come_back(store: ParquetStore, tmp_path: Path) -> None:
    parts = [flows(100, seed=seed) for seed in range(3)]
    for part in parts:
        store.write(part)
    assert store.counts().waiting == 300
    assert store.flush(30)
    (path,) = (tmp_path / FOLDER).iterdir()
    assert_frame_equal(pl.read_parquet(path, hive_partitioning=False), pl.concat([expected(part) for part in parts]))
    counts = store.counts()
    assert (counts.stored, counts.waiting, counts.lost, counts.status) == (300, 0, {}, "ok")
    assert (store.counters.files, store.counters.bytes) == (1, path.stat().st_size)


def test_files_come_by_age(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path, rolling=Rolling(seconds=0.05))
    store.write(flows(10))
    eventually(lambda: store.counts().stored == 10)
    store.close(10)


def test_files_come_by_rows(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path, rolling=Rolling(seconds=3600, rows=100))
    store.write(flows(99))
    time.sleep(0.1)
    assert store.counts().stored == 0
    store.write(flows(1))
    eventually(lambda: store.counts().stored == 100)
    store.close(10)


def test_a_file_for_each_day_of_the_zone(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path, zone="Europe/Prague")
    store.write(flows(48, begin=DAY - timedelta(hours=12), step=timedelta(hours=1)))
    assert store.flush(30)
    store.close(10)
    found = {path.name: pl.read_parquet(path / "*.parquet").height for path in tmp_path.glob("date=*")}
    assert found == {"date=2026-03-01": 23, "date=2026-03-02": 24, "date=2026-03-03": 1}


def test_other_tools_read_the_folder_at_any_moment(tmp_path: Path) -> None:
    """By the pattern of the documentation, while files come and are merged."""
    store = ParquetStore(tmp_path, rolling=AT_ONCE)
    done = threading.Event()

    def write() -> None:
        for number in range(60):
            store.write(numbered(50, 50 * number))
            time.sleep(0.01)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    last, reads = 0, 0
    while not done.is_set():
        try:
            found = (
                pl.scan_parquet(tmp_path / "date=*" / "*.parquet").select(pl.col("flow.id").n_unique()).collect().item()
            )
        except (FileNotFoundError, pl.exceptions.ComputeError):  # no file yet, or one was merged after it was listed
            continue
        assert found >= last
        last, reads = found, reads + 1
    thread.join()
    store.close(30)
    assert reads > 0
    assert ids(tmp_path) == list(range(3000))


def test_small_files_are_merged_meanwhile(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path, rolling=Rolling(seconds=3600, rows=1))
    for number in range(40):
        store.write(numbered(10, 10 * number))
        assert store.flush(30)
    eventually(lambda: len(list((tmp_path / FOLDER).glob("*.parquet"))) < 16)
    store.close(10)
    assert ids(tmp_path) == list(range(400))


def test_merging_can_be_left_out(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path, rolling=Rolling(seconds=3600, rows=1), compact=False)
    for number in range(20):
        store.write(numbered(10, 10 * number))
        assert store.flush(30)
    store.close(10)
    assert len(list((tmp_path / FOLDER).glob("*.parquet"))) == 20


def test_old_days_are_deleted(tmp_path: Path) -> None:
    for day in ("2020-01-01", "2020-01-02"):
        (tmp_path / f"date={day}").mkdir()
    store = ParquetStore(tmp_path, keep_days=30)
    eventually(lambda: not list(tmp_path.glob("date=*")))
    store.close(10)


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / FOLDER / ".0123456789abcdef.tmp"
    left.parent.mkdir()
    left.touch()
    store = ParquetStore(tmp_path)
    eventually(lambda: not left.exists())
    store.close(10)


def test_flows_without_a_time_are_counted(store: ParquetStore) -> None:
    some = flows(10)
    holes = pl.when(pl.int_range(10) < 3).then(pl.col("@timestamp")).alias("@timestamp")
    store.write(Flows(some.frame.with_columns(holes), some.tables))
    store.write(Flows(some.frame.drop("@timestamp"), some.tables))
    store.write(flows(5))
    assert store.flush(30)
    assert (store.counts().stored, store.counts().lost) == (8, {"no timestamp": 17})


def test_a_batch_that_cannot_be_written_does_not_stop_the_others(
    store: ParquetStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of ours: codes that point beyond their table."""
    bad = flows(10)
    store.write(Flows(bad.frame.with_columns(pl.lit(10**6, pl.UInt32).alias("source.ip")), bad.tables))
    assert store.flush(30)
    store.write(flows(7))
    assert store.flush(30)
    assert (store.counts().stored, store.counts().lost) == (7, {"fault": 10})
    assert "fault of the collector" in caplog.text


def test_nothing_comes_of_nothing(store: ParquetStore, tmp_path: Path) -> None:
    store.write(Flows(pl.DataFrame()))
    assert store.flush(1)
    assert not list(tmp_path.glob("date=*"))


def test_closing_writes_what_is_left(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path, rolling=NEVER)
    store.write(numbered(10))
    store.close(30)
    assert ids(tmp_path) == list(range(10))


class Disk:
    """A disk that can be full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        write = ParquetFile.write

        def writing(file: ParquetFile, batch: Flows) -> None:
            if self.full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            write(file, batch)

        monkeypatch.setattr(ParquetFile, "write", writing)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(store_module, "RETRY", 0.02)
    return Disk(monkeypatch)


def test_flows_wait_for_a_full_disk(disk: Disk, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = ParquetStore(tmp_path, rolling=AT_ONCE)
    disk.full = True
    for number in range(3):
        store.write(numbered(10, 10 * number))
    eventually(lambda: store.counters.failures > 3)
    assert (store.counts().stored, store.counts().waiting) == (0, 30)
    assert "No space left on device: make room there" in store.counts().status
    assert f"cannot write to {tmp_path}: No space left" in caplog.text
    assert "wait in memory" in caplog.text
    assert not store.flush(0.1)
    disk.full = False
    eventually(lambda: store.counts().stored == 30)
    assert store.counts().status == "ok"
    store.close(10)
    assert ids(tmp_path) == list(range(30))


def test_flows_beyond_the_bound_are_lost_and_counted(
    disk: Disk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = numbered(1000)
    store = ParquetStore(tmp_path, rolling=Rolling(seconds=0.01, memory=3 * size_of(one)))
    disk.full = True
    store.write(one)
    eventually(lambda: store.counters.failures > 0)
    for number in range(1, 6):
        store.write(numbered(1000, 1000 * number))
    assert (store.counts().waiting, store.counts().lost) == (3000, {"not written": 3000})
    assert "flows are lost" in caplog.text
    disk.full = False
    store.close(30)
    assert ids(tmp_path) == list(range(3000))


def test_flows_left_at_the_end_are_told(disk: Disk, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    disk.full = True
    store = ParquetStore(tmp_path, rolling=AT_ONCE)
    store.write(numbered(10))
    store.close(0.1)
    assert store.counts().lost == {"not written": 10}
    assert f"10 flows are lost, as they could not be written to {tmp_path}" in caplog.text


def test_a_slow_disk_makes_writing_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = ParquetFile.write

    def slowly(file: ParquetFile, batch: Flows) -> None:
        time.sleep(0.05)
        write(file, batch)

    monkeypatch.setattr(ParquetFile, "write", slowly)
    one = numbered(100)
    store = ParquetStore(tmp_path, rolling=Rolling(seconds=0, memory=2 * size_of(one)))
    for number in range(20):
        store.write(numbered(100, 100 * number))
    store.close(30)
    assert (store.counts().stored, store.counts().lost) == (2000, {})


FILL = """
import logging, resource, sys
from pathlib import Path
from collector.store.parquet import store as module
from collector.store.parquet.rolling import Rolling
from tests.store.sample import flows
logging.basicConfig(level=logging.WARNING, stream=sys.stdout)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
module.RETRY = 0.1
store = module.ParquetStore(Path(sys.argv[1]), rolling=Rolling(seconds=0.01))
store.write(flows(1000))
print(store.flush(1), store.counts())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(store.flush(30), store.counts())
store.close(1)
"""


def test_a_file_size_limit_is_survived(tmp_path: Path) -> None:
    """A write that really fails, in the middle of a file."""
    done = subprocess.run([sys.executable, "-c", FILL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert f"cannot write to {tmp_path}: File too large: make room there" in done.stdout
    assert "False Counts(stored=0, waiting=1000," in done.stdout
    assert "True Counts(stored=1000, waiting=0, lost={}, status='ok'" in done.stdout
    assert [path.suffix for path in (tmp_path / FOLDER).iterdir()] == [".parquet"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_is_survived(tmp_path: Path) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)], check=False)
    if mounted.returncode:
        pytest.skip("mounting is not permitted")
    try:
        ballast = tmp_path / "ballast"
        ballast.write_bytes(bytes(248 * 1024))
        store = ParquetStore(tmp_path, rolling=AT_ONCE)
        store.write(flows(1000))
        eventually(lambda: store.counters.failures > 0)
        assert "No space left on device" in store.counts().status
        ballast.unlink()
        assert store.flush(30)
        store.close(10)
        assert pl.read_parquet(live_files(tmp_path / FOLDER)).height == 1000
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot make the folder .*file/flows: Not a directory"):
        ParquetStore(tmp_path / "file" / "flows")
    with pytest.raises(StoreError, match=r"cannot make the folder .*file: File exists"):
        ParquetStore(tmp_path / "file")


def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StoreError, match=r"Permission denied: let the user with id \d+ write there, or choose another"):
        ParquetStore(tmp_path)


def test_a_zone_that_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="time zone Mars/Olympus: not known"):
        ParquetStore(tmp_path / "new", zone="Mars/Olympus")
    assert not (tmp_path / "new").exists()


def test_permission_lost_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the way of a day's folder stands for any reason why it cannot be made."""
    monkeypatch.setattr(store_module, "RETRY", 0.02)
    store = ParquetStore(tmp_path, rolling=AT_ONCE)
    (tmp_path / FOLDER).write_text("in the way")
    store.write(numbered(10))
    eventually(lambda: store.counters.failures > 1)
    (tmp_path / FOLDER).unlink()
    assert store.flush(30)
    store.close(10)
    assert ids(tmp_path) == list(range(10))


WRITE_FOR_EVER = """
import sys
from pathlib import Path
from collector.store.parquet.rolling import Rolling
from collector.store.parquet.store import ParquetStore
from tests.store.parquet_flows import numbered
store, number = ParquetStore(Path(sys.argv[1]), rolling=Rolling(seconds=3600, rows=1)), int(sys.argv[2])
while True:
    store.write(numbered(100, number))
    number += 100
    if store.flush(60):
        print(number, flush=True)
"""


def test_killed_while_writing_it_loses_no_file_and_doubles_nothing(tmp_path: Path) -> None:
    """With merging at work as well; what was told to be written is there after each kill."""
    draw = random.Random(2)
    written = 0
    for _ in range(6):
        command = [sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path), str(written)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        told = [writer.stdout.readline()]
        time.sleep(draw.random())
        os.kill(writer.pid, 9)
        told += writer.communicate()[0].splitlines(keepends=True)
        at_least = [int(line) for line in told if line.endswith("\n")][-1]
        found = ids(tmp_path)
        assert found == list(range(len(found)))
        assert at_least <= len(found)
        written = len(found)
    store = ParquetStore(tmp_path)
    eventually(lambda: all(path.suffix == ".parquet" for path in (tmp_path / FOLDER).iterdir()))
    store.close(10)
    assert ids(tmp_path) == list(range(written))


def test_several_stores_share_a_folder(tmp_path: Path) -> None:
    """An import beside a running collector."""
    stores = [ParquetStore(tmp_path, rolling=Rolling(seconds=3600, rows=1)) for _ in range(2)]
    for number in range(20):
        for place, store in enumerate(stores):
            store.write(numbered(10, 10 * (2 * number + place)))
            assert store.flush(30)
    for store in stores:
        store.close(10)
    assert ids(tmp_path) == list(range(400))


def test_merging_is_told_when_it_cannot_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / ".merging").mkdir()
    store = ParquetStore(tmp_path, rolling=AT_ONCE)
    with caplog.at_level(logging.WARNING):
        eventually(lambda: "cannot merge or delete files" in store.counts().status)
    store.write(numbered(10))
    assert store.flush(30), "writing goes on"
    store.close(10)
    assert "Is a directory" in caplog.text
