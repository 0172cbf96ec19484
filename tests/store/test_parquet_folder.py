import os
import random
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.store.parquet.folder import Folder, Span, live_files, span_of
from tests.store.parquet_flows import add_file, eventually, numbered

DAY = "2026-03-01"
MARK = "00ff"


def id_(number: int, mark: str = MARK) -> str:
    return f"{number:011x}{mark}"


def touch(day_folder: Path, *spans: tuple[int, int], mark: str = MARK) -> list[Path]:
    day_folder.mkdir(parents=True, exist_ok=True)
    paths = [day_folder / Span(id_(first, mark), id_(last, mark)).name for first, last in spans]
    for path in paths:
        path.touch()
    return paths


def test_names_tell_what_they_cover(tmp_path: Path) -> None:
    assert Span(id_(1), id_(1)).name == "0000000000100ff.parquet"
    assert Span(id_(1), id_(2)).name == "0000000000100ff-0000000000200ff.parquet"
    for span in (Span(id_(1), id_(1)), Span(id_(1), id_(2))):
        assert span_of(tmp_path / span.name) == span


@pytest.mark.parametrize(
    "name", ["a.parquet", "0000000000200ff-0000000000100ff.parquet", "0000000000100ff.tmp", "x-y.parquet"]
)
def test_other_names_cover_nothing(tmp_path: Path, name: str) -> None:
    assert span_of(tmp_path / name) is None


def test_merged_files_hide_their_sources(tmp_path: Path) -> None:
    day = tmp_path / f"date={DAY}"
    paths = touch(day, (1, 1), (2, 2), (3, 3), (4, 4), (1, 3), (9, 12), (9, 9), (10, 11))
    other = day / "somebody's.parquet"
    other.touch()
    (day / ".hidden.parquet").touch()
    assert set(live_files(day)) == {paths[3], paths[4], paths[5], other}


def test_files_of_another_folder_are_not_hidden(tmp_path: Path) -> None:
    """Days of several collectors copied into one folder."""
    day = tmp_path / f"date={DAY}"
    ours = touch(day, (1, 5), (7, 7))
    theirs = touch(day, (2, 2), (6, 8), mark="abcd")
    assert set(live_files(day)) == {*ours, *theirs}


def test_a_day_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert live_files(tmp_path / f"date={DAY}") == []


@given(
    cuts=st.lists(st.integers(1, 30), min_size=1, max_size=12, unique=True).map(sorted),
    merges=st.lists(st.tuples(st.integers(0, 11), st.integers(2, 5)), max_size=5),
    left=st.booleans(),
)
def test_each_flow_is_in_one_live_file(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], merges: list[tuple[int, int]], left: bool
) -> None:
    """Whatever is merged, in whatever order, and with or without the sources left behind."""
    day = tmp_path_factory.mktemp("folder") / f"date={DAY}"
    live = touch(day, *((cut, cut) for cut in cuts))
    for first, size in merges:
        run = live[first : first + size]
        if len(run) > 1:
            spans = [span for path in run if (span := span_of(path))]
            merged = day / Span(spans[0].first, spans[-1].last).name
            merged.touch()
            live[first : first + size] = [merged]
            for path in run if not left else ():
                path.unlink()
    assert live_files(day) == live


def test_ids_follow_one_another_also_when_the_clock_is_set_back(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    ahead = folder.day(DAY) / Span(*[f"{2**44 - 2:011x}{folder.mark()}"] * 2).name
    ahead.parent.mkdir()
    ahead.touch()
    path = add_file(folder, DAY, numbered(3))
    assert path.name > ahead.name
    assert live_files(folder.day(DAY)) == [ahead, path]


def test_ids_tell_the_time(tmp_path: Path) -> None:
    before = time.time_ns() // 1_000_000
    path = add_file(Folder(tmp_path), DAY, numbered(3))
    assert before <= int(path.name[:11], 16) <= time.time_ns() // 1_000_000


def test_the_mark_stays(tmp_path: Path) -> None:
    marks = {Folder(tmp_path).mark() for _ in range(3)}
    assert len(marks) == 1
    (tmp_path / ".lock").write_text("damaged")
    assert len(Folder(tmp_path).mark()) == 4


def test_a_file_is_seen_when_it_is_whole(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with folder.temporary(folder.day(DAY)) as out:
        out.write(b"half a file")
        assert live_files(folder.day(DAY)) == []
        assert list(folder.day(DAY).glob("*.parquet")) == []
        path = folder.publish(out)
    assert [path] == live_files(folder.day(DAY)) == list(folder.day(DAY).iterdir())
    assert path.read_bytes() == b"half a file"


def test_a_file_that_fails_leaves_nothing(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    temporary = folder.temporary(folder.day(DAY))
    temporary.__enter__().write(b"half a file")
    assert temporary.__exit__(ZeroDivisionError, ZeroDivisionError(), None) is False
    assert list(folder.day(DAY).iterdir()) == []


def test_tidying_removes_what_was_left_behind(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    day = folder.day(DAY)
    sources = touch(day, (1, 1), (2, 2))
    (merged,) = touch(day, (1, 2))
    abandoned = day / ".0123456789abcdef.tmp"
    abandoned.touch()
    with folder.temporary(day) as out:
        removed = folder.tidy(day)
        assert Path(out.name).exists(), "a file that is being written is left alone"
    assert set(removed) == {*sources, abandoned}
    assert list(day.iterdir()) == [merged]


def test_only_days_are_days(tmp_path: Path) -> None:
    for name in (
        "date=2026-03-02",
        "date=2026-03-01",
        "date=2026-02-30",
        "date=2026-3-1",
        "segments",
        "xdate=2026-03-01",
    ):
        (tmp_path / name).mkdir()
    (tmp_path / "date=2026-03-03").touch()
    (tmp_path / "date=2026-03-04").symlink_to(tmp_path / "segments")
    assert [day for day, _ in Folder(tmp_path).days()] == [date(2026, 3, 1), date(2026, 3, 2)]


def test_a_reader_without_permission_to_lock_still_lists(tmp_path: Path) -> None:
    paths = touch(tmp_path / f"date={DAY}", (1, 1))
    assert not (tmp_path / ".lock").exists()
    assert live_files(tmp_path / f"date={DAY}") == paths


WRITER = """
import sys
from pathlib import Path
from collector.store.parquet.folder import Folder
folder, day = Folder(Path(sys.argv[1])), sys.argv[2]
for number in range(int(sys.argv[3])):
    with folder.temporary(folder.day(day)) as out:
        out.write(b"x")
        print(folder.publish(out).name, flush=True)
"""


def test_processes_that_write_at_once_get_different_ids_in_order(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path), DAY, "50"]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    names = [writer.communicate()[0].split() for writer in writers]
    assert all(own == sorted(own) for own in names)
    assert len({name for own in names for name in own}) == 150 == len(live_files(tmp_path / f"date={DAY}"))


def test_a_killed_writer_leaves_its_files_whole(tmp_path: Path) -> None:
    draw = random.Random(1)
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), DAY, "1000000"], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(draw.random() / 10)
        os.kill(writer.pid, 9)
        writer.communicate()
    day = tmp_path / f"date={DAY}"
    Folder(tmp_path).tidy(day)
    assert {path.suffix for path in day.iterdir()} == {".parquet"}
    assert all(path.read_bytes() == b"x" for path in live_files(day))
    eventually(lambda: Folder(tmp_path).mark() != "", 5)
