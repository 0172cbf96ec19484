"""Fields that follow by a rule: volumes, flags, ICMP, labels, application ids."""

from typing import Any

import pytest

from tests.builders.netflow import REVERSE, VARIABLE, Field, Template, Value, ipfix
from tests.decode.flow_reading import flows, part
from tests.decode.test_fields import told, told9

COUNTS = (
    "network.bytes",
    "network.packets",
    "source.bytes",
    "source.packets",
    "destination.bytes",
    "destination.packets",
)


class TestVolumes:
    def test_one_direction(self) -> None:
        assert part(told(((1, 8), 100), ((2, 8), 3)), *COUNTS) == {
            "network.bytes": 100,
            "network.packets": 3,
            "source.bytes": 100,
            "source.packets": 3,
        }

    def test_a_biflow_is_one_document_with_both_directions(self) -> None:
        pairs: list[tuple[Field, Value]] = [((1, 8), 132), ((2, 8), 2), ((1, 8, REVERSE), 332), ((2, 8, REVERSE), 3)]
        assert part(told(*pairs), *COUNTS) == {
            "network.bytes": 464,
            "network.packets": 5,
            "source.bytes": 132,
            "source.packets": 2,
            "destination.bytes": 332,
            "destination.packets": 3,
        }

    def test_initiator_and_responder(self) -> None:
        found = told9(((231, 4), 10), ((232, 4), 20), ((298, 4), 1), ((299, 4), 2))
        assert part(found, *COUNTS) == {
            "network.bytes": 30,
            "network.packets": 3,
            "source.bytes": 10,
            "source.packets": 1,
            "destination.bytes": 20,
            "destination.packets": 2,
        }

    @pytest.mark.parametrize(
        ("elements", "octets"),
        [((1, 231), 1), ((231, 352), 231), ((352, 23), 352), ((23, 85), 23), ((85, 353), 85), ((353, 171), 353)],
    )
    def test_the_order_of_preference(self, elements: tuple[int, int], octets: int) -> None:
        assert told(*[((one, 4), one) for one in reversed(elements)])["network.bytes"] == octets

    def test_a_zero_of_the_preferred_element_stands(self) -> None:
        assert told(((1, 4), 0), ((23, 4), 90))["network.bytes"] == 0

    def test_sums_that_need_64_bits(self) -> None:
        found = told(((1, 4), 2**32 - 1), ((1, 4, REVERSE), 2**32 - 1))
        assert found["network.bytes"] == 2 * (2**32 - 1)


class TestFlags:
    def test_they_are_words(self) -> None:
        assert told(((4, 1), 6), ((6, 1), 0x12))["flow.tcp_flags"] == ["SYN", "ACK"]

    def test_of_sixteen_bits_the_lower_eight_count(self) -> None:
        assert told(((4, 1), 6), ((6, 2), 0x5012))["flow.tcp_flags"] == ["SYN", "ACK"]

    def test_tcp_without_any_has_an_empty_list(self) -> None:
        assert told(((4, 1), 6), ((6, 1), 0))["flow.tcp_flags"] == []

    def test_other_protocols_have_none(self) -> None:
        assert "flow.tcp_flags" not in told(((4, 1), 17), ((6, 1), 0x10))

    def test_without_a_protocol_what_has_flags_is_tcp(self) -> None:
        template = Template(256, [(6, 1), (1, 4)])
        found = flows(ipfix(template.define(), template.data((2, 1), (0, 1))))
        assert [one.get("flow.tcp_flags") for one in found] == [["SYN"], None]


class TestIcmp:
    @staticmethod
    def icmp(*pairs: tuple[Field, Value], protocol: int = 1) -> dict[str, Any]:
        found = told(((4, 1), protocol), *pairs)
        return part(found, "flow.icmp_type", "flow.icmp_code", "source.port", "destination.port")

    @pytest.mark.parametrize(("protocol", "element"), [(1, 32), (58, 139)])
    def test_type_and_code_in_one_element(self, protocol: int, element: int) -> None:
        assert self.icmp(((element, 2), 0x0304), protocol=protocol) == {"flow.icmp_type": 3, "flow.icmp_code": 4}

    @pytest.mark.parametrize(("protocol", "kind", "code"), [(1, 176, 177), (58, 178, 179)])
    def test_type_and_code_in_two_elements(self, protocol: int, kind: int, code: int) -> None:
        found = self.icmp(((kind, 1), 3), ((code, 1), 4), protocol=protocol)
        assert found == {"flow.icmp_type": 3, "flow.icmp_code": 4}

    @pytest.mark.parametrize("protocol", [1, 58])
    def test_type_and_code_in_the_destination_port(self, protocol: int) -> None:
        found = self.icmp(((7, 2), 0), ((11, 2), 0x0801), protocol=protocol)
        assert found == {"flow.icmp_type": 8, "flow.icmp_code": 1}

    def test_an_element_of_its_own_is_better_than_the_port(self) -> None:
        assert self.icmp(((32, 2), 0x0304), ((11, 2), 0))["flow.icmp_type"] == 3

    def test_elements_of_the_other_version_do_not_count(self) -> None:
        assert self.icmp(((139, 2), 0x0304)) == {}

    def test_other_protocols_have_neither(self) -> None:
        assert self.icmp(((32, 2), 0x0304), ((11, 2), 80), protocol=6) == {"destination.port": 80}


class TestEnumerations:
    @pytest.mark.parametrize(("value", "word"), [(0, "ingress"), (1, "egress"), (2, None), (255, None)])
    def test_direction(self, value: int, word: str | None) -> None:
        assert told(((61, 1), value)).get("flow.direction") == word

    @pytest.mark.parametrize(("value", "word"), [(0, None), (1, "idle-timeout"), (5, "lack-of-resources"), (9, None)])
    def test_end_reason(self, value: int, word: str | None) -> None:
        assert told(((136, 1), value)).get("flow.end_reason") == word


class TestLabelsAndApplications:
    def test_labels_are_the_upper_twenty_bits_outermost_first(self) -> None:
        found = told(((70, 3), 100 << 4), ((71, 3), 200 << 4 | 1), ((72, 3), 0))
        assert found["flow.mpls_labels"] == ["100", "200"]

    def test_no_labels_at_all(self) -> None:
        assert "flow.mpls_labels" not in told(((70, 3), 0), ((1, 4), 1))

    @pytest.mark.parametrize(
        ("cell", "shown"),
        [
            (b"\x0d\0\1\xaf", "13:431"),
            (b"\3\0\0\x50", "3:80"),
            (b"\x14\0\0\x30\x44\0\0\0\7", "20:12356:7"),
            (b"\0\0\0\0", None),
        ],
    )
    @pytest.mark.parametrize("variable", [False, True])
    def test_an_application_id_is_engine_and_selector(self, cell: bytes, shown: str | None, variable: bool) -> None:
        found = told(((95, VARIABLE if variable else len(cell)), cell), ((1, 4), 1))
        assert found.get("flow.application_id") == shown
