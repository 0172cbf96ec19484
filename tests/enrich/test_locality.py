"""What addresses are by themselves."""

import pytest

from collector.enrich.locality import multicast, private
from tests.enrich.lookups import new

PRIVATE = """
    0.0.0.0 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 169.254.1.1 172.16.0.0
    172.31.255.255 192.0.2.1 192.168.0.0 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1
    203.0.113.255 :: ::1 2001:db8:ffff::1 3fff:fff::1 fc00:: fdff:ffff::1 fe80::1 febf::1
"""
PUBLIC = """
    1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 128.0.0.0 169.253.255.255 172.15.255.255
    172.32.0.0 192.0.3.0 192.167.255.255 192.169.0.0 198.20.0.0 8.8.8.8 ::2 2001:db7::1 2001:db9::1
    3fff:1000:: fbff::1 fec0::1 2606:4700::1
"""
GROUPS = ["224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1", "ff0e::1"]
SINGLE = ["223.255.255.255", "240.0.0.1", "255.255.255.254", "10.0.0.255", "feff::1", "8.8.8.8"]


@pytest.mark.parametrize(("words", "expected"), [(PRIVATE, True), (PUBLIC, False)])
def test_addresses_that_are_of_use_inside_alone_are_private(words: str, expected: bool) -> None:
    addresses = words.split()
    found = dict(zip(addresses, private(new(*addresses)), strict=True))
    assert found == dict.fromkeys(addresses, expected)


@pytest.mark.parametrize(("addresses", "expected"), [(GROUPS, True), (SINGLE, False)])
def test_groups_and_broadcast_are_of_many_receivers(addresses: list[str], expected: bool) -> None:
    found = dict(zip(addresses, multicast(new(*addresses)), strict=True))
    assert found == dict.fromkeys(addresses, expected)
