"""Templates of NetFlow v9 and IPFIX: defined, repeated, changed, withdrawn, missing; and the sets around them."""

import struct
from collections.abc import Callable
from typing import Any

import pytest

from collector.decode.decoder import Decoder
from tests.builders.netflow import NOW, Field, Template, Value, flow_set, ipfix, netflow9, sent, withdrawal
from tests.decode.flow_reading import decode, flow, flows, part, read, reasons
from tests.decode.templates_used import ONE, READ_ONE, READ_TWO, TUPLE, TWO, V4

SIX = Template(257, [(27, 16), (28, 16), (7, 2), (11, 2), (4, 1), (1, 8)])
SHORT = Template(256, [(8, 4), (1, 4)])
Message = Callable[..., bytes]


def defined(message: Message, template: Template) -> bytes:
    """The set that defines a template in messages of that kind."""
    return template.define9() if message is netflow9 else template.define()


both = pytest.mark.parametrize("message", [netflow9, ipfix])


@both
def test_template_and_data_in_one_message(message: Message) -> None:
    found = flows(message(defined(message, V4), V4.data(ONE, TWO)))
    assert [part(one, *TUPLE) for one in found] == [READ_ONE, READ_TWO]
    assert found[0]["flow.version"] == (9 if message is netflow9 else 10)
    assert found[0]["event.dataset"] == ("netflow" if message is netflow9 else "ipfix")


@both
def test_template_and_data_in_two_messages_of_a_batch(message: Message) -> None:
    assert part(flow(message(defined(message, V4)), message(V4.data(ONE))), *TUPLE) == READ_ONE


@both
def test_a_template_is_remembered(message: Message) -> None:
    decoder = Decoder()
    assert flows(message(defined(message, V4)), decoder=decoder) == []
    assert part(flow(message(V4.data(ONE)), decoder=decoder), *TUPLE) == READ_ONE


@both
def test_several_sets_and_templates_in_any_order(message: Message) -> None:
    six = ("2001:db8::1", "2001:db8::2", 5, 6, 17, 77)
    datagram = message(V4.data(ONE), defined(message, SIX), SIX.data(six), defined(message, V4), V4.data(TWO))
    found = flows(datagram)
    assert sorted(one["network.bytes"] for one in found) == [77, 80, 1500]
    assert {"2001:db8::1", "10.0.0.1", "10.0.0.3"} == {one["source.ip"] for one in found}


def test_several_templates_in_one_set() -> None:
    for message, raw in (
        (netflow9, flow_set(0, V4.raw9() + SIX.raw9() + bytes(2))),
        (ipfix, flow_set(2, V4.raw() + SIX.raw() + bytes(2))),
    ):
        decoder = Decoder()
        assert flows(message(raw), decoder=decoder) == []
        assert flow(message(V4.data(ONE)), decoder=decoder)["source.ip"] == "10.0.0.1"
        six = SIX.data(("::1", "::2", 1, 2, 6, 10))
        assert flow(message(six), decoder=decoder)["source.ip"] == "::1"


@both
def test_a_template_repeated_changes_nothing(message: Message) -> None:
    again = defined(message, V4)
    assert len(flows(message(again, V4.data(ONE), again, V4.data(TWO)))) == 2


@both
def test_a_redefined_template_holds_from_there_on(message: Message) -> None:
    new = Template(256, [(12, 4), (8, 4), (7, 2), (11, 2), (4, 1), (1, 4), (2, 4)])
    found = flows(
        message(defined(message, V4), V4.data(ONE)),
        message(V4.data(TWO), defined(message, new), new.data(ONE)),
        message(new.data(TWO)),
    )
    pairs = {(one["source.ip"], one["destination.ip"]) for one in found}
    assert pairs == {
        ("10.0.0.1", "10.0.0.2"),
        ("10.0.0.3", "10.0.0.4"),
        ("10.0.0.2", "10.0.0.1"),
        ("10.0.0.4", "10.0.0.3"),
    }


@both
def test_a_template_may_become_an_options_template(message: Message) -> None:
    scope = (1, 4) if message is netflow9 else (149, 4)
    options = Template(256, [scope, (34, 4)], scopes=1)
    decoded = decode(message(defined(message, V4), V4.data(ONE), defined(message, options), options.data((7, 100))))
    assert decoded.flows.height == 1
    assert [one.values for one in decoded.options] == [{"samplingInterval": 100}]


