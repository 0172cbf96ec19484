"""Over TCP a template belongs to its session (RFC 7011 section 8): to it alone, and for as long as it lasts."""

from collector.datagram import Datagram
from collector.decode.decoder import Decoder
from tests.builders.netflow import Template, ipfix, sent
from tests.decode.flow_reading import decode, flow, read

LONG = Template(256, ((8, 4), (12, 4), (1, 8)))
SHORT = Template(256, ((8, 4), (1, 4)))
ONE = ("10.0.0.1", "10.0.0.2", 1500)


def over(session: int, payload: bytes) -> Datagram:
    return sent(payload)._replace(session=session)


def test_sessions_of_one_address_are_apart() -> None:
    decoder = Decoder()
    decode(over(1, ipfix(LONG.define())), over(2, ipfix(SHORT.define())), sent(ipfix()), decoder=decoder)
    found = decode(over(1, ipfix(LONG.data(ONE))), over(2, ipfix(SHORT.data(("10.9.9.9", 5)))), decoder=decoder)
    assert sorted(one["network.bytes"] for one in read(found.flows)) == [5, 1500]
    assert decode(sent(ipfix(LONG.data(ONE))), decoder=decoder).flows.is_empty()


def test_templates_end_with_their_session() -> None:
    decoder = Decoder()
    decode(over(1, ipfix(LONG.define())), over(1, b""), decoder=decoder)
    assert decode(over(1, ipfix(LONG.data(ONE))), decoder=decoder).flows.is_empty()


def test_what_came_before_the_end_of_a_session_is_decoded() -> None:
    assert flow(over(1, ipfix(LONG.define())), over(1, ipfix(LONG.data(ONE))), over(1, b""))["network.bytes"] == 1500


def test_data_that_waits_ends_with_its_session() -> None:
    decoder = Decoder()
    decode(over(1, ipfix(LONG.data(ONE))), over(1, b""), decoder=decoder)
    assert decode(over(2, ipfix(LONG.define())), decoder=decoder).flows.is_empty()


def test_sessions_that_come_and_go_take_no_room() -> None:
    decoder = Decoder()
    for session in range(1, 100):
        decode(
            over(session, ipfix(LONG.define())),
            over(session, ipfix(LONG.data(ONE))),
            over(session, b""),
            decoder=decoder,
        )
    (state,) = decoder.state()
    assert state.counts.records == 99


def test_a_session_begins_at_any_sequence_number() -> None:
    decoder = Decoder()
    first = [over(1, ipfix(LONG.define())), over(1, ipfix(LONG.data(ONE), sequence=0))]
    decode(*first, over(1, b""), decoder=decoder)
    second = [over(2, ipfix(LONG.define(), sequence=50)), over(2, ipfix(LONG.data(ONE), sequence=50))]
    found = decode(*second, over(2, ipfix(LONG.data(ONE), sequence=53)), decoder=decoder)
    assert [loss.lost for loss in found.losses] == [2]


def test_sessions_that_follow_each_other_in_a_batch_miss_nothing() -> None:
    sessions = [
        (over(one, ipfix(LONG.define(), sequence=50 * one)), over(one, ipfix(LONG.data(ONE), sequence=50 * one)))
        for one in (1, 2)
    ]
    found = decode(*sessions[0], over(1, b""), *sessions[1], over(2, b""))
    assert (len(read(found.flows)), found.losses) == (2, [])
