"""The folder of Parquet files: one folder a day, and file names that tell the order and what has been merged.

A file is named by a time-ordered id, `<id>.parquet`. When files have been merged, the result is named by the first and
the last id in it, `<first>-<last>.parquet`, and files between these ids are its leftovers. An id is the time in
milliseconds since 1970 in hexadecimal, and a mark of the folder: files copied together from several folders stay apart.

Ids are given under a lock, each higher than all in its day, also by other processes that write to the same folder. So
nothing new can come to lie between two files that are there, and a range of ids means the same to all who see it.
"""

import fcntl
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

SUFFIX = ".parquet"
_TEMPORARY = ".tmp"
_PREFIX = "date="
_TIME, _MARK = 11, 4
"""Hexadecimal digits of an id: milliseconds until the year 2527, and the folder's mark."""
_NAME = re.compile(rf"([0-9a-f]{{{_TIME + _MARK}}})(?:-([0-9a-f]{{{_TIME + _MARK}}}))?\.parquet")
_SHARED, _EXCLUSIVE = fcntl.LOCK_SH, fcntl.LOCK_EX


@dataclass(frozen=True, order=True)
class Span:
    """The ids that a file covers, both ends included; one id for a file that has not been merged."""

    first: str
    last: str

    @property
    def mark(self) -> str:
        """The folder where the file was written."""
        return self.first[_TIME:]

    @property
    def written(self) -> float:
        """When the last id was given, in seconds since 1970."""
        return int(self.last[:_TIME], 16) / 1000

    @property
    def name(self) -> str:
        """The file's name."""
        return (self.first if self.first == self.last else f"{self.first}-{self.last}") + SUFFIX


