"""Elements become fields: addresses, numbers of any size, text, what is unknown, and what devices do otherwise."""

from typing import Any

import pytest

from collector.decode.elements import ipfix as ipfix_element
from collector.decode.elements import netflow9 as netflow9_element
from tests.builders.netflow import REVERSE, VARIABLE, Field, Template, Value, flow_set, ipfix, netflow9
from tests.decode.flow_reading import decode, flow, flows, part, read


def told(*pairs: tuple[Field, Value]) -> dict[str, Any]:
    """The flow of an IPFIX record with these fields and values."""
    template = Template(256, [field for field, _ in pairs])
    return flow(ipfix(template.define(), template.data([value for _, value in pairs], padding=0)))


def told9(*pairs: tuple[tuple[int, int], Value]) -> dict[str, Any]:
    """The flow of a NetFlow v9 record."""
    template = Template(256, [field for field, _ in pairs])
    return flow(netflow9(template.define9(), template.data([value for _, value in pairs], padding=0)))


class TestAddresses:
    def test_ipv6(self) -> None:
        found = told(((27, 16), "2001:db8::1"), ((28, 16), "2001:db8::2"), ((62, 16), "fe80::1"))
        assert part(found, "source.ip", "destination.ip", "flow.next_hop") == {
            "source.ip": "2001:db8::1",
            "destination.ip": "2001:db8::2",
            "flow.next_hop": "fe80::1",
        }

    def test_both_families_in_a_record_leave_one_of_them_zero(self) -> None:
        template = Template(256, [(8, 4), (12, 4), (27, 16), (28, 16), (15, 4), (62, 16)])
        four = ("10.0.0.1", "10.0.0.2", "::", "::", "10.0.0.3", "::")
        six = ("0.0.0.0", "0.0.0.0", "2001:db8::1", "2001:db8::2", "0.0.0.0", "::")
        found = flows(ipfix(template.define(), template.data(four, six)))
        assert [(one["source.ip"], one["destination.ip"]) for one in found] == [
            ("10.0.0.1", "10.0.0.2"),
            ("2001:db8::1", "2001:db8::2"),
        ]
        assert [one.get("flow.next_hop") for one in found] == ["10.0.0.3", None]
        assert "network.inner.source.ip" not in found[0]

    def test_both_families_and_all_zero_is_still_an_address(self) -> None:
        assert told(((8, 4), "0.0.0.0"), ((27, 16), "::"))["source.ip"] == "0.0.0.0"

    def test_repeated_elements_are_the_outer_and_the_inner_header(self) -> None:
        template = Template(
            256,
            [(27, 16), (28, 16), (7, 2), (11, 2), (4, 1), (8, 4), (12, 4), (7, 2), (11, 2), (4, 1)],
        )
        values = ("2001:db8::1", "2001:db8::2", 5, 6, 41, "10.0.0.1", "10.0.0.2", 1000, 443, 6)
        found = flow(ipfix(template.define(), template.data(values)))
        assert part(found, "source.ip", "destination.ip", "network.iana_number") == {
            "source.ip": "2001:db8::1",
            "destination.ip": "2001:db8::2",
            "network.iana_number": 41,
        }
        assert {name: value for name, value in found.items() if name.startswith("network.inner")} == {
            "network.inner.source.ip": "10.0.0.1",
            "network.inner.destination.ip": "10.0.0.2",
            "network.inner.source.port": 1000,
            "network.inner.destination.port": 443,
            "network.inner.iana_number": 6,
        }

    @pytest.mark.parametrize("name", ["flow.next_hop", "flow.bgp_next_hop", "source.nat.ip", "destination.nat.ip"])
    def test_zeros_mean_that_there_is_none(self, name: str) -> None:
        elements: dict[str, tuple[int, int]] = {
            "flow.next_hop": (15, 62),
            "flow.bgp_next_hop": (18, 63),
            "source.nat.ip": (225, 281),
            "destination.nat.ip": (226, 282),
        }
        four, six = elements[name]
        template = Template(256, [(four, 4), (1, 4)])
        found = flows(ipfix(template.define(), template.data(("0.0.0.0", 1), ("192.0.2.7", 2))))
        assert [one.get(name) for one in found] == [None, "192.0.2.7"]
        assert name not in told(((six, 16), "::"), ((1, 4), 5))

    def test_a_length_that_is_no_address_spoils_only_itself(self) -> None:
        found = told9(((8, 4), "10.0.0.1"), ((15, 2), b"\1\2"), ((12, 6), b"123456"), ((1, 4), 5))
        assert part(found, "source.ip", "destination.ip", "flow.next_hop", "network.bytes") == {
            "source.ip": "10.0.0.1",
            "network.bytes": 5,
        }


