"""Organisations that MAC addresses are registered to (IEEE's registries of OUI and IAB, as netaddr has them)."""

from collections.abc import Mapping
from functools import lru_cache

import polars as pl

from collector.registry import VALUE

TABLE = "mac_vendors"
COLUMNS: Mapping[str, str] = {"flow.src_mac_oui": "source.mac", "flow.dst_mac_oui": "destination.mac"}
LOCAL = 0x02
"""Bit of the first octet of addresses that nobody is registered for: made up by a phone, a hypervisor, a bridge."""
OUI, IAB = len("00:00:00"), len("00:00:00:00:0")
"""Characters of the prefixes that are registered."""
OF_IAB = ("00:50:c2", "40:d8:55")
REGISTRY_ITSELF = "IEEE Registration Authority"
"""Holds the blocks that it gives out in smaller parts, whose owners are not in the registry of OUI."""


def mac_vendors(frame: pl.DataFrame) -> tuple[list[pl.Series], dict[str, pl.DataFrame]]:
    """New columns for flows with MAC addresses, and the table that they point into."""
    rows: dict[str, int] = {}
    codes = [_codes(name, frame[mac], rows) for name, mac in COLUMNS.items() if mac in frame.columns]
    found = [column for column in codes if column is not None]
    return found, {TABLE: pl.DataFrame({VALUE: list(rows)})} if found else {}


def _codes(name: str, macs: pl.Series, rows: dict[str, int]) -> pl.Series | None:
    """Row numbers for a column of addresses, None where there are none; organisations not in `rows` are added to it."""
    coded = macs.to_arrow(compat_level=pl.CompatLevel.oldest()).dictionary_encode()  # a third of polars' replace
    vendors = [vendor(mac) for mac in coded.dictionary.to_pylist()]
    if not any(vendors):
        return None
    numbers = [None if one is None else rows.setdefault(one, len(rows)) for one in vendors]
    places = pl.Series(coded.indices)
    return pl.Series(numbers, dtype=pl.UInt32).gather(places).alias(name)


def vendor(mac: str) -> str | None:
    """The organisation of an address in the form `00:00:5e:00:53:01`; None where none is registered."""
    if int(mac[:2], 16) & LOCAL:
        return None
    return _registered(mac[:IAB] if mac[:OUI] in OF_IAB else mac[:OUI])


@lru_cache(maxsize=1 << 16)
def _registered(prefix: str) -> str | None:
    from netaddr import EUI, NotRegisteredError  # noqa: PLC0415 - reading its index takes 0.1 s and 20 MB

    address = EUI(prefix.replace(":", "").ljust(12, "0"), version=48)
    try:
        found = (address.iab or address.oui) if len(prefix) == IAB else address.oui
        name = found.registration().org
    except NotRegisteredError:
        return None
    return None if name == REGISTRY_ITSELF else str(name)
