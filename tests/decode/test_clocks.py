"""Exporters whose clock is wrong."""

import pytest

from collector.decode.decoder import Decoder
from tests.builders.netflow import NOW, Template, ipfix, netflow5, record5, sent
from tests.decode.flow_reading import decode, part, read

HOUR, DAY = 3600, 86_400
TIMED = Template(256, [(8, 4), (152, 8), (153, 8)])
NAMES = ("@timestamp", "event.start", "event.end", "event.ingested")


def told(exported: float, received: float = NOW, decoder: Decoder | None = None) -> dict[str, float]:
    """The times of a flow that a v5 exporter sends when its clock shows `exported`: from 10 to 5 seconds before."""
    datagram = sent(netflow5(record5(), seconds=int(exported)), received=received)
    (row,) = read(decode(datagram, decoder=decoder).flows)
    return part(row, *NAMES)


@pytest.mark.parametrize("skew", [-HOUR, -60, 0, 60, 300])
def test_a_clock_that_is_right_enough_is_used(skew: int) -> None:
    assert told(NOW + skew)["@timestamp"] == NOW + skew - 5


@pytest.mark.parametrize("skew", [-NOW, -DAY, -HOUR - 1, 301, DAY])
def test_a_clock_that_is_off_gives_way_to_the_time_of_receipt(skew: int) -> None:
    assert told(NOW + skew) == {
        "@timestamp": NOW,
        "event.start": NOW + skew - 10,
        "event.end": NOW + skew - 5,
        "event.ingested": NOW,
    }


def test_limits_of_one_s_own() -> None:
    assert told(NOW - 100, decoder=Decoder(behind=99_000))["@timestamp"] == NOW
    assert told(NOW - 99, decoder=Decoder(behind=99_000))["@timestamp"] == NOW - 104
    assert told(NOW + 100, decoder=Decoder(ahead=99_000))["@timestamp"] == NOW


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (-2 * HOUR - 300, "2 h 5 min behind"),
        (400, "6 min ahead"),
        (3 * DAY + HOUR, "3 d 1 h ahead"),
    ],
)
def test_it_is_told_once_how_much(skew: int, words: str) -> None:
    decoder = Decoder()
    datagram = sent(netflow5(record5(), seconds=NOW + skew))
    (problem,) = decode(datagram, datagram, decoder=decoder).problems
    assert (problem.reason, problem.detail, problem.count) == ("clock-skew", words, 1)
    assert decode(datagram, decoder=decoder).problems == []
    (state,) = decoder.state()
    assert state.counts.skew == skew * 1000


def test_it_is_told_again_when_it_goes_wrong_again() -> None:
    decoder = Decoder()
    wrong, right = sent(netflow5(seconds=NOW - DAY)), sent(netflow5(seconds=NOW))
    told = [len(decode(one, decoder=decoder).problems) for one in (wrong, wrong, right, wrong)]
    assert told == [1, 0, 0, 1]


def test_one_exporter_s_clock_is_not_another_s() -> None:
    wrong, right = sent(netflow5(record5(), seconds=NOW - DAY), "192.0.2.1"), sent(netflow5(record5()), "192.0.2.2")
    decoded = decode(wrong, right)
    assert [(one.exporter, one.reason) for one in decoded.problems] == [(0, "clock-skew")]
    assert [one["@timestamp"] for one in read(decoded.flows)] == [NOW, NOW - 5]


def test_an_old_capture_is_no_wrong_clock() -> None:
    assert told(1_000_000_000, received=1_000_000_000)["@timestamp"] == 1_000_000_000 - 5


@pytest.mark.parametrize(
    ("end", "stamp"),
    [
        (NOW - 30, NOW - 30),
        (NOW - 2 * HOUR, NOW - 2 * HOUR),  # an exporter may keep flows
        (NOW - 2 * DAY, NOW),
        (NOW + HOUR, NOW),
    ],
)
def test_a_flow_with_an_absurd_time_of_its_own_is_filed_under_the_time_of_receipt(end: int, stamp: int) -> None:
    payload = ipfix(TIMED.define(), TIMED.data(("10.0.0.1", end * 1000 - 500, end * 1000)))
    decoded = decode(payload)
    assert decoded.problems == []
    assert part(read(decoded.flows)[0], *NAMES) == {
        "@timestamp": stamp,
        "event.start": end - 0.5,
        "event.end": end,
        "event.ingested": NOW,
    }