class TestNumbers:
    @pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6, 7, 8])
    def test_octets_of_any_length(self, length: int) -> None:
        value = 200 + (1 << 8 * (length - 1))
        assert told9(((1, length), value))["network.bytes"] == value

    @pytest.mark.parametrize("length", [1, 2, 3, 4, 8])
    def test_interfaces_of_any_length(self, length: int) -> None:
        assert told(((10, length), 77), ((14, length), 78))["flow.output_snmp"] == 78

    def test_a_number_longer_than_eight_bytes(self) -> None:
        assert told(((1, 12), 5))["network.bytes"] == 5

    def test_a_number_too_large_for_its_field_is_no_value(self) -> None:
        template = Template(256, [(58, 4), (1, 4)])
        found = flows(ipfix(template.define(), template.data((5, 1), (70_000, 2))))
        assert [one.get("flow.vlan") for one in found] == [5, None]

    @pytest.mark.parametrize(
        ("element", "name"),
        [(16, "source.as.number"), (17, "destination.as.number"), (58, "flow.vlan"), (227, "source.nat.port")],
    )
    def test_zero_means_unknown(self, element: int, name: str) -> None:
        template = Template(256, [(element, 2), (1, 4)])
        found = flows(ipfix(template.define(), template.data((0, 1), (7, 2))))
        assert [one.get(name) for one in found] == [None, 7]

    def test_the_preferred_element_counts_where_a_template_has_several(self) -> None:
        assert told(((252, 4), 9), ((10, 4), 5), ((1, 1), 1))["flow.input_snmp"] == 5


class TestText:
    def test_fixed_width_is_zero_filled(self) -> None:
        template = Template(256, [(96, 16), (1, 4)])
        found = flows(ipfix(template.define(), template.data(("http", 1), ("http", 2), ("", 3))))
        assert [one.get("network.application") for one in found] == ["http", "http", None]

    def test_variable_length(self) -> None:
        template = Template(256, [(8, 4), (96, VARIABLE), (1, 4), (371, VARIABLE), (2, VARIABLE)])
        long = "x" * 300
        rows = [
            ("10.0.0.1", "http", 5, "me", b"\2"),
            ("10.0.0.2", "", 6, long, b"\1\0"),
            ("10.0.0.3", long, 7, "", b""),
        ]
        found = flows(ipfix(template.define(), template.data(*rows)))
        assert [part(one, "source.ip", "network.application", "flow.user_name") for one in found] == [
            {"source.ip": "10.0.0.1", "network.application": "http", "flow.user_name": "me"},
            {"source.ip": "10.0.0.2", "flow.user_name": long},
            {"source.ip": "10.0.0.3", "network.application": long},
        ]
        assert [(one["network.bytes"], one["network.packets"]) for one in found] == [(5, 2), (6, 256), (7, 0)]

    def test_variable_length_over_many_sets(self) -> None:
        template = Template(256, [(96, VARIABLE), (1, 4), (371, VARIABLE)])
        rows = [(f"app{n}" * (n % 5), n, "u" * (n % 300)) for n in range(700)]
        sets = [template.data(*rows[n : n + n % 9 + 1]) for n in range(0, 700, 10)]
        sent = [row for n in range(0, 700, 10) for row in rows[n : n + n % 9 + 1]]
        found = flows(ipfix(template.define()), *[ipfix(one) for one in sets])
        have = [
            (one.get("network.application", ""), one["network.bytes"], one.get("flow.user_name", "")) for one in found
        ]
        assert have == sent

    def test_a_record_of_variable_length_that_its_set_cuts_off(self) -> None:
        template = Template(256, [(1, 4), (96, VARIABLE)])
        whole = template.record(1, "http")
        for cut in range(5, len(whole)):
            decoded = decode(ipfix(template.define(), flow_set(256, whole + whole[:cut])))
            assert decoded.flows.height == 1
            assert [one.reason for one in decoded.problems] == ["cut-record"]

    def test_65535_in_version_9_is_a_variable_length(self) -> None:
        found = told9(((8, 4), "10.0.0.1"), ((96, VARIABLE), "http"), ((1, 4), 5))
        assert part(found, "network.application", "network.bytes") == {
            "network.application": "http",
            "network.bytes": 5,
        }

    def test_what_is_not_utf_8_does_not_fail(self) -> None:
        for length in (4, VARIABLE):
            assert told(((96, length), b"a\xff\xfeb"))["network.application"] == "a\ufffd\ufffdb"

    def test_mac_addresses(self) -> None:
        template = Template(256, [(56, 6), (80, 6)])
        mac = "02:00:5e:00:00:01"
        found = flows(ipfix(template.define(), template.data((mac, "00:00:00:00:00:00"), (mac, mac))))
        assert [part(one, "source.mac", "destination.mac") for one in found] == [
            {"source.mac": mac},
            {"source.mac": mac, "destination.mac": mac},
        ]

    def test_a_mac_address_of_another_length_spoils_only_itself(self) -> None:
        assert part(told(((56, 8), 1), ((1, 4), 5)), "source.mac", "network.bytes") == {"network.bytes": 5}


