"""Databases in a folder made those of their sources, each replaced at once or left as it was."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from collector.enrich.mmdb import Database, DatabaseError
from collector.errors import CollectorError
from collector.geoip.download import AbsentError, Progress, Validators, download
from collector.geoip.sources import Source
from collector.geoip.unpack import UnpackError, unpack

MEMORY = "geo-update.json"
"""In the folder of the databases: what each source said last time."""


@dataclass(frozen=True)
class Fetched:
    """What one source gave last time."""

    validators: Validators
    files: tuple[str, ...]


Memory = dict[str, Fetched]
"""By the sum of the URL, in which there may be a key."""
_MEMORY = TypeAdapter(Memory)


@dataclass(frozen=True)
class Outcome:
    """What became of one source."""

    source: Source
    files: tuple[Path, ...] = ()
    """Databases that are new; none where they were up to date."""
    error: str | None = None


def update(sources: Iterable[Source], folder: Path, today: date, progress: Progress) -> Iterator[Outcome]:
    """Fetch what has changed; faults of a source are in its outcome. CollectorError where `folder` cannot be used."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        updater = _Updater(folder, progress)
        for source in sources:
            yield updater.update(source, today)
    except OSError as error:
        raise CollectorError(f"folder {folder}: {error.strerror}; choose another with --into") from error


class _Updater:
    """One run in one folder."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self._folder = folder
        self._progress = progress
        self._memory = _remembered(folder)
        self._taken = set[str]()
        """Names of databases that sources of this run have given."""

    def update(self, source: Source, today: date) -> Outcome:
        """From the first of its places that has it; the faults of those before are told where none has."""
        errors = []
        for place in source.places:
            outcome = self._from(place, source.file, today)
            if outcome.error is None:
                return outcome
            errors.append(outcome.error)
        return Outcome(source, error="; ".join(errors))

    def _from(self, place: Source, name: str, today: date) -> Outcome:
        error = ""
        for dated in place.dated(today):
            try:
                return Outcome(dated, self._fetch(dated, name))
            except AbsentError as absent:
                error = error or str(absent)
            except CollectorError as wrong:
                return Outcome(dated, error=str(wrong))
        return Outcome(place, error=error)

    def _fetch(self, source: Source, name: str) -> tuple[Path, ...]:
        """The databases of a source that are new. CollectorError."""
        key = hashlib.sha256(source.url.encode()).hexdigest()
        before = self._memory.get(key)
        if before is not None and not all((self._folder / file).exists() for file in before.files):
            before = None
        with tempfile.TemporaryDirectory(prefix=".geo-update-", dir=self._folder) as half:
            packed, unpacked = Path(half, "packed"), Path(half, "unpacked")
            validators = download(source, packed, before.validators if before else Validators(), self._progress)
            if validators is None:
                self._take(before.files if before else ())
                return ()
            unpacked.mkdir()
            found = _checked(source, packed, name, unpacked)
            self._take(path.name for path in found)
            files = tuple(_put(path, self._folder) for path in found)
        self._remember(key, Fetched(validators, tuple(path.name for path in files)))
        return files

    def _take(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._taken:
                raise CollectorError(f"{name} comes from another source, too: leave one of them out")
            self._taken.add(name)

    def _remember(self, key: str, fetched: Fetched) -> None:
        """Instead of what gave these files before, such as last month's."""
        others = {one: before for one, before in self._memory.items() if not set(before.files) & set(fetched.files)}
        self._memory = {**others, key: fetched}
        half = self._folder / f".{MEMORY}.half"
        half.write_bytes(_MEMORY.dump_json(self._memory, indent=1))
        half.replace(self._folder / MEMORY)


def _checked(source: Source, packed: Path, name: str, folder: Path) -> list[Path]:
    """The databases in what was fetched, each of which can be opened. CollectorError."""
    try:
        found = unpack(packed, name, folder)
        for path in found:
            Database(path)
    except UnpackError as error:
        raise CollectorError(f"{source.name}: {error}") from error
    except DatabaseError as error:
        raise CollectorError(f"{source.name} is no database of addresses (mmdb), or is damaged") from error
    return found


def _put(path: Path, folder: Path) -> Path:
    """Into its place, whole: whoever opens it has the old one or the new one, after a power failure too."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    placed = path.replace(folder / path.name)
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return placed


def _remembered(folder: Path) -> Memory:
    """Nothing where the file is absent or damaged: everything is then fetched."""
    try:
        return _MEMORY.validate_json((folder / MEMORY).read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}
