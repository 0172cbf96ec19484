"""What can be told of an address by itself: whether it is private, whether it is many receivers'."""

from ipaddress import ip_network

import polars as pl

from collector.enrich.prefixes import NONE, Prefixes

PRIVATE = (
    "0.0.0.0/8",  # this network (RFC 791)
    "10.0.0.0/8",  # RFC 1918
    "100.64.0.0/10",  # shared address space behind a carrier's NAT (RFC 6598)
    "127.0.0.0/8",  # loopback
    "169.254.0.0/16",  # link-local (RFC 3927)
    "172.16.0.0/12",  # RFC 1918
    "192.0.2.0/24",  # documentation (RFC 5737)
    "192.168.0.0/16",  # RFC 1918
    "198.18.0.0/15",  # benchmarks (RFC 2544)
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "::/127",  # unspecified and loopback
    "2001:db8::/32",  # documentation (RFC 3849)
    "3fff::/20",  # documentation (RFC 9637)
    "fc00::/7",  # unique local (RFC 4193)
    "fe80::/10",  # link-local
)
MULTICAST = ("224.0.0.0/4", "255.255.255.255/32", "ff00::/8")
"""Addresses of many receivers: groups, and all there are on a link."""


def prefixes(networks: tuple[str, ...]) -> Prefixes:
    """Networks to look addresses up in, without anything to tell them apart."""
    return Prefixes.of((ip_network(network), 0) for network in networks)


_PRIVATE, _MULTICAST = prefixes(PRIVATE), prefixes(MULTICAST)


def private(new: pl.DataFrame) -> pl.Series:
    """For each new address (columns `hi`, `lo`) whether it is of use only inside some network."""
    return pl.Series("private", _PRIVATE.find(new["hi"].to_numpy(), new["lo"].to_numpy()) != NONE)


def multicast(new: pl.DataFrame) -> pl.Series:
    """For each new address (columns `hi`, `lo`) whether it is a group's, or broadcast."""
    return pl.Series("multicast", _MULTICAST.find(new["hi"].to_numpy(), new["lo"].to_numpy()) != NONE)