class TestUnknown:
    def test_elements_that_nobody_knows_are_skipped_by_length(self) -> None:
        found = told(
            ((8, 4), "10.0.0.1"), ((32_000, 7), 1), ((5, 9, 65_000), 2), ((77, VARIABLE, 65_000), "x"), ((1, 4), 5)
        )
        assert part(found, "source.ip", "network.bytes") == {"source.ip": "10.0.0.1", "network.bytes": 5}

    def test_an_enterprise_element_is_not_mistaken_for_iana_s(self) -> None:
        assert "network.bytes" not in told(((1, 4, 65_000), 5), ((8, 4), "10.0.0.1"))

    def test_zero_length_fields_carry_nothing(self) -> None:
        found = told9(((8, 4), "10.0.0.1"), ((1, 0), ""), ((2, 0), ""), ((23, 4), 9))
        assert part(found, "network.bytes", "network.packets") == {"network.bytes": 9}

    def test_type_0_is_padding(self) -> None:
        assert told9(((35, 1), 1), ((0, 1), 0), ((34, 4), 1000), ((1, 4), 5))["flow.sampling_interval"] == 1000

    def test_a_template_of_nothing_that_is_known(self) -> None:
        found = told(((32_000, 7), 1))
        assert part(found, "flow.version", "host.ip") == {"flow.version": 10, "host.ip": 0}


class TestElements:
    def test_reverse_elements_have_names_of_their_own(self) -> None:
        assert ipfix_element(REVERSE, 1).key == "reverseOctetDeltaCount"
        assert (
            ipfix_element(6871, 0x4000 | 21).key
            == "6871:reverse" + ipfix_element(6871, 21).key[5:6].upper() + (ipfix_element(6871, 21).key[6:])
        )

    def test_cisco_and_ntop_have_ranges_of_their_own_in_version_9(self) -> None:
        assert netflow9_element(32768 + 12235) == ipfix_element(9, 12235)
        assert netflow9_element(57472 + 188) == ipfix_element(35632, 188)

    def test_types_that_nobody_knows(self) -> None:
        assert ipfix_element(0, 32_000).key == "ie32000"
        assert ipfix_element(65_000, 5).key == "65000:ie5"
        assert netflow9_element(32_000).key == "v9:ie32000"
        assert not ipfix_element(65_000, 5).known


def test_many_layouts_in_a_batch_fill_the_same_columns() -> None:
    templates = [
        Template(256, [(8, 4), (1, 4), (96, 8)]),
        Template(257, [(27, 16), (56, 6), (70, 3)]),
        Template(258, [(8, 4), (371, VARIABLE), (2, 2)]),
        Template(259, [(8, 4), (1, 8), (96, VARIABLE), (70, 3)]),
    ]
    rows: list[tuple[Value, ...]] = [
        ("10.0.0.1", 5, "http"),
        ("::1", "02:00:00:00:00:01", 0x12345),
        ("10.0.0.3", "me", 7),
        ("10.0.0.4", 8, "dns", 0x54321),
    ]
    sets = [piece for one, row in zip(templates, rows, strict=True) for piece in (one.define(), one.data(row))]
    found = read(decode(ipfix(*sets)).flows)
    names = ("source.ip", "network.bytes", "network.packets", "network.application", "flow.user_name", "source.mac")
    assert [part(one, *names, "flow.mpls_labels") for one in found] == [
        {"source.ip": "10.0.0.1", "network.bytes": 5, "network.application": "http"},
        {"source.ip": "::1", "source.mac": "02:00:00:00:00:01", "flow.mpls_labels": ["4660"]},
        {"source.ip": "10.0.0.3", "flow.user_name": "me", "network.packets": 7},
        {"source.ip": "10.0.0.4", "network.bytes": 8, "network.application": "dns", "flow.mpls_labels": ["21554"]},
    ]
