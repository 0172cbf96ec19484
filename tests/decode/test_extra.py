"""What records say beyond the schema is kept under the names of its elements, and costs the record nothing."""

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector import captures
from collector.datagram import Datagram
from collector.decode import elements
from collector.decode.decoder import Decoded, Decoder
from collector.decode.elements import Element
from collector.decode.extra import name_of
from collector.decode.jsontext import MOST_NAMES
from collector.decode.sflow.structures import structures
from tests.builders import sflow
from tests.builders.netflow import REVERSE, VARIABLE, Field, Template, Value, ipfix, netflow5, netflow9, record5
from tests.corpus import capture, needs_corpus
from tests.decode.flow_reading import decode, reasons

NTOP, CISCO, NOBODY = 35632, 9, 65_000
PADDING = 210


def kept(decoded: Decoded) -> list[dict[str, Any] | None]:
    """What each flow has in flow.extra."""
    if "flow.extra" not in decoded.flows.columns:
        return [None] * decoded.flows.height
    return [text and json.loads(text) for text in decoded.flows["flow.extra"]]


def keep(*payloads: bytes | Datagram) -> list[dict[str, Any] | None]:
    decoded = decode(*payloads, decoder=Decoder(keep_unknown=True))
    assert decoded.problems == []
    return kept(decoded)


def extra(*pairs: tuple[Field, Value]) -> Any:
    """What is kept of one IPFIX record with these fields and values."""
    template = Template(256, [field for field, _ in pairs])
    (one,) = keep(ipfix(template.define(), template.data([value for _, value in pairs], padding=0)))
    return one


def test_names_of_known_and_unknown_elements() -> None:
    assert extra(
        ((145, 4), 7),
        ((118, 2, NTOP), 8),
        ((145, 4, REVERSE), 9),
        ((9000, 2), b"\xab\xcd"),
        ((123, 3, NOBODY), b"\1\2\3"),
        ((1, 4), 100),
    ) == {
        "templateId": 7,
        "35632_L7_PROTO": 8,
        "reverseTemplateId": 9,
        "0_9000": "abcd",
        "65000_123": "010203",
    }


def test_an_unknown_type_of_netflow_9() -> None:
    template = Template(256, [(8, 4), (30_000, 2)])
    assert keep(netflow9(template.define9(), template.data(("10.0.0.1", 5)))) == [{"v9_30000": "0005"}]


def test_names_have_no_dots_and_one_type_each() -> None:
    names: dict[str, set[str]] = {}
    for one in elements._registry().values():
        names.setdefault(name_of(one), set()).add(one.type)
    assert not [name for name in names if "." in name or ":" in name or not name.strip()]
    assert [name for name, types in names.items() if len(types) > 1] == []
    assert name_of(Element("9:a.b", "string")) == "9_a_b"


@pytest.mark.parametrize(
    ("field", "cell", "expected"),
    [
        ((145, 2), 65_535, 65_535),
        ((145, 3), 70_000, 70_000),
        ((145, VARIABLE), b"\1\0", 256),
        ((40, 8), 2**63 - 1, 2**63 - 1),
        ((434, 4), b"\xff\xff\xff\xfe", -2),
        ((434, 3), b"\xff\xff\xfd", -3),
        ((434, VARIABLE), b"\xfc", -4),
        ((515, 32), 2**255, str(2**255)),
        ((276, 1), 1, True),
        ((276, 1), 2, False),
        ((320, 8), 0.1, 0.1),
        ((320, 4), 0.1, 0.1),
        ((258, 8), 1_735_732_800_123, "2025-01-01T12:00:00.123Z"),
        ((260, 4), 1_735_732_800, "2025-01-01T12:00:00.000Z"),
        ((271, 8), (1_735_732_800 + 2_208_988_800 << 32) + (1 << 31), "2025-01-01T12:00:00.500Z"),
        ((335, 8), "word", "word"),
        ((335, VARIABLE), 'a"\\\n\x7f\u017e', 'a"\\\n\x7f\u017e'),
        ((44, 4), "192.0.2.0", "192.0.2.0"),
        ((170, 16), "2001:db8::", "2001:db8::"),
        ((81, 6), "02:00:00:00:00:01", "02:00:00:00:00:01"),
        ((349, 4), b"\0\1\2\xff", "000102ff"),
        ((291, VARIABLE), b"\3\0\x91\0\1\5", '{"semantic": "allOf", "element": "templateId", "values": [5]}'),
        ((291, VARIABLE), b"\3\0\x91\0\4\5", "030091000405"),
        ((292, VARIABLE), b"\3\1\0\5", "03010005"),
    ],
)
def test_values_by_their_type(field: Field, cell: Value, expected: Any) -> None:
    assert list(extra((field, cell), ((1, 4), 5)).values()) == [expected]


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ((40, 8), 2**63),
        ((320, 8), float("nan")),
        ((320, 4), float("inf")),
        ((320, 3), b"\1\2\3"),
        ((320, VARIABLE), b""),
        ((144, VARIABLE), b""),
        ((258, 8), 2**63),
        ((258, 8), 0),
        ((335, 4), b"\0\0\0\0"),
        ((349, VARIABLE), b""),
    ],
)
def test_what_has_no_value_is_left_out(field: Field, cell: Value) -> None:
    assert extra((field, cell), ((145, 1), 5)) == {"templateId": 5}


