"""Keeps what exporters taught from one run to the next: loads it at the start, saves it soon after it changed.

The thread that works on batches is held up for a few hundredths of a second at a time: exporters are turned into JSON
a few at a time between batches, and another thread writes the file. What that costs decides how often it is done.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from collector.state import file

log = logging.getLogger(__name__)

SLICE = 0.05
"""Seconds that saving takes between two batches."""
PAUSE = 2.0
"""Seconds from one save to the next."""
SHARE = 100
"""A save that takes a second is followed by a pause of so many: no more than this share of the time goes into it."""
REFRESH = 3600.0
"""Seconds after which it is saved without a change: templates that are merely repeated are young again."""
RETRY = 60.0
"""Seconds until it is tried again after the file could not be written."""


class Keeps(Protocol):
    """A part of the collector that learns from exporters what shall outlive the process."""

    @property
    def changes(self) -> int:
        """Grows whenever `saved` would give something new."""

    def saved(self, exporter: str) -> Mapping[str, Any]:
        """What the exporter of that address taught, as JSON; empty where it taught nothing."""

    def load(self, exporter: str, saved: Any) -> Sequence[str]:
        """Take what `saved` gave in an earlier run.

        Whatever it is, nothing raises. Returns what is wrong with each entry that cannot be used.
        """


@dataclass(slots=True)
class _Save:
    """A save on its way: so many changes are in it, so many exporters are done."""

    changes: int
    done: int = 0
    lines: list[bytes] = field(default_factory=list)
    seconds: float = 0.0


class Keeper:
    """Keeps the state of some parts, by name, in a file. For one thread.

    `exporters` is the list, which may grow, of the addresses that the parts are asked for.
    """

    def __init__(self, path: Path, parts: Mapping[str, Keeps], exporters: Sequence[str]) -> None:
        self.path = path
        self._parts = parts
        self._exporters = exporters
        self._save: _Save | None = None
        self._changes = 0
        """Those that have been saved, or loaded."""
        self._next = 0.0
        self._refresh = time.monotonic() + REFRESH
        self._writer = ThreadPoolExecutor(1, "state")
        self._written: Future[None] | None = None
        self._failing = False

    def load(self) -> None:
        """Give all parts what the last run saved. A file that cannot be used is set aside, and told about."""
        file.tidy(self.path.parent)
        try:
            entries = file.read(self.path)
        except (file.DamagedError, OSError) as error:
            self._set_aside(str(error) if isinstance(error, file.DamagedError) else f"cannot be read ({error})")
            return
        problems = [f"{exporter}: {one}" for exporter, entry in entries.items() for one in self._load(exporter, entry)]
        if problems:
            text = "state file %s: %d entries cannot be used and are left out; the first is of %s"
            log.warning(text, self.path, len(problems), problems[0])
        self._changes = self._count()

    def step(self) -> None:
        """Save for a little while, where there is something to save; to be called after every batch."""
        start = time.monotonic()
        save, self._save = self._save, None
        if save is None and self._due(start):
            save = _Save(self._count())
        if save is not None:
            self._next = start + REFRESH  # where a fault ends it
            self._encode(save, start, start + SLICE)

    def close(self) -> None:
        """Save for the last time, and wait until it is on disk."""
        start = time.monotonic()
        save = _Save(self._count())
        self._encode(save, start, float("inf"))
        self._writer.shutdown()
        self._look()

    def _load(self, exporter: str, entry: Any) -> list[str]:
        if not isinstance(entry, dict):
            return [f"{str(entry)[:80]} is no table"]
        problems = [f"{name} is unknown" for name in entry if name not in self._parts]
        for name, part in self._parts.items():
            problems += part.load(exporter, entry.get(name, {}))
        return problems

    def _count(self) -> int:
        return sum(part.changes for part in self._parts.values())

    def _due(self, now: float) -> bool:
        if now < self._next or not self._look():
            return False
        return self._count() != self._changes or now >= self._refresh

    def _encode(self, save: _Save, start: float, end: float) -> None:
        """Go on with a save from `start` until `end` at the latest (monotonic seconds)."""
        now = start
        while save.done < len(self._exporters) and now < end:
            exporter = self._exporters[save.done]
            entry = {name: part for name, keeps in self._parts.items() if (part := keeps.saved(exporter))}
            if entry:
                save.lines.append(file.line(exporter, entry))
            save.done += 1
            now = time.monotonic()
        save.seconds += now - start
        if save.done < len(self._exporters):
            self._save = save
        else:
            self._finish(save, now)

    def _finish(self, save: _Save, now: float) -> None:
        self._changes = save.changes
        self._next = now + max(PAUSE, SHARE * save.seconds)
        self._refresh = now + REFRESH
        if save.lines or self.path.exists():
            self._written = self._writer.submit(file.replace, self.path, save.lines)

    def _look(self) -> bool:
        """Whether the last file is written, or given up; what came in the way is told once."""
        if self._written is None:
            return True
        if not self._written.done():
            return False
        error = self._written.exception()
        self._written = None
        if error and not self._failing:
            text = "state file %s cannot be written (%s): after a restart data waits until exporters send templates"
            log.warning(text, self.path, error)
        if self._failing and not error:
            log.info("state file %s is written again", self.path)
        self._failing = error is not None
        if error:
            self._refresh = time.monotonic() + RETRY
        return True

    def _set_aside(self, reason: str) -> None:
        try:
            kept = f"it is kept as {file.set_aside(self.path).name}"
        except OSError as error:
            kept = f"it cannot be renamed ({error}) and will be overwritten"
        text = "state file %s %s; %s, and data waits until exporters send their templates again"
        log.warning(text, self.path, reason, kept)
