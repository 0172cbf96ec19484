"""Addresses as the address book asks for them."""

from ipaddress import ip_address

import polars as pl
import pytest

from collector.registry import VALUE

MAPPED = 0xFFFF << 32
LOW = 2**64 - 1


def number(address: str) -> int:
    """An address as a number of 128 bits, IPv4 in its mapped form."""
    one = ip_address(address)
    return int(one) | (MAPPED if one.version == 4 else 0)


def new(*addresses: str) -> pl.DataFrame:
    """New addresses."""
    numbers = [number(one) for one in addresses]
    halves = {"hi": [one >> 64 for one in numbers], "lo": [one & LOW for one in numbers]}
    return pl.DataFrame({VALUE: addresses, **halves}, schema={VALUE: pl.String, "hi": pl.UInt64, "lo": pl.UInt64})


def flows(*pairs: tuple[str | None, str | None], **columns: pl.Series) -> pl.DataFrame:
    """Decoded flows of the first exporter between two addresses each."""
    made = {"host.ip": pl.Series([0] * len(pairs), dtype=pl.UInt32), **columns}
    for place, end in enumerate(("source.ip", "destination.ip")):
        numbers = [None if pair[place] is None else number(pair[place] or "") for pair in pairs]
        made[f"{end}.hi"] = pl.Series([None if one is None else one >> 64 for one in numbers], dtype=pl.UInt64)
        made[f"{end}.lo"] = pl.Series([None if one is None else one & LOW for one in numbers], dtype=pl.UInt64)
    return pl.DataFrame(made)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged as a warning."""
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