def test_values_of_a_wrong_length_or_that_cannot_be_read_are_text_all_the_same() -> None:
    assert extra(((335, 3), b"a\xffb"), ((44, 3), b"\1\2\3"), ((145, 12), 5)) == {
        "selectorName": "a\ufffdb",
        "sourceIPv4Prefix": "010203",
        "templateId": 5,
    }


def test_an_element_that_occurs_several_times_has_a_list() -> None:
    template = Template(256, [(145, 2), (1, 4), (145, 4), (9000, VARIABLE), (9000, VARIABLE)])
    rows = (1, 5, 2, b"a", b""), (3, 6, 4, b"", b"")
    assert keep(ipfix(template.define(), template.data(*rows))) == [
        {"templateId": [1, 2], "0_9000": ["61"]},
        {"templateId": [3, 4]},
    ]


def test_of_elements_for_one_field_those_that_do_not_feed_it_are_kept() -> None:
    assert extra(((252, 4), 9), ((10, 4), 5)) == {"ingressPhysicalInterface": 9}
    assert extra(((7, 2), 1), ((7, 2), 2), ((7, 2), 3)) == {"sourceTransportPort": 3}


def test_padding_and_what_feeds_fields_is_not_kept() -> None:
    fields = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 2), (1, 8), (2, 8), (152, 8), (153, 8), (136, 1), (61, 1)]
    template = Template(256, [*fields, (70, 3), (95, 4), (32, 2), (50, 4), (48, 1), (371, VARIABLE), (PADDING, 3)])
    values = [b"\1" * length for _, length, *_ in template.fields[:-2]]
    assert keep(ipfix(template.define(), template.data([*values, "me", b"\0\0\0"]))) == [None]
    assert keep(netflow5(record5())) == [None]


def test_layouts_in_one_batch_are_kept_apart() -> None:
    one, two, three = Template(256, [(1, 4), (145, 2)]), Template(257, [(1, 4)]), Template(258, [(1, 4), (9000, 1)])
    defined = [template.define() for template in (one, two, three)]
    data = [one.data((1, 1), (2, 2)), two.data((3,)), three.data((4, 4))]
    assert keep(ipfix(*defined, *data)) == [{"templateId": 1}, {"templateId": 2}, None, {"0_9000": "04"}]


def test_off_by_default() -> None:
    template = Template(256, [(1, 4), (145, 2)])
    assert kept(decode(ipfix(template.define(), template.data((1, 2))))) == [None]


def test_more_names_than_can_be_kept_are_told_once_and_cost_nothing_else() -> None:
    template = Template(256, [(1, 4), *((number, 1, NOBODY) for number in range(MOST_NAMES + 10))])
    decoder = Decoder(keep_unknown=True)
    message = ipfix(template.define(), template.data((5, *[1] * (MOST_NAMES + 10))))
    decoded = decode(message, decoder=decoder)
    assert [len(one or ()) for one in kept(decoded)] == [MOST_NAMES]
    assert reasons(decoded) == {"extra-names": 10}
    assert decoded.flows["network.bytes"].to_list() == [5]
    assert reasons(decode(message, decoder=decoder)) == {}
    known = Template(257, [(7, 1, NOBODY), (400, 1, NOBODY)])
    decoded = decode(ipfix(known.define(), known.data((6, 6), padding=0)), decoder=decoder)
    assert kept(decoded) == [{"65000_7": "06"}]
    acl = sflow.part(1037, sflow.words(7) + sflow.opaque("in") + sflow.words(1))
    decoded = decode(sflow.payload(sflow.flow_sample(acl)), sflow.payload(sflow.flow_sample(acl)), decoder=decoder)
    assert reasons(decoded) == {"extra-names": 3}
    assert kept(decoded) == [None, None]


