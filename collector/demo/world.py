"""Who there is: the hosts of the made-up network and of the internet around it, a row each.

Hosts of a kind are a pool, the most popular first. Pools of the operator are in data/pools.csv, those of the internet,
with autonomous system and place, in data/organisations.csv.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address

import numpy as np
import numpy.typing as npt
import polars as pl

from collector import registry
from collector.demo import tables
from collector.demo.wire import fields

HOST = fields("four:u4 six:V16 dual:? as:u4 mask:u1 vlan:u2 mac:V6")
MASK = 24
"""Prefix length of the operator's networks."""
POPULARITY = 0.7
"""The host of rank r of an organisation is r to the power of this less popular than its first."""
GATEWAY = bytes.fromhex("001b54000001")
"""What hosts of the internet look like from within: a router."""
Hosts = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Pool:
    """Successive hosts."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class _Host:
    pool: str
    score: float
    row: dict[str, str]
    place: int
    """Its number in the row's network."""


class World:
    """All hosts."""

    def __init__(self) -> None:
        known = [*_hosts("pools"), *_hosts("organisations")]
        order = {name: number for number, name in enumerate(dict.fromkeys(one.pool for one in known))}
        known.sort(key=lambda one: (order[one.pool], -one.score))
        self.hosts: Hosts = np.array([_entry(number, one) for number, one in enumerate(known)], HOST)
        names = [one.pool for one in known]
        self.pools = {name: Pool(names.index(name), names.count(name)) for name in order}
        self.descriptions = _descriptions(known)

    def pool(self, name: str) -> Pool:
        """The hosts of a kind; KeyError where there are none."""
        return self.pools[name]


@cache
def world() -> World:
    """The only one: what is random about it is who talks, not who is there."""
    return World()


def _hosts(table: str) -> Iterable[_Host]:
    for row in tables.rows(table):
        weight, count = float(row.get("weight") or 1), int(row["count"])
        for rank in range(count):
            yield _Host(row["pool"], weight / (rank + 1) ** POPULARITY, row, _scattered(rank, count))


def _scattered(rank: int, count: int) -> int:
    """Popular hosts are not neighbours; 31 divides no count of the tables."""
    return rank * 31 % count if count % 31 else rank


def _entry(number: int, host: _Host) -> tuple[int, bytes, bool, int, int, int, bytes]:
    row = host.row
    four = int(IPv4Address(row["ipv4"])) + host.place
    six = (int(IPv6Address(row["ipv6"])) + host.place) if row["ipv6"] else 0
    outside = "as" in row
    mac = GATEWAY if outside else bytes.fromhex(row["oui"]) + number.to_bytes(3)
    return (
        four,
        six.to_bytes(16),
        six > 0,
        int(row.get("as", 0)),
        int(row.get("mask", MASK)),
        int(row.get("vlan", 0)),
        mac,
    )


def _descriptions(known: list[_Host]) -> pl.DataFrame:
    """What the world knows of each host, by the names of attributes of the table `addresses`."""
    countries = {row["code"]: row["name"] for row in registry.rows("countries")}
    rows = [one.row for one in known]
    organisations = [row.get("name") for row in rows]
    numbers = [int(row["as"]) if "as" in row else None for row in rows]
    return pl.DataFrame(
        {
            "domain": [_name(one) for one in known],
            "as.number": pl.Series(numbers, dtype=pl.UInt32),
            "as.organization.name": [one or "private" for one in organisations],
            "geo.city_name": [row.get("city") for row in rows],
            "geo.region_name": [row.get("region") for row in rows],
            "geo.country_name": [countries.get(row.get("country", "")) for row in rows],
            "geo.country_iso_code": [row.get("country") for row in rows],
            "geo.location": [(row.get("location") or "").replace(" ", "") or None for row in rows],
        }
    )


def _name(host: _Host) -> str | None:
    return host.row["names"].format(host.place + 1) or None
