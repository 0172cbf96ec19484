"""The bytes of a capture: a file, a stream or standard input, in gzip or not."""

import gzip
import io
import os
import sys
import time
import zlib
from pathlib import Path
from typing import BinaryIO

from collector.receive.errors import CaptureError

GZIP_MAGIC = b"\x1f\x8b"
STANDARD_INPUT = "-"

Readable = str | os.PathLike[str] | BinaryIO


class Source:
    """Reads a capture from its start to its end, once."""

    def __init__(self, readable: Readable) -> None:
        """Open a path, or take a buffered stream, which stays the caller's; `-` is standard input.

        Raises CaptureError.
        """
        self._own: BinaryIO | None = None
        if isinstance(readable, str | os.PathLike):
            self.name = os.fspath(readable)
            self._file = self._open()
        else:
            self.name, self._file = str(getattr(readable, "name", "stream")), readable
        self._stream: BinaryIO | gzip.GzipFile = self._file
        self.broken = False
        """Whether the gzip stream breaks off."""
        self.modified = self._modified()
        """When the file was last written, or now where that is unknown; ns since 1970."""

    def start(self, size: int) -> bytes:
        """The first bytes, after unpacking; fewer where there are no more."""
        head = self.read(size)
        if head.startswith(GZIP_MAGIC):
            self._stream = gzip.GzipFile(mode="rb", fileobj=_Rejoined(head, self._file))
            head = self.read(size)
        return head

    def read(self, size: int) -> bytes:
        """So many bytes, fewer only at the end. Raises CaptureError."""
        try:
            return self._stream.read(size)
        except EOFError:  # what remains of the gzip stream is less than was asked for
            self.broken = True
            return b""
        except (OSError, zlib.error) as error:
            raise self.error(error) from error

    def close(self) -> None:
        """Close what was opened here."""
        if self._own is not None:
            self._own.close()

    def error(self, problem: object) -> CaptureError:
        """An error that names the file."""
        return CaptureError(f"cannot read {self.name}: {problem}")

    def _open(self) -> BinaryIO:
        if self.name == STANDARD_INPUT:
            self.name = "standard input"
            return sys.stdin.buffer
        try:
            self._own = Path(self.name).open("rb", buffering=1 << 18)  # noqa: SIM115 - close() closes it
        except OSError as error:
            raise self.error(error.strerror) from error
        return self._own

    def _modified(self) -> int:
        return os.fstat(self._own.fileno()).st_mtime_ns if self._own is not None else time.time_ns()


class _Rejoined(io.RawIOBase):
    """A stream with bytes put back in front: a pipe cannot seek."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head, self._stream = head, stream

    def read(self, size: int = -1) -> bytes:
        if not self._head:
            return self._stream.read(size)
        head, self._head = self._head[:size], self._head[size:]
        return head
