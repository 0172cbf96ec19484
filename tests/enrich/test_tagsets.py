"""Addresses have the tags of all ranges that hold them; ipaddress is the oracle."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from hypothesis import given
from hypothesis import strategies as st

from collector.enrich.tagsets import Layer, TagSets, four_ranges, six_ranges
from tests.enrich.lookups import new

Network = IPv4Network | IPv6Network
ENDS_4, ENDS_6 = [0, 1, 0x0A000000, 0x0A0000FF, 2**32 - 1], [1, 2**64 - 1, 2**64, 0x20010DB8 << 96, 2**128 - 1]
V4 = st.builds(lambda top, bits: IPv4Network((top, bits), strict=False), st.sampled_from(ENDS_4), st.integers(1, 32))
V6 = st.builds(lambda top, bits: IPv6Network((top, bits), strict=False), st.sampled_from(ENDS_6), st.integers(1, 128))
LAYERS = st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.lists(V4 | V6, max_size=6)), max_size=5)
ADDRESSES = [
    *{str(IPv4Address(end + step)) for end in ENDS_4 for step in (-1, 0, 1) if 0 <= end + step < 2**32},
    *{str(IPv6Address(end + step)) for end in ENDS_6 for step in (-1, 0, 1) if 0 <= end + step < 2**128},
]


def tag_sets(layers: list[tuple[str | None, list[Network]]]) -> TagSets:
    return TagSets(
        [
            Layer(
                tag,
                four_ranges([one for one in networks if isinstance(one, IPv4Network)]),
                six_ranges([one for one in networks if isinstance(one, IPv6Network)]),
            )
            for tag, networks in layers
        ]
    )


def tags(sets: TagSets, *addresses: str) -> list[tuple[str, ...]]:
    asked = new(*addresses)
    return [sets.sets[number] for number in sets.find(asked["hi"].to_numpy(), asked["lo"].to_numpy()).tolist()]


def expected(layers: list[tuple[str | None, list[Network]]], text: str) -> tuple[str, ...]:
    """Layer by layer."""
    address = IPv6Address(text) if ":" in text else IPv4Address(text)
    out: set[str] = set()
    for tag, networks in layers:
        if any(address in one for one in networks):
            out = set() if tag is None else out | {tag}
    return tuple(sorted(out))


@given(LAYERS)
def test_layers_are_laid_one_over_the_other(layers: list[tuple[str | None, list[Network]]]) -> None:
    assert tags(tag_sets(layers), *ADDRESSES) == [expected(layers, one) for one in ADDRESSES]


def test_without_layers_no_address_has_a_tag() -> None:
    assert tags(TagSets(), "10.0.0.1", "::1", "255.255.255.255") == [(), (), ()]
