"""The `netflow` package as an oracle: the same records with the same values, on traffic of the builder."""

from ipaddress import ip_address
from typing import Any

import netflow
import pytest

from collector.decode.decoder import Decoder
from tests.builders.netflow import Template, ipfix, netflow1, netflow5, netflow9, record5
from tests.decode.flow_reading import Row, flows
from tests.decode.templates_used import ONE, TWO, V4

WIDE = Template(
    257,
    [
        (27, 16),
        (28, 16),
        (7, 2),
        (11, 2),
        (4, 1),
        (6, 1),
        (5, 1),
        (1, 8),
        (2, 8),
        (10, 4),
        (14, 4),
        (16, 4),
        (17, 4),
        (61, 1),
    ],
)
SIX = [
    (
        f"2001:db8::{n}",
        f"2001:db8:1::{n}",
        1000 + n,
        443,
        6,
        0x1B,
        n,
        1 << 40 | n,
        n + 1,
        n,
        n + 1,
        64500 + n,
        64600 + n,
        n % 2,
    )
    for n in range(1, 20)
]
ELEMENTS = {
    "source.port": "L4_SRC_PORT",
    "destination.port": "L4_DST_PORT",
    "network.iana_number": "PROTOCOL",
    "network.bytes": "IN_BYTES",
    "network.packets": "IN_PKTS",
    "flow.tos": "SRC_TOS",
    "flow.input_snmp": "INPUT_SNMP",
    "flow.output_snmp": "OUTPUT_SNMP",
    "source.as.number": "SRC_AS",
    "destination.as.number": "DST_AS",
}
IPFIX_NAMES = {
    "source.port": "sourceTransportPort",
    "destination.port": "destinationTransportPort",
    "network.iana_number": "protocolIdentifier",
    "network.bytes": "octetDeltaCount",
    "network.packets": "packetDeltaCount",
    "flow.tos": "ipClassOfService",
    "flow.input_snmp": "ingressInterface",
    "flow.output_snmp": "egressInterface",
    "source.as.number": "bgpSourceAsNumber",
    "destination.as.number": "bgpDestinationAsNumber",
}


def oracle(*payloads: bytes) -> list[dict[str, Any]]:
    """The records that the package reads."""
    templates: dict[str, Any] = {"netflow": {}, "ipfix": {}}
    found = [netflow.parse_packet(payload, templates) for payload in payloads]
    return [dict(record.data) for packet in found for record in packet.flows]


def compare(ours: list[Row], theirs: list[dict[str, Any]], names: dict[str, str], ends: tuple[str, ...]) -> None:
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        have = {name: mine[name] for name, theirs_name in names.items() if theirs_name in other}
        assert have == {name: other[theirs_name] for name, theirs_name in names.items() if theirs_name in other}
        source, destination = (
            next(other[n] for n in ends if n in other and side in n.upper()) for side in ("SRC", "DST")
        )
        assert (mine["source.ip"], mine["destination.ip"]) == (_address(source), _address(destination))


def _address(value: Any) -> str:
    return str(ip_address(value))


def test_version_5() -> None:
    payloads = [
        netflow5(*[record5(f"10.0.{n}.{m}", ports=(n, m), octets=n * m) for m in range(1, 30)]) for n in range(1, 5)
    ]
    names = {"source.port": "SRC_PORT", "destination.port": "DST_PORT", "network.bytes": "IN_OCTETS", "flow.tos": "TOS"}
    compare(flows(*payloads), oracle(*payloads), names, ("IPV4_SRC_ADDR", "IPV4_DST_ADDR"))


def test_version_1() -> None:
    payload = netflow1(record5("10.0.0.9"), record5())
    names = {"source.port": "SRC_PORT", "destination.port": "DST_PORT", "network.bytes": "IN_OCTETS"}
    compare(flows(payload), oracle(payload), names, ("IPV4_SRC_ADDR", "IPV4_DST_ADDR"))


def test_version_9() -> None:
    payloads = [netflow9(WIDE.define9(), WIDE.data(*SIX)), netflow9(V4.define9(), V4.data(ONE, TWO), sequence=1)]
    ends = ("IPV6_SRC_ADDR", "IPV6_DST_ADDR", "IPV4_SRC_ADDR", "IPV4_DST_ADDR")
    for payload in payloads:
        compare(flows(payload), oracle(payload), ELEMENTS, ends)


@pytest.mark.parametrize("padding", [0, None])
def test_ipfix(padding: int | None) -> None:
    payloads = [
        ipfix(WIDE.define(), WIDE.data(*SIX, padding=padding)),
        ipfix(V4.define(), V4.data(ONE, TWO, padding=0)),
    ]
    decoder = Decoder()
    theirs = oracle(*payloads)
    ours = flows(*payloads, decoder=decoder)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert {name: mine[name] for name, theirs_name in IPFIX_NAMES.items() if theirs_name in other} == {
            name: other[theirs_name] for name, theirs_name in IPFIX_NAMES.items() if theirs_name in other
        }
        source = other.get("sourceIPv4Address") or other.get("sourceIPv6Address")
        assert mine["source.ip"] == _address(source)
