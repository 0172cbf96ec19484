"""Structured data (RFC 6313): records are whole behind lists, and lists in options data are read."""

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.decode.decoder import Decoder
from collector.decode.elements import ipfix as element
from collector.decode.layout import Layout, Slot, layout
from collector.decode.structured import MAX_DEPTH, MAX_VALUES, structured
from tests.builders.netflow import VARIABLE, Template, flow_set, ipfix, netflow9
from tests.decode.flow_reading import decode, flows

ORDERED, UNDEFINED = 4, 255
NAMES = Template(400, [(82, VARIABLE), (10, 4)])
PORTS = Template(401, [(7, 2), (11, 2)])


def basic(number: int, length: int, values: bytes, enterprise: int | None = None, semantic: int = ORDERED) -> bytes:
    head = struct.pack("!BHH", semantic, number | (0x8000 if enterprise else 0), length)
    return head + (struct.pack("!I", enterprise) if enterprise else b"") + values


def sub_template(template: Template, *records: bytes, semantic: int = UNDEFINED) -> bytes:
    return struct.pack("!BH", semantic, template.number) + b"".join(records)


def multi(*lists: tuple[Template, bytes], semantic: int = 3) -> bytes:
    body = b"".join(struct.pack("!HH", template.number, 4 + len(records)) + records for template, records in lists)
    return bytes([semantic]) + body


def short(cell: bytes) -> bytes:
    return bytes([len(cell)]) + cell


def long(cell: bytes) -> bytes:
    return b"\xff" + struct.pack("!H", len(cell)) + cell


BASIC = basic(10, 4, struct.pack("!II", 7, 8))
SUB = sub_template(PORTS, PORTS.record(1, 2), PORTS.record(3, 4))
MULTI = multi((PORTS, PORTS.record(5, 6)), (NAMES, NAMES.record("a", 9)))
LISTS = {291: BASIC, 292: SUB, 293: MULTI}
BROKEN = (b"", b"\4", b"\4\0", basic(10, 0, b"x"), basic(10, 4, b"xyz"), sub_template(NAMES, b"\xff"), b"\3\1\x90\0\0")


def known(*templates: Template) -> dict[int, Layout]:
    return {
        one.number: layout(tuple(Slot(element(0, field[0]), field[1]) for field in one.fields)) for one in templates
    }


def told(kind: int, cell: bytes, *templates: Template) -> Any:
    """What options data with a list says."""
    options = Template(300, [(143, 4), (kind, VARIABLE)], scopes=1)
    sets = *(one.define() for one in templates), options.define(), flow_set(300, bytes(4) + long(cell))
    (one,) = decode(ipfix(*sets)).options
    return one.values[{291: "basicList", 292: "subTemplateList", 293: "subTemplateMultiList"}[kind]]


class TestRecordsBehindLists:
    """Whatever is in a list, it has a length, and the record goes on behind it."""

    @pytest.mark.parametrize("encode", [short, long])
    @pytest.mark.parametrize("kind", LISTS)
    def test_of_variable_length(self, kind: int, encode: Any) -> None:
        template = Template(256, [(7, 2), (kind, VARIABLE), (11, 2), (1, 4)])
        records = [struct.pack("!H", n) + encode(LISTS[kind]) + struct.pack("!HI", n + 1, n) for n in (1, 2)]
        found = flows(ipfix(template.define(), template.data(*records)))
        assert [(one["source.port"], one["destination.port"], one["network.bytes"]) for one in found] == [
            (1, 2, 1),
            (2, 3, 2),
        ]

    @pytest.mark.parametrize("kind", LISTS)
    def test_of_fixed_length(self, kind: int) -> None:
        template = Template(256, [(7, 2), (kind, len(LISTS[kind])), (11, 2)])
        records = [(n, LISTS[kind], n + 1) for n in (1, 2)]
        found = flows(ipfix(template.define(), template.data(*records)))
        assert [(one["source.port"], one["destination.port"]) for one in found] == [(1, 2), (2, 3)]

    @pytest.mark.parametrize("encode", [short, long])
    @pytest.mark.parametrize("cell", BROKEN)
    def test_a_malformed_list_costs_nothing(self, cell: bytes, encode: Any) -> None:
        template = Template(256, [(291, VARIABLE), (292, VARIABLE), (293, VARIABLE), (11, 2)])
        one = encode(cell) * 3 + struct.pack("!H", 53)
        found = flows(ipfix(template.define(), flow_set(256, one * 2)))
        assert [row["destination.port"] for row in found] == [53, 53]

    def test_lists_in_lists_and_elements_that_are_lists(self) -> None:
        nested = multi((Template(402, [(291, VARIABLE)]), short(BASIC)))
        template = Template(256, [(293, VARIABLE), (484, VARIABLE), (305, VARIABLE, 6871), (11, 2)])
        record = long(nested) + short(BASIC) + short(SUB) + struct.pack("!H", 53)
        found = flows(ipfix(template.define(), template.data(record, record)))
        assert [row["destination.port"] for row in found] == [53, 53]

    def test_many_sets(self) -> None:
        """More sets than are walked one by one."""
        template = Template(256, [(293, VARIABLE), (11, 2)])
        sets = [template.data(long(MULTI) + struct.pack("!H", n), short(b"") + struct.pack("!H", n)) for n in range(60)]
        found = flows(ipfix(template.define(), *sets))
        assert [row["destination.port"] for row in found] == [n for n in range(60) for _ in range(2)]

    @pytest.mark.parametrize("cell", [*LISTS.values(), *BROKEN])
    def test_in_options_data(self, cell: bytes) -> None:
        options = Template(300, [(143, 4), (291, VARIABLE), (292, VARIABLE), (293, VARIABLE), (10, 4)], scopes=1)
        record = struct.pack("!I", 1) + long(cell) * 3 + struct.pack("!I", 9)
        found = decode(ipfix(options.define(), flow_set(300, record * 2)))
        assert [(one.scope, one.values["ingressInterface"]) for one in found.options] == [
            ({"meteringProcessId": 1}, 9)
        ] * 2
        assert found.problems == []


