"""Which reports have been made, in a file, so that none is made twice and none is forgotten."""

import fcntl
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import IO

from collector.errors import CollectorError
from collector.explore.report.saving import save

FILE, LOCK = "reports.json", "reports.lock"
VERSION = 1
log = logging.getLogger(__name__)


class Journal:
    """The days of the last reports, by the keys of their plans; kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock_path = folder / LOCK
        self._lock: IO[bytes] | None = None
        self._done: dict[str, date] = {}

    def claim(self) -> bool:
        """Whether no other process makes the reports of this folder; reads what has been made. CollectorError."""
        try:
            self._lock_path.parent.mkdir(parents=True, exist_ok=True)
            lock = self._lock_path.open("ab")
        except OSError as error:
            raise CollectorError(f"{self._lock_path}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
        self._lock = lock
        self._done = dict(self._read())
        return True

    def release(self) -> None:
        """Let another process have them."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def last(self, key: str) -> date | None:
        """The day on which the last report that is done was due."""
        return self._done.get(key)

    def note(self, key: str, day: date) -> None:
        """A report is done. CollectorError where that cannot be kept; it is known for now."""
        self._done[key] = day
        done = {one: str(when) for one, when in sorted(self._done.items())}
        save(json.dumps({"version": VERSION, "done": done}, indent=1).encode(), self._path)

    def _read(self) -> Mapping[str, date]:
        try:
            content = json.loads(self._path.read_bytes())
            if content["version"] == VERSION:
                return {str(key): date.fromisoformat(day) for key, day in content["done"].items()}
            reason = f"it has version {content['version']}, and this collector reads version {VERSION}"
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            reason = str(error)
        log.warning("%s cannot be used (%s): reports begin anew with the next one of each", self._path, reason)
        with suppress(OSError):
            self._path.rename(f"{self._path}.damaged")
        return {}
