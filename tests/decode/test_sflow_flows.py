"""sFlow through the decoder: samples are flows like others, scaled and timed."""

from tests.builders import packets, sflow
from tests.builders.netflow import NOW, netflow5, record5, sent
from tests.decode.flow_reading import decode, flow, part, read, reasons

FRAME = packets.ethernet(packets.ipv4(packets.tcp(1000, 443, flags=0x12), protocol=6), packets.IPV4)


def payload(rate: int = 1000) -> bytes:
    return sflow.payload(sflow.flow_sample(sflow.header(FRAME, frame_length=1000), rate=rate), sub_agent=3)


def test_a_sample_is_a_flow_scaled_by_its_rate() -> None:
    found = flow(sent(payload(rate=512), received=NOW + 0.25))
    assert part(found, "event.dataset", "flow.version", "flow.agent_ip", "flow.observation_domain", "host.ip") == {
        "event.dataset": "sflow",
        "flow.version": 5,
        "flow.agent_ip": "192.0.2.9",
        "flow.observation_domain": 3,
        "host.ip": 0,
    }
    names = ("network.bytes", "network.packets", "source.bytes", "source.packets")
    unscaled = ("flow.bytes_unscaled", "flow.packets_unscaled")
    assert part(found, *names, *unscaled, "flow.sampling_interval", "flow.sampling_from") == {
        "network.bytes": 512_000,
        "network.packets": 512,
        "source.bytes": 512_000,
        "source.packets": 512,
        "flow.bytes_unscaled": 1000,
        "flow.packets_unscaled": 1,
        "flow.sampling_interval": 512,
        "flow.sampling_from": "record",
    }
    assert part(found, "source.port", "destination.port", "network.iana_number", "flow.tcp_flags") == {
        "source.port": 1000,
        "destination.port": 443,
        "network.iana_number": 6,
        "flow.tcp_flags": ["SYN", "ACK"],
    }
    assert (found["@timestamp"], found["event.ingested"]) == (NOW + 0.25, NOW + 0.25)
    assert not any(name.startswith("_") for name in found)


def test_netflow_and_sflow_in_one_batch() -> None:
    decoded = decode(
        sent(netflow5(record5()), "192.0.2.1"), sent(payload(), "192.0.2.2"), sent(netflow5(record5()), "192.0.2.3")
    )
    found = read(decoded.flows)
    assert [(one["event.dataset"], one["host.ip"]) for one in found] == [("netflow", 0), ("netflow", 2), ("sflow", 1)]


def test_counters_have_rows_of_their_own() -> None:
    generic = sflow.part(1, sflow.words(3, 6, 0, 1_000_000, 1, 3, 0, 500, *range(7), 0, 900, *range(7)))
    decoded = decode(sent(sflow.payload(sflow.counters_sample(generic)), received=NOW + 1))
    assert decoded.flows.is_empty()
    (row,) = decoded.counters.to_dicts()
    assert row["host.ip"] == 0
    assert row["if_counters.ifInOctets"] == 500
    assert row["event.ingested"].timestamp() is not None
    assert "_datagram" not in row


def test_discarded_packets_are_no_flows() -> None:
    sample = sflow.discarded(sflow.header(FRAME, frame_length=1000), reason=265)
    decoded = decode(sflow.payload(sample))
    assert decoded.flows.is_empty()
    (row,) = read(decoded.discards)
    assert part(row, "flow.drop_reason", "network.bytes", "event.dataset", "@timestamp") == {
        "flow.drop_reason": 265,
        "network.bytes": 1000,
        "event.dataset": "sflow",
        "@timestamp": NOW,
    }


def test_problems_are_told_with_the_others() -> None:
    decoded = decode(b"\0\0\0\5\0\0\0\1", b"\0\0\0\4", b"\0\0\0\0", b"\0\x09")
    assert reasons(decoded) == {"unknown-version": 1, "too-short": 1, "sflow-short-datagram": 1, "sflow-version": 1}
