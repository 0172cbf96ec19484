"""Whoever sends, and whatever: what is kept stays within bounds, and exporters that give flows are not forgotten."""

import struct
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from collector.datagram import Datagram
from collector.decode.decoder import Decoded, Decoder
from collector.decode.limits import FIELDS_OF_ONE, MOST_EXPORTERS, STREAMS_OF_ONE, TEMPLATE_COST, Budget, Limits
from collector.decode.senders import IDLE_MILLISECONDS, OTHER
from tests.builders import sflow
from tests.builders.netflow import NOW, Template, ipfix, netflow5, netflow9, record5, sent
from tests.decode.flow_reading import decode, reasons
from tests.decode.templates_used import ONE, V4

REAL = "192.0.2.1"
HOUR = IDLE_MILLISECONDS / 1000
RATE = Template(300, [(149, 4), (34, 4)], scopes=1)
"""Options data: sampling rate by observation domain."""


def forged(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def flood(decoder: Decoder, senders: int, payload: Callable[[int], bytes], batch: int = 4096) -> list[Decoded]:
    """A datagram of each of so many senders, in batches."""
    found = []
    for first in range(0, senders, batch):
        some = range(first, min(first + batch, senders))
        found.append(decoder.decode([sent(payload(number), forged(number), NOW + 1) for number in some]))
    return found


def known(decoder: Decoder) -> int:
    return sum(address != "" for address in decoder.exporters)


def garbage(_: int) -> bytes:
    return b"GET / HTTP/1.1"


def data(number: int) -> bytes:
    return netflow9(V4.data(ONE), sequence=number)


def templates(number: int) -> bytes:
    return netflow9(V4.define9(), sequence=number)


def flows(number: int) -> bytes:
    return netflow5(record5(), sequence=number)


def agent(number: int) -> bytes:
    return sflow.payload(sflow.counters_sample(), agent=forged(number))


def rates(number: int) -> bytes:
    return ipfix(RATE.define(), RATE.data((0, 100)), sequence=number)


def test_two_hundred_thousand_forged_senders_take_no_more_room_than_the_first() -> None:
    decoder = Decoder(limits=Limits(exporters=3000))
    decode(netflow9(V4.define9(), V4.data(ONE)), decoder=decoder)
    flood(decoder, 190_000, garbage, 10_000)
    tracemalloc.start()
    try:
        flood(decoder, 10_000, lambda number: b"?" * (number % 9), 10_000)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1 << 20
    assert known(decoder) == 3001
    assert decode(netflow9(V4.data(ONE), sequence=1), decoder=decoder).flows.height == 1


def test_as_many_exporters_as_there_is_room_for() -> None:
    decoder = Decoder()
    flood(decoder, MOST_EXPORTERS + 1, garbage, 10_000)
    assert known(decoder) == MOST_EXPORTERS


@pytest.mark.parametrize("payload", [garbage, data, templates, flows, agent, rates])
def test_exporters_that_give_flows_survive_a_flood_of_any_kind(payload: Callable[[int], bytes]) -> None:
    decoder = Decoder(limits=Limits(exporters=300))
    decode(netflow9(V4.define9(), V4.data(ONE)), decoder=decoder)
    flood(decoder, 2000, payload, batch=128)
    assert known(decoder) <= 301
    assert decode(netflow9(V4.data(ONE), sequence=1), decoder=decoder).flows.height == 1
    assert sum(1 for _ in decoder.state()) <= 600


def test_a_newcomer_takes_the_place_of_one_that_never_gave_a_flow() -> None:
    decoder = Decoder(limits=Limits(exporters=4))
    flood(decoder, 4, garbage)
    decoded = decode(sent(netflow9(V4.define9(), V4.data(ONE)), received=NOW + 2), decoder=decoder)
    assert (decoded.flows.height, decoded.problems) == (1, [])
    assert decoded.forgotten == {0: forged(0)}
    assert decoder.exporters[decoded.flows["host.ip"][0]] == REAL


def test_templates_are_kept_longer_than_nothing() -> None:
    decoder = Decoder(limits=Limits(exporters=4))
    decode(netflow9(V4.define9()), decoder=decoder)
    flood(decoder, 100, garbage, batch=3)
    assert decode(netflow9(V4.data(ONE)), decoder=decoder).flows.height == 1


def test_who_was_unseen_longest_goes_first() -> None:
    decoder = Decoder(limits=Limits(exporters=2))
    for address, second in (("10.0.0.1", 0), ("10.0.0.2", 1), ("10.0.0.1", 2)):
        decode(sent(b"", address, NOW + second), decoder=decoder)
    assert decode(sent(b"", "10.0.0.3", NOW + 3), decoder=decoder).forgotten == {1: "10.0.0.2"}


def test_where_all_gave_flows_a_newcomer_is_refused_until_one_was_silent_for_an_hour() -> None:
    decoder = Decoder(limits=Limits(exporters=2))
    flood(decoder, 2, flows)
    stranger = "192.0.2.9"
    decoded = decode(sent(flows(1), stranger, NOW + 2), sent(flows(2), forged(0), NOW + HOUR), decoder=decoder)
    assert decoded.flows.height == 1
    (problem,) = decoded.problems
    assert (problem.reason, problem.count, decoder.exporters[problem.exporter]) == ("too-many-exporters", 1, OTHER)
    assert stranger in problem.detail
    decoded = decode(sent(flows(1), stranger, NOW + HOUR + 3), decoder=decoder)
    assert (decoded.flows.height, decoded.forgotten) == (1, {1: forged(1)})


def test_more_strangers_in_a_batch_than_there_is_room_for() -> None:
    decoder = Decoder(limits=Limits(exporters=5))
    (decoded,) = flood(decoder, 20, flows)
    assert (decoded.flows.height, reasons(decoded)) == (5, {"too-many-exporters": 15})


def test_an_exporter_with_an_open_session_stays() -> None:
    decoder = Decoder(limits=Limits(exporters=2))
    decode(sent(ipfix(V4.define()))._replace(session=1), decoder=decoder)
    flood(decoder, 50, garbage, batch=1)
    assert decode(sent(ipfix(V4.data(ONE)))._replace(session=1), decoder=decoder).flows.height == 1


def test_sessions_that_ended_make_room_for_others() -> None:
    decoder = Decoder()
    for session in (1, 2):
        first = session * STREAMS_OF_ONE
        many = b"".join(ipfix(domain=number) for number in range(first, first + STREAMS_OF_ONE - 9))
        decoded = decode(*[sent(payload)._replace(session=session) for payload in (many, b"")], decoder=decoder)
    assert reasons(decoded) == {"too-many-domains": STREAMS_OF_ONE - 18}
    decoded = decode(sent(ipfix(V4.define(), V4.data(ONE)))._replace(session=4), decoder=decoder)
    assert (decoded.flows.height, decoded.problems) == (1, [])


def test_nothing_comes_after_too_much() -> None:
    decoder = Decoder(limits=Limits(waiting=Budget(0)))
    assert reasons(decode(data(1), decoder=decoder)) == {"template-overflow": 1}
    assert decode(decoder=decoder).flows.is_empty()


class TestRowsThatAreUsedAgain:
    """Nothing of who had the row before is left."""

    def decoder(self, *first: bytes) -> Decoder:
        """One that knew an exporter and forgot it for another, in the same row."""
        decoder = Decoder(limits=Limits(exporters=1))
        decode(*first, decoder=decoder)
        decoded = decode(sent(garbage(0), "10.0.0.1"), decoder=decoder)
        assert decoded.forgotten == {0: REAL}
        return decoder

    def told(self, decoder: Decoder, payload: bytes) -> Decoded:
        decoded = decode(sent(payload, "10.0.0.1", NOW + 5), decoder=decoder)
        assert decoder.exporters == ["10.0.0.1"]
        return decoded

    def test_no_template(self) -> None:
        assert self.told(self.decoder(netflow9(V4.define9())), netflow9(V4.data(ONE))).flows.is_empty()

    def test_no_waiting_data(self) -> None:
        assert self.told(self.decoder(netflow9(V4.data(ONE))), netflow9(V4.define9())).flows.is_empty()

    def test_no_sampling_rate(self) -> None:
        decoder = self.decoder(ipfix(RATE.define(), RATE.data((0, 100))))
        assert "flow.sampling_interval" not in self.told(decoder, ipfix(V4.define(), V4.data(ONE))).flows.columns

    def test_no_sequence_number(self) -> None:
        assert self.told(self.decoder(netflow9(V4.define9())), netflow9(sequence=77)).losses == []
        before = sflow.payload(sflow.counters_sample())
        after = sflow.payload(sflow.counters_sample(), sequence=77)
        assert self.told(self.decoder(before), after).losses == []

    def test_no_counts(self) -> None:
        for payload in (netflow9(V4.define9()), sflow.payload(sflow.counters_sample())):
            decoder = self.decoder(payload, payload)
            self.told(decoder, payload)
            (state,) = decoder.state()
            assert (state.counts.messages, state.counts.first) == (1, (NOW + 5) * 1000)

    def test_no_skew(self) -> None:
        decoder = self.decoder(netflow9(seconds=NOW - 100_000))
        assert reasons(self.told(decoder, netflow9(seconds=NOW - 100_000))) == {"clock-skew": 1}

    def test_another_domain_in_the_same_row_has_its_own_name(self) -> None:
        decoded = self.told(self.decoder(netflow9(domain=5)), ipfix(V4.define(), V4.data(ONE), domain=6))
        assert decoded.flows["flow.observation_domain"].to_list() == [6]


def domains(numbers: range) -> Iterator[Datagram]:
    return (sent(netflow9(domain=number)) for number in numbers)


class TestOfOneExporter:
    def test_domains(self) -> None:
        decoder = Decoder()
        decode(netflow9(V4.define9(), domain=9_999_999), decoder=decoder)
        decoded = decode(*domains(range(STREAMS_OF_ONE)), decoder=decoder)
        assert reasons(decoded) == {"too-many-domains": 1}
        assert sum(1 for _ in decoder.state()) == STREAMS_OF_ONE

    def test_domains_without_templates_make_room(self) -> None:
        decoder = Decoder()
        decode(netflow9(V4.define9(), domain=9_999_999), decoder=decoder)
        decode(*domains(range(STREAMS_OF_ONE)), decoder=decoder)
        decoded = decode(
            netflow9(V4.data(ONE), domain=9_999_999), netflow9(V4.define9(), V4.data(ONE), domain=8), decoder=decoder
        )
        assert (decoded.flows.height, reasons(decoded)) == (2, {})
        assert sum(1 for _ in decoder.state()) <= STREAMS_OF_ONE * 3 // 4 + 1

    def test_domains_in_one_datagram(self) -> None:
        message = b"".join(ipfix(domain=number) for number in range(STREAMS_OF_ONE + 5))
        assert reasons(decode(message)) == {"too-many-domains": 5}

    def test_engines(self) -> None:
        payloads = [netflow5(engine=(number >> 8, number & 255)) for number in range(STREAMS_OF_ONE + 3)]
        assert reasons(decode(*payloads)) == {"too-many-domains": 3}

    def test_templates(self) -> None:
        room = FIELDS_OF_ONE // (1 + TEMPLATE_COST)
        one = struct.Struct("!HHHH")
        sets = [
            b"".join(one.pack(number, 1, 1, 4) for number in range(256 + 4000 * part, 256 + 4000 * (part + 1)))
            for part in range(16)
        ]
        payloads = [
            netflow9(struct.pack("!HH", 0, 4 + len(body)) + body, domain=domain) for domain in (1, 2) for body in sets
        ]
        decoder = Decoder()
        decoded = decode(*payloads, decoder=decoder)
        assert reasons(decoded) == {"too-many-templates": 2 * 64_000 - room}
        assert sum(state.templates for state in decoder.state()) == room

    def test_fields_of_a_template(self) -> None:
        wide = Template(256, [(1, 1)] * 1025)
        for payload in (netflow9(wide.define9()), ipfix(wide.define())):
            assert reasons(decode(payload)) == {"bad-template": 1}

    def test_a_template_that_is_redefined_or_withdrawn_takes_no_room(self) -> None:
        decoder = Decoder(limits=Limits(fields=Budget(2 * (len(V4.fields) + TEMPLATE_COST))))
        other = Template(V4.number, V4.fields[:-1])
        decoded = decode(*[ipfix(one.define()) for _ in range(50) for one in (V4, other)], decoder=decoder)
        assert decoded.problems == []
        (state,) = decoder.state()
        assert (state.templates, state.redefined) == (1, 99)

    def test_agents_beyond_the_limit_are_counted_together(self) -> None:
        decoder = Decoder(limits=Limits(agents=Budget(3)))
        decode(*map(agent, range(10)), decoder=decoder)
        assert Counter(state.agent for state in decoder.state() if state.counts.messages == 1).total() == 3
        (rest,) = [state for state in decoder.state() if state.agent is None]
        assert rest.counts.messages == 7

    def test_rates(self) -> None:
        decoder = Decoder(limits=Limits(rates=Budget(2)))
        many = RATE.data(*[(domain, 100 + domain) for domain in range(1, 10)])
        decode(ipfix(RATE.define(), many), decoder=decoder)
        decoded = decode(ipfix(V4.define(), V4.data(ONE), domain=2), decoder=decoder)
        assert decoded.flows["flow.sampling_interval"].to_list() == [102]


class TestOfAllTogether:
    def test_waiting_data_of_all_is_bounded(self) -> None:
        decoder = Decoder(limits=Limits(waiting=Budget(100_000)))
        found = flood(decoder, 1000, data, batch=500)
        assert 200 < sum(state.missing != [] for state in decoder.state()) < 400
        assert reasons(found[0])["template-overflow"] == 1

    def test_room_is_made_by_those_that_never_gave_a_flow(self) -> None:
        decoder = Decoder(limits=Limits(fields=Budget(10 * (len(V4.fields) + TEMPLATE_COST))))
        flood(decoder, 10, templates)
        assert reasons(decode(netflow9(V4.define9(), V4.data(ONE)), decoder=decoder)) == {"too-many-templates": 1}
        decoded = decode(sent(netflow9(V4.define9(), V4.data(ONE)), received=NOW + 2), decoder=decoder)
        assert decoded.flows.height == 2
        assert [*decoded.forgotten.values()] == [forged(0), forged(1), forged(2)]