def span_of(path: Path) -> Span | None:
    """The ids that a file covers; None for a file that a collector has not named."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    first, last = match[1], match[2] or match[1]
    return Span(first, last) if first[_TIME:] == last[_TIME:] and first <= last else None


def live_files(day_folder: Path) -> list[Path]:
    """The Parquet files of a day, each flow in one of them: without those that a merged file covers. In order of ids.

    Reads nothing but the listing. A file may be merged and deleted between this call and its opening: after a
    FileNotFoundError list again and begin anew. Empty where there is no such day. Raises OSError where the folder
    cannot be read.
    """
    with Folder(day_folder.parent).listing():
        return _living(_parquet_files(day_folder))


def _parquet_files(day_folder: Path) -> list[Path]:
    try:
        with os.scandir(day_folder) as entries:
            return [Path(one.path) for one in entries if one.name.endswith(SUFFIX) and not one.name.startswith(".")]
    except FileNotFoundError:
        return []


def _living(paths: Iterable[Path]) -> list[Path]:
    covered = set(_covered(paths))
    return sorted(path for path in paths if path not in covered)


def _covered(paths: Iterable[Path]) -> list[Path]:
    """The files whose ids lie within those of another."""
    spans = [(span, path) for path in paths if (span := span_of(path))]
    spans.sort(key=lambda one: (one[0].mark, one[0].first, _descending(one[0].last)))
    found, mark, end = [], "", ""
    for span, path in spans:
        if span.mark == mark and span.last <= end:
            found.append(path)
        else:
            mark, end = span.mark, span.last
    return found


def _descending(id_: str) -> int:
    return -int(id_, 16)


class Folder:
    """A folder of days. Safe to use from several threads and processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def day(self, day: str) -> Path:
        """The folder of a day given as YYYY-MM-DD."""
        return self.root / f"{_PREFIX}{day}"

    def days(self) -> list[tuple[date, Path]]:
        """The days that are there, oldest first: folders named date=YYYY-MM-DD, and no others.

        Empty where there is no such folder. Raises OSError where it cannot be read, or is none.
        """
        found: list[tuple[date, Path]] = []
        with suppress(FileNotFoundError), os.scandir(self.root) as entries:
            for entry in entries:
                day = _date(entry.name)
                if day is not None and entry.is_dir(follow_symlinks=False):
                    found.append((day, Path(entry.path)))
        return sorted(found)

    @contextmanager
    def listing(self) -> Iterator[None]:
        """While files are listed: no merge is half done. Without a lock where there is none or it is not permitted."""
        try:
            descriptor = os.open(self.root / ".lock", os.O_RDONLY)
        except OSError:
            yield
            return
        with _held(descriptor, _SHARED):
            yield

    @contextmanager
    def changing(self) -> Iterator[str]:
        """While names change, for moments only; gives the folder's mark. Raises OSError where it is not writable."""
        descriptor = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        with _held(descriptor, _EXCLUSIVE):
            yield _mark(descriptor)

    def mark(self) -> str:
        """The end of all ids that are given in this folder. Raises OSError where the folder is not writable."""
        with self.changing() as mark:
            return mark

    @contextmanager
    def merging(self) -> Iterator[bool]:
        """While files are merged, which one process does at a time; gives False where another is at it."""
        descriptor = os.open(self.root / ".merging", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            yield _try_lock(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def temporary(self, day_folder: Path) -> Iterator[BinaryIO]:
        """A new hidden file in a day's folder, which is removed unless it has been renamed. Raises OSError.

        Its writer holds a lock on it, by which a file that a killed process has left behind is told from one in use.
        """
        day_folder.mkdir(parents=True, exist_ok=True)
        path = day_folder / f".{secrets.token_hex(8)}{_TEMPORARY}"
        try:
            with path.open("xb") as file:
                _try_lock(file.fileno())
                yield file
        finally:
            path.unlink(missing_ok=True)

    def publish(self, file: BinaryIO) -> Path:
        """Gives a temporary file its name: from now on it is seen, as a whole. Raises OSError."""
        _to_disk(file)
        temporary = Path(file.name)
        day_folder = temporary.parent
        with self.changing() as mark:
            first = _next_id(_parquet_files(day_folder), mark)
            return temporary.rename(day_folder / Span(first, first).name)

    def replace(self, file: BinaryIO, sources: list[Path]) -> Path:
        """Gives a temporary file the name of the ids of `sources`, in order, and then deletes these. Raises OSError.

        Killed between the two, it leaves files that `live_files` does not give and `tidy` removes. Until they are
        gone a reader that does not know of this sees flows twice; never does one see a flow missing.
        """
        _to_disk(file)
        temporary = Path(file.name)
        spans = [span for path in sources if (span := span_of(path))]
        name = Span(spans[0].first, spans[-1].last).name
        with self.changing():
            merged = temporary.rename(temporary.parent / name)
            for path in sources:
                path.unlink(missing_ok=True)
        return merged

    def tidy(self, day_folder: Path) -> list[Path]:
        """Removes what a killed process has left in a day: sources of merged files, and files never finished."""
        with self.changing():
            left = [*_covered(_parquet_files(day_folder)), *_abandoned(day_folder)]
            for path in left:
                path.unlink(missing_ok=True)
        return left


def _date(name: str) -> date | None:
    """The day of a folder named date=YYYY-MM-DD."""
    if not re.fullmatch(rf"{_PREFIX}[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}", name):
        return None
    with suppress(ValueError):
        return date.fromisoformat(name.removeprefix(_PREFIX))
    return None


def _next_id(paths: Iterable[Path], mark: str) -> str:
    """An id later than those of the files, also where the clock was set back."""
    lasts = [int(span.last[:_TIME], 16) for path in paths if (span := span_of(path))]
    return f"{max(time.time_ns() // 1_000_000, max(lasts, default=0) + 1):0{_TIME}x}{mark}"


def _mark(descriptor: int) -> str:
    """The mark in the lock file, made up by who comes first."""
    mark = os.pread(descriptor, _MARK, 0).decode("ascii", "replace")
    if not re.fullmatch(rf"[0-9a-f]{{{_MARK}}}", mark):
        mark = secrets.token_hex(_MARK // 2)
        os.pwrite(descriptor, f"{mark}\n".encode(), 0)
    return mark


@contextmanager
def _held(descriptor: int, how: int) -> Iterator[None]:
    """A lock on a file for as long as it is open; file systems without locks have one writer at most."""
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    """Whether an exclusive lock was to be had at once."""
    try:
        fcntl.flock(descriptor, _EXCLUSIVE | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _abandoned(day_folder: Path) -> list[Path]:
    """Temporary files whose writer is gone."""
    found = []
    for path in day_folder.glob(f".*{_TEMPORARY}"):
        with suppress(OSError), path.open("rb") as file:
            if _try_lock(file.fileno()):
                found.append(path)
    return found


def _to_disk(file: BinaryIO) -> None:
    """A power cut after the renaming must not leave an empty file under a good name."""
    file.flush()
    os.fsync(file.fileno())
