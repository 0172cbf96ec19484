"""What real devices do otherwise: one test for each case that decoders disagree about.

The cases are numbered: 1 to 18 are about decoding, 19 to 23 about templates and order, 24 to 27 about conventions. Most
are shown by the capture in which they were found, those that need no more by an exporter that does the same.
"""

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest

from collector.decode.decoder import Decoder
from collector.receive.pcap import read_capture
from collector.store.writers import NdjsonWriter
from tests.builders import packets, sflow
from tests.builders.netflow import VARIABLE, Field, Template, Value, ipfix, netflow5, netflow9, record5, sent
from tests.corpus import capture, needs_corpus
from tests.decode import flow_reading
from tests.decode.flow_reading import Row, decode, flow, part, read, reasons
from tests.decode.templates_used import ONE, READ_ONE, READ_TWO, TUPLE, TWO, V4

MINUTE = 60
FRAME = packets.ethernet(packets.ipv4(packets.tcp(1234, 443), packets.TCP))
DISCARDED, MULTIPLE, INTERNAL = 1 << 30, 2 << 30, 0x3FFFFFFF


def flows(name: str) -> list[Row]:
    """The flows of a capture."""
    return read(Decoder().decode(list(read_capture(capture(name)))).flows)


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@needs_corpus
def test_01_counts_of_version_9_headers_are_wrong() -> None:
    assert len(flows("gr_nf9_1")) == 6
    assert len(flows("gr_nf9_pcap")) == 21


@needs_corpus
def test_02_a_next_hop_of_two_bytes_costs_only_itself() -> None:
    found = flows("ls_nf9_h3c")
    assert len(found) == 16
    assert all(one["source.ip"] and one["network.bytes"] for one in found)


def test_03_h3c_sends_variable_lengths_in_version_9() -> None:
    """RFC 3954 knows no length of 65535; H3C means by it what RFC 7011 section 7 does."""
    template = Template(256, [(8, 4), (96, VARIABLE), (1, 4)])
    found = flow_reading.flows(
        netflow9(template.define9(), template.data(("10.0.0.1", "x" * 300, 7), ("10.0.0.2", "", 8)))
    )
    assert [part(one, "source.ip", "network.application", "network.bytes") for one in found] == [
        {"source.ip": "10.0.0.1", "network.application": "x" * 300, "network.bytes": 7},
        {"source.ip": "10.0.0.2", "network.bytes": 8},
    ]


@needs_corpus
def test_04_a_template_redefined() -> None:
    assert len(flows("bk_ipfix_template_redefined")) == 21


@needs_corpus
def test_05_a_length_field_that_is_too_short() -> None:
    decoded = Decoder().decode(list(read_capture(capture("tg_issue_14370"))))
    assert decoded.flows.height == 2
    assert reasons(decoded)["length-mismatch"] == 1


@needs_corpus
def test_06_repeated_elements_are_outer_and_inner_header() -> None:
    names = ("source.ip", "destination.ip", "network.iana_number")
    outer = {"source.ip": "fcba:be00:3001::1", "destination.ip": "fcba:be00:3002:e002::", "network.iana_number": 4}
    found = flows("ng_ipfix_srv6")[1]
    assert part(found, *names) == outer
    assert {name: value for name, value in found.items() if name.startswith("network.inner")} == {
        "network.inner.source.ip": "192.0.41.144",
        "network.inner.destination.ip": "192.0.42.154",
        "network.inner.iana_number": 17,
        "network.inner.source.port": 1024,
        "network.inner.destination.port": 862,
    }


@needs_corpus
def test_07_of_both_families_the_one_that_is_not_zero() -> None:
    (found,) = flows("fl_nf9_mpls")
    assert part(found, "source.ip", "destination.ip") == {
        "source.ip": "192.168.32.100",
        "destination.ip": "172.16.32.2",
    }
    assert all(one["source.ip"] not in ("0.0.0.0", "::") for one in flows("ca_procera"))


@needs_corpus
def test_08_uptime_wraps() -> None:
    starts = [one["event.start"] for one in flows("ls_nf5_valid_01")]
    assert seconds("2015-05-02T18:38:04.898") in starts


@needs_corpus
def test_08_a_flow_may_begin_after_the_uptime_of_the_header() -> None:
    found = flows("np_nf9_multiple_options")[0]
    assert 4 < found["event.start"] - found["event.ingested"] < 5


@needs_corpus
def test_08_uptimes_in_another_unit_are_no_times() -> None:
    (found,) = flows("ls_nf9_fortigate_fortios_5_2_1")
    assert "event.start" not in found


@needs_corpus
def test_09_microseconds_are_in_ntp_format() -> None:
    for one in flows("ls_ipfix_netscaler_with_variable_length_fields"):
        assert abs(one["event.start"] - one["event.ingested"]) < 60 * MINUTE


