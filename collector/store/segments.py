"""Write-ahead segments: batches of flows, or of rows of another dataset, in files until a search engine has them.

A segment is complete in itself, so that what an earlier run left behind is shipped by the next one, and it is known by
an id that sorts by time, from which the documents take theirs. Its file is

    Arrow IPC streams: the frame, then each table | JSON list of (name, length) of the streams | tail

and the tail holds the length of the list, a CRC-32 of all before it and a mark. Polars writes the streams, since its
writer leaves out the parts of shared string buffers that a batch does not use. The checksum is there because a reader
of Arrow given damaged bytes may ask for any amount of memory, and then the process is gone, now and after a restart.
"""

import json
import logging
import mmap
import re
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import polars as pl

from collector.datasets import DATASETS, Dataset
from collector.flows import Flows
from collector.store.ids import LENGTH, Ids

log = logging.getLogger(__name__)

DEFAULT_LIMIT = 10 * 2**30
"""Bytes of segments that are kept for an engine that does not take them."""

_TAIL = struct.Struct("<II8s")
_MARK = b"flowseg1"
_NAME = re.compile(rf"([A-Za-z]{{{LENGTH}}})-([0-9]+)\.({'|'.join(DATASETS)})")
_ABANDONED = 60.0
"""Seconds after which an unfinished file is nobody's."""


@dataclass(frozen=True)
class Segment:
    """A batch of flows on disk: its time-ordered id, its number of flows, its file and its size in bytes."""

    id: str
    rows: int
    path: Path
    size: int

    @property
    def dataset(self) -> Dataset:
        """The kind of its rows, which the name of the file ends in."""
        return DATASETS[self.path.suffix[1:]]


class DamagedError(Exception):
    """A file is not the segment that was written; the text says what is wrong."""


