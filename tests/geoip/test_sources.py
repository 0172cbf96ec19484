"""What a URL in the settings means."""

import re
from datetime import date
from pathlib import Path

import pytest

from collector.geoip.sources import maxmind, source, sources

ROOT = Path(__file__).parents[2]
SUM = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("https://host.example/free/asn-lite-{year}-{month}.mmdb.gz", "asn-lite.mmdb"),
        ("https://host.example/{year}/{month}/country.mmdb", "country.mmdb"),
        ("https://host.example/city.zip?token=secret", "city.mmdb"),
        ("https://host.example/download", "download.mmdb"),
        ("https://host.example/{year}-{month}.mmdb", "database.mmdb"),
        ("https://host.example/..", "database.mmdb"),
    ],
)
def test_a_database_has_the_name_of_its_url_whatever_the_month(url: str, file: str) -> None:
    assert source(url).file == file


def test_this_month_and_then_the_one_before() -> None:
    dated = source("https://host.example/{year}-{month}.mmdb#sha256").dated(date(2026, 1, 31))
    assert [(one.url, one.sha256_url) for one in dated] == [
        ("https://host.example/2026-01.mmdb", "https://host.example/2026-01.mmdb.sha256"),
        ("https://host.example/2025-12.mmdb", "https://host.example/2025-12.mmdb.sha256"),
    ]


def test_a_sum_in_the_url_is_not_sent() -> None:
    one = source(f"https://host.example/a.mmdb#sha256={SUM.upper()}")
    assert (one.url, one.sha256) == ("https://host.example/a.mmdb", SUM)


def test_the_sum_beside_a_file_has_the_query_of_the_file() -> None:
    assert source("https://host.example/a.mmdb?key=1#sha256").sha256_url == "https://host.example/a.mmdb.sha256?key=1"


def test_user_and_password_become_a_header() -> None:
    one = source("https://me:p%40ss@host.example/a.mmdb")
    assert (one.url, one.authorization) == ("https://host.example/a.mmdb", "Basic bWU6cEBzcw==")


def test_what_is_secret_is_in_no_name() -> None:
    assert source("https://me:pass@host.example/a.mmdb?token=secret").name == "https://host.example/a.mmdb"
    shown = maxmind("GeoLite2-ASN", "123456", "secret").name
    assert shown == "https://download.maxmind.com/geoip/databases/GeoLite2-ASN/download"


def test_the_image_has_a_database_of_countries_and_one_of_systems() -> None:
    (urls,) = re.findall(r"^ARG GEO_URLS=(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    named = [
        (one.file, [place.dated(date(2026, 6, 1))[0].url.rpartition("/")[2] for place in one.places])
        for one in sources(urls.split(","))
    ]
    assert named == [
        ("dbip-country-lite.mmdb", ["dbip-country-lite-2026-06.mmdb.gz", "dbip-country.mmdb"]),
        ("dbip-asn-lite.mmdb", ["dbip-asn-lite-2026-06.mmdb.gz", "dbip-asn.mmdb"]),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "host.example/a.mmdb",
        "https://h/a|",
        "https://h/a|ftp://h/a",
        "file:///etc/passwd",
        "https://",
        "https://h/a#md5=1",
        "https://h/a#sha256=12",
    ],
)
def test_what_is_no_source_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"URL|sha256"):
        source(text)
