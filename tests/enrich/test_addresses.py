"""The address book gives every address one entry, and flows the row numbers of theirs."""

from collections import Counter
from ipaddress import IPv4Address, IPv6Address, ip_address

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.enrich.addresses import AddressBook, text, texts
from collector.index import BLOCK, AddressIndex
from collector.registry import VALUE

HALF = st.integers(0, 2**64 - 1)
FEW = st.sampled_from([0, 1, 2**63, 2**64 - 1, 0xFFFF_0A00_0001])


def halves(*addresses: str | None) -> tuple[pl.Series, pl.Series]:
    """The two columns of addresses."""
    numbers = [None if a is None else _number(a) for a in addresses]
    hi = pl.Series("source.ip.hi", [None if n is None else n >> 64 for n in numbers], dtype=pl.UInt64)
    return hi, pl.Series("source.ip.lo", [None if n is None else n & (2**64 - 1) for n in numbers], dtype=pl.UInt64)


def _number(address: str) -> int:
    one = ip_address(address)
    return int(one) | (0xFFFF << 32 if one.version == 4 else 0)


def book(limit: int = 100) -> AddressBook:
    return AddressBook({"length": lambda new: new[VALUE].str.len_chars()}, limit)


@given(st.lists(st.lists(st.tuples(HALF | FEW, HALF | FEW), max_size=50), max_size=8))
def test_equal_keys_have_equal_rows_and_others_do_not(groups: list[list[tuple[int, int]]]) -> None:
    index, rows_of = AddressIndex(bits=2), dict[tuple[int, int], int]()
    for keys in groups:
        hi = np.array([key[0] for key in keys], np.uint64)
        lo = np.array([key[1] for key in keys], np.uint64)
        rows, before = index.rows(hi, lo)
        assert before == len(rows_of)
        for key, row in zip(keys, rows.tolist(), strict=True):
            assert rows_of.setdefault(key, row) == row
    assert sorted(rows_of.values()) == list(range(index.count))


def test_a_hundred_thousand_keys_are_found_again() -> None:
    index = AddressIndex()
    lo = np.arange(100_000, dtype=np.uint64) | np.uint64(0xFFFF_0000_0000)
    first, _ = index.rows(np.zeros_like(lo), lo)
    again, before = index.rows(np.zeros_like(lo), lo[::-1])
    assert before == 100_000
    assert (again[::-1] == first).all()


def test_flows_point_into_the_table_of_their_batch() -> None:
    addresses = book()
    addresses.intern(pl.DataFrame(halves("10.0.0.1", "10.0.0.2")))
    frame, table = addresses.intern(pl.DataFrame(halves("2001:db8::1", None, "10.0.0.2", "2001:db8::1")))
    assert frame.columns == ["source.ip"]
    assert table.height == 2
    assert table[VALUE].gather(frame["source.ip"]).to_list() == ["2001:db8::1", None, "10.0.0.2", "2001:db8::1"]
    assert table["length"].gather(frame["source.ip"]).to_list() == [11, None, 8, 11]


def test_a_book_over_its_limit_goes_on() -> None:
    addresses = book(limit=3)
    for third in range(5):
        batch = [f"10.0.{third}.{last}" for last in range(3)]
        frame, table = addresses.intern(pl.DataFrame(halves(*batch)))
        assert table[VALUE].gather(frame["source.ip"]).to_list() == batch
        assert table["length"].gather(frame["source.ip"]).to_list() == [8] * 3
    assert len(addresses) <= 6


def test_what_is_used_again_stays_in_a_book_over_its_limit() -> None:
    described, forgotten = Counter[str](), list[str]()

    def count(new: pl.DataFrame) -> pl.Series:
        described.update(new[VALUE])
        return new[VALUE]

    addresses = AddressBook({"domain": count}, 100, lambda gone: forgotten.extend(gone["domain"]))
    for turn in range(50):
        batch = ["192.0.2.1", *(f"10.0.{turn}.{last}" for last in range(20))]
        frame, table = addresses.intern(pl.DataFrame(halves(*batch)))
        assert table[VALUE].gather(frame["source.ip"]).to_list() == batch
        assert table["domain"].gather(frame["source.ip"]).to_list() == batch
    assert described["192.0.2.1"] == 1
    assert sorted(forgotten)[:2] == ["10.0.0.0", "10.0.0.1"]
    assert len(forgotten) + len(addresses) == len(described) == 50 * 20 + 1


def test_attributes_are_worked_out_once_for_each_address() -> None:
    seen: list[str] = []

    def count(new: pl.DataFrame) -> pl.Series:
        seen.extend(new[VALUE])
        return new[VALUE]

    addresses = AddressBook({"domain": count})
    for _ in range(3):
        addresses.intern(pl.DataFrame(halves("10.0.0.1", "10.0.0.2", "10.0.0.1")))
    assert sorted(seen) == ["10.0.0.1", "10.0.0.2"]


@given(st.ip_addresses())
def test_text_is_that_address(address: IPv4Address | IPv6Address) -> None:
    number = _number(str(address))
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    assert ip_address(text(number >> 64, number & (2**64 - 1))) == (mapped or address)


def test_texts_of_both_families_stay_in_their_order() -> None:
    written = ["192.0.2.1", "2001:db8::1", "0.0.0.0", "::", "255.255.255.255"]
    whole = list(map(_number, written))
    hi = np.array([one >> 64 for one in whole], np.uint64)
    lo = np.array([one & 2**64 - 1 for one in whole], np.uint64)
    assert texts(hi, lo).to_list() == written
    assert texts(hi[:0], lo[:0]).to_list() == []


def test_keys_that_differ_in_the_upper_half_alone_are_different_before_and_after_such_a_key_is_known() -> None:
    index, lo = AddressIndex(), np.array([5, 5], np.uint64)
    assert index.rows(np.zeros(2, np.uint64), lo)[0].tolist() == [0, 0]
    assert index.find(np.array([0, 7], np.uint64), lo).tolist() == [0, -1]
    assert index.rows(np.array([7, 0], np.uint64), lo)[0].tolist() == [1, 0]
    assert index.find(np.zeros(2, np.uint64), lo).tolist() == [0, 0]


@pytest.mark.parametrize("blocks", [1, 3])
def test_rows_are_numbered_without_gaps_and_each_key_has_one(blocks: int) -> None:
    """Keys of both families, new ones many times each, and few home slots for them all in the beginning."""
    draw, count = np.random.default_rng(blocks), blocks * BLOCK
    hi = draw.choice(np.array([0, 1, 2**63], np.uint64), count)
    lo = draw.integers(0, count // 8, count, np.uint64)
    index, known = AddressIndex(bits=2), set[tuple[int, int]]()
    for part in (slice(0, count // 2), slice(0, count)):
        rows, before = index.rows(hi[part], lo[part])
        keys = set(zip(hi[part].tolist(), lo[part].tolist(), strict=True))
        assert index.count == len(keys)
        assert before == len(known)
        assert (index.hi[rows] == hi[part]).all()
        assert (index.lo[rows] == lo[part]).all()
        assert sorted(set(rows.tolist())) == list(range(index.count))
        known = keys