class Segments:
    """The segments in a folder: a queue that outlives the process. Safe to use from several threads.

    `bytes` and `flows` say how much waits. `limit` bounds the bytes: beyond it the oldest are dropped, counted in
    `dropped` and `dropped_flows`; `damaged_flows` counts those of files that were set aside. Raises OSError where the
    folder cannot be made or read.
    """

    def __init__(self, folder: Path, limit: int = DEFAULT_LIMIT) -> None:
        self.folder = folder
        self.limit = limit
        self.bytes = 0
        self.flows = 0
        self.dropped = 0
        self.dropped_flows = 0
        self.damaged_flows = 0
        self._ids = Ids()
        self._lock = threading.Lock()
        self._taken: set[str] = set()
        self._waiting: dict[str, Segment] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for segment in _listed(folder):
            self._add(segment)

    def __len__(self) -> int:
        return len(self._waiting)

    def write(self, flows: Flows, compress: bool = False) -> Segment:
        """Writes a segment, in sight only when it is whole.

        Compressing costs four times the CPU and saves four fifths of the space: for segments that wait long. Without it
        a segment that is shipped within seconds costs less, and most never reach the disk. Raises OSError.
        """
        name = self._ids()
        part = self.folder / f".{name}.part"
        path = self._path(name, flows)
        try:
            with part.open("w+b") as file:
                size = _write(file, flows, compress)
            part.rename(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        segment = Segment(name, len(flows), path, size)
        with self._lock:
            self._add(segment)
            self._drop_oldest()
        return segment

    def admit(self, flows: Flows) -> Segment:
        """Queues flows that no file could be written for: they are as durable as the memory of the caller."""
        name = self._ids()
        segment = Segment(name, len(flows), self._path(name, flows), 0)
        with self._lock:
            self._add(segment)
        return segment

    def read(self, segment: Segment) -> Flows | None:
        """The flows of a segment; None where the file is gone, or damaged and therefore set aside."""
        try:
            return replace(_read(segment.path.read_bytes()), dataset=segment.dataset)
        except FileNotFoundError:
            log.warning("segment %s is gone: its %d flows are not shipped", segment.path, segment.rows)
            self._forget(segment)
        except (DamagedError, OSError) as error:
            self.set_aside(segment, str(error))
        return None

    def set_aside(self, segment: Segment, reason: str) -> None:
        """Takes a segment that cannot be shipped out of the queue, and keeps its file under another name."""
        aside = segment.path.with_name(segment.path.name + ".damaged")
        text = "segment %s: %s; its %d flows are not shipped, the file is kept as %s"
        log.warning(text, segment.path, reason, segment.rows, aside.name)
        self.damaged_flows += segment.rows
        with suppress(OSError):
            segment.path.rename(aside)
        self._forget(segment)

    def pending(self) -> list[Segment]:
        """All segments that are not done, oldest first."""
        with self._lock:
            return list(self._waiting.values())

    def take(self) -> Segment | None:
        """The oldest segment that nobody has taken, which is then never dropped; None where there is none."""
        with self._lock:
            free = next((segment for name, segment in self._waiting.items() if name not in self._taken), None)
            if free is not None:
                self._taken.add(free.id)
            return free

    def done(self, segment: Segment) -> None:
        """Deletes a segment whose flows have all arrived."""
        segment.path.unlink(missing_ok=True)
        self._forget(segment)

    def _path(self, name: str, flows: Flows) -> Path:
        return self.folder / f"{name}-{len(flows)}.{flows.dataset.name}"

    def _add(self, segment: Segment) -> None:
        self._waiting[segment.id] = segment
        self.bytes += segment.size
        self.flows += segment.rows

    def _forget(self, segment: Segment) -> None:
        with self._lock:
            self._taken.discard(segment.id)
            if self._waiting.pop(segment.id, None) is not None:
                self.bytes -= segment.size
                self.flows -= segment.rows

    def _drop_oldest(self) -> None:
        """The newest stays in any case: a limit below one batch must not stop everything."""
        before = self.dropped, self.dropped_flows
        for segment in list(self._waiting.values())[:-1]:
            if self.bytes <= self.limit:
                break
            if segment.id not in self._taken:
                segment.path.unlink(missing_ok=True)
                del self._waiting[segment.id]
                self.bytes -= segment.size
                self.flows -= segment.rows
                self.dropped += 1
                self.dropped_flows += segment.rows
        if self.dropped > before[0]:
            text = "segments in %s exceed %d bytes: the oldest %d are dropped, with %d flows that were never shipped"
            gone = self.dropped - before[0], self.dropped_flows - before[1]
            log.warning(text, self.folder, self.limit, *gone)


def _listed(folder: Path) -> Iterator[Segment]:
    """The segments of earlier runs in order; what a killed process left unfinished is removed."""
    for path in sorted(folder.iterdir()):
        if match := _NAME.fullmatch(path.name):
            yield Segment(match[1], int(match[2]), path, path.stat().st_size)
        elif path.suffix == ".part" and path.stat().st_mtime < time.time() - _ABANDONED:
            path.unlink(missing_ok=True)


def _write(file: BinaryIO, flows: Flows, compress: bool) -> int:
    """Gives the size in bytes."""
    streams: list[tuple[str, int]] = []
    for name, frame in (("", flows.frame), *flows.tables.items()):
        begin = file.tell()
        frame.write_ipc_stream(
            file, compression="zstd" if compress else "uncompressed", compat_level=pl.CompatLevel.newest()
        )
        streams.append((name, file.tell() - begin))
    index = json.dumps(streams).encode()
    file.write(index)
    file.flush()
    with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as written:
        checksum = zlib.crc32(written)
    return file.write(_TAIL.pack(len(index), checksum, _MARK)) + len(index) + sum(length for _, length in streams)


def _read(content: bytes) -> Flows:
    """Raises DamagedError."""
    end = len(content) - _TAIL.size
    if end < 0:
        raise DamagedError("it ends early")
    length, checksum, mark = _TAIL.unpack_from(content, end)
    if mark != _MARK or length > end:
        raise DamagedError("it ends early, or is no segment of this version")
    view = memoryview(content)
    if zlib.crc32(view[:end]) != checksum:
        raise DamagedError("its checksum is wrong")
    frames: dict[str, pl.DataFrame] = {}
    begin = 0
    for name, size in json.loads(content[end - length : end]):
        try:
            frames[name] = pl.read_ipc_stream(BytesIO(view[begin : begin + size]))
        except pl.exceptions.PolarsError as error:
            raise DamagedError(f"this version cannot read it ({error})") from error
        begin += size
    return Flows(frames.pop(""), frames)
