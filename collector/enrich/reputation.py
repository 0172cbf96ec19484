"""What local lists say of addresses: tags, for the address and for flows from and to it."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.decode import columns
from collector.enrich.addresses import Attribute
from collector.enrich.shelf import Shelf
from collector.enrich.tagsets import TagSets
from collector.registry import VALUE

ATTRIBUTE, CODE = "rep_tags", "reputation"
FLOW_TAGS, TABLE = "flow.rep_tags", "reputations"
SEVERITY, LEVEL = 4, "warning"
"""Of flows with a tag, as syslog has them (RFC 5424 section 6.2.1)."""
Sets = npt.NDArray[np.uint64]
log = logging.getLogger(__name__)


class Reputation:
    """Tags of addresses; lists are read again, in a thread of their own, when their files change."""

    def __init__(self, paths: Sequence[Path], exceptions: Path | None = None) -> None:
        """`paths` are lists and folders of lists. ReputationError where a named file cannot be used."""
        self._shelf = Shelf(paths, exceptions)
        self._thread = ThreadPoolExecutor(1, "reputation")
        self._reading: Future[TagSets] | None = None
        self._take(self._shelf.read(strict=True))

    def attributes(self) -> Mapping[str, Attribute]:
        """The set of tags of each address."""
        return {CODE: partial(_sets, self._tags)}

    def describe(self, addresses: pl.DataFrame) -> pl.DataFrame:
        """Put the tags in for the numbers of their sets."""
        sets, rest = addresses.get_column(CODE), addresses.drop(CODE)
        return rest.with_columns(self._table.gather(sets)) if (sets != 0).any() else rest

    def refresh(self) -> bool:
        """Have changed lists read; True once they have been."""
        if self._reading is None:
            self._reading = self._thread.submit(self._shelf.read) if self._shelf.changed() else None
            return False
        if not self._reading.done():
            return False
        reading, self._reading = self._reading, None
        if error := reading.exception():
            log.error(
                "reputation lists are not read again by a fault of the collector: please report it", exc_info=error
            )
            return False
        self._take(reading.result())
        return True

    def enrich(self, frame: pl.DataFrame, addresses: pl.DataFrame) -> tuple[list[pl.Series], dict[str, pl.DataFrame]]:
        """The tags of both ends together: row numbers of a table, which comes with them; nothing where none has any."""
        sets = addresses.get_column(CODE)
        if not (sets != 0).any():
            return [], {}
        source, destination = (_of_end(frame, end, sets) for end in ("source.ip", "destination.ip"))
        pairs = source << np.uint64(32) | destination
        tagged = pairs != 0
        distinct, places = np.unique(pairs[tagged], return_inverse=True)
        rows = np.zeros(len(pairs), np.uint32)
        rows[tagged] = places
        return [columns.codes(FLOW_TAGS, rows, tagged)], {TABLE: self._both(distinct)}

    def _both(self, pairs: Sets) -> pl.DataFrame:
        """A row for each pair of sets."""
        known = self._tags.sets
        words = [sorted({*known[pair >> 32], *known[pair & 0xFFFFFFFF]}) for pair in pairs.tolist()]
        return pl.DataFrame([pl.Series(VALUE, words, pl.List(pl.String))]).with_columns(
            pl.lit(SEVERITY, pl.UInt8).alias("severity"), pl.lit(LEVEL).alias("level")
        )

    def _take(self, tags: TagSets) -> None:
        self._tags = tags
        self._table = pl.Series(ATTRIBUTE, [list(one) or None for one in tags.sets], pl.List(pl.String))


def _sets(tags: TagSets, new: pl.DataFrame) -> pl.Series:
    return pl.Series(tags.find(new["hi"].to_numpy(), new["lo"].to_numpy()))


def _of_end(frame: pl.DataFrame, end: str, sets: pl.Series) -> Sets:
    """The set of tags of that end of each flow; the empty one where a flow lacks it."""
    if end not in frame.columns:
        return np.zeros(frame.height, np.uint64)
    return sets.gather(frame.get_column(end)).fill_null(0).cast(pl.UInt64).to_numpy()
