"""What sequence numbers miss, and what has come: by stream."""

from typing import Any

import pytest

from collector.decode.decoder import Decoder
from collector.decode.ledger import Loss
from tests.builders import sflow
from tests.builders.netflow import EXPORTER, NOW, Template, ipfix, netflow1, netflow5, netflow9, record5, sent
from tests.decode.flow_reading import decode
from tests.decode.templates_used import ONE, V4


def losses(*payloads: bytes, decoder: Decoder | None = None) -> list[Loss]:
    """What one batch has to say."""
    return decode(*payloads, decoder=decoder).losses


def lost(*payloads: bytes) -> int:
    """Units lost when each comes in a batch of its own; the same as when they come together."""
    decoder = Decoder()
    apart = sum(loss.lost for payload in payloads for loss in losses(payload, decoder=decoder))
    assert sum(loss.lost for loss in losses(*payloads)) == apart
    return apart


def counts(decoder: Decoder) -> dict[str, Any]:
    """The counts of the only stream."""
    (state,) = decoder.state()
    return {name: getattr(state.counts, name) for name in ("messages", "records", "lost", "late", "repeated", "resets")}


def v5(sequence: int, records: int = 2, engine: int = 0) -> bytes:
    return netflow5(*[record5()] * records, sequence=sequence, engine=(0, engine))


def v9(sequence: int, domain: int = 0) -> bytes:
    return netflow9(V4.define9(), V4.data(ONE, ONE), sequence=sequence, domain=domain)


def v10(sequence: int, records: int = 3) -> bytes:
    return ipfix(V4.define(), V4.data(*[ONE] * records), sequence=sequence)


class TestUnits:
    def test_version_5_counts_flows(self) -> None:
        assert lost(v5(100), v5(102), v5(104)) == 0
        assert lost(v5(100), v5(132), v5(134)) == 30

    def test_version_5_counts_the_flows_that_a_datagram_announces(self) -> None:
        assert lost(netflow5(record5(), sequence=100, count=30), v5(130)) == 0

    def test_version_9_counts_datagrams(self) -> None:
        assert lost(v9(7), v9(8), v9(9)) == 0
        assert lost(v9(7), v9(10)) == 2

    def test_ipfix_counts_records(self) -> None:
        assert lost(v10(100), v10(103), v10(106)) == 0
        assert lost(v10(100), v10(110)) == 7

    def test_ipfix_counts_records_of_options_data(self) -> None:
        options = Template(300, [(149, 4), (34, 4)], scopes=1)
        assert lost(ipfix(options.define(), options.data((1, 1), (2, 2)), sequence=5), v10(7), v10(10)) == 0

    def test_ipfix_does_not_count_templates(self) -> None:
        assert lost(ipfix(V4.define(), sequence=5), v10(5), v10(8)) == 0

    def test_ipfix_data_without_a_template_cannot_be_counted(self) -> None:
        waits = ipfix(Template(999, V4.fields).data(ONE, ONE), sequence=5)
        assert lost(v10(2), waits, v10(7), v10(10)) == 0

    def test_ipfix_data_that_waited_is_not_counted_again(self) -> None:
        assert lost(ipfix(V4.data(ONE, ONE), sequence=5), ipfix(V4.define(), sequence=7), v10(7), v10(10)) == 0

    def test_version_9_data_that_waited_is_not_counted_again(self) -> None:
        early = netflow9(V4.data(ONE), sequence=5)
        assert lost(early, v9(6), v9(7)) == 0

    def test_several_ipfix_messages_in_a_datagram(self) -> None:
        assert lost(v10(100) + v10(103), v10(106)) == 0

    def test_sflow_counts_datagrams(self) -> None:
        payloads = [sflow.payload(sflow.flow_sample(), sequence=number) for number in (5, 6, 9)]
        assert lost(*payloads) == 2

    def test_version_1_has_no_numbers(self) -> None:
        decoder = Decoder()
        decode(netflow1(record5()), netflow1(record5()), decoder=decoder)
        assert counts(decoder) | {"records": 2} == {
            "messages": 2,
            "records": 2,
            "lost": 0,
            "late": 0,
            "repeated": 0,
            "resets": 0,
        }


