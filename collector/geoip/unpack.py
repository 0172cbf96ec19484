"""Databases out of what was fetched: plain, gzip, tar (packed or not) or zip, told by content."""

import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from collector.errors import CollectorError
from collector.geoip import download
from collector.geoip.sources import SUFFIX

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
PIECE = 1 << 20
DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, RuntimeError)
"""What the libraries raise for damaged archives, and zipfile for those with a password."""


class UnpackError(CollectorError):
    """An archive that is damaged, too large, or has no database in it."""


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many; none at the end."""


def unpack(packed: Path, name: str, folder: Path) -> list[Path]:
    """Put the databases in `packed` into the empty `folder`; `name` is for one that is not in an archive."""
    try:
        return _unpack(packed, name, folder)
    except DAMAGE as error:
        raise UnpackError(f"damaged archive ({error})") from error


def _unpack(packed: Path, name: str, folder: Path) -> list[Path]:
    if tarfile.is_tarfile(packed):
        with tarfile.open(packed) as archive:
            return _members(_of_tar(archive), folder)
    with packed.open("rb") as file:
        head = file.read(len(ZIP))
        file.seek(0)
        if head == ZIP:
            with zipfile.ZipFile(file) as zipped:
                return _members(_of_zip(zipped), folder)
        # What is nothing else is taken for a database, and found out when it is opened.
        return [_copied(gzip.GzipFile(fileobj=file) if head.startswith(GZIP) else file, folder / name)]


def _of_tar(archive: tarfile.TarFile) -> Iterator[tuple[str, Readable]]:
    for member in archive:
        if member.isfile() and (file := archive.extractfile(member)) is not None:
            yield member.name, file


def _of_zip(archive: zipfile.ZipFile) -> Iterator[tuple[str, Readable]]:
    for name in archive.namelist():
        with archive.open(name) as file:
            yield name, file


def _members(files: Iterator[tuple[str, Readable]], folder: Path) -> list[Path]:
    """Only names are taken from the archive, no folders."""
    named = ((PurePosixPath(name).name, file) for name, file in files)
    found = [_copied(file, folder / name) for name, file in named if name.endswith(SUFFIX) and name[0] != "."]
    if not found:
        raise UnpackError(f"no *{SUFFIX} in the archive")
    return found


def _copied(file: Readable, path: Path) -> Path:
    with path.open("wb") as out:
        while piece := file.read(PIECE):
            out.write(piece)
            if out.tell() > download.MOST:
                raise UnpackError(download.LARGE.format(download.MOST >> 20))
    return path
