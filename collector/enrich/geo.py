"""Places and autonomous systems of addresses, from GeoIP and AS databases.

An address has one number: that of the combination of records which the databases have for it. Combinations are few, so
that names are read once for each, and gathered when flows leave for a store.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.enrich.addresses import Attribute
from collector.enrich.mmdb import Database, DatabaseError
from collector.enrich.places import NOWHERE, Place, place_of
from collector.index import AddressIndex, Halves
from collector.placed import ATTRIBUTES as NAMES
from collector.placed import PLACE
from collector.stamps import stamp

NUMBER = "as.number"
ORGANIZATION = NAMES[0]
ATTRIBUTES = {NUMBER: pl.UInt32(), **dict.fromkeys(NAMES, pl.String())}
"""Attributes of the table `addresses`, in the order of the fields of `Place`."""
PRIVATE = "private"
"""Organisation of private addresses in the data model."""
log = logging.getLogger(__name__)


class Places:
    """The records of one database that addresses have had so far: row 0 is for addresses without one."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.table = _table([NOWHERE])
        self._offsets = np.array([-1], np.int64)
        """Where in the file the records lie, in ascending order."""
        self._rows = np.array([0], np.uint32)
        self._damaged = False

    def rows(self, hi: Halves, lo: Halves) -> npt.NDArray[np.uint32]:
        """The row of each address, in halves, in `table`."""
        offsets = self.database.places(hi, lo)
        there = np.unique(offsets)
        place = np.searchsorted(there, offsets)
        new = ~np.isin(there, self._offsets, assume_unique=True)
        if new.any():
            some = np.empty(len(there), np.intp)
            some[place] = np.arange(len(offsets))
            self._learn(there[new], hi[some[new]], lo[some[new]])
        return self._rows[np.searchsorted(self._offsets, there)].take(place)

    def _learn(self, offsets: npt.NDArray[np.int64], hi: Halves, lo: Halves) -> None:
        """Decode the records at new places, by one of the addresses of each."""
        known = self.table.height
        found = [self._read(*halves) for halves in zip(hi.tolist(), lo.tolist(), strict=True)]
        self.table = pl.concat([self.table, _table(found)], rechunk=True)
        rows = np.concatenate([self._rows, np.arange(known, self.table.height, dtype=np.uint32)])
        joined = np.concatenate([self._offsets, offsets])
        order = np.argsort(joined)
        self._offsets, self._rows = joined[order], rows[order]

    def _read(self, hi: int, lo: int) -> Place:
        try:
            return place_of(self.database.record(hi, lo))
        except DatabaseError as error:
            if not self._damaged:
                self._damaged = True
                log.warning("%s; addresses with a damaged record have no place", error)
            return NOWHERE


class Combined:
    """The combinations of records that addresses have had so far, each with what the databases say together."""

    def __init__(self, databases: Sequence[Places]) -> None:
        """Databases in order of preference, at least one."""
        self.table = _table([Place(as_organization_name=PRIVATE)])
        """Row 0 is for private addresses: some databases name a country for them."""
        self._first, *self._others = databases
        self._pairs = [AddressIndex() for _ in self._others]
        """For each database but the first its records, together with what those before it have."""

    def rows(self, new: pl.DataFrame) -> pl.Series:
        """The row of each new address (columns `hi`, `lo`) in `table`."""
        hi, lo = new["hi"].to_numpy(), new["lo"].to_numpy()
        rows, count = self._first.rows(hi, lo), self._first.table.height
        for places, pairs in zip(self._others, self._pairs, strict=True):
            rows, _ = pairs.rows(rows.astype(np.uint64), places.rows(hi, lo).astype(np.uint64))
            count = pairs.count
        if count >= self.table.height:
            self._learn(np.arange(self.table.height - 1, count))
        return pl.Series(rows + np.uint32(1))

    def _learn(self, rows: npt.NDArray[np.intp]) -> None:
        """What new combinations say: of each database, from the last to the first, and all together."""
        told: list[pl.DataFrame] = []
        for places, pairs in reversed(list(zip(self._others, self._pairs, strict=True))):
            told.append(places.table[pairs.lo[rows].astype(np.intp)])
            rows = pairs.hi[rows].astype(np.intp)
        told.append(self._first.table[rows])
        columns = [pl.coalesce([one.get_column(name) for one in reversed(told)]).alias(name) for name in ATTRIBUTES]
        self.table = pl.concat([self.table, pl.select(columns)], rechunk=True)


class Geo:
    """The databases in use, in order of preference; opened again when their files change."""

    def __init__(self, paths: Sequence[Path], folder: Path | None = None) -> None:
        """`paths` are files, and folders of which every `*.mmdb` is taken. DatabaseError where a named file is none.

        `folder` is one more folder, which need not be there (yet).
        """
        self._paths = paths
        self._folder = folder
        self._places: dict[Path, Places] = {path: Places(Database(path)) for path in paths if not path.is_dir()}
        self._stamps = {path: stamp(path) for path in self._places}
        self._combined: Combined | None = None
        self._given = 0
        """Numbers given to combinations of earlier databases."""
        self.refresh()

    @property
    def databases(self) -> list[Database]:
        """Those in use, in order of preference."""
        return [places.database for places in self._places.values()]

    def attributes(self) -> dict[str, Attribute]:
        """For the address book: the number of what the databases say of each address; numbered anew with each call."""
        if self._combined:
            self._given += self._combined.table.height
        self._combined = Combined(list(self._places.values())) if self._places else None
        return {PLACE: self._combined.rows} if self._combined else {}

    def describe(self, addresses: pl.DataFrame) -> pl.DataFrame:
        """Put names, numbers and places beside the numbers of `attributes`; only what any address has.

        The numbers become such as no other combination has had since the start: see placed.py.
        """
        if self._combined is None:
            return addresses
        rows = addresses.select(pl.when("private").then(pl.lit(0, pl.UInt32)).otherwise(PLACE)).to_series()
        found = self._combined.table.select(pl.all().gather(rows))
        told = [column for column in found if column.null_count() < len(column)]
        return addresses.drop(PLACE).with_columns(*told, *[(rows + self._given).alias(PLACE)] * bool(told))

    def refresh(self) -> bool:
        """Take changed and new files, and leave what is gone; whether addresses are to be looked up anew.

        A damaged file leaves the database that is in use, and is told once.
        """
        stamps = {path: stamp(path) for path in self._files()}
        if stamps == self._stamps:
            return False
        before, changed = self._places, [path for path in stamps if stamps[path] != self._stamps.get(path)]
        opened = {path: places for path in changed if (places := _opened(path)) is not None}
        self._stamps = stamps
        self._places = {path: one for path in stamps if (one := opened.get(path) or before.get(path)) is not None}
        return bool(opened) or self._places.keys() != before.keys()

    def _files(self) -> Iterator[Path]:
        for path in self._paths:
            yield from _databases(path) if path.is_dir() else [path]
        if self._folder is not None and self._folder.is_dir():
            yield from _databases(self._folder)


def _databases(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.mmdb"))


def _opened(path: Path) -> Places | None:
    try:
        places = Places(Database(path))
    except DatabaseError as error:
        log.warning("%s; not used", error)
        return None
    log.info("addresses are looked up in %s (%s)", path, places.database.metadata.database_type)
    return places


def _table(places: Sequence[Place]) -> pl.DataFrame:
    return pl.DataFrame(dict(zip(ATTRIBUTES, zip(*places, strict=True), strict=True)), schema=ATTRIBUTES)
