"""Community IDs are those that other tools compute."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.enrich.community import community_ids
from collector.enrich.enricher import Choices, Enricher
from collector.registry import ICMP, ICMPV6, SCTP, TCP, UDP
from tests.enrich.lookups import number

ESP, DCCP = 50, 33
LOWER = 2**64 - 1


@dataclass(frozen=True)
class Tuple:
    """A flow; of ICMP the ports are type and code."""

    source: str
    destination: str
    protocol: int | None = TCP
    ports: tuple[int | None, int | None] = (None, None)

    def back(self) -> "Tuple":
        """The other direction."""
        return Tuple(self.destination, self.source, self.protocol, self.ports[::-1])


def frame(flows: Sequence[Tuple]) -> pl.DataFrame:
    """As the decoder has them."""
    columns = {"host.ip": pl.Series([0] * len(flows), dtype=pl.UInt32)}
    for end in ("source", "destination"):
        both = [number(getattr(one, end)) for one in flows]
        columns[f"{end}.ip.hi"] = pl.Series([one >> 64 for one in both], dtype=pl.UInt64)
        columns[f"{end}.ip.lo"] = pl.Series([one & LOWER for one in both], dtype=pl.UInt64)
    columns["network.iana_number"] = pl.Series([one.protocol for one in flows], dtype=pl.UInt8)
    messages = [one.protocol in (ICMP, ICMPV6) for one in flows]
    for name, place, kind in (
        ("source.port", 0, False),
        ("destination.port", 1, False),
        ("flow.icmp_type", 0, True),
        ("flow.icmp_code", 1, True),
    ):
        cells = [one.ports[place] if message == kind else None for one, message in zip(flows, messages, strict=True)]
        columns[name] = pl.Series(cells, dtype=pl.UInt8 if kind else pl.UInt16)
    return pl.DataFrame(columns)


def ids(*flows: Tuple, seed: int = 0) -> list[str | None]:
    columns = community_ids(frame(flows), seed)
    return columns[0].to_list() if columns else [None] * len(flows)


def expected(seed: int, flow: Tuple) -> str:
    """By the specification, one flow at a time; not of ICMP."""
    ends = [ip_address(one).packed for one in (flow.source, flow.destination)]
    ported = flow.protocol in (TCP, UDP, SCTP)
    pairs = sorted(zip(ends, flow.ports, strict=True)) if ported else [(end, 0) for end in sorted(ends)]
    data = seed.to_bytes(2, "big") + pairs[0][0] + pairs[1][0] + bytes([flow.protocol or 0, 0])
    if ported:
        data += b"".join((port or 0).to_bytes(2, "big") for _, port in pairs)
    return "1:" + b64encode(hashlib.sha1(data).digest()).decode()


@pytest.mark.parametrize(
    ("flow", "published"),
    [
        (Tuple("1.2.3.4", "5.6.7.8", TCP, (1122, 3344)), "1:wCb3OG7yAFWelaUydu0D+125CLM="),
        (Tuple("128.232.110.120", "66.35.250.204", TCP, (34855, 80)), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
    ],
)
def test_published_values(flow: Tuple, published: str) -> None:
    assert ids(flow, flow.back()) == [published, published]


PORTS = st.integers(0, 65535) | st.sampled_from([1, 2])
ADDRESSES = st.ip_addresses(v=4) | st.sampled_from(["10.0.0.1", "10.0.0.2"]).map(ip_address)
ADDRESSES_6 = st.integers(1 << 64, (1 << 128) - 1).map(IPv6Address)
PAIRS = st.tuples(ADDRESSES, ADDRESSES) | st.tuples(ADDRESSES_6, ADDRESSES_6)
FLOWS = st.builds(
    lambda ends, protocol, ports: Tuple(str(ends[0]), str(ends[1]), protocol, ports),
    PAIRS,
    st.sampled_from([TCP, UDP, SCTP, DCCP, ESP, 0]),
    st.tuples(PORTS, PORTS),
)


@given(st.lists(FLOWS, min_size=1, max_size=20), st.integers(0, 65535))
def test_flows_of_all_kinds_in_one_batch(flows: list[Tuple], seed: int) -> None:
    assert ids(*flows, seed=seed) == [expected(seed, one) for one in flows]


def test_a_request_and_its_answer_are_one_and_other_messages_go_one_way() -> None:
    one, other, six, seven = "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"
    asked = [Tuple(one, other, ICMP, (8, 0)), Tuple(six, seven, ICMPV6, (135, 0)), Tuple(other, one, ICMP, (10, 0))]
    answered = [Tuple(other, one, ICMP, (0, 0)), Tuple(seven, six, ICMPV6, (136, 0)), Tuple(one, other, ICMP, (9, 0))]
    assert ids(*asked) == ids(*answered)
    lost = Tuple(one, other, ICMP, (3, 1))
    assert len({*ids(lost, Tuple(other, one, ICMP, (3, 1)), Tuple(one, other, ICMP, (3, 2)))}) == 3


def test_messages_are_hashed_by_type_and_counterpart_or_code() -> None:
    # The seed, both addresses, the protocol, 0, and two ports: 8 and 0 of an echo whichever way, 3 and 1 as they are.
    low, high = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
    echo = bytes(2) + low + high + bytes([ICMP, 0, 0, 8, 0, 0])
    lost = bytes(2) + high + low + bytes([ICMP, 0, 0, 3, 0, 1])
    hashed = ["1:" + b64encode(hashlib.sha1(one).digest()).decode() for one in (echo, lost)]
    flows = Tuple("192.0.2.2", "192.0.2.1", ICMP, (0, 0)), Tuple("192.0.2.2", "192.0.2.1", ICMP, (3, 1))
    assert ids(*flows) == hashed


@pytest.mark.parametrize(
    "flow",
    [
        Tuple("192.0.2.1", "2001:db8::1", TCP, (1, 2)),
        Tuple("192.0.2.1", "192.0.2.2", None, (1, 2)),
        Tuple("192.0.2.1", "192.0.2.2", TCP, (1, None)),
        Tuple("192.0.2.1", "192.0.2.2", ICMP, (None, None)),
    ],
)
def test_a_flow_of_which_too_little_is_told_has_none(flow: Tuple) -> None:
    whole = Tuple("192.0.2.1", "192.0.2.2", TCP, (1, 2))
    assert ids(whole, flow) == [expected(0, whole), None]
    assert ids(flow) == [None]


def test_enriched_flows_have_it_on_request() -> None:
    flow = Tuple("1.2.3.4", "5.6.7.8", TCP, (1122, 3344))
    assert Enricher(choices=Choices(community_seed=0)).enrich(frame([flow]), ["192.0.2.1"]).column(
        "network.community_id"
    ).to_list() == ["1:wCb3OG7yAFWelaUydu0D+125CLM="]
    assert "network.community_id" not in Enricher().enrich(frame([flow]), ["192.0.2.1"]).names()