class TestBasicList:
    def test_numbers(self) -> None:
        assert told(291, BASIC) == {"semantic": "ordered", "element": "ingressInterface", "values": [7, 8]}

    def test_texts_of_variable_length(self) -> None:
        cell = basic(82, VARIABLE, short(b"Gi0/1") + long(b"x" * 300) + short(b""))
        assert told(291, cell)["values"] == ["Gi0/1", "x" * 300, ""]

    def test_an_enterprise_s_element(self) -> None:
        expected = {"semantic": "noneOf", "element": "35632:L7_PROTO_NAME", "values": ["ssh"]}
        assert told(291, basic(119, 3, b"ssh", 35632, semantic=0)) == expected

    def test_no_values(self) -> None:
        assert told(291, basic(10, 4, b"", semantic=9)) == {
            "semantic": "9",
            "element": "ingressInterface",
            "values": [],
        }

    def test_in_netflow9(self) -> None:
        options = Template(300, [(1, 4), (291, len(BASIC))], scopes=1)
        (one,) = decode(netflow9(options.define9(), flow_set(300, bytes(4) + BASIC))).options
        assert one.values["basicList"]["values"] == [7, 8]

    def test_lists_in_a_list_of_which_one_is_malformed(self) -> None:
        broken = basic(10, 4, b"xyz")
        cell = basic(291, VARIABLE, short(BASIC) + short(broken) + short(b"") + short(BASIC))
        inner = {"semantic": "ordered", "element": "ingressInterface", "values": [7, 8]}
        assert told(291, cell)["values"] == [inner, broken.hex(), None, inner]


class TestTemplateLists:
    def test_of_one_template(self) -> None:
        records = [
            {"sourceTransportPort": 1, "destinationTransportPort": 2},
            {"sourceTransportPort": 3, "destinationTransportPort": 4},
        ]
        assert told(292, SUB, PORTS) == {"semantic": "undefined", "template": 401, "records": records}

    def test_of_several_templates(self) -> None:
        assert told(293, MULTI, PORTS, NAMES) == {
            "semantic": "allOf",
            "lists": [
                {"template": 401, "records": [{"sourceTransportPort": 5, "destinationTransportPort": 6}]},
                {"template": 400, "records": [{"interfaceName": "a", "ingressInterface": 9}]},
            ],
        }

    def test_of_a_template_that_is_not_known(self) -> None:
        assert told(292, SUB, NAMES) == SUB.hex()
        assert told(293, MULTI, NAMES) == MULTI.hex()

    def test_templates_of_another_domain_are_not_known(self) -> None:
        decoder = Decoder()
        options = Template(300, [(143, 4), (292, VARIABLE)], scopes=1)
        message = options.define() + flow_set(300, bytes(4) + short(SUB))
        decode(ipfix(PORTS.define(), domain=1), decoder=decoder)
        found = decode(ipfix(message, domain=1), ipfix(message, domain=2), decoder=decoder).options
        assert [isinstance(one.values["subTemplateList"], dict) for one in found] == [True, False]

    def test_an_element_that_a_template_repeats(self) -> None:
        twice = Template(402, [(10, 4), (10, 4), (82, 0)])
        assert told(292, sub_template(twice, twice.record(1, 2, b"")), twice)["records"] == [
            {"ingressInterface": [1, 2]}
        ]

    @pytest.mark.parametrize("length", [0, 3, 9, 0xFFFF])
    def test_a_length_that_does_not_fit(self, length: int) -> None:
        cell = b"\3" + struct.pack("!HH", PORTS.number, length) + PORTS.record(1, 2)
        assert told(293, cell, PORTS) == cell.hex()


class TestLimits:
    def test_lists_in_lists(self) -> None:
        cell = BASIC
        for _ in range(MAX_DEPTH):
            cell = basic(291, VARIABLE, long(cell))
        found = told(291, cell)
        for _ in range(MAX_DEPTH):
            (found,) = found["values"]
        assert found == BASIC.hex()

    def test_many_values(self) -> None:
        assert len(told(291, basic(4, 1, bytes(MAX_VALUES)))["values"]) == MAX_VALUES
        cell = basic(4, 1, bytes(MAX_VALUES + 1))
        assert told(291, cell) == cell.hex()

    def test_many_records_of_a_template_with_many_fields(self) -> None:
        wide = Template(402, [(82, 0)] * 3000 + [(4, 1)])
        cell = multi(*[(wide, b"\6")] * 2)
        assert told(293, cell, wide) == cell.hex()

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(["basicList", "subTemplateList", "subTemplateMultiList"]), st.data())
    def test_no_bytes_raise(self, kind: str, data: st.DataObject) -> None:
        seed = data.draw(st.sampled_from([b"", *LISTS.values(), basic(291, VARIABLE, short(BASIC) + short(SUB))]))
        cell = bytearray(seed + data.draw(st.binary(max_size=60)))
        for place, mask in data.draw(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 255)), max_size=4)):
            if cell:
                cell[place % len(cell)] ^= mask
        found = structured(bytes(cell), kind, known(PORTS, NAMES).get)
        assert isinstance(found, dict) or found == cell.hex()