class TestSflow:
    def test_fields_of_structures_that_no_field_is_for(self) -> None:
        switch = sflow.part(1001, sflow.words(10, 3, 20, 4))
        acl = sflow.part(1037, sflow.words(7) + sflow.opaque(b"in\xff") + sflow.words(1))
        tunnel = sflow.part(1021, sflow.words(64) + sflow.mac("02:00:00:00:00:01") + bytes(8) + sflow.words(0x800))
        sample = sflow.payload(sflow.flow_sample(switch), sflow.flow_sample(acl, tunnel), sflow.flow_sample())
        assert keep(sample) == [
            {"extended_switch_src_priority": 3, "extended_switch_dst_priority": 4},
            {
                "extended_L2_tunnel_egress_length": 64,
                "extended_L2_tunnel_egress_src_mac": "02:00:00:00:00:01",
                "extended_L2_tunnel_egress_type": 2048,
                "extended_acl_number": 7,
                "extended_acl_name": "in\ufffd",
                "extended_acl_direction": 1,
            },
            None,
        ]

    def test_addresses(self) -> None:
        four = sflow.words(6) + bytes([192, 0, 2, 1, 192, 0, 2, 2]) + sflow.words(80, 81)
        six = sflow.words(6) + bytes(15) + b"\1" + bytes(15) + b"\2" + sflow.words(80, 81)
        samples = [sflow.flow_sample(sflow.part(2102, four)), sflow.flow_sample(sflow.part(2103, six))]
        one, two = keep(sflow.payload(*samples))
        assert one is not None
        assert two is not None
        assert one["extended_proxy_socket_ipv4_local_ip"] == "192.0.2.1"
        assert two["extended_proxy_socket_ipv6_remote_ip"] == "::2"

    def test_lists_are_left_out(self) -> None:
        gateway = sflow.address("192.0.2.1") + sflow.words(1, 2, 3, 1, 2, 1, 9, 2, 4, 5, 100)
        assert keep(sflow.payload(sflow.flow_sample(sflow.part(1003, gateway)))) == [
            {"extended_gateway_as": 1, "extended_gateway_localpref": 100}
        ]

    def test_a_record_that_is_cut(self) -> None:
        cut = sflow.payload(sflow.flow_sample(sflow.part(1037, sflow.words(7, 100))))
        assert kept(decode(cut, decoder=Decoder(keep_unknown=True))) == [{"extended_acl_number": 7}]

    @given(st.sampled_from(sorted(structures("flow_record"))), st.lists(st.binary(max_size=200), max_size=3))
    def test_any_bytes_in_any_structure(self, tag: int, bodies: list[bytes]) -> None:
        records = [sflow.part(tag & 0xFFF, body, tag >> 12) for body in bodies]
        message = sflow.payload(*map(sflow.flow_sample, records), sflow.flow_sample(*records))
        plain, more = decode(message), decode(message, decoder=Decoder(keep_unknown=True))
        assert more.flows.select(pl.exclude("flow.extra")).equals(plain.flows)
        assert more.problems == plain.problems
        assert all(one is None or one for one in kept(more))


KNOWN = st.sampled_from([key for key in elements._registry() if key[0] != elements.V9])
UNKNOWN = st.tuples(st.just(NOBODY), st.integers(1, 9))
FIELDS = st.builds(
    lambda key, length: (key[1], length) if key[0] == elements.IANA else (key[1], length, key[0]),
    KNOWN | UNKNOWN,
    st.integers(0, 20) | st.just(VARIABLE),
)
INTEGERS = [f"{sign}{bits}" for sign in ("signed", "unsigned") for bits in (8, 16, 32, 64)]
JSON_TYPES = {"boolean": bool, "float32": float, "float64": float, **dict.fromkeys(INTEGERS, int)}
"""Types of values in JSON; all others are text."""


@given(st.lists(FIELDS, max_size=8), st.data())
@settings(max_examples=150)
def test_any_bytes_in_any_field(fields: list[Field], data: st.DataObject) -> None:
    template = Template(256, [(1, 4), *fields])

    def row() -> list[Value]:
        lengths = [(0, 30) if field[1] == VARIABLE else (field[1], field[1]) for field in fields]
        return [5, *(data.draw(st.binary(min_size=low, max_size=high)) for low, high in lengths)]

    message = ipfix(template.define(), template.data(row(), row(), row(), padding=0))
    plain, more = decode(message), decode(message, decoder=Decoder(keep_unknown=True))
    assert more.flows.select(pl.exclude("flow.extra")).equals(plain.flows)
    assert more.problems == plain.problems
    types = {name_of(one): JSON_TYPES.get(one.type, str) for one in map(_element, fields)}
    for found in kept(more):
        for name, value in (found or {}).items():
            assert all(type(one) is types[name] for one in (value if isinstance(value, list) else [value]))


def _element(field: Field) -> Element:
    return elements.ipfix(field[2] if len(field) == 3 else elements.IANA, field[0])


@needs_corpus
def test_a_capture_as_a_data_frame() -> None:
    path = capture("tg_netflow_v9_example")
    found = captures.read_pcap(path, keep_unknown=True)
    assert set(found["flow.extra"]) == {'{"engineType":17,"engineId":1}'}
    assert found.drop("flow.extra").equals(captures.read_pcap(path))
