"""Made-up databases of places and autonomous systems for the addresses of the benchmarks' traffic."""

from pathlib import Path
from typing import Any

from tests.builders.mmdb import write

CITIES, SYSTEMS = 900, 6000
COUNTRIES = ("US", "DE", "CZ", "NL", "JP", "BR", "IN", "FR", "GB", "SG")
NETWORKS = tuple(f"{first}.{second}.0.0/16" for first in range(1, 224) for second in range(256))
"""All public IPv4 space, 57,000 networks."""


def databases(folder: Path) -> list[Path]:
    """A database of cities and one of autonomous systems, as MaxMind lays them out."""
    cities = {network: _city(number * 7919 % CITIES) for number, network in enumerate(NETWORKS)}
    systems = {network: _system(number * 104_729 % SYSTEMS) for number, network in enumerate(NETWORKS)}
    return [write(folder / "cities.mmdb", cities), write(folder / "systems.mmdb", systems)]


def _city(number: int) -> dict[str, Any]:
    code = COUNTRIES[number % len(COUNTRIES)]
    return {
        "city": {"names": {"en": f"City {number}"}},
        "country": {"iso_code": code, "names": {"en": f"Country of {code}"}},
        "location": {"latitude": number / 9 - 50, "longitude": number / 4 - 110},
    }


def _system(number: int) -> dict[str, Any]:
    return {
        "autonomous_system_number": 64_512 + number,
        "autonomous_system_organization": f"Organisation {number} Networks",
    }