class TestStreams:
    def test_numbers_wrap(self) -> None:
        assert lost(v9(2**32 - 1), v9(0), v9(1)) == 0
        assert lost(v9(2**32 - 2), v9(1)) == 2

    def test_domains_count_apart(self) -> None:
        assert lost(v9(7, 1), v9(900, 2), v9(8, 1), v9(901, 2)) == 0

    def test_engines_count_apart(self) -> None:
        assert lost(v5(7, engine=1), v5(900, engine=2), v5(9, engine=1), v5(902, engine=2)) == 0

    def test_exporters_count_apart(self) -> None:
        decoder = Decoder()
        found = decode(*[sent(v9(number), f"192.0.2.{number % 2}") for number in (2, 1001, 4, 1003)], decoder=decoder)
        assert [(one.exporter, one.lost) for one in found.losses] == [(0, 1), (1, 1)]

    def test_versions_count_apart(self) -> None:
        assert lost(v9(7), v10(900), v9(8), v10(903), v5(5000), v9(9)) == 0

    def test_a_late_datagram_takes_its_loss_back(self) -> None:
        decoder = Decoder()
        assert [one.lost for one in losses(v9(7), v9(9), decoder=decoder)] == [1]
        (late,) = losses(v9(8), decoder=decoder)
        assert (late.lost, late.late) == (-1, 1)
        assert counts(decoder) == {"messages": 3, "records": 6, "lost": 0, "late": 1, "repeated": 0, "resets": 0}

    def test_a_datagram_that_comes_twice(self) -> None:
        decoder = Decoder()
        decode(v9(7), v9(8), v9(8), v9(9), decoder=decoder)
        assert counts(decoder) == {"messages": 4, "records": 8, "lost": 0, "late": 0, "repeated": 1, "resets": 0}

    def test_a_restarted_exporter_has_lost_nothing(self) -> None:
        decoder = Decoder()
        decode(v9(5_000_000), v9(0), v9(1), decoder=decoder)
        assert counts(decoder) == {"messages": 3, "records": 6, "lost": 0, "late": 0, "repeated": 0, "resets": 1}


class TestState:
    @pytest.mark.parametrize(
        ("payload", "protocol", "domain", "records"),
        [
            (netflow1(record5()), "NetFlow v1", 0, 1),
            (netflow5(record5(), engine=(1, 2)), "NetFlow v5", 258, 1),
            (netflow9(V4.define9(), V4.data(ONE, ONE), domain=7), "NetFlow v9", 7, 2),
            (ipfix(V4.define(), V4.data(ONE), domain=8), "IPFIX", 8, 1),
            (sflow.payload(sflow.flow_sample(), sflow.counters_sample(), sub_agent=9), "sFlow", 9, 2),
        ],
    )
    def test_a_stream_of_each_protocol(self, payload: bytes, protocol: str, domain: int, records: int) -> None:
        decoder = Decoder()
        decode(sent(payload, received=NOW + 1.5), decoder=decoder)
        (state,) = decoder.state()
        assert decoder.exporters[state.exporter] == EXPORTER
        assert (state.protocol, state.domain) == (protocol, domain)
        assert (state.counts.messages, state.counts.records) == (1, records)
        assert state.counts.received == (NOW + 1.5) * 1000
        assert state.counts.skew == (0 if protocol == "sFlow" else -1500)
        assert state.templates == (1 if domain in (7, 8) else 0)
        assert state.agent == ("192.0.2.9" if protocol == "sFlow" else None)

    def test_agents_behind_one_address_are_apart(self) -> None:
        decoder = Decoder()
        for agent in ("192.0.2.7", "2001:db8::7"):
            decode(sflow.payload(sflow.flow_sample(), agent=agent), decoder=decoder)
        assert {state.agent for state in decoder.state()} == {"192.0.2.7", "2001:db8::7"}

    def test_records_that_waited_count_when_they_are_decoded(self) -> None:
        decoder = Decoder()
        decode(ipfix(V4.data(ONE, ONE)), decoder=decoder)
        assert counts(decoder)["records"] == 0
        decode(ipfix(V4.define()), decoder=decoder)
        assert counts(decoder)["records"] == 2
        assert counts(decoder)["messages"] == 2
