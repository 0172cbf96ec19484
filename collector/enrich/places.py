"""What a record of a GeoIP or AS database says, whoever made it: told by the names of its keys, not of its file.

Known by their keys: MaxMind (GeoLite2 and GeoIP2 City, Country, ASN), DB-IP, IPinfo, ip-location-db.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from collector import registry
from collector.coordinates import coordinates

LANGUAGE = "en"
LATITUDES, LONGITUDES = ("latitude", "lat"), ("longitude", "lng", "lon")
ORGANIZATIONS = ("autonomous_system_organization", "as_name", "as_organization", "isp", "organization")
NUMBERS = ("autonomous_system_number", "asn", "as_number")
OF_SYSTEMS = frozenset((*NUMBERS, *ORGANIZATIONS))
"""Keys of records that have no place: they are most of all records."""
MAX_NUMBER = 2**32 - 1
CODE = 2
"""Letters of a country's code (ISO 3166-1 alpha-2)."""


class Place(NamedTuple):
    """What is known of the addresses of a record. Field names are those of the table `addresses`, `_` for `.`."""

    as_number: int | None = None
    as_organization_name: str | None = None
    geo_city_name: str | None = None
    geo_region_name: str | None = None
    geo_country_name: str | None = None
    geo_country_iso_code: str | None = None
    geo_location: str | None = None
    """`latitude,longitude` in degrees."""


NOWHERE = Place()


def place_of(record: Any) -> Place:
    """What a record says; `NOWHERE` for one that is no map."""
    if not isinstance(record, dict):
        return NOWHERE
    if record.keys() <= OF_SYSTEMS:
        return Place(_as_number(record), _first(record, *ORGANIZATIONS))
    code, name = _country(record)
    system = () if OF_SYSTEMS.isdisjoint(record) else (_as_number(record), _first(record, *ORGANIZATIONS))
    return Place(
        *(system or (None, None)),
        _named(record.get("city")),
        _region(record),
        name or _countries().get(code or ""),
        code,
        _location(record),
    )


def _country(record: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Code and name. In IPinfo's databases `country` is the code in some and the name in others."""
    for key in ("country", "registered_country"):
        country = record.get(key)
        if isinstance(country, dict):
            code, name = _text(country.get("iso_code")), _named(country)
            if code or name:
                return code, name
    plain = _text(record.get("country"))
    code = _first(record, "country_code", "country_iso_code") or (plain if plain and len(plain) == CODE else None)
    name = _text(record.get("country_name")) or (plain if plain and len(plain) > CODE else None)
    return code.upper() if code and len(code) == CODE else None, name


def _as_number(record: Mapping[str, Any]) -> int | None:
    for key in NUMBERS:
        if key not in record:
            continue
        value = record[key]
        if isinstance(value, str):
            digits = value.upper().removeprefix("AS")
            value = int(digits) if digits.isascii() and digits.isdigit() else None
        if isinstance(value, int) and 0 < value <= MAX_NUMBER:
            return value
    return None


def _region(record: Mapping[str, Any]) -> str | None:
    subdivisions = record.get("subdivisions")
    if isinstance(subdivisions, list) and subdivisions:
        return _named(subdivisions[0])
    return _first(record, "region", "region_name", "state1", "state")


def _location(record: Mapping[str, Any]) -> str | None:
    inner = record.get("location")
    where = inner if isinstance(inner, dict) else record
    latitude, longitude = _degrees(where, LATITUDES), _degrees(where, LONGITUDES)
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return coordinates(latitude, longitude) if latitude or longitude else None  # 0,0 is unknown


def _degrees(record: Mapping[str, Any], keys: tuple[str, ...]) -> float | None:
    for key in keys:
        if key in record:
            try:
                return float(record[key])
            except (TypeError, ValueError):
                return None
    return None


def _named(value: Any) -> str | None:
    """A name, plain or in languages."""
    if isinstance(value, dict):
        names = value.get("names")
        return _text(names.get(LANGUAGE)) if isinstance(names, dict) else _text(value.get("name"))
    return _text(value)


def _first(record: Mapping[str, Any], *keys: str) -> str | None:
    for key in keys:
        if key in record and (found := _text(record[key])):
            return found
    return None


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


@cache
def _countries() -> dict[str, str]:
    """Names by code, for databases that tell the code alone."""
    return {row["code"]: row["name"] for row in registry.rows("countries")}
