"""Rows as they are, of many files: first the values that they are sorted by, then the rows of a page."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import polars as pl

from collector.query.measures import measure
from collector.query.model import MOST_RECORDS, TIME, Answer, Query, QueryError, Records
from collector.query.parquet import fields
from collector.query.parquet.filtering import EVERYTHING, Masks, names
from collector.query.parquet.gathering import Gathering
from collector.query.parquet.listing import File
from collector.query.parquet.reading import picked, read
from collector.query.parquet.shelf import Shelf
from collector.query.parquet.states import ask_of
from collector.query.parquet.store import Looked

_KEY, _FILE, _PLACE = "key", "file", "place"
_ORDER = "order of the page"


def page(gathering: Gathering, records: Records) -> Answer:
    """A page of rows. QueryError."""
    _check(records)
    count = ask_of(Query(records.range, (measure("rows"),), filter=records.filter, dataset=records.dataset))
    counted, _, notes = gathering.states(records.dataset, [count])
    frame, more = gathering.looked(records.dataset, partial(_page, gathering, records))
    return Answer(frame, counted[count].states(count).total, tuple(dict.fromkeys([*notes, *more])))


def _page(gathering: Gathering, records: Records, looked: Looked) -> tuple[pl.DataFrame, list[str]]:
    search = Search(records, gathering.shelf)
    best = _newest(search, gathering, looked) if records.sort == TIME else _of_all(search, gathering, looked)
    frame = _rows(search, {file.path: file for file in looked.files}, best.slice(records.offset))
    return frame, looked.notes


def _of_all(search: "Search", gathering: Gathering, looked: Looked) -> pl.DataFrame:
    """The first rows of all files."""
    return search.sorted(pl.concat([search.nothing, *gathering.each(looked, search.best)]))


def _newest(search: "Search", gathering: Gathering, looked: Looked) -> pl.DataFrame:
    """The same by time: one file after another, until all that are left are beyond the page."""
    down, best = search.records.descending, search.nothing
    most = search.records.offset + search.records.limit
    for file in sorted(looked.files, key=lambda file: file.ends[1 if down else 0], reverse=down):
        if best.height == most:
            last = best.item(-1, _KEY)
            if file.ends[1] < last if down else file.ends[0] > last:
                break
        one = Looked([file], looked.notes)
        best = search.sorted(pl.concat([best, *gathering.each(one, search.best)]))
    return best


def _check(records: Records) -> None:
    if records.offset + records.limit > MOST_RECORDS:
        raise QueryError(
            f"only the first {MOST_RECORDS} rows can be seen: choose a shorter time range or a narrower filter"
        )
    for name in (*records.fields, records.sort):
        fields.known(records.dataset, name)
    if fields.is_list(records.dataset, records.sort):
        raise QueryError(f"{records.sort} is a list, by which rows cannot be sorted")


class Search:
    """Finds the first rows of each file."""

    def __init__(self, records: Records, shelf: Shelf) -> None:
        self.records = records
        self.shelf = shelf
        self._tree = EVERYTHING if records.filter is None else records.filter.tree
        self._now = time.time_ns() // 1_000_000
        field = fields.known(records.dataset, records.sort)
        key = pl.String() if fields.is_text(field) else pl.Int64() if field.kind == "time" else field.dtype
        self.nothing = pl.DataFrame(schema={_KEY: key, _FILE: pl.String, _PLACE: pl.Int64})

    def best(self, file: File) -> pl.DataFrame:
        """The keys of the first rows of a file."""
        records = self.records
        rows = read(file, records.dataset, self.shelf, {records.sort, *names(self._tree)}, records.range, placed=True)
        frame = pl.DataFrame([rows.field(records.sort).alias(_KEY), rows.places.alias(_PLACE)])
        frame = frame.filter(pl.Series(Masks(rows, self._now).of(self._tree)))
        if self.nothing.schema[_KEY] == pl.String:
            frame = frame.with_columns(self.shelf.texts.words(frame.get_column(_KEY)).alias(_KEY))
        frame = self._candidates(frame)
        return self.sorted(frame.select(_KEY, pl.lit(str(file.path)).alias(_FILE), _PLACE))

    def _candidates(self, frame: pl.DataFrame) -> pl.DataFrame:
        """All rows that may be among the first, which takes much less than sorting all."""
        most, keys = self.records.offset + self.records.limit, frame.get_column(_KEY)
        if len(keys) - keys.null_count() <= most:
            return frame
        last = keys.top_k(most).min() if self.records.descending else keys.bottom_k(most).max()
        return frame.filter(keys >= last if self.records.descending else keys <= last)

    def sorted(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The first rows; of equal ones those written later come first where the order is descending."""
        down, most = self.records.descending, self.records.offset + self.records.limit
        return frame.sort(_KEY, _FILE, _PLACE, descending=down, nulls_last=True).head(most)


def _rows(search: Search, files: Mapping[Path, File], best: pl.DataFrame) -> pl.DataFrame:
    """The rows of a page in their order; of all fields those that any of them has."""
    dataset, wanted = search.records.dataset, search.records.fields
    types = {name: fields.shown_type(dataset, name) for name in wanted}
    parts = [pl.DataFrame(schema={_ORDER: pl.UInt32(), **types})]
    numbered = best.with_row_index(_ORDER)
    for (path,), some in numbered.sort(_PLACE).group_by(_FILE, maintain_order=True):
        places = some.get_column(_PLACE).to_list()
        rows = picked(files[Path(str(path))], dataset, search.shelf, wanted or dataset.asked, places)
        names = wanted or tuple(name for name in dataset.asked if rows.has(name))
        parts.append(pl.DataFrame([some.get_column(_ORDER), *(rows.shown(name).alias(name) for name in names)]))
    found = pl.concat(parts, how="diagonal").sort(_ORDER)
    return found.select(wanted or tuple(name for name in dataset.asked if name in found.columns))
