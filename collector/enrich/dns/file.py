"""Answers of name servers on disk, so that a restart keeps the names: an SQLite file."""

import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from collector.enrich.dns.answers import LIMIT, Answer, host_name

VERSION = 1
NAME = "hostnames.sqlite3"
DAMAGED = ".damaged"
"""Suffix of a file that could not be read."""
CREATE = "CREATE TABLE IF NOT EXISTS names (address TEXT PRIMARY KEY, name TEXT, until REAL NOT NULL) WITHOUT ROWID"
SELECT = """SELECT address, name, until FROM names WHERE typeof(address) = 'text' AND typeof(until) = 'real'
AND typeof(name) IN ('text', 'null') ORDER BY until DESC LIMIT ?"""
log = logging.getLogger(__name__)


class AnswersFile:
    """The file. What goes wrong with it is told once, and costs nothing but the names of the next start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told = False

    def load(self, now: float) -> dict[str, Answer]:
        """The answers that still hold; a file that is damaged or of another version is set aside."""
        try:
            if not self._path.exists():
                return {}
            with closing(sqlite3.connect(self._path)) as file:
                return self._read(file, now)
        except sqlite3.OperationalError as error:
            self._tell(error)
        except (sqlite3.DatabaseError, OSError) as error:
            self._set_aside(error)
        return {}

    def save(self, changes: Mapping[str, Answer | None]) -> None:
        """Write what has changed, None for what is forgotten: all of it or, where that fails, nothing."""
        gone = [(address,) for address, answer in changes.items() if answer is None]
        rows = [(address, one.name, one.until) for address, one in changes.items() if one is not None]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path)) as file, file:
                file.execute(CREATE)
                file.execute(f"PRAGMA user_version = {VERSION}")
                file.executemany("DELETE FROM names WHERE address = ?", gone)
                file.executemany("INSERT OR REPLACE INTO names VALUES (?, ?, ?)", rows)
        except (sqlite3.Error, OSError) as error:
            self._tell(error)

    def _read(self, file: sqlite3.Connection, now: float) -> dict[str, Answer]:
        (version,) = file.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            raise sqlite3.DatabaseError(f"version {version}, not {VERSION}")
        with file:
            file.execute("DELETE FROM names WHERE until <= ?", (now,))
        rows = file.execute(SELECT, (LIMIT,))
        return {address: Answer(name, until) for address, name, until in rows if name is None or host_name(name)}

    def _set_aside(self, error: Exception) -> None:
        aside = self._path.with_name(self._path.name + DAMAGED)
        log.warning("%s cannot be used (%s): it is now %s, and names are asked for anew", self._path, error, aside.name)
        try:
            self._path.replace(aside)
        except OSError as failure:
            self._tell(failure)

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            log.warning("%s: %s; names are kept in memory alone", self._path, error)
