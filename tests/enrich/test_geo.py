"""Places and autonomous systems, whoever made the database."""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from collector.enrich.geo import Geo
from collector.enrich.mmdb import DatabaseError
from collector.enrich.places import NOWHERE, Place, place_of
from tests.builders.mmdb import write

MAPPED = 0xFFFF << 32
HALVES = {"hi": pl.UInt64, "lo": pl.UInt64}
BERLIN = {
    "city": {"geoname_id": 1, "names": {"de": "Berlin", "en": "Berlin"}},
    "country": {"iso_code": "DE", "names": {"de": "Deutschland", "en": "Germany"}},
    "location": {"latitude": 52.52437, "longitude": 13.41053},
    "subdivisions": [{"iso_code": "BE", "names": {"en": "Land Berlin"}}],
}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(
            BERLIN,
            Place(
                geo_city_name="Berlin",
                geo_region_name="Land Berlin",
                geo_country_name="Germany",
                geo_country_iso_code="DE",
                geo_location="52.5244,13.4105",
            ),
            id="MaxMind City, DB-IP City",
        ),
        pytest.param(
            {"autonomous_system_number": 64496, "autonomous_system_organization": "Example"},
            Place(as_number=64496, as_organization_name="Example"),
            id="MaxMind ASN, DB-IP ASN, ip-location-db ASN",
        ),
        pytest.param(
            {"country_code": "US"},
            Place(geo_country_name="United States", geo_country_iso_code="US"),
            id="ip-location-db country",
        ),
        pytest.param(
            {
                "city": "Oslo",
                "country_code": "NO",
                "state1": "Oslo",
                "state2": "",
                "latitude": 59.9,
                "longitude": 10.75,
            },
            Place(
                geo_city_name="Oslo",
                geo_region_name="Oslo",
                geo_country_name="Norway",
                geo_country_iso_code="NO",
                geo_location="59.9,10.75",
            ),
            id="ip-location-db city",
        ),
        pytest.param(
            {
                "country": "JP",
                "country_name": "Japan",
                "asn": "AS64497",
                "as_name": "Example KK",
                "as_domain": "example.jp",
            },
            Place(64497, "Example KK", geo_country_name="Japan", geo_country_iso_code="JP"),
            id="IPinfo country and AS",
        ),
        pytest.param(
            {"country": "Canada", "country_code": "CA", "asn": "AS64498", "as_name": "Example Inc"},
            Place(64498, "Example Inc", geo_country_name="Canada", geo_country_iso_code="CA"),
            id="IPinfo Lite",
        ),
        pytest.param(
            {"city": "Lyon", "region": "Rhone", "country": "FR", "lat": "45.75", "lng": "4.85"},
            Place(
                geo_city_name="Lyon",
                geo_region_name="Rhone",
                geo_country_name="France",
                geo_country_iso_code="FR",
                geo_location="45.75,4.85",
            ),
            id="IPinfo location",
        ),
        pytest.param(
            {"latitude": "37.77493", "longitude": "-122.41942"}, Place(geo_location="37.7749,-122.4194"), id="far west"
        ),
        pytest.param(
            {"registered_country": {"iso_code": "AU", "names": {"en": "Australia"}}},
            Place(geo_country_name="Australia", geo_country_iso_code="AU"),
            id="registered country alone",
        ),
        pytest.param({"country": {"iso_code": "ZZ"}}, Place(geo_country_iso_code="ZZ"), id="unknown code"),
        pytest.param({"latitude": 0.0, "longitude": 0.0}, NOWHERE, id="0,0 is nowhere"),
        pytest.param({"latitude": 91.0, "longitude": 0.0}, NOWHERE, id="beyond the pole"),
        pytest.param({"asn": "AS0"}, NOWHERE, id="AS 0"),
        pytest.param({"asn": "unknown", "city": ["x"], "country": 5}, NOWHERE, id="other types"),
        pytest.param("text", NOWHERE, id="no map"),
        pytest.param(None, NOWHERE, id="nothing"),
    ],
)
def test_records_are_told_by_their_keys(record: Any, expected: Place) -> None:
    assert place_of(record) == expected


def described(geo: Geo, *addresses: str) -> dict[str, list[Any]]:
    """What is put in for new addresses."""
    numbers = [int(one) | MAPPED if one.version == 4 else int(one) for one in map(ip_address, addresses)]
    halves = {"hi": [number >> 64 for number in numbers], "lo": [number & 2**64 - 1 for number in numbers]}
    new = pl.DataFrame(halves, schema=HALVES)
    coded = pl.DataFrame({"value": addresses, "private": [False] * len(addresses)}).with_columns(
        **{name: make(new) for name, make in geo.attributes().items()}
    )
    return geo.describe(coded).drop("private", "place", strict=False).to_dict(as_series=False)


def databases(folder: Path, **records: Mapping[str, Any]) -> list[Path]:
    return [write(folder / f"{name}.mmdb", one) for name, one in records.items()]


