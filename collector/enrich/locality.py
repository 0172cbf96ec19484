"""Whether an address is private: RFC 1918, ULA, shared address space, link-local, loopback, this network."""

from ipaddress import ip_network

import numpy as np
import polars as pl

from collector.enrich.addresses import is_ipv4

PRIVATE_V4 = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "0.0.0.0/8",
)
PRIVATE_V6 = ("fc00::/7", "fe80::/10", "::/127")


def multicast(new: pl.DataFrame) -> pl.Series:
    """For each new address (columns `hi`, `lo`) whether it is that of a group, or of all on the link."""
    hi, lo = new["hi"].to_numpy(), new["lo"].to_numpy()
    four = is_ipv4(hi, lo)
    numbers = lo & np.uint64(0xFFFFFFFF)
    groups = np.where(four, (numbers >> np.uint64(28) == 0xE) | (numbers == 0xFFFFFFFF), hi >> np.uint64(56) == 0xFF)
    return pl.Series("multicast", groups)


def private(new: pl.DataFrame) -> pl.Series:
    """For each new address (columns `hi`, `lo`) whether it is private."""
    hi, lo = new["hi"].to_numpy(), new["lo"].to_numpy()
    four = is_ipv4(hi, lo)
    out = np.zeros(len(hi), np.bool_)
    for network in map(ip_network, PRIVATE_V4):
        shift = np.uint64(32 - network.prefixlen)
        out |= four & ((lo & np.uint64(0xFFFFFFFF)) >> shift == int(network.network_address) >> int(shift))
    for network in map(ip_network, PRIVATE_V6):
        if network.prefixlen <= 64:
            shift = np.uint64(64 - network.prefixlen)
            out |= ~four & (hi >> shift == int(network.network_address) >> (128 - network.prefixlen))
        else:
            out |= ~four & (hi == 0) & (lo >> np.uint64(128 - network.prefixlen) == 0)
    return pl.Series("private", out)
