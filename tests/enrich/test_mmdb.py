"""Databases of addresses, looked up in columns; the library that reads them one by one is the oracle."""

import contextlib
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import maxminddb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.enrich.mmdb import Database, DatabaseError
from collector.index import Halves
from tests.builders.mmdb import database, write

MAPPED = 0xFFFF << 32
NETWORKS = {
    "10.0.0.0/8": "ten",
    "10.1.0.0/16": "sixteen",
    "10.1.2.0/23": "twenty-three",
    "10.1.2.3/32": "one",
    "192.0.2.128/25": "half",
    "2001:db8::/32": "documentation",
    "2001:db8::1/128": "host",
    "fe80::/10": "link",
}
ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(IPv4Address),
    st.integers(0, 2**128 - 1).map(IPv6Address),
    st.integers(0x0A010000, 0x0A0103FF).map(IPv4Address),
    st.integers(0, 3).map(lambda low: IPv6Address((0x20010DB8 << 96) | low)),
    st.sampled_from(["10.1.2.3", "10.1.2.4", "10.255.255.255", "192.0.2.127", "192.0.2.128", "2001:db8::1"]).map(
        ip_address
    ),
)


def halves(*addresses: IPv4Address | IPv6Address) -> tuple[Halves, Halves]:
    numbers = [int(one) | MAPPED if one.version == 4 else int(one) for one in addresses]
    return np.array([n >> 64 for n in numbers], np.uint64), np.array([n & 2**64 - 1 for n in numbers], np.uint64)


@pytest.fixture(scope="module", params=[(6, 24), (6, 28), (6, 32), (4, 24), (4, 28), (4, 32)])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    version, size = request.param
    records = {network: {"name": name} for network, name in NETWORKS.items() if version == 6 or ":" not in network}
    return write(tmp_path_factory.mktemp("mmdb") / "test.mmdb", records, version, size)


@settings(max_examples=25, deadline=None)
@given(addresses=st.lists(ADDRESSES, max_size=30))
def test_addresses_have_the_records_that_the_library_finds(
    path: Path, addresses: list[IPv4Address | IPv6Address]
) -> None:
    opened, oracle = Database(path), maxminddb.open_database(path)
    hi, lo = halves(*addresses)
    places = opened.places(hi, lo).tolist()
    for place, one, *pair in zip(places, addresses, hi.tolist(), lo.tolist(), strict=True):
        mapped = one.version == 6 and one.ipv4_mapped is not None
        known = oracle.metadata().ip_version == 6 or one.version == 4
        expected = oracle.get(one) if known and not mapped else None
        assert (place < 0) == (expected is None) or mapped
        if expected is not None:
            assert opened.record(*pair) == expected


def test_equal_records_have_equal_places(tmp_path: Path) -> None:
    opened = Database(write(tmp_path / "a.mmdb", {"10.0.0.0/8": {"name": "ten"}, "10.1.0.0/16": {"name": "sixteen"}}))
    asked = map(ip_address, ("10.0.0.1", "10.9.0.1", "10.1.0.1", "11.0.0.1"))
    first, second, other, none = opened.places(*halves(*asked))
    assert first == second
    assert other not in (first, -1)
    assert none == -1


def test_an_empty_database_knows_nobody(tmp_path: Path) -> None:
    opened = Database(write(tmp_path / "a.mmdb", {}))
    assert opened.places(*halves(ip_address("10.0.0.1"), ip_address("::1"))).tolist() == [-1, -1]


def test_no_addresses(tmp_path: Path) -> None:
    assert Database(write(tmp_path / "a.mmdb", {"10.0.0.0/8": {}})).places(*halves()).tolist() == []


@pytest.mark.parametrize("size", [24, 28, 32])
def test_large_offsets_keep_all_their_bits(tmp_path: Path, size: int) -> None:
    """Records of 28 bits have four of their bits apart from the others."""
    records = {f"10.{n >> 8}.{n & 255}.0/24": {"name": "x" * 250 + str(n)} for n in range(4096)}
    records |= {f"2001:db8:{n:x}::/48": {"name": "y" * 250 + str(n)} for n in range(4096)}
    opened = Database(write(tmp_path / "a.mmdb", records, size=size))
    asked = halves(ip_address("10.15.255.1"), ip_address("2001:db8:fff::1"))
    assert [opened.record(*map(int, pair))["name"][250:] for pair in zip(*asked, strict=True)] == ["4095", "4095"]
    assert len(set(opened.places(*asked).tolist())) == 2


def test_a_file_that_is_written_over_does_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mmdb", {"10.0.0.0/8": {"name": "ten"}})
    opened = Database(path)
    path.write_bytes(b"")
    hi, lo = halves(ip_address("10.0.0.1"))
    assert opened.places(hi, lo)[0] >= 0
    assert opened.record(int(hi[0]), int(lo[0])) == {"name": "ten"}


GOOD = database({"10.0.0.0/8": {"name": "ten"}})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no database", id="text"),
        pytest.param(GOOD[: len(GOOD) // 2], id="cut off"),
        pytest.param(GOOD[200:], id="without its beginning"),
        pytest.param(GOOD.replace(b"record_size\xa1\x18", b"record_size\xa1\x19"), id="record size 25"),
    ],
)
def test_a_file_that_is_no_database_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mmdb"
    path.write_bytes(content)
    with pytest.raises(DatabaseError, match=f"^{path} is ") as error:
        Database(path)
    assert "/proc" not in str(error.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"cannot read .*: No such file or directory"):
        Database(tmp_path / "none.mmdb")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_within_is_told_or_does_nothing(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Never another error, never a read outside the file."""
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "a.mmdb"
    path.write_bytes(content)
    with contextlib.suppress(DatabaseError):
        opened = Database(path)
        hi, lo = halves(*map(ip_address, ("10.0.0.1", "192.0.2.1", "2001:db8::1")))
        for place, *pair in zip(opened.places(hi, lo).tolist(), hi.tolist(), lo.tolist(), strict=True):
            if place >= 0:
                opened.record(*pair)
