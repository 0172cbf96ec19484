"""Events of firewalls and translators: what happened, why, by which rule, and that they are no flows of zero bytes."""

import pytest

from tests.builders.netflow import Field, Template, Value, ipfix, netflow9
from tests.decode.flow_reading import Row, flow, flows, part
from tests.decode.test_derived import COUNTS
from tests.decode.test_fields import told, told9

AT = 1_735_732_790_500
ASA_CREATED: list[tuple[tuple[int, int], Value]] = [
    ((148, 4), 99),
    ((8, 4), "10.0.0.1"),
    ((7, 2), 1000),
    ((10, 2), 3),
    ((12, 4), "192.0.2.9"),
    ((11, 2), 443),
    ((14, 2), 4),
    ((4, 1), 6),
    ((225, 4), "198.51.100.1"),
    ((226, 4), "192.0.2.9"),
    ((227, 2), 61000),
    ((228, 2), 443),
    ((233, 1), 1),
    ((33002, 2), 0),
    ((323, 8), AT),
    ((152, 8), AT),
    ((33000, 12), bytes.fromhex("0f8e7ff3fc1a030f00000000")),
    ((33001, 12), bytes(12)),
    ((40000, 20), "LOCAL\\me"),
]
"""The fields of an ASA's event of a new connection; the later ones have more."""


def asa(**changes: Value) -> Row:
    """The flow of an ASA's event with other values (`_233=3`)."""
    return told9(*[(field, changes.get(f"_{field[0]}", value)) for field, value in ASA_CREATED])


class TestActions:
    @pytest.mark.parametrize(
        ("value", "word"),
        [(0, None), (1, "flow-create"), (2, "flow-end"), (3, "flow-denied"), (5, "flow-update"), (77, None)],
    )
    @pytest.mark.parametrize("element", [233, 40005])
    def test_of_a_firewall(self, element: int, value: int, word: str | None) -> None:
        assert told9(((element, 1), value)).get("event.action") == word

    @pytest.mark.parametrize(
        ("value", "word"),
        [(1, "nat-create"), (5, "nat-delete"), (13, "nat-quota-exceeded"), (16, "nat-ports-allocate")],
    )
    def test_of_a_translator(self, value: int, word: str) -> None:
        assert told(((230, 1), value))["event.action"] == word

    def test_a_record_for_both_kinds(self) -> None:
        template = Template(256, [(233, 1), (230, 1)])
        found = flows(ipfix(template.define(), template.data((2, 0), (0, 4))))
        assert [one.get("event.action") for one in found] == ["flow-end", "nat-create"]


class TestAsa:
    def test_a_connection_that_was_made(self) -> None:
        found = asa()
        names = ("event.action", "flow.id", "flow.user_name", "event.end", "flow.ingress_acl", "source.port")
        assert part(found, *names, "flow.egress_acl", "flow.extended_event", *COUNTS) == {
            "event.action": "flow-create",
            "flow.id": 99,
            "flow.user_name": "LOCAL\\me",
            "event.end": AT / 1000,
            "flow.ingress_acl": "0f8e7ff3-fc1a030f-00000000",
            "source.port": 1000,
        }

    def test_where_it_was_translated_to(self) -> None:
        names = [f"{end}.nat.{what}" for end in ("source", "destination") for what in ("ip", "port")]
        assert part(asa(), *names) == {
            "source.nat.ip": "198.51.100.1",
            "source.nat.port": 61000,
            "destination.nat.ip": "192.0.2.9",
            "destination.nat.port": 443,
        }

    def test_a_connection_that_was_denied_and_why(self) -> None:
        found = asa(_233=3, _33002=1001)
        assert part(found, "event.action", "flow.extended_event") == {
            "event.action": "flow-denied",
            "flow.extended_event": 1001,
        }

    def test_an_old_one_has_numbers_of_its_own(self) -> None:
        found = told9(((40001, 4), "198.51.100.1"), ((40003, 2), 61000), ((40005, 1), 2), ((85, 4), 56))
        assert part(found, "source.nat.ip", "source.nat.port", "event.action", "network.bytes") == {
            "source.nat.ip": "198.51.100.1",
            "source.nat.port": 61000,
            "event.action": "flow-end",
            "network.bytes": 56,
        }

    def test_users_of_both_lengths_and_none(self) -> None:
        short, long = (Template(number, [(40000, size), (1, 4)]) for number, size in ((260, 20), (261, 65)))
        sets = short.define9(), short.data(("me", 1), ("", 1)), long.define9(), long.data(("LOCAL\\" + "x" * 59, 1))
        found = flows(netflow9(*sets))
        assert [one.get("flow.user_name") for one in found] == ["me", None, "LOCAL\\" + "x" * 59]


class TestTranslators:
    def test_a_session_of_rfc_8158(self) -> None:
        pairs: list[tuple[Field, Value]] = [
            ((323, 8), AT),
            ((27, 16), "2001:db8::1"),
            ((281, 16), "2001:db8:1::1"),
            ((28, 16), "2001:db8::2"),
            ((282, 16), "2001:db8:1::2"),
            ((230, 1), 6),
        ]
        assert part(told(*pairs), "event.action", "source.nat.ip", "destination.nat.ip", "@timestamp") == {
            "event.action": "nat-create",
            "source.nat.ip": "2001:db8:1::1",
            "destination.nat.ip": "2001:db8:1::2",
            "@timestamp": AT / 1000,
        }

    def test_port_0_is_no_translation(self) -> None:
        assert "source.nat.port" not in told(((227, 2), 0), ((230, 1), 1))


class TestVolumes:
    def test_an_event_without_counters_has_none(self) -> None:
        assert part(told9(((8, 4), "10.0.0.1"), ((233, 1), 1)), *COUNTS) == {}

    @pytest.mark.parametrize("event", [((233, 1), 1), ((233, 1), 3), ((230, 1), 1), ((230, 1), 2)])
    def test_zeros_of_an_event_are_no_counts(self, event: tuple[Field, Value]) -> None:
        assert part(told(event, ((1, 8), 0), ((2, 8), 0), ((232, 8), 0)), *COUNTS) == {}

    @pytest.mark.parametrize("event", [((233, 1), 0), ((233, 1), 2), ((233, 1), 5)])
    def test_zeros_of_a_flow_and_of_its_end_are(self, event: tuple[Field, Value]) -> None:
        assert part(told(event, ((1, 8), 0)), *COUNTS) == {"network.bytes": 0, "source.bytes": 0}

    def test_an_event_may_count(self) -> None:
        found = told(((230, 1), 2), ((231, 8), 0), ((232, 8), 70))
        assert part(found, *COUNTS) == {"network.bytes": 70, "source.bytes": 0, "destination.bytes": 70}

    def test_each_record_for_itself(self) -> None:
        template = Template(256, [(233, 1), (1, 4)])
        found = flows(ipfix(template.define(), template.data((1, 0), (1, 5), (0, 0))))
        assert [one.get("network.bytes") for one in found] == [None, 5, 0]

    def test_palo_alto_and_barracuda_tell_flows_as_events(self) -> None:
        template = Template(256, [(8, 4), (85, 8), (86, 8), (1, 8), (2, 8), (233, 1)])
        values = ("10.0.0.1", 65, 1, 81, 2, 2)
        found = flow(ipfix(template.define(), template.data(values)))
        assert part(found, "network.bytes", "network.packets") == {"network.bytes": 81, "network.packets": 2}
