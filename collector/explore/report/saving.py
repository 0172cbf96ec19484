"""Files that are there as a whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from collector.errors import CollectorError


def save(data: bytes, path: Path) -> None:
    """Write a file, never a half of it. CollectorError."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise CollectorError(f"{path}: {error.strerror}") from error