@both
def test_templates_of_two_exporters_are_apart(message: Message) -> None:
    decoder = Decoder()
    first, second = "192.0.2.1", "2001:db8::1"
    decoded = decode(
        sent(message(defined(message, V4)), first), sent(message(defined(message, SHORT)), second), decoder=decoder
    )
    assert decoded.problems == []
    found = decode(
        sent(message(V4.data(ONE)), first), sent(message(SHORT.data(("10.9.9.9", 5))), second), decoder=decoder
    )
    assert decoder.exporters == [first, second]
    assert {(one["host.ip"], one["source.ip"], one["network.bytes"]) for one in read(found.flows)} == {
        (0, "10.0.0.1", 1500),
        (1, "10.9.9.9", 5),
    }


@both
def test_a_template_of_one_exporter_does_not_decode_the_data_of_another(message: Message) -> None:
    decoder = Decoder()
    flows(sent(message(defined(message, V4)), "192.0.2.1"), decoder=decoder)
    assert flows(sent(message(V4.data(ONE)), "192.0.2.2"), decoder=decoder) == []


@both
def test_templates_of_two_domains_are_apart(message: Message) -> None:
    decoder = Decoder()
    flows(message(defined(message, V4), domain=1), message(defined(message, SHORT), domain=2), decoder=decoder)
    found = flows(message(V4.data(ONE), domain=1), message(SHORT.data(("10.9.9.9", 5)), domain=2), decoder=decoder)
    assert {(one["flow.observation_domain"], one["source.ip"]) for one in found} == {(1, "10.0.0.1"), (2, "10.9.9.9")}


def test_templates_of_version_9_and_ipfix_are_apart() -> None:
    decoder = Decoder()
    flows(netflow9(V4.define9()), ipfix(SHORT.define()), decoder=decoder)
    found = flows(netflow9(V4.data(ONE)), ipfix(SHORT.data(("10.9.9.9", 5))), decoder=decoder)
    assert {(one["flow.version"], one["source.ip"]) for one in found} == {(9, "10.0.0.1"), (10, "10.9.9.9")}


@both
def test_the_port_of_the_exporter_does_not_matter(message: Message) -> None:
    decoder = Decoder()
    flows(sent(message(defined(message, V4)), port=61853), decoder=decoder)
    assert len(flows(sent(message(V4.data(ONE)), port=65156), decoder=decoder)) == 1


def test_an_ipfix_template_is_withdrawn() -> None:
    decoder = Decoder()
    found = flows(ipfix(V4.define(), V4.data(ONE), withdrawal(256), V4.data(TWO)), decoder=decoder)
    assert [one["source.ip"] for one in found] == ["10.0.0.1"]
    # What came without a template waits, and is decoded by the next one.
    assert flow(ipfix(V4.define()), decoder=decoder)["source.ip"] == "10.0.0.3"


@pytest.mark.parametrize(("number", "options"), [(2, False), (3, True)])
def test_all_ipfix_templates_of_a_kind_are_withdrawn(number: int, options: bool) -> None:
    told = Template(300, [(149, 4), (34, 4)], scopes=1)
    decoder = Decoder()
    decode(ipfix(V4.define(), SIX.define(), told.define(), withdrawal(number, options)), decoder=decoder)
    (stream,) = decoder.state()
    assert stream.templates == (2 if options else 1)


def test_a_version_9_template_without_fields_is_refused() -> None:
    decoded = decode(netflow9(Template(256, []).define9()))
    assert reasons(decoded) == {"empty-template": 1}


def test_records_of_zero_bytes_are_refused() -> None:
    empty = Template(256, [(8, 0), (12, 0)])
    decoded = decode(ipfix(empty.define(), flow_set(256, bytes(8))))
    assert reasons(decoded) == {"empty-template": 1}
    assert decoded.flows.is_empty()


