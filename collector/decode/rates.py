"""Sampling rates that an exporter's options data tell: by sampler, interface, template, observation domain.

Rates belong to an exporter. A record names a sampler (elements 48 or 302), or came in by an interface with a rate of
its own, or is of a template with one, or else the rate of its observation domain or of the whole exporter holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

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
MAX_NUMBER = 2**64 - 1


@dataclass(slots=True)
class ExporterRates:
    """What one exporter's options data said."""

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

    def learn(self, domain: int, scope: Mapping[str, Any], values: Mapping[str, Any], rate: int) -> None:
        """Take the rate that one record of options data tells."""
        domain = number(scope, "observationDomainId") or domain
        if sampler := number({**scope, **values}, *SAMPLERS):
            self.samplers[domain, sampler] = self.strays[sampler] = rate
        elif interface := number(scope, *INTERFACES):
            self.interfaces[domain, interface] = rate
        elif template := number(scope, *TEMPLATES):
            self.templates[domain, template] = rate
        else:
            self.domains[domain] = self.any = rate

    def find(self, domain: int, sampler: int, interface: int, template: int) -> int:
        """The rate for a record, 0 where unknown."""
        return (
            (sampler and (self.samplers.get((domain, sampler)) or self.strays.get(sampler)))
            or (interface and self.interfaces.get((domain, interface)))
            or (template and self.templates.get((domain, template)))
            or self.domains.get(domain)
            or self.any
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
