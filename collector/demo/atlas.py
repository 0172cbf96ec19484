"""What is known of the hosts' addresses: names, autonomous systems, places. Stands for DNS and GeoIP databases."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import polars as pl

from collector.decode.columns import MAPPED
from collector.demo.world import World
from collector.enrich.addresses import Attribute
from collector.index import AddressIndex, Halves

CODE, DOMAIN = "host_row", "domain"


class Atlas:
    """Knows a world's hosts by their addresses."""

    def __init__(self, world: World) -> None:
        hosts = world.hosts
        self._index = AddressIndex()
        dual = np.flatnonzero(hosts["dual"])
        hi, lo = halves(hosts["six"][dual])
        rows = np.concatenate([np.arange(len(hosts)), dual])
        found, _ = self._index.rows(
            np.concatenate([np.zeros(len(hosts), np.uint64), hi]), np.concatenate([MAPPED | hosts["four"], lo])
        )
        self._rows = np.full(self._index.count + 1, -1)
        self._rows[found[::-1]] = rows[::-1]  # an address of two pools is that of the first
        self._table = world.descriptions

    def attributes(self) -> Mapping[str, Attribute]:
        """For the address book: the host's row."""
        return {CODE: partial(_rows, self._index, self._rows)}

    def describe(self, addresses: pl.DataFrame) -> pl.DataFrame:
        """Put names, numbers and places in; an address without a name keeps itself as one."""
        found = self._table.select(pl.all().gather(addresses[CODE]))
        named = pl.select(pl.coalesce(found[DOMAIN], addresses[DOMAIN])).to_series()
        known = [column for column in found.drop(DOMAIN) if column.null_count() < len(column)]
        return addresses.drop(CODE).with_columns(named, *known)

    def refresh(self) -> bool:
        """Nothing changes."""
        return False


def halves(six: np.ndarray) -> tuple[Halves, Halves]:
    """IPv6 addresses of 16 bytes as two numbers."""
    words = np.ascontiguousarray(six).view(">u8").reshape(-1, 2).astype(np.uint64)
    return words[:, 0], words[:, 1]


def _rows(index: AddressIndex, rows: np.ndarray, new: pl.DataFrame) -> pl.Series:
    found = index.find(new["hi"].to_numpy(), new["lo"].to_numpy())
    of_hosts = rows[found]
    return pl.Series(np.where(of_hosts < 0, 0, of_hosts).astype(np.uint32)).zip_with(
        pl.Series(of_hosts >= 0), pl.Series([None], dtype=pl.UInt32)
    )
