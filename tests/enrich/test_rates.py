"""Rates between the counter samples that an agent sends."""

from typing import Any

import pytest

from collector.datagram import Datagram
from collector.decode.decoder import Decoder
from collector.enrich.rates import Rates
from tests.builders.counters import GIGABIT, sample, temperature

U32, U64 = 2**32 - 1, 2**64 - 1
IN_BITS = "interface.in.bits_per_second"


def rated(*batches: list[Datagram], rates: Rates | None = None) -> list[dict[str, Any]]:
    """The rates of each sample, without those that are null."""
    decoder, keeper = Decoder(), Rates() if rates is None else rates
    rows: list[dict[str, Any]] = []
    for batch in batches:
        rows += keeper.update(decoder.decode(batch).counters).to_dicts()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def test_the_second_sample_has_rates() -> None:
    first, second = rated([sample(0, 1000, 10, errors=1)], [sample(20, 251_000, 210, errors=5, out=100, multicast=40)])
    assert first == {}
    assert second["interface.interval"] == 20
    assert second[IN_BITS] == 100_000
    assert second["interface.in.packets_per_second"] == 12
    assert second["interface.in.errors_per_second"] == 0.2
    assert second["interface.in.discards_per_second"] == 0
    assert second["interface.in.utilization"] == pytest.approx(0.01)
    assert second["interface.out.bits_per_second"] == 40


def test_samples_of_one_batch_follow_one_another() -> None:
    rows = rated([sample(0, 0), sample(20, 2500), sample(40, 7500)])
    assert [row.get(IN_BITS) for row in rows] == [None, 1000, 2000]


def test_lost_samples_make_the_interval_longer() -> None:
    assert rated([sample(0, 0)], [sample(60, 7500)])[1][IN_BITS] == 1000


@pytest.mark.parametrize("speed", [GIGABIT, 0])
def test_counters_wrap_at_their_own_width(speed: int) -> None:
    before = sample(0, U64 - 1249, U32 - 99, speed=speed)
    after = sample(20, 1250, 100, speed=speed)
    row = rated([before], [after])[1]
    assert (row[IN_BITS], row["interface.in.packets_per_second"]) == (1000, 10)


def test_the_sequence_number_and_the_uptime_wrap() -> None:
    before = sample(0, 0, sequence=U32, uptime=2**32 - 15_000)
    after = sample(20, 2500, sequence=0, uptime=5000)
    assert rated([before], [after])[1][IN_BITS] == 1000


def test_an_unknown_speed_gives_no_utilization() -> None:
    row = rated([sample(0, 0, speed=0)], [sample(20, 2500, speed=0)])[1]
    assert row[IN_BITS] == 1000
    assert "interface.in.utilization" not in row


def test_nothing_is_told_of_a_counter_that_the_agent_does_not_know() -> None:
    row = rated([sample(0, 0, U32, out=U64)], [sample(20, 2500, 10, out=100)])[1]
    assert row[IN_BITS] == 1000
    assert not {"interface.in.packets_per_second", "interface.out.bits_per_second"} & row.keys()


def test_packets_that_are_not_told_apart_are_all_unicast() -> None:
    row = rated([sample(0, 0, 0, multicast=U32)], [sample(20, 0, 200, multicast=U32)])[1]
    assert row["interface.in.packets_per_second"] == 10


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(sample(20, 2500, sequence=1), id="sequence went back"),
        pytest.param(sample(20, 2500, uptime=5000), id="uptime went back"),
        pytest.param(sample(20, 10), id="octets went back"),
        pytest.param(sample(20, 10, speed=0), id="octets went back, speed unknown"),
        pytest.param(sample(20, 2000, 10), id="packets went back"),
        pytest.param(sample(20, 2000, 10, speed=0), id="packets went back, speed unknown"),
        pytest.param(sample(20, 6 * 10**9), id="faster than the interface"),
        pytest.param(sample(0, 2000, sequence=102), id="no time has passed"),
    ],
)
def test_no_rate_over_a_reset_and_rates_again_after_it(again: Datagram) -> None:
    rates, decoder = Rates(), Decoder()
    rated([sample(0, 2000, 1_000_000)], [again], rates=rates)
    last = decoder.decode([again]).counters
    assert rated([again], rates=rates) == [{}]
    values = last.row(0, named=True)
    later = sample(
        40,
        values["if_counters.ifInOctets"] + 2500,
        values["if_counters.ifInUcastPkts"],
        sequence=values["sflow.sequence"] + 1,
        uptime=values["sflow.uptime"] + 20_000,
        speed=values["if_counters.ifSpeed"],
    )
    assert rated([later], rates=rates)[0][IN_BITS] == 1000


def test_a_repeated_sample_has_no_rate_and_does_no_harm() -> None:
    rows = rated([sample(0, 0)], [sample(20, 2500)], [sample(20, 2500)], [sample(40, 5000)])
    assert [row.get(IN_BITS) for row in rows] == [None, 1000, None, 1000]


def test_a_late_sample_has_no_rate_and_does_no_harm() -> None:
    rows = rated([sample(0, 0)], [sample(40, 5000)], [sample(20, 2500)], [sample(60, 7500)])
    assert [row.get(IN_BITS) for row in rows] == [None, 1000, None, 1000]


def test_the_agents_clock_counts_and_not_the_time_of_receipt() -> None:
    waited = sample(20, 2500)._replace(received=sample(35).received)
    assert rated([sample(0, 0)], [waited])[1][IN_BITS] == 1000


def test_the_time_of_receipt_stands_in_for_an_agent_without_a_clock() -> None:
    rows = rated([sample(0, 0, uptime=0)], [sample(20, 2500, uptime=0)], [sample(20, 2500, uptime=0)])
    assert [row.get(IN_BITS) for row in rows] == [None, 1000, None]


def test_sources_are_apart() -> None:
    datagrams = [sample(0, 0), sample(20, 2500, source=4), sample(20, 2500, agent="192.0.2.10")]
    assert rated(datagrams, [sample(40, 5000, source=4)])[3][IN_BITS] == 1000
    assert rated(datagrams)[1:] == [{}, {}]


def test_other_counters_are_left_alone() -> None:
    assert Rates().update(Decoder().decode([temperature()]).counters).is_empty()


def test_the_source_that_was_silent_for_longest_is_forgotten() -> None:
    rates = Rates(limit=2)
    rated([sample(0, source=1), sample(0, source=2), sample(20, source=1), sample(20, source=3)], rates=rates)
    assert len(rates) == 2
    assert [IN_BITS in row for row in rated([sample(40, source=1), sample(40, source=2)], rates=rates)] == [True, False]