def test_databases_fill_in_for_each_other_in_their_order(tmp_path: Path) -> None:
    first = {"192.0.2.0/24": {"country_code": "SE"}}
    second = {
        "192.0.2.0/25": {"country_code": "NO", "city": "Bergen", "asn": "AS64496"},
        "2001:db8::/32": {"asn": "AS64497"},
    }
    geo = Geo(databases(tmp_path, first=first, second=second))
    assert described(geo, "192.0.2.1", "192.0.2.200", "2001:db8::1", "198.51.100.1") == {
        "value": ["192.0.2.1", "192.0.2.200", "2001:db8::1", "198.51.100.1"],
        "as.number": [64496, None, 64497, None],
        "geo.city_name": ["Bergen", None, None, None],
        "geo.country_name": ["Sweden", "Sweden", None, None],
        "geo.country_iso_code": ["SE", "SE", None, None],
    }


def test_records_learned_later_do_not_move_those_known(tmp_path: Path) -> None:
    records = {f"192.0.2.{number}/32": {"city": f"City {number}"} for number in range(64)}
    geo = Geo(databases(tmp_path, cities=records))
    for first, second in ((50, 3), (7, 50), (63, 0), (3, 63)):
        found = described(geo, f"192.0.2.{first}", f"192.0.2.{second}", "192.0.2.99")
        assert found["geo.city_name"] == [f"City {first}", f"City {second}", None]


def test_a_private_address_belongs_to_private_whatever_a_database_says(tmp_path: Path) -> None:
    geo = Geo(databases(tmp_path, systems={"10.1.0.0/16": {"as_name": "Other", "country_code": "AU"}}))
    halves = pl.DataFrame({"hi": [0, 0], "lo": [MAPPED | 0x0A010001, MAPPED | 0x0A020001]}, schema_overrides=HALVES)
    codes = {name: make(halves) for name, make in geo.attributes().items()}
    told = geo.describe(pl.DataFrame({"private": [True, True]}).with_columns(**codes))
    assert told["as.organization.name"].to_list() == ["private"] * 2
    assert told.columns == ["private", "as.organization.name", "place"]


def test_without_databases_nothing_is_put_in() -> None:
    assert described(Geo([]), "192.0.2.1") == {"value": ["192.0.2.1"]}


def touch(path: Path, records: Mapping[str, Any]) -> None:
    """Replace a database as a downloader does."""
    write(path.with_suffix(".new"), records).replace(path)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    (path,) = databases(tmp_path, cities={"192.0.2.0/24": {"city": "Old"}})
    geo = Geo([path])
    assert not geo.refresh()
    touch(path, {"192.0.2.0/24": {"city": "New"}})
    assert geo.refresh()
    assert described(geo, "192.0.2.1")["geo.city_name"] == ["New"]
    assert not geo.refresh()


def test_a_damaged_file_leaves_the_old_database_in_use(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (path,) = databases(tmp_path, cities={"192.0.2.0/24": {"city": "Old"}})
    geo = Geo([path])
    for damaged in (b"half", b""):
        path.write_bytes(damaged)
        assert not geo.refresh()
        assert described(geo, "192.0.2.1")["geo.city_name"] == ["Old"]
    path.unlink()
    assert not geo.refresh()
    assert described(geo, "192.0.2.1")["geo.city_name"] == ["Old"]
    assert len(caplog.messages) == 3
    assert all(message.endswith("; not used") for message in caplog.messages)


def test_files_of_a_folder_come_and_go(tmp_path: Path) -> None:
    geo = Geo([tmp_path])
    assert not geo.databases
    databases(tmp_path, cities={"192.0.2.0/24": {"city": "Here"}})
    assert geo.refresh()
    assert described(geo, "192.0.2.1")["geo.city_name"] == ["Here"]
    (tmp_path / "cities.mmdb").unlink()
    assert geo.refresh()
    assert described(geo, "192.0.2.1") == {"value": ["192.0.2.1"]}


def test_a_folder_may_come_later(tmp_path: Path) -> None:
    geo = Geo([], tmp_path / "later")
    assert not geo.refresh()
    (tmp_path / "later").mkdir()
    databases(tmp_path / "later", cities={"192.0.2.0/24": {"city": "Here"}})
    assert geo.refresh()
    assert described(geo, "192.0.2.1")["geo.city_name"] == ["Here"]


def test_a_named_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="No such file"):
        Geo([tmp_path / "none.mmdb"])


def test_a_damaged_file_in_a_folder_is_told_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    databases(tmp_path, cities={"192.0.2.0/24": {"city": "Here"}})
    (tmp_path / "bad.mmdb").write_bytes(b"bad")
    assert described(Geo([tmp_path]), "192.0.2.1")["geo.city_name"] == ["Here"]
    assert any("bad.mmdb is no database" in message for message in caplog.messages)


def test_numbers_of_places_are_not_given_again_for_other_databases(tmp_path: Path) -> None:
    def numbers() -> set[int]:
        new = pl.DataFrame({"hi": [0, 0], "lo": [MAPPED | 0xC0000201, MAPPED | 0xC0000301]}, schema=HALVES)
        coded = pl.DataFrame({"private": [False, False]})
        coded = coded.with_columns(**{name: make(new) for name, make in geo.attributes().items()})
        return set(geo.describe(coded)["place"])

    geo = Geo(databases(tmp_path, cities={"192.0.2.0/24": {"city": "Oslo"}, "192.0.3.0/24": {"city": "Bergen"}}))
    assert len(numbers() | numbers()) == 4