@needs_corpus
def test_10_a_biflow_is_one_document() -> None:
    found = [one for one in flows("tg_ipfix_example") if "destination.bytes" in one]
    assert found
    for one in found:
        assert one["network.bytes"] == one["source.bytes"] + one["destination.bytes"]
        assert one["network.packets"] == one["source.packets"] + one["destination.packets"]


@needs_corpus
def test_11_an_asa_event_starts_when_its_connection_did() -> None:
    found = flows("ls_nf9_cisco_asa")[0]
    assert found["event.action"] == "flow-end"
    assert found["event.start"] == seconds("2015-10-09T09:47:47.569")
    assert found["event.end"] == seconds("2015-10-09T09:47:49.599")


@needs_corpus
def test_12_bytes_are_scaled_by_the_sampling_rate() -> None:
    found = [one for one in flows("fl_nf9_sampler") if one.get("flow.sampling_interval", 1) > 1]
    assert found
    for one in found:
        assert one["network.bytes"] == one["flow.bytes_unscaled"] * one["flow.sampling_interval"]


@pytest.mark.parametrize(
    ("egress", "more"),
    [(60, {"flow.output_snmp": 60}), (DISCARDED | 258, {"flow.drop_reason": 258}), (MULTIPLE | 2, {}), (INTERNAL, {})],
)
def test_13_the_interfaces_of_a_sample_are_not_its_data_source(egress: int, more: Row) -> None:
    """sFlow: a packet sampled at egress has the source of the egress port, and came in elsewhere all the same.

    An output may also say that the packet was discarded, went to several ports, or to the device itself.
    """
    found = flow(sflow.payload(sflow.flow_sample(sflow.header(FRAME), source=60, ingress=101, egress=egress)))
    names = ("flow.input_snmp", "flow.output_snmp", "flow.drop_reason")
    assert part(found, *names) == {"flow.input_snmp": 101, **more}


def test_14_a_sample_longer_than_its_records() -> None:
    """Samples and records of sFlow have lengths so that what lies behind the last record can be skipped."""
    padded = sflow.part(sflow.FLOW, sflow.flow_sample(sflow.header(FRAME))[8:] + bytes(20))
    assert len(flow_reading.flows(sflow.payload(padded, padded))) == 2


def test_15_a_record_longer_than_its_sample_and_a_sample_longer_than_its_datagram() -> None:
    """What is there of them is read, and the fault is told."""
    record = sflow.header(FRAME)
    lying = sflow.words(1, len(record) + 80) + record[8:]
    decoded = decode(sflow.payload(sflow.flow_sample(lying)))
    assert [one["destination.port"] for one in read(decoded.flows)] == [443]
    assert reasons(decoded) == {"sflow-cut-record": 1}
    body = sflow.flow_sample(record)[8:]
    decoded = decode(sflow.payload(sflow.part(sflow.FLOW, body, length=len(body) + 40)))
    assert [one["destination.port"] for one in read(decoded.flows)] == [443]
    assert reasons(decoded) == {"sflow-cut-sample": 1}


def test_16_templates_and_data_from_different_ports_of_an_exporter() -> None:
    """RFC 7011 section 8 ties templates to a transport session; routers send both from ports of several line cards."""
    found = flow_reading.flows(sent(ipfix(V4.define()), port=61_853), sent(ipfix(V4.data(ONE)), port=65_156))
    assert [part(one, *TUPLE) for one in found] == [READ_ONE]