class TestDataBeforeItsTemplate:
    def test_it_is_decoded_when_the_template_comes(self) -> None:
        decoder = Decoder()
        assert flows(netflow9(V4.data(ONE), seconds=NOW - 60, uptime=940_000), decoder=decoder) == []
        found = flow(netflow9(V4.define9()), decoder=decoder)
        assert part(found, *TUPLE) == READ_ONE
        assert found["@timestamp"] == NOW - 60

    def test_the_template_may_come_behind_it_in_the_same_message(self) -> None:
        assert len(flows(ipfix(V4.data(ONE), V4.define(), V4.data(TWO)))) == 2

    def test_it_does_not_wait_for_the_template_of_another_domain(self) -> None:
        decoder = Decoder()
        flows(ipfix(V4.data(ONE), domain=1), decoder=decoder)
        assert flows(ipfix(V4.define(), domain=2), decoder=decoder) == []
        assert len(flows(ipfix(V4.define(), domain=1), decoder=decoder)) == 1

    def test_options_data_waits_too(self) -> None:
        options = Template(300, [(149, 4), (34, 4)], scopes=1)
        decoder = Decoder()
        flows(ipfix(options.data((0, 10))), decoder=decoder)
        assert len(decode(ipfix(options.define()), decoder=decoder).options) == 1
        assert flow(ipfix(V4.define(), V4.data(ONE)), decoder=decoder)["network.bytes"] == 15_000

    def test_it_is_given_up_after_half_an_hour(self) -> None:
        decoder = Decoder()
        for minute in (0, 1):
            flows(
                sent(ipfix(V4.data(ONE), domain=7, seconds=NOW + 60 * minute), received=NOW + 60 * minute),
                decoder=decoder,
            )
        late = ipfix(domain=7, seconds=NOW + 1830)
        decoded = decode(sent(late, received=NOW + 1830), decoder=decoder)
        assert [(one.reason, one.count, one.detail) for one in decoded.problems] == [
            ("no-template", 1, "template 256 of domain 7")
        ]
        last = ipfix(V4.define(), domain=7, seconds=NOW + 1831)
        assert len(flows(sent(last, received=NOW + 1831), decoder=decoder)) == 1

    def test_an_exporter_may_let_no_more_than_a_megabyte_wait(self) -> None:
        decoder = Decoder()
        datagram = ipfix(V4.data(*[ONE] * 60))
        decoded = decode(*[datagram] * 1000, decoder=decoder)
        dropped = reasons(decoded)["template-overflow"]
        assert 0 < dropped < 1000
        assert len(flows(ipfix(V4.define()), decoder=decoder)) == 60 * (1000 - dropped)

    def test_empty_sets_cannot_wait_without_end(self) -> None:
        decoder = Decoder()
        decoded = decode(*[ipfix(*[flow_set(256, b"")] * 16_000)] * 2, decoder=decoder)
        assert reasons(decoded)["template-overflow"] > 20_000

    def test_one_exporter_does_not_take_the_room_of_another(self) -> None:
        decoder = Decoder()
        decode(sent(ipfix(V4.data(ONE)), "192.0.2.9"), decoder=decoder)
        decode(*[ipfix(V4.data(*[ONE] * 60))] * 1000, decoder=decoder)
        assert len(flows(sent(ipfix(V4.define()), "192.0.2.9"), decoder=decoder)) == 1

    def test_the_state_tells_what_is_missing(self) -> None:
        decoder = Decoder()
        flows(sent(ipfix(V4.data(ONE), V4.data(TWO), domain=7)), decoder=decoder)
        (stream,) = decoder.state()
        assert [(one.template, one.sets, one.since) for one in stream.missing] == [(256, 2, NOW * 1000)]


