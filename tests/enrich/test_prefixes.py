"""Networks by longest match; ipaddress is the oracle."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collector.enrich.prefixes import Network, Prefixes

MAPPED = 0xFFFF << 32
Address = IPv4Address | IPv6Address


def find(networks: list[Network], *addresses: Address) -> list[int]:
    numbers = [int(one) | MAPPED if one.version == 4 else int(one) for one in addresses]
    hi, lo = (np.array(half, np.uint64) for half in ([n >> 64 for n in numbers], [n & 2**64 - 1 for n in numbers]))
    found: list[int] = Prefixes.of((one, number) for number, one in enumerate(networks)).find(hi, lo).tolist()
    return found


def expected(networks: list[Network], address: Address) -> int:
    """The last of the longest networks."""
    holding = [(one.prefixlen, number) for number, one in enumerate(networks) if address in one]
    return max(holding)[1] if holding else -1


def around(network: Network) -> list[Address]:
    """The network's ends and what lies beside them."""
    kind = IPv4Address if network.version == 4 else IPv6Address
    places = {int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1}
    return [kind(place) for place in places if 0 <= place < 1 << network.max_prefixlen]


V4 = st.builds(
    lambda top, bits: IPv4Network((top << 28 | 0x0A0B0C0D, bits), strict=False), st.integers(0, 15), st.integers(0, 32)
)
V6 = st.builds(
    lambda top, bits: IPv6Network((top << 124 | 0x20010DB8000000000000000000000A0B, bits), strict=False),
    st.integers(0, 15),
    st.integers(0, 128),
)


@given(networks=st.lists(st.one_of(V4, V6), max_size=12))
def test_an_address_has_its_longest_network(networks: list[Network]) -> None:
    asked = [address for network in networks for address in around(network)]
    # The mapped form of an IPv4 address is that address.
    asked = [one for one in asked if not (isinstance(one, IPv6Address) and one.ipv4_mapped)]
    assert find(networks, *asked) == [expected(networks, address) for address in asked]


def test_without_networks_nothing_is_found() -> None:
    assert find([], ip_address("192.0.2.1"), ip_address("::1")) == [-1, -1]


def test_no_addresses() -> None:
    assert find([ip_network("10.0.0.0/8")]) == []


def test_one_version_alone() -> None:
    assert find([ip_network("10.0.0.0/8")], ip_address("10.1.1.1"), ip_address("::1")) == [0, -1]
    assert find([ip_network("::/0")], ip_address("10.1.1.1"), ip_address("::1")) == [-1, 0]
