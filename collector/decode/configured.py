"""Sampling rates that the operator set, by exporter or network of exporters."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple

import polars as pl

from collector.decode.rates import MAX_RATE
from collector.registry import number_of

EVERYWHERE = ("0.0.0.0/0", "::/0")
FROM_SETTING = number_of("sampling_sources", "setting")
RATE, FROM = "flow.sampling_interval", "flow.sampling_from"
COLUMNS = {RATE: pl.UInt32, FROM: pl.UInt8}


class NetworkRate(NamedTuple):
    """The sampling rate of the exporters in a network: 1 packet of so many."""

    network: IPv4Network | IPv6Network
    rate: int


def network_rates(given: Any) -> tuple[NetworkRate, ...]:
    """Read `10.0.0.0/8=1000,192.0.2.1=512`, a bare rate for all exporters, or both.

    A list may have them one by one, a mapping rates by network. ValueError where something is none of these, or where a
    network has two rates.
    """
    rates = [one for part in _parts(given) for one in ([part] if isinstance(part, NetworkRate) else _read(part))]
    twice = [one.network for place, one in enumerate(rates) if one.network in {e.network for e in rates[:place]}]
    if twice:
        raise ValueError(f"{twice[0]} has more than one rate")
    return tuple(rates)


def _parts(given: Any) -> Iterable[Any]:
    if isinstance(given, Mapping):
        return [f"{network}={rate}" for network, rate in given.items()]
    if isinstance(given, list | tuple):
        return given
    return [part for part in str(given).split(",") if part.strip()]


def _read(part: Any) -> list[NetworkRate]:
    network, equals, rate = str(part).rpartition("=")
    places = [network.strip()] if equals else EVERYWHERE
    return [NetworkRate(_network(place), _rate(rate.strip())) for place in places]


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an address or network such as 192.0.2.1 or 10.0.0.0/8 ({error})") from error


def _rate(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:20]) <= MAX_RATE):
        raise ValueError(f"{text!r} is not a rate: a whole number from 1 to {MAX_RATE} (or NETWORK=RATE)")
    return int(text)


class Rates:
    """The rate of each exporter, that of the smallest network which it is in."""

    def __init__(self, rates: Sequence[NetworkRate]) -> None:
        self._rates = sorted(rates, key=lambda one: one.network.prefixlen, reverse=True)
        self._found: list[int] = []
        """By row number of the exporter, 0 where none is set."""

    def __bool__(self) -> bool:
        return bool(self._rates)

    def of(self, exporters: Sequence[str]) -> pl.Series:
        """UInt32, one for each exporter; 0 where none is set. The list only grows, but for `forget`."""
        self._found += [self._find(address) for address in exporters[len(self._found) :]]
        return pl.Series(RATE, self._found, pl.UInt32)

    def forget(self) -> None:
        """Look all exporters up again: rows of the list have become others'."""
        self._found.clear()

    def _find(self, address: str) -> int:
        try:
            one = ip_address(address)
        except ValueError:
            return 0
        return next((rate for network, rate in self._rates if one in network), 0)


class ConfiguredSampling:
    """Sets the rates of exporters: `overrides` whatever they tell, `defaults` where nothing is known."""

    def __init__(self, defaults: Sequence[NetworkRate] = (), overrides: Sequence[NetworkRate] = ()) -> None:
        self._defaults = Rates(defaults)
        self._overrides = Rates(overrides)

    def forget(self) -> None:
        """Exporters were forgotten, and their row numbers may be others' now."""
        self._defaults.forget()
        self._overrides.forget()

    def settle(self, flows: pl.DataFrame, exporters: Sequence[str]) -> pl.DataFrame:
        """The flows with their rates; `exporters` are the addresses that `host.ip` refers to by row number."""
        if not flows.height or not (self._defaults or self._overrides):
            return flows
        override, default = (kind.of(exporters).gather(flows["host.ip"]) for kind in (self._overrides, self._defaults))
        told = [pl.lit(None, kind).alias(name) for name, kind in COLUMNS.items() if name not in flows.columns]
        known = flows.with_columns(*told, override.alias("_override"), default.alias("_default"))
        unknown = pl.col(RATE).is_null()
        rate = (
            pl.when(pl.col("_override") > 0).then("_override").when(unknown & (pl.col("_default") > 0)).then("_default")
        )
        source = pl.when(rate.is_not_null()).then(pl.lit(FROM_SETTING, pl.UInt8)).otherwise(FROM)
        settled = known.with_columns(pl.coalesce(rate, RATE).alias(RATE), source.alias(FROM))
        return settled.drop("_override", "_default")