class TestSetsAndMessages:
    @both
    @pytest.mark.parametrize("padding", [0, 1, 2, 3])
    def test_padding_behind_records(self, message: Message, padding: int) -> None:
        assert len(flows(message(defined(message, V4), V4.data(ONE, TWO, padding=padding)))) == 2

    @both
    def test_a_record_cut_off_by_its_set(self, message: Message) -> None:
        decoded = decode(message(defined(message, V4), flow_set(256, V4.record(*ONE) + V4.record(*TWO)[:15])))
        assert [one["source.ip"] for one in read(decoded.flows)] == ["10.0.0.1"]
        assert reasons(decoded) == {"cut-record": 1}

    @both
    def test_a_set_longer_than_its_message_keeps_what_is_whole(self, message: Message) -> None:
        decoded = decode(message(defined(message, V4), flow_set(256, V4.record(*ONE), length=1000)))
        assert decoded.flows.height == 1
        assert reasons(decoded) == {"bad-set": 1}

    @both
    def test_a_set_shorter_than_its_header_ends_the_message(self, message: Message) -> None:
        decoded = decode(message(defined(message, V4), V4.data(ONE), flow_set(256, b"", length=3), V4.data(TWO)))
        assert decoded.flows.height == 1
        assert reasons(decoded) == {"bad-set": 1}

    @both
    def test_zeros_fill_a_datagram_up(self, message: Message) -> None:
        padded = message(defined(message, V4), V4.data(ONE), bytes(400))
        assert len(flows(padded)) == 1

    @both
    def test_a_reserved_set_costs_no_other_one(self, message: Message) -> None:
        decoded = decode(message(defined(message, V4), flow_set(100, bytes(8)), V4.data(ONE)))
        assert decoded.flows.height == 1
        assert reasons(decoded) == {"reserved-set": 1}

    @both
    def test_a_template_that_does_not_fit_its_set_costs_no_other_one(self, message: Message) -> None:
        broken = flow_set(0 if message is netflow9 else 2, struct.pack("!HHHH", 300, 9, 8, 4))
        decoded = decode(message(defined(message, V4), broken, V4.data(ONE)))
        assert decoded.flows.height == 1
        assert reasons(decoded) == {"bad-template": 1}

    def test_padding_behind_template_records(self) -> None:
        told = Template(300, [(149, 4), (34, 4)], scopes=1)
        told9 = Template(300, [(1, 4), (34, 4)], scopes=1)
        for message, sets in (
            (netflow9, [flow_set(0, V4.raw9() + bytes(8)), flow_set(1, told9.raw9() + bytes(8))]),
            (ipfix, [flow_set(2, V4.raw() + bytes(8)), flow_set(3, told.raw() + bytes(8))]),
        ):
            decoder = Decoder()
            assert flows(message(*sets), decoder=decoder) == []
            (stream,) = decoder.state()
            assert stream.templates == 2

    def test_an_options_template_cut_off(self) -> None:
        told = Template(300, [(149, 4), (34, 4)], scopes=1)
        assert reasons(decode(ipfix(flow_set(3, told.raw()[:5])))) == {"bad-template": 1}
        assert reasons(decode(netflow9(flow_set(1, told.raw9()[:-1])))) == {"bad-template": 1}

    @both
    def test_a_reserved_template_id_is_refused(self, message: Message) -> None:
        decoded = decode(message(defined(message, Template(255, [(8, 4)]))))
        assert reasons(decoded) == {"bad-template": 1}

    def test_an_enterprise_number_cut_off(self) -> None:
        raw = Template(300, [(8, 4), (1, 4, 9)]).raw()
        decoded = decode(ipfix(flow_set(2, raw[:-3])))
        assert reasons(decoded) == {"bad-template": 1}

    def test_the_count_of_a_version_9_header_does_not_matter(self) -> None:
        assert len(flows(netflow9(V4.define9(), V4.data(ONE, TWO), count=0))) == 2

    def test_several_ipfix_messages_in_a_datagram(self) -> None:
        datagram = ipfix(V4.define(), V4.data(ONE), domain=1) + ipfix(
            SHORT.define(), SHORT.data(("10.9.9.9", 5)), domain=2
        )
        assert {one["flow.observation_domain"] for one in flows(datagram)} == {1, 2}

    def test_an_ipfix_length_that_is_too_short_is_salvaged(self) -> None:
        sets = V4.define() + V4.data(ONE)
        decoded = decode(ipfix(sets, length=16 + len(sets) - 2))
        assert decoded.flows.height == 1
        assert reasons(decoded) == {"length-mismatch": 1}

    def test_an_ipfix_length_that_is_too_long_is_salvaged(self) -> None:
        sets = V4.define() + V4.data(ONE)
        decoded = decode(ipfix(sets, length=60_000))
        assert decoded.flows.height == 1
        assert reasons(decoded) == {"length-mismatch": 1}

    def test_an_ipfix_length_that_is_shorter_than_the_header(self) -> None:
        decoded = decode(ipfix(V4.define(), V4.data(ONE), length=3))
        assert decoded.flows.height == 1
        assert reasons(decoded) == {"length-mismatch": 1}

    def test_a_second_ipfix_message_that_is_cut_off(self) -> None:
        decoded = decode(ipfix(V4.define(), V4.data(ONE)) + ipfix(V4.data(TWO))[:10])
        assert decoded.flows.height == 1
        assert reasons(decoded) == {"too-short": 1}

    def test_headers_cut_off(self) -> None:
        assert reasons(decode(netflow9()[:19], ipfix()[:15])) == {"too-short": 2}


