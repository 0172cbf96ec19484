"""NetFlow v1, v5 and v7."""

import pytest

from tests.builders.netflow import NOW, netflow1, netflow5, netflow7, record5
from tests.decode.flow_reading import decode, flow, flows, part, reasons

V5 = {
    "source.ip": "10.0.0.1",
    "destination.ip": "10.0.0.2",
    "source.port": 40_000,
    "destination.port": 443,
    "network.iana_number": 6,
    "network.bytes": 300,
    "network.packets": 3,
    "source.bytes": 300,
    "source.packets": 3,
    "flow.tcp_flags": ["FIN", "SYN", "PSH", "ACK"],
    "flow.tos": 8,
    "flow.input_snmp": 1,
    "flow.output_snmp": 2,
    "flow.next_hop": "10.0.0.254",
    "event.start": NOW - 10.0,
    "event.end": NOW - 5.0,
    "event.duration": 5_000_000_000,
    "@timestamp": NOW - 5.0,
    "event.ingested": float(NOW),
    "event.dataset": "netflow",
    "host.ip": 0,
}
ROUTES = {
    "source.as.number": 64500,
    "destination.as.number": 64501,
    "flow.src_mask_len": 24,
    "flow.dst_mask_len": 16,
}


def test_every_field_of_version_5() -> None:
    assert flow(netflow5(record5())) == V5 | ROUTES | {"flow.version": 5, "flow.observation_domain": 0}


def test_every_field_of_version_7() -> None:
    assert flow(netflow7(record5())) == V5 | ROUTES | {"flow.version": 7, "flow.observation_domain": 0}


@pytest.mark.parametrize("size", [48, 52])
def test_every_field_of_version_1_in_both_sizes(size: int) -> None:
    found = flows(netflow1(record5(), record5("10.0.0.3"), size=size))
    assert found[0] == V5 | {"flow.version": 1, "flow.observation_domain": 0}
    assert found[1] == found[0] | {"source.ip": "10.0.0.3"}


def test_the_engine_is_the_observation_domain() -> None:
    assert flow(netflow5(record5(), engine=(1, 4)))["flow.observation_domain"] == 0x104


def test_nanoseconds_count_in_the_time_of_export() -> None:
    assert flow(netflow5(record5(), nanoseconds=250_000_000))["event.end"] == NOW - 5 + 0.25


def test_the_sampling_interval_of_the_header_scales_and_its_mode_does_not_count() -> None:
    found = flow(netflow5(record5(), sampling=0x4000 | 100))
    assert part(found, "network.bytes", "flow.bytes_unscaled", "network.packets", "flow.packets_unscaled") == {
        "network.bytes": 30_000,
        "flow.bytes_unscaled": 300,
        "network.packets": 300,
        "flow.packets_unscaled": 3,
    }
    assert found["flow.sampling_interval"] == 100
    assert found["flow.sampling_from"] == "header"


def test_a_sampling_mode_without_interval_is_an_unknown_rate() -> None:
    found = flow(netflow5(record5(), sampling=0x4000))
    assert "flow.sampling_interval" not in found
    assert found["network.bytes"] == 300


def test_uptime_wraps_between_first_and_header() -> None:
    found = flow(netflow5(record5(first=2**32 - 1000, last=500), uptime=3000))
    assert (found["event.start"], found["event.end"]) == (NOW - 4.0, NOW - 2.5)


def test_fewer_records_than_announced() -> None:
    decoded = decode(netflow5(record5(), count=30))
    assert decoded.flows.height == 1
    assert reasons(decoded) == {"missing-records": 29}


def test_bytes_behind_the_announced_records_are_not_read() -> None:
    assert len(flows(netflow5(record5()) + record5("10.9.9.9"))) == 1


def test_no_records_at_all() -> None:
    assert flows(netflow5()) == []


@pytest.mark.parametrize("version", [1, 5, 7])
def test_shorter_than_the_header(version: int) -> None:
    decoded = decode(bytes([0, version, 0, 1]))
    assert decoded.flows.is_empty()
    assert reasons(decoded) == {"too-short": 1}


def test_versions_that_are_not_there() -> None:
    decoded = decode(b"", b"\0", b"\0\x08rest", b"GET / HTTP/1.1")
    assert reasons(decoded) == {"unknown-version": 4}


def test_ports_of_protocols_without_ports_are_not_shown() -> None:
    found = flow(netflow5(record5(protocol=47, ports=(0, 0))))
    assert "source.port" not in found
    assert "destination.port" not in found
    assert "flow.tcp_flags" not in found


def test_port_0_of_udp_is_a_port() -> None:
    assert flow(netflow5(record5(protocol=17, ports=(0, 0))))["source.port"] == 0


def test_zeros_that_mean_unknown() -> None:
    found = flow(netflow5(record5("0.0.0.0", hop="0.0.0.0", systems=(0, 0), interfaces=(0, 0), masks=(0, 0))))
    assert {"source.as.number", "destination.as.number", "flow.next_hop"}.isdisjoint(found)
    assert found["source.ip"] == "0.0.0.0"  # DHCP
    assert part(found, "flow.input_snmp", "flow.src_mask_len") == {"flow.input_snmp": 0, "flow.src_mask_len": 0}
