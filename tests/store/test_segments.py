import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.flows import Flows
from collector.store.segments import Segments
from tests.store.sample import flows


def same(one: Flows | None, other: Flows) -> bool:
    """In frame, tables and the order of the tables."""
    if one is None or list(one.tables) != list(other.tables):
        return False
    return one.frame.equals(other.frame) and all(one.tables[name].equals(other.tables[name]) for name in other.tables)


@pytest.fixture
def segments(tmp_path: Path) -> Segments:
    return Segments(tmp_path / "segments")


@pytest.mark.parametrize("compress", [False, True])
def test_round_trip(segments: Segments, compress: bool) -> None:
    batch = flows(1000)
    segment = segments.write(batch, compress)
    assert segment.rows == 1000
    assert segment.path.stat().st_size == segment.size == segments.bytes
    back = segments.read(segment)
    assert same(back, batch)
    assert back is not None
    assert back.frame.schema == batch.frame.schema


def test_round_trip_of_every_kind_of_column(segments: Segments) -> None:
    columns = {
        "text": pl.Series(["ž", "", None], dtype=pl.String),
        "long": pl.Series(["x" * 100_000, None, "y" * 13], dtype=pl.String),
        "list": pl.Series([["a", None], [], None], dtype=pl.List(pl.String)),
        "bool": pl.Series([True, None, False]),
        "time": pl.Series([0, None, 2**40], dtype=pl.Datetime("ms")),
        "u64": pl.Series([2**64 - 1, 0, None], dtype=pl.UInt64),
        "u8": pl.Series([255, 0, None], dtype=pl.UInt8),
        "f64": pl.Series([1.5, None, -0.0], dtype=pl.Float64),
        "null": pl.Series([None, None, None], dtype=pl.String),
    }
    batch = Flows(pl.DataFrame(columns), {"addresses": pl.DataFrame({"value": pl.Series([], dtype=pl.String)})})
    assert same(segments.read(segments.write(batch)), batch)


def test_a_batch_of_few_rows_of_a_large_book_is_small(segments: Segments) -> None:
    book = pl.Series([f"host-{number}.some.example.net" for number in range(200_000)])
    few = book.gather([7, 199_999])
    segment = segments.write(Flows(pl.DataFrame({"flow.user_name": few}), {"addresses": pl.DataFrame({"value": few})}))
    assert segment.size < 10_000


def test_pending_is_in_order_and_survives_a_restart(segments: Segments) -> None:
    written = [segments.write(flows(10, seed=seed)) for seed in range(20)]
    assert segments.pending() == written
    segments.done(written[3])
    again = Segments(segments.folder)
    assert again.pending() == written[:3] + written[4:]
    assert again.bytes == segments.bytes > 0
    assert again.flows == segments.flows == 190
    assert same(again.read(written[7]), flows(10, seed=7))


def test_done_leaves_nothing(segments: Segments) -> None:
    segments.done(segments.write(flows(10)))
    assert (len(segments), segments.bytes, list(segments.folder.iterdir())) == (0, 0, [])


def test_take_gives_each_segment_to_one(segments: Segments) -> None:
    written = [segments.write(flows(1)) for _ in range(3)]
    assert [segments.take(), segments.take()] == written[:2]
    assert [segments.take(), segments.take()] == [written[2], None]


@pytest.mark.parametrize("compress", [False, True])
def test_a_file_cut_at_any_length_is_set_aside(
    segments: Segments, compress: bool, caplog: pytest.LogCaptureFixture
) -> None:
    segment = segments.write(flows(5), compress)
    whole = segment.path.read_bytes()
    # Each length of its head, and from there one in steps that fall on all places of a word.
    for length in [*range(64), *range(64, len(whole), 17), len(whole) - 1]:
        segment.path.write_bytes(whole[:length])
        fresh = Segments(segments.folder)
        (left,) = fresh.pending()
        assert fresh.read(left) is None
        assert (len(fresh), fresh.bytes, fresh.flows, fresh.damaged_flows) == (0, 0, 0, 5)
    assert [path.name for path in segments.folder.iterdir()] == [segment.path.name + ".damaged"]
    assert "is kept as" in caplog.records[-1].getMessage()
    assert "5 flows" in caplog.records[-1].getMessage()
    assert len(Segments(segments.folder)) == 0


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_flipped_bytes_are_found(segments: Segments, data: st.DataObject) -> None:
    segment = segments.write(flows(5))
    content = bytearray(segment.path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4, unique=True)):
        content[place] ^= data.draw(st.integers(1, 255))
    segment.path.write_bytes(content)
    assert segments.read(segment) is None