class TestOptionsTemplates:
    def test_version_9_counts_bytes(self) -> None:
        options = Template(257, [(1, 4), (2, 2), (48, 1), (50, 4), (84, 8)], scopes=2)
        decoded = decode(netflow9(options.define9(), options.data((1, 7, 3, 100, "every"))))
        (one,) = decoded.options
        assert one.scope == {"scopeSystem": 1, "scopeInterface": 7}
        assert one.values == {"samplerId": 3, "samplerRandomInterval": 100, "samplerName": "every"}
        assert decoded.flows.is_empty()

    def test_ipfix_counts_fields_with_the_scope_among_them(self) -> None:
        options = Template(257, [(149, 4), (302, 8), (305, 4), (306, 4)], scopes=2)
        (one,) = decode(ipfix(options.define(), options.data((5, 9, 1, 99)), domain=5)).options
        assert (one.version, one.domain) == (10, 5)
        assert one.scope == {"observationDomainId": 5, "selectorId": 9}
        assert one.values == {"samplingPacketInterval": 1, "samplingPacketSpace": 99}

    def test_a_scope_of_no_bytes(self) -> None:
        options = Template(256, [(1, 0), (35, 1), (34, 4)], scopes=1)
        (one,) = decode(netflow9(options.define9(), options.data(("", 1, 100)))).options
        assert one.scope == {}
        assert one.values == {"samplingAlgorithm": 1, "samplingInterval": 100}

    def test_a_length_of_options_that_is_no_multiple_of_four(self) -> None:
        raw = struct.pack("!HHH", 256, 4, 9) + struct.pack("!6H", 1, 4, 34, 4, 35, 1)
        options = Template(256, [(1, 4), (34, 4), (35, 1)], scopes=1)
        (one,) = decode(netflow9(flow_set(1, raw + bytes(2)), options.data((0, 50, 2)))).options
        assert one.values == {"samplingInterval": 50, "samplingAlgorithm": 2}

    def test_an_element_in_scope_and_options(self) -> None:
        options = Template(334, [(234, 4), (236, 8), (234, 4)], scopes=1)
        (one,) = decode(ipfix(options.define(), options.data((1, "red", 2)))).options
        assert one.scope == {"ingressVRFID": 1}
        assert one.values == {"VRFname": "red", "ingressVRFID": 2}

    def test_values_of_every_type(self) -> None:
        fields: dict[Field, tuple[Value, Any]] = {
            (160, 8): (1_735_732_800_123, "2025-01-01T12:00:00.123+00:00"),
            (322, 4): (NOW, "2025-01-01T12:00:00.000+00:00"),
            (154, 8): ((NOW + 2_208_988_800) << 32 | 1 << 31, "2025-01-01T12:00:00.500+00:00"),
            (311, 8): (0.25, 0.25),
            (320, 4): (0.5, 0.5),
            (276, 1): (2, False),
            (82, 6): ("Gi0/1", "Gi0/1"),
            (56, 6): ("02:00:00:00:00:01", "02:00:00:00:00:01"),
            (130, 4): ("192.0.2.1", "192.0.2.1"),
            (131, 16): ("2001:db8::1", "2001:db8::1"),
            (90, 8): (b"\0\1\2\3\4\5\6\7", "0001020304050607"),
            (434, 2): (b"\xff\xfe", -2),
            (41, 3): (70_000, 70_000),
        }
        options = Template(300, [(143, 4), *fields], scopes=1)
        (one,) = decode(ipfix(options.define(), options.data((9, *[given for given, _ in fields.values()])))).options
        assert list(one.values.values()) == [read for _, read in fields.values()]

    def test_strings_of_variable_length_and_repeated_elements(self) -> None:
        options = Template(300, [(143, 4), (82, 65535), (82, 65535), (83, 65535)], scopes=1)
        (one,) = decode(ipfix(options.define(), options.data((9, "a" * 300, "b", "")))).options
        assert one.values == {"interfaceName": ["a" * 300, "b"], "interfaceDescription": ""}
