"""Sampling rates that an exporter's options data tell: by sampler, interface, template, observation domain.

Rates belong to an exporter. A record names a sampler (elements 48 or 302), or came in by an interface with a rate of
its own, or is of a template with one, or else the rate of its observation domain or of the whole exporter holds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from collector.decode.limits import RATES_OF_ONE, Budget

SAMPLERS = ("samplerId", "selectorId")
PLAIN = ("samplerRandomInterval", "samplingInterval")
"""Elements 50 and 34 are the rate itself."""
LITTLE_ENDIAN = ("samplingInterval",)
"""RouterOS writes element 34 with its lowest byte first."""
IMPLAUSIBLE = 1 << 24
"""A rate from here on is none; with its four bytes in the other order it may be."""
INTERFACES = ("scopeInterface", "ingressInterface")
TEMPLATES = ("templateId", "scopeTemplate")
MAX_RATE = 0xFFFFFFFF
K = TypeVar("K")
MAX_NUMBER = 2**64 - 1
WIDTHS = {"samplers": 2, "strays": 1, "interfaces": 2, "templates": 2, "domains": 1, "any": 0}
"""Numbers in the key of each rate of `ExporterRates`."""


@dataclass(slots=True)
class ExporterRates:
    """What one exporter's options data said; what there is no room for is not learned."""

    room: Budget = field(default_factory=lambda: Budget(RATES_OF_ONE))
    samplers: dict[tuple[int, int], int] = field(default_factory=dict)
    """By domain and sampler."""
    strays: dict[int, int] = field(default_factory=dict)
    """By sampler alone: IOS-XE sends the sampler table under another source id than the flows."""
    interfaces: dict[tuple[int, int], int] = field(default_factory=dict)
    """By domain and ifIndex."""
    templates: dict[tuple[int, int], int] = field(default_factory=dict)
    """By domain and template id (Nokia)."""
    domains: dict[int, int] = field(default_factory=dict)
    any: int = 0
    """Of any domain, 0 where unknown."""

    def learn(self, domain: int, scope: Mapping[str, Any], values: Mapping[str, Any], rate: int) -> bool:
        """Take the rate that one record of options data tells; whether it is news."""
        domain = number(scope, "observationDomainId") or domain
        if sampler := number({**scope, **values}, *SAMPLERS):
            self._keep(self.strays, sampler, rate)
            return self._keep(self.samplers, (domain, sampler), rate)
        if interface := number(scope, *INTERFACES):
            return self._keep(self.interfaces, (domain, interface), rate)
        if template := number(scope, *TEMPLATES):
            return self._keep(self.templates, (domain, template), rate)
        self.any = rate
        return self._keep(self.domains, domain, rate)

    def find(self, domain: int, sampler: int, interface: int, template: int) -> int:
        """The rate for a record, 0 where unknown."""
        return (
            (sampler and (self.samplers.get((domain, sampler)) or self.strays.get(sampler)))
            or (interface and self.interfaces.get((domain, interface)))
            or (template and self.templates.get((domain, template)))
            or self.domains.get(domain)
            or self.any
        )

    def all(self) -> list[int]:
        """All rates that were told, in order."""
        tables = (self.samplers, self.interfaces, self.templates, self.domains)
        return sorted({rate for table in tables for rate in table.values()} | ({self.any} if self.any else set()))

    def count(self) -> int:
        """How many rates these are."""
        return len(self.samplers) + len(self.interfaces) + len(self.templates) + len(self.domains)

    def saved(self) -> dict[str, list[list[int]]]:
        """All rates as JSON: by table, lists of the numbers of the key and the rate."""
        pairs = ((name, self._pairs(name)) for name in WIDTHS)
        return {name: [[*key, rate] for key, rate in rates] for name, rates in pairs if rates}

    def load(self, saved: Any) -> Iterator[str]:
        """Take what `saved` gave; yields what is wrong with each rate that cannot be used."""
        for name, row in _rows(saved):
            if _is_rate(name, row):
                self._restore(name, row)
            else:
                yield f"sampling rate of {name}: {str(row)[:80]}"

    def _pairs(self, name: str) -> list[tuple[tuple[int, ...], int]]:
        if name == "any":
            return [((), self.any)] if self.any else []
        return [(key if isinstance(key, tuple) else (key,), rate) for key, rate in getattr(self, name).items()]

    def _restore(self, name: str, row: list[int]) -> None:
        *key, rate = row
        if name == "any":
            self.any = rate
        else:
            self._keep(getattr(self, name), tuple(key) if len(key) > 1 else key[0], rate)

    def _keep(self, rates: dict[K, int], key: K, rate: int) -> bool:
        """Set a rate where there is room for it; whether that is news."""
        news = rates.get(key) != rate
        if not (key in rates or self.room.take()):
            return False
        rates[key] = rate
        return news


def _rows(saved: Any) -> Iterator[tuple[str, Any]]:
    """Each entry of what `ExporterRates.saved` gave, with the name of its table."""
    for name, rows in saved.items() if isinstance(saved, dict) else [("nothing known", [saved])]:
        yield from ((name, row) for row in (rows if isinstance(rows, list) else [rows]))


def _is_rate(name: str, row: Any) -> bool:
    """Whether it is a key as that table has them, and a rate."""
    return (
        name in WIDTHS
        and isinstance(row, list)
        and len(row) == WIDTHS[name] + 1
        and all(type(value) is int and 0 <= value <= MAX_NUMBER for value in row)
        and 0 < row[-1] <= MAX_RATE
    )


def rate_of(values: Mapping[str, Any]) -> int:
    """The rate that one record's elements tell: 1 packet of so many; 0 where they tell none."""
    return round(min(_rate(values), MAX_RATE))


def _rate(values: Mapping[str, Any]) -> float:
    for element in PLAIN:
        plain = number(values, element)
        if plain:
            return int(upright(element, np.array([plain], np.uint64))[0])
    interval = number(values, "samplingPacketInterval")
    if interval and "samplingPacketSpace" in values:
        return (interval + number(values, "samplingPacketSpace")) / interval
    size, population = number(values, "samplingSize"), number(values, "samplingPopulation")
    if size and population:
        return population / size
    probability = values.get("samplingProbability")
    if isinstance(probability, float) and 0 < probability <= 1:
        return 1 / probability
    return 0


def upright(element: str, rates: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Rates that an element tells, the bytes of those turned around that are plausible only then."""
    if element not in LITTLE_ENDIAN:
        return rates
    turned = rates.astype(np.uint32).byteswap()
    wrong = (rates >= IMPLAUSIBLE) & (rates <= MAX_RATE) & (turned < IMPLAUSIBLE)
    return np.where(wrong, turned, rates)


def number(values: Mapping[str, Any], *keys: str) -> int:
    """The first of these values that is a number of at most 64 bits and not 0; 0 where none is."""
    return next((value for key in keys if isinstance(value := values.get(key), int) and 0 < value <= MAX_NUMBER), 0)