@needs_corpus
def test_17_the_values_of_cisco_avc_are_told_apart() -> None:
    (found,) = [one for one in flows("ic_04_odid256_512") if "flow.http_host" in one]
    assert found["flow.http_host"] == "yads.yahoo.co.jp"
    assert found["flow.http_url"].startswith("/tag?s=82399")


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("0d0001af", "13:431"), ("140000304400004e84", "20:12356:20100"), ("0300000050", "3:80"), ("00000000", None)],
)
def test_18_application_ids_are_engine_and_selector(cell: str, shown: str | None) -> None:
    """Some print 218104239, 13..431 or 20..12356..20100. With engine 20 an enterprise number comes first (RFC 6759)."""
    template = Template(256, [(95, len(cell) // 2), (1, 4)])
    found = flow(netflow9(template.define9(), template.data((bytes.fromhex(cell), 1))))
    assert found.get("flow.application_id") == shown


def test_18_floats_and_addresses_of_options_data_keep_their_types() -> None:
    template = Template(300, [(149, 4), (130, 4), (311, 8), (160, 8)], scopes=1)
    (found,) = decode(ipfix(template.define(), template.data((7, "192.0.2.9", 0.25, 1_735_732_800_000)))).options
    out = BytesIO()
    NdjsonWriter(out).rows([found.values])
    document = json.loads(out.getvalue())
    assert document["exporterIPv4Address"] == "192.0.2.9"
    assert document["samplingProbability"] == 0.25
    assert datetime.fromisoformat(document["systemInitTimeMilliseconds"]).timestamp() == 1_735_732_800


@needs_corpus
def test_19_data_before_its_template() -> None:
    assert len(flows("gr_nf9_nprobe_4")) == 15
    assert len(flows("ls_ipfix_netscaler_data_before_template")) == 6


@needs_corpus
def test_20_a_template_of_one_exporter_does_not_decode_another_s_data() -> None:
    assert {one["host.ip"] for one in flows("fl_nf9_template_isolation_two_exporters")} == {1}


@needs_corpus
def test_21_sets_of_version_9_in_an_ipfix_message_are_skipped() -> None:
    decoded = Decoder().decode(list(read_capture(capture("np_ipfix_v9_options"))))
    assert decoded.flows.height in (1, 2)
    assert reasons(decoded)["reserved-set"] == 1


def test_22_several_messages_in_one_datagram() -> None:
    """An IPFIX message says its length, so another may follow; v5 and v9 do not, and what follows is none of theirs."""
    messages = ipfix(V4.define(), V4.data(ONE)), ipfix(V4.data(TWO), sequence=1), ipfix(V4.data(ONE), sequence=2)
    found = flow_reading.flows(b"".join(messages))
    assert [part(one, *TUPLE) for one in found] == [READ_ONE, READ_TWO, READ_ONE]
    assert len(flow_reading.flows(netflow5(record5()) * 2)) == 1
    decoded = decode(netflow9(V4.define9(), V4.data(ONE)) + netflow9(V4.data(TWO)))
    assert [part(one, *TUPLE) for one in read(decoded.flows)] == [READ_ONE]
    assert reasons(decoded) == {"bad-set": 1}


@needs_corpus
def test_23_netflow_5_on_the_port_of_sflow() -> None:
    found = flows("td_sflow_multiple_counter_30_pdus")
    assert [one["flow.version"] for one in found] == [5] * 7


@pytest.mark.parametrize(
    "pairs",
    [
        [((11, 2), 0x0301)],  # Cisco, softflowd: in the destination port
        [((32, 2), 0x0301), ((11, 2), 0)],
        [((176, 1), 3), ((177, 1), 1)],
    ],
)
def test_24_type_and_code_of_icmp(pairs: list[tuple[Field, Value]]) -> None:
    """They come in the destination port, in an element of both, or in two; none of it is a port."""
    template = Template(256, [(4, 1), (7, 2), *[field for field, _ in pairs], (1, 4)])
    found = flow(ipfix(template.define(), template.data((1, 0, *[value for _, value in pairs], 1))))
    assert part(found, "flow.icmp_type", "flow.icmp_code", "source.port", "destination.port") == {
        "flow.icmp_type": 3,
        "flow.icmp_code": 1,
    }


@needs_corpus
def test_25_a_zero_of_the_preferred_counter_stands() -> None:
    assert [one["network.bytes"] for one in flows("ls_nf9_template_with_0_length_fields")] == [
        0,
        0,
        0,
        32,
        0,
        0,
        0,
        32,
        0,
        0,
    ]


@pytest.mark.parametrize("element", [104, 315])
def test_26_a_section_of_the_packet_beside_the_elements_of_its_flow(element: int) -> None:
    """Some exporters send the frame along (layer2packetSectionData, dataLinkFrameSection): what they say counts."""
    template = Template(256, [*V4.fields, (element, VARIABLE)])
    found = flow(ipfix(template.define(), template.data((*ONE, FRAME))))
    assert part(found, *TUPLE) == READ_ONE


@pytest.mark.parametrize(
    ("outer", "protocol"),
    [
        (packets.ipv4(packets.vxlan(FRAME, 5001), source="10.0.0.1", destination="10.0.0.2"), 17),
        (packets.ipv4(packets.gre(FRAME, packets.BRIDGED), 47, source="10.0.0.1", destination="10.0.0.2"), 47),
    ],
    ids=["vxlan", "gre"],
)
def test_27_of_a_tunnel_in_a_sampled_header_the_outer_packet_is_the_flow(outer: bytes, protocol: int) -> None:
    """VXLAN and GRE: the packet inside is told beside it."""
    found = flow(sflow.payload(sflow.flow_sample(sflow.header(packets.ethernet(outer)))))
    expected: dict[str, Any] = {"source.ip": "10.0.0.1", "destination.ip": "10.0.0.2", "network.iana_number": protocol}
    inner = {
        "network.inner.source.ip": packets.SOURCE4,
        "network.inner.destination.ip": packets.DESTINATION4,
        "network.inner.iana_number": 6,
        "network.inner.source.port": 1234,
        "network.inner.destination.port": 443,
    }
    assert part(found, *expected, *inner) == expected | inner
