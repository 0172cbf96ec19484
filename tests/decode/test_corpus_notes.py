"""What real devices do otherwise: one test for each case that decoders disagree about, on the capture that shows it."""

from datetime import UTC, datetime

from collector.decode.decoder import Decoder
from collector.receive.pcap import read_capture
from tests.corpus import capture, needs_corpus
from tests.decode.flow_reading import Row, part, read, reasons

pytestmark = needs_corpus
MINUTE = 60


def flows(name: str) -> list[Row]:
    """The flows of a capture."""
    return read(Decoder().decode(list(read_capture(capture(name)))).flows)


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_01_counts_of_version_9_headers_are_wrong() -> None:
    assert len(flows("gr_nf9_1")) == 6
    assert len(flows("gr_nf9_pcap")) == 21


def test_02_a_next_hop_of_two_bytes_costs_only_itself() -> None:
    found = flows("ls_nf9_h3c")
    assert len(found) == 16
    assert all(one["source.ip"] and one["network.bytes"] for one in found)


def test_04_a_template_redefined() -> None:
    assert len(flows("bk_ipfix_template_redefined")) == 21


def test_05_a_length_field_that_is_too_short() -> None:
    decoded = Decoder().decode(list(read_capture(capture("tg_issue_14370"))))
    assert decoded.flows.height == 2
    assert reasons(decoded)["length-mismatch"] == 1


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


def test_07_of_both_families_the_one_that_is_not_zero() -> None:
    (found,) = flows("fl_nf9_mpls")
    assert part(found, "source.ip", "destination.ip") == {
        "source.ip": "192.168.32.100",
        "destination.ip": "172.16.32.2",
    }
    assert all(one["source.ip"] not in ("0.0.0.0", "::") for one in flows("ca_procera"))


def test_08_uptime_wraps() -> None:
    starts = [one["event.start"] for one in flows("ls_nf5_valid_01")]
    assert seconds("2015-05-02T18:38:04.898") in starts


def test_08_a_flow_may_begin_after_the_uptime_of_the_header() -> None:
    found = flows("np_nf9_multiple_options")[0]
    assert 4 < found["event.start"] - found["event.ingested"] < 5


def test_08_uptimes_in_another_unit_are_no_times() -> None:
    (found,) = flows("ls_nf9_fortigate_fortios_5_2_1")
    assert "event.start" not in found


def test_09_microseconds_are_in_ntp_format() -> None:
    for one in flows("ls_ipfix_netscaler_with_variable_length_fields"):
        assert abs(one["event.start"] - one["event.ingested"]) < 60 * MINUTE


def test_10_a_biflow_is_one_document() -> None:
    found = [one for one in flows("tg_ipfix_example") if "destination.bytes" in one]
    assert found
    for one in found:
        assert one["network.bytes"] == one["source.bytes"] + one["destination.bytes"]
        assert one["network.packets"] == one["source.packets"] + one["destination.packets"]


def test_11_an_asa_event_starts_when_its_connection_did() -> None:
    found = flows("ls_nf9_cisco_asa")[0]
    assert found["event.action"] == "flow-end"
    assert found["event.start"] == seconds("2015-10-09T09:47:47.569")
    assert found["event.end"] == seconds("2015-10-09T09:47:49.599")


def test_12_bytes_are_scaled_by_the_sampling_rate() -> None:
    found = [one for one in flows("fl_nf9_sampler") if one.get("flow.sampling_interval", 1) > 1]
    assert found
    for one in found:
        assert one["network.bytes"] == one["flow.bytes_unscaled"] * one["flow.sampling_interval"]


def test_17_the_values_of_cisco_avc_are_told_apart() -> None:
    (found,) = [one for one in flows("ic_04_odid256_512") if "flow.http_host" in one]
    assert found["flow.http_host"] == "yads.yahoo.co.jp"
    assert found["flow.http_url"].startswith("/tag?s=82399")


def test_19_data_before_its_template() -> None:
    assert len(flows("gr_nf9_nprobe_4")) == 15
    assert len(flows("ls_ipfix_netscaler_data_before_template")) == 6


def test_20_a_template_of_one_exporter_does_not_decode_another_s_data() -> None:
    assert {one["host.ip"] for one in flows("fl_nf9_template_isolation_two_exporters")} == {1}


def test_21_sets_of_version_9_in_an_ipfix_message_are_skipped() -> None:
    decoded = Decoder().decode(list(read_capture(capture("np_ipfix_v9_options"))))
    assert decoded.flows.height in (1, 2)
    assert reasons(decoded)["reserved-set"] == 1


def test_23_netflow_5_on_the_port_of_sflow() -> None:
    found = flows("td_sflow_multiple_counter_30_pdus")
    assert [one["flow.version"] for one in found] == [5] * 7


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
