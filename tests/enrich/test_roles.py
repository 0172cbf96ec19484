"""Which end of a flow is the client, and the rule that tells."""

from collections.abc import Mapping, Sequence

import polars as pl
import pytest

from collector import registry
from collector.enrich.roles import roles
from collector.registry import VALUE

NAT_CREATE = registry.number_of("actions", "nat-create")
TYPES = {"ip": pl.UInt32, "port": pl.UInt16, "bytes": pl.UInt64}
PLAIN, GROUP, INSIDE = 0, 1, 2


def told(**columns: int | None) -> tuple[str, str]:
    """The client and the rule for one flow; by default TCP from port 40000 to port 40000 between plain addresses."""
    given: Mapping[str, int | None] = {key.replace("_", ".", 1): value for key, value in columns.items()}
    made = {"network.iana_number": 6, "source.port": 40000, "destination.port": 40000, **given}
    frame = pl.DataFrame(
        [pl.Series(name, [value], dtype=TYPES.get(name.rpartition(".")[2], pl.UInt8)) for name, value in made.items()]
    )
    return _first(frame)


def _first(frame: pl.DataFrame) -> tuple[str, str]:
    found = roles(frame, pl.DataFrame({"multicast": [False, True, False], "inside": [False, False, True]}))
    rules: Sequence[str] = registry.table("client_server_rules")[VALUE].to_list()
    return "destination" if found.swapped[0] else "source", rules[found.rules[0]]


@pytest.mark.parametrize(
    ("columns", "client", "rule"),
    [
        pytest.param({"destination_bytes": 0, "source_port": 80}, "source", "exporter", id="biflow"),
        pytest.param({"flow_biflow_direction": 2}, "destination", "exporter", id="biflow told from its responder"),
        pytest.param({"flow_biflow_direction": 1, "source_port": 80}, "source", "exporter", id="source began"),
        pytest.param({"flow_biflow_direction": 3, "source_port": 80}, "destination", "port", id="perimeter"),
        pytest.param({"destination_ip": GROUP, "source_port": 80}, "source", "multicast", id="multicast"),
        pytest.param({"destination_ip": None, "source_port": 80}, "destination", "port", id="no destination"),
        pytest.param({"flow_tcp_flags": 0x02, "source_port": 80}, "source", "syn", id="SYN"),
        pytest.param({"flow_tcp_flags": 0x1A, "source_port": 80}, "destination", "port", id="SYN and ACK"),
        pytest.param(
            {"network_iana_number": 17, "flow_tcp_flags": 2, "source_port": 9}, "destination", "port", id="UDP"
        ),
        pytest.param({"destination_port": 443}, "source", "port", id="to a well-known port"),
        pytest.param({"source_port": 443}, "destination", "port", id="from a well-known port"),
        pytest.param({"source_port": 0, "destination_port": 443}, "source", "port", id="port 0 is no service"),
        pytest.param({"destination_port": 3306}, "source", "service", id="to a registered port"),
        pytest.param({"source_port": 3306}, "destination", "service", id="from a registered port"),
        pytest.param({"source_port": 68, "destination_port": 67}, "source", "lower-port", id="DHCP"),
        pytest.param({"source_port": 40001}, "source", "lower-port", id="to the lower port"),
        pytest.param({"destination_port": 40001}, "destination", "lower-port", id="from the lower port"),
        pytest.param({}, "source", "order", id="equal ports"),
        pytest.param({"network_iana_number": 1, "flow_icmp_type": 8}, "source", "icmp", id="echo"),
        pytest.param({"network_iana_number": 1, "flow_icmp_type": 0}, "destination", "icmp", id="echo reply"),
        pytest.param({"network_iana_number": 58, "flow_icmp_type": 129}, "destination", "icmp", id="echo reply, IPv6"),
        pytest.param({"network_iana_number": 58, "flow_icmp_type": 8}, "source", "order", id="no type of ICMPv6"),
        pytest.param({"source_ip": INSIDE, "source_nat.ip": PLAIN}, "source", "nat", id="source hidden"),
        pytest.param(
            {"source_ip": INSIDE, "source_nat.ip": PLAIN, "destination_port": 40001}, "source", "nat", id="higher port"
        ),
        pytest.param(
            {"destination_ip": PLAIN, "destination_nat.ip": INSIDE}, "destination", "nat", id="back to a hidden end"
        ),
        pytest.param({"source_ip": INSIDE, "source_nat.ip": INSIDE}, "source", "order", id="not translated"),
        pytest.param({"source_ip": PLAIN, "source_nat.ip": INSIDE}, "source", "order", id="translated to the inside"),
        pytest.param({"source_ip": INSIDE, "source_nat.ip": None}, "source", "order", id="no translation"),
        pytest.param(
            {"source_ip": INSIDE, "source_nat.ip": PLAIN, "source_port": 443}, "destination", "port", id="hidden server"
        ),
        pytest.param(
            {"source_ip": INSIDE, "source_nat.ip": PLAIN, "source_port": 443, "event_action": NAT_CREATE},
            "source",
            "nat",
            id="event of a translation",
        ),
        pytest.param({"network_iana_number": None, "source_port": 443}, "destination", "port", id="no protocol"),
        pytest.param({"source_port": None, "destination_port": 443}, "source", "order", id="one port alone"),
    ],
)
def test_the_first_rule_that_can_tell_decides(columns: dict[str, int | None], client: str, rule: str) -> None:
    assert told(**columns) == (client, rule)


def test_a_flow_of_which_nothing_is_known_keeps_its_order() -> None:
    assert _first(pl.DataFrame({"network.bytes": [1]})) == ("source", "order")
