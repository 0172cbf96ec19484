"""The operator's networks: what they are called, and which addresses are inside.

Inside are private addresses and the operator's own public ones, in `local_networks` or marked in the file of networks;
a network there may also be marked as outside. Of nested marks the innermost holds.
"""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from collector.enrich import network_file
from collector.enrich.addresses import Attribute
from collector.enrich.locality import private
from collector.enrich.network_file import Entry, NetworksError
from collector.enrich.prefixes import NONE, Network, Prefixes
from collector.stamps import stamp

ATTRIBUTES = {
    "network.name": pl.String(),
    "network.site": pl.String(),
    "network.role": pl.String(),
    "network.tags": pl.List(pl.String()),
}
"""Attributes of the table `addresses`."""
CODE = "network"
log = logging.getLogger(__name__)


class Networks:
    """Names of networks from a file, by longest match; read again when the file changes."""

    def __init__(self, path: Path | None = None, local: Sequence[Network] = ()) -> None:
        """`local` are the operator's own beside private ones. NetworksError where the file cannot be used."""
        self._path, self._local = path, local
        self._stamp = stamp(path) if path else None
        self._take(network_file.read(path) if path else [])

    def attributes(self) -> Mapping[str, Attribute]:
        """Whether an address is `inside`, and its row in the table of networks where there is a file."""
        codes = {CODE: partial(_rows, self._networks)} if self._path else {}
        return {"inside": partial(_inside, self._marks), **codes}

    def describe(self, addresses: pl.DataFrame) -> pl.DataFrame:
        """Put what is known of networks in for their rows."""
        if CODE not in addresses.columns:
            return addresses
        rows, rest = addresses.get_column(CODE), addresses.drop(CODE)
        if not (rows != 0).any():
            return rest
        found = self._table.select(pl.all().gather(rows))
        return rest.with_columns(column for column in found if column.null_count() < len(column))

    def refresh(self) -> bool:
        """Read the file again if it has changed. A damaged one leaves what is known, and is told once."""
        now = stamp(self._path) if self._path else None
        if self._path is None or now == self._stamp:
            return False
        self._stamp = now
        try:
            entries = network_file.read(self._path)
        except NetworksError as error:
            log.warning("%s; the networks of before stay in use", error)
            return False
        self._take(entries)
        log.info("networks %s: %d read again", self._path, len(entries))
        return True

    def _take(self, entries: Sequence[Entry]) -> None:
        marked = [(entry.network, int(entry.inside)) for entry in entries if entry.inside is not None]
        self._marks = Prefixes.of([*((network, 1) for network in self._local), *marked])
        self._networks = Prefixes.of((entry.network, row) for row, entry in enumerate(entries, 1))
        self._table = _table(entries)


def _table(entries: Sequence[Entry]) -> pl.DataFrame:
    """What is known of each network; row 0 is for addresses in none."""
    known = [(one.name or None, one.site or None, one.role or None, list(one.tags) or None) for one in entries]
    return pl.DataFrame([(None,) * len(ATTRIBUTES), *known], schema=ATTRIBUTES, orient="row")


def _rows(networks: Prefixes, new: pl.DataFrame) -> pl.Series:
    found = networks.find(new["hi"].to_numpy(), new["lo"].to_numpy())
    return pl.Series((found * (found != NONE)).astype(np.uint32))


def _inside(marks: Prefixes, new: pl.DataFrame) -> pl.Series:
    found = marks.find(new["hi"].to_numpy(), new["lo"].to_numpy())
    return pl.Series(np.where(found == NONE, private(new).to_numpy(), found == 1))
