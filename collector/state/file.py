"""The state file: JSON, one line an exporter, replaced as a whole so that it is always that of one moment.

{"version":1,"exporters":{
"192.0.2.1":{...},
"192.0.2.2":{...}
}}
"""

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

VERSION = 1
"""To be raised when an earlier collector must not read what is written; entries that it does not know it leaves out."""
HEAD = f'{{"version":{VERSION},"exporters":{{\n'.encode()
TAIL = b"\n}}\n"
PREFIX = ".state-"
"""Of files that are being written."""
ABANDONED = 3600.0
"""Seconds after which an unfinished file is nobody's."""


class DamagedError(Exception):
    """A file is not one that this version has written; the text says what is wrong."""


def line(exporter: str, entry: Any) -> bytes:
    """What an exporter's address and entry are in the file."""
    return f"{json.dumps(exporter)}:{json.dumps(entry, separators=(',', ':'))}".encode()


def read(path: Path) -> dict[str, Any]:
    """The entries by exporter's address, none where there is no file. DamagedError, OSError."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"is damaged ({error})") from error
    version = content.get("version") if isinstance(content, dict) else None
    if version != VERSION:
        raise DamagedError(f"has version {str(version)[:20]} and this collector reads version {VERSION}")
    exporters = content.get("exporters")
    if not isinstance(exporters, dict):
        raise DamagedError("is damaged (it has no table of exporters)")
    return exporters


def replace(path: Path, lines: Iterable[bytes]) -> None:
    """Write the file anew: after a crash or a power cut there is the old one or the new one. OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = None
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=PREFIX, delete=False) as file:
            temporary = Path(file.name)
            file.write(HEAD)
            for number, one in enumerate(lines):
                file.write(b",\n" + one if number else one)
            file.write(TAIL)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except OSError:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def set_aside(path: Path) -> Path:
    """Give a file that cannot be used another name, which tells the time. OSError."""
    return path.rename(f"{path}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")


def tidy(folder: Path) -> None:
    """Remove what a killed process has left unfinished."""
    for path in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - ABANDONED:
                path.unlink()


def _settle(folder: Path) -> None:
    """The new name has to be on disk too; not every file system can be asked for that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
