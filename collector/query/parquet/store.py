"""The files of a folder, as far as they are known: listed for each question, their footers read once."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from collector.datasets import Dataset
from collector.query.model import Patience, Range
from collector.query.parquet.listing import UNREADABLE, File, paths

MOST_FILES = 20_000
"""Files whose footers are kept."""
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class Looked:
    """The files of a time range, and a sentence for each that cannot be read."""

    files: list[File] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def tried(self, path: Path, work: Callable[[], Result]) -> list[Result]:
        """What `work` makes of a file; a note where it cannot be read. FileNotFoundError where it is gone."""
        try:
            return [work()]
        except FileNotFoundError:
            if not path.is_symlink():
                raise
            self.notes.append(f"The file {path} is skipped, as it cannot be read: it is a link to nothing")
            return []
        except UNREADABLE as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            self.notes.append(f"The file {path} is skipped, as it cannot be read: {reason}")
            return []


class Files:
    """The files of a folder."""

    def __init__(self, root: Path, zone: ZoneInfo) -> None:
        self._root = root
        self._zone = zone
        self._known: dict[Path, File] = {}
        self._workers = ThreadPoolExecutor(os.cpu_count() or 1, "parquet-query")

    def close(self) -> None:
        """End the threads."""
        self._workers.shutdown(cancel_futures=True)

    def looked(self, dataset: Dataset, within: Range, patience: Patience, work: Callable[[Looked], Result]) -> Result:
        """What `work` makes of the files of a time range; begun anew, once, if files vanish, as they are merged."""
        try:
            return work(self._look(dataset, within, patience))
        except FileNotFoundError:
            return work(self._look(dataset, within, patience))

    def _look(self, dataset: Dataset, within: Range, patience: Patience) -> Looked:
        looked = Looked()
        for path in paths(self._root / dataset.folder, self._zone, within):
            patience.check()
            files = looked.tried(path, partial(self._file, path, dataset))
            looked.files += [file for file in files if any(group.touches(within) for group in file.groups)]
        return looked

    def _file(self, path: Path, dataset: Dataset) -> File:
        if path not in self._known:
            while len(self._known) >= MOST_FILES:
                self._known.pop(next(iter(self._known)), None)
            self._known[path] = File(path, dataset)
        return self._known[path]

    def each(self, looked: Looked, patience: Patience, work: Callable[[File], Result]) -> list[Result]:
        """What `work` makes of each file that can be read, in order; several at once. FileNotFoundError."""

        def one(file: File) -> list[Result]:
            patience.check()
            return looked.tried(file.path, partial(work, file))

        return [result for results in self.mapped(one, looked.files) for result in results]

    def mapped(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """What `work` makes of each, in order; several at once."""
        tasks = [self._workers.submit(work, item) for item in items]
        try:
            return [task.result() for task in tasks]
        finally:
            for task in tasks:
                task.cancel()