def test_any_file_is_set_aside(segments: Segments) -> None:
    (segments.folder / "AAAAAAAAAAAA-7.flows").write_bytes(os.urandom(5000))
    (segments.folder / "AAAAAAAAAAAB-7.flows").touch()
    fresh = Segments(segments.folder)
    assert [fresh.read(segment) for segment in fresh.pending()] == [None, None]
    assert fresh.damaged_flows == 14


def test_other_files_are_left_alone(segments: Segments) -> None:
    for name in ("notes.txt", "AAAAAAAAAAAA-7.flows.damaged", "AAAAAAAAAAAA-7.arrow", ".new.part"):
        (segments.folder / name).touch()
    assert len(Segments(segments.folder)) == 0
    assert len(list(segments.folder.iterdir())) == 4


def test_unfinished_files_of_a_killed_process_are_removed(segments: Segments) -> None:
    part = segments.folder / ".AAAAAAAAAAAA.part"
    part.touch()
    os.utime(part, (1, 1))
    assert len(Segments(segments.folder)) == 0
    assert not part.exists()


def test_a_segment_deleted_by_somebody_is_told(segments: Segments, caplog: pytest.LogCaptureFixture) -> None:
    segment = segments.write(flows(5))
    segment.path.unlink()
    assert segments.read(segment) is None
    assert len(segments) == 0
    assert "is gone" in caplog.text


def test_beyond_the_limit_the_oldest_are_dropped_aloud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    size = Segments(tmp_path / "one").write(flows(100)).size
    segments = Segments(tmp_path / "many", limit=5 * size)
    written = [segments.write(flows(100)) for _ in range(12)]
    assert segments.pending() == written[-5:]
    assert segments.bytes <= segments.limit
    assert (segments.dropped, segments.dropped_flows) == (7, 700)
    assert "100 flows that were never shipped" in caplog.text
    assert len(list(segments.folder.iterdir())) == 5


def test_a_segment_under_way_is_not_dropped(tmp_path: Path) -> None:
    segments = Segments(tmp_path, limit=1)
    first = segments.write(flows(10))
    assert segments.take() == first
    second, third = segments.write(flows(10)), segments.write(flows(10))
    assert segments.pending() == [first, third]
    assert not second.path.exists()


def test_the_newest_stays_however_small_the_limit(tmp_path: Path) -> None:
    segments = Segments(tmp_path, limit=1)
    assert segments.pending() == [] != [segments.write(flows(10))]
    assert len(segments) == 1


def test_threads_write_and_take_each_segment_once(segments: Segments) -> None:
    seen: list[int] = []

    def work(number: int) -> None:
        for turn in range(20):
            segments.write(flows(number * 20 + turn + 1))
            taken = segments.take()
            assert taken is not None
            back = segments.read(taken)
            assert back is not None
            seen.append(len(back))
            segments.done(taken)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 81))
    assert len(segments) == 0


FULL = """
import resource, signal, sys
from pathlib import Path
from collector.store.segments import Segments
from tests.store.sample import flows
segments = Segments(Path(sys.argv[1]))
segments.write(flows(10))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    segments.write(flows(1000))
except OSError as error:
    print(type(error).__name__, len(segments), sorted(path.suffix for path in segments.folder.iterdir()))
"""


def test_a_full_disk_raises_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "OSError 1 ['.flows']\n"
