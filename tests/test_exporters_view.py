"""What is said about exporters, in rows, sentences and metrics, made from what datagrams leave behind."""

import logging
import threading
from collections.abc import Iterator, Sequence

import pytest
from prometheus_client.core import Metric
from rich.console import Console

from collector.commands.exporter_table import show
from collector.datagram import Datagram
from collector.decode.decoder import Decoder
from collector.decode.limits import Limits
from collector.exporters.cells import short
from collector.exporters.metrics import exporter_metrics
from collector.exporters.notes import total_notes
from collector.exporters.spans import span
from collector.exporters.view import Exporter, Overview, overview
from collector.firsts import Firsts
from collector.flows import Flows
from collector.pipeline import Pipeline
from collector.store.counts import Counts
from tests.builders import sflow
from tests.builders.netflow import (
    EXPORTER,
    NOW,
    Template,
    ipfix,
    netflow1,
    netflow5,
    netflow9,
    record5,
    sent,
    withdrawal,
)
from tests.decode.templates_used import ONE, V4

SAMPLED = Template(257, [*V4.fields, (48, 1)])
SAMPLER = Template(300, [(302, 4), (34, 4)], scopes=1)
OTHER = Template(400, V4.fields)
INTERFACE = Template(301, [(10, 4), (34, 4)], scopes=1)


class Nowhere:
    """A store that keeps nothing."""

    def write(self, flows: Flows) -> None:
        pass

    def flush(self, timeout: float) -> bool:
        return timeout >= 0

    def close(self, timeout: float) -> None:
        pass

    def counts(self) -> Counts:
        return Counts()


def fed(*datagrams: bytes | Datagram, limits: Limits | None = None) -> Pipeline:
    """A pipeline that took datagrams, each in a batch of its own."""
    pipeline = Pipeline(Nowhere())
    pipeline.decoder = Decoder(limits=limits)
    for one in datagrams:
        pipeline.process([one if isinstance(one, Datagram) else sent(one)])
    return pipeline


def seen(pipeline: Pipeline, after: float = 0, most: int = 100, streams: int = 100) -> Overview:
    """The view so many seconds after the datagrams came."""
    return overview(pipeline.exporters(most, streams), pipeline.decoder.known, [], round((NOW + after) * 1000))


def one(*datagrams: bytes | Datagram, after: float = 0) -> Exporter:
    """The row of the only exporter."""
    (row,) = seen(fed(*datagrams), after).exporters
    return row


def notes(*datagrams: bytes | Datagram, after: float = 0) -> list[str]:
    return one(*datagrams, after=after).notes


def note(*datagrams: bytes | Datagram, after: float = 0) -> str:
    """The only sentence."""
    (sentence,) = notes(*datagrams, after=after)
    return sentence


class TestRows:
    def test_a_row_has_what_came_and_what_did_not(self) -> None:
        row = one(
            *[netflow9(V4.define9(), V4.data(ONE, ONE), domain=7, sequence=number) for number in (1, 2, 4)],
            sent(ipfix(V4.data(ONE), seconds=NOW - 5), received=NOW + 9),
            after=30,
        )
        assert (row.address, row.name, row.datagrams, row.flows) == (EXPORTER, EXPORTER, 4, 6)
        assert (row.first_seen.timestamp(), row.last_seen.timestamp()) == (NOW, NOW + 9)
        nine, ten = row.streams
        assert (nine.protocol, nine.domain, nine.datagrams, nine.flows, nine.records) == ("NetFlow v9", 7, 3, 6, 6)
        assert (nine.lost, nine.lost_unit, nine.lost_percent, nine.templates, nine.template_age) == (
            1,
            "datagrams",
            25,
            1,
            30,
        )
        assert (ten.protocol, ten.skew, ten.templates, ten.template_age) == ("IPFIX", -14, 0, None)
        assert [(m.template, m.sets, m.seconds) for m in ten.missing] == [(256, 1, 21)]

    def test_loss_is_a_share_of_what_the_protocol_numbers(self) -> None:
        flows = [netflow5(record5(), record5(), sequence=number) for number in (0, 2, 6)]
        assert one(*flows).streams[0].lost_percent == 25
        records = [ipfix(V4.define(), V4.data(ONE, ONE), sequence=number) for number in (0, 2, 8)]
        assert one(*records).streams[0].lost_percent == 40

    @pytest.mark.parametrize(
        ("payload", "rate", "source"),
        [
            (netflow5(record5(), sampling=0x4064), 100, "header"),
            (ipfix(SAMPLER.define(), SAMPLER.data((3, 50)), SAMPLED.define(), SAMPLED.data((*ONE, 3))), 50, "options"),
            (sflow.payload(sflow.flow_sample(rate=400)), 400, "record"),
            (netflow5(record5()), None, None),
        ],
    )
    def test_the_sampling_rate_and_where_it_is_from(self, payload: bytes, rate: int | None, source: str | None) -> None:
        (stream,) = one(payload).streams
        assert (stream.sampling_rate, stream.sampling_from) == (rate, source)

    def test_what_it_named_is_counted(self) -> None:
        named = Template(302, [(1, 4), (10, 4), (82, 8)], scopes=1)
        row = one(netflow9(named.define9(), named.data((9, 3, "eth0"), (9, 4, "eth1"))))
        assert row.named == {"interfaces": 2}

    def test_counters_are_no_flows(self) -> None:
        (stream,) = one(sflow.payload(sflow.counters_sample(), sflow.flow_sample(), agent="192.0.2.77")).streams
        assert (stream.records, stream.flows, stream.agent) == (2, 1, "192.0.2.77")

    def test_the_busiest_come_first_and_the_rest_is_a_number(self) -> None:
        pipeline = fed(
            sent(b"?", "192.0.2.3"),
            sent(netflow5(record5()), "192.0.2.1"),
            sent(netflow5(record5(), record5()), "192.0.2.2"),
        )
        view = seen(pipeline, most=2)
        assert [row.address for row in view.exporters] == ["192.0.2.2", "192.0.2.1"]
        assert view.more_exporters == 1

    def test_of_many_streams_some_are_shown(self) -> None:
        (row,) = seen(fed(*[netflow9(domain=domain) for domain in range(9)]), streams=4).exporters
        assert (len(row.streams), row.more_streams) == (4, 5)

    def test_json_can_be_read_back(self) -> None:
        view = seen(fed(netflow9(V4.define9(), V4.data(ONE)), b"nonsense"))
        assert Overview.model_validate_json(view.model_dump_json()) == view

    def test_it_can_be_asked_for_while_exporters_come_and_go(self) -> None:
        pipeline = fed(sent(netflow9(V4.define9(), V4.data(ONE))), limits=Limits(exporters=200))
        done = threading.Event()

        def flood() -> None:
            for number in range(150):
                payload = netflow9(V4.define9(), SAMPLED.data((*ONE, 3)), domain=number)
                pipeline.process([sent(payload, f"10.0.{number}.{host}") for host in range(60)])
            done.set()

        thread = threading.Thread(target=flood)
        thread.start()
        while not done.is_set():
            view = seen(pipeline, most=150)
            assert view.exporters[0].address == EXPORTER
            assert len(view.exporters) + view.more_exporters <= 200
            assert all(row.address and row.datagrams for row in view.exporters)
            assert sum(1 for _ in exporter_metrics(pipeline)) == 8
        thread.join()


class TestNotes:
    def test_nothing_to_say(self) -> None:
        assert notes(netflow9(V4.define9(), V4.data(ONE)), sflow.payload(sflow.flow_sample())) == []

    def test_a_missing_template(self) -> None:
        sentence = note(netflow9(V4.data(ONE), domain=5), netflow9(V4.data(ONE), domain=5, sequence=1), after=245)
        assert sentence.startswith("NetFlow v9, domain 5: no template 256 for 4 min (2 data sets wait): let it send")
        assert "template data timeout 60" in sentence

    def test_many_missing_templates(self) -> None:
        sets = [Template(number, V4.fields).data(ONE) for number in range(300, 306)]
        assert "no template 300, 301, 302 and 3 more for 0 s (6 data sets wait)" in note(netflow9(*sets))

    def test_loss(self) -> None:
        lossy = [netflow9(V4.define9(), V4.data(ONE), sequence=number) for number in (0, 1, 2, 25)]
        assert note(*lossy).startswith("NetFlow v9: 84.62 % of its datagrams (22) were lost before they came: ")

    def test_a_little_loss_is_not_worth_a_sentence(self) -> None:
        assert notes(*[netflow9(V4.define9(), V4.data(ONE), sequence=number) for number in (0, 5)]) == []

    @pytest.mark.parametrize(
        ("seconds", "told"),
        [
            (
                -10_920,
                "NetFlow v9: its clock is 3 h 2 min behind: its flows are filed under the time of receipt",
            ),
            (400, "NetFlow v9: its clock is 6 min ahead: its flows are filed under the time of receipt"),
            (-600, "NetFlow v9: its clock is 10 min behind, and so are the times of its flows: set up NTP"),
        ],
    )
    def test_a_clock_that_is_off(self, seconds: int, told: str) -> None:
        assert note(netflow9(V4.define9(), V4.data(ONE), seconds=NOW + seconds)).startswith(told)

    def test_a_clock_that_is_nearly_right(self) -> None:
        assert notes(netflow9(V4.define9(), V4.data(ONE), seconds=NOW - 59)) == []

    def test_several_streams_share_a_sentence(self) -> None:
        late = [netflow9(V4.define9(), V4.data(ONE), seconds=NOW - 600, domain=domain) for domain in (4, 5, 6)]
        assert note(*late).startswith("NetFlow v9, domain 4 and 2 more: its clock is 10 min behind")

    def test_a_sampler_that_is_not_known(self) -> None:
        assert "its flows name a sampler whose rate is not known" in note(
            ipfix(SAMPLED.define(), SAMPLED.data((*ONE, 3)))
        )

    def test_a_sampler_that_is_none(self) -> None:
        assert notes(ipfix(SAMPLED.define(), SAMPLED.data((*ONE, 0)))) == []

    def test_rates_that_hold_for_no_flow(self) -> None:
        sentence = note(ipfix(INTERFACE.define(), INTERFACE.data((9, 128)), V4.define(), V4.data(ONE)))
        assert "it tells sampling rates (128), but none that holds for these flows" in sentence

    def test_flow_samples_without_a_rate(self) -> None:
        assert "have no sampling rate" in note(sflow.payload(sflow.flow_sample(rate=0)))

    def test_silence(self) -> None:
        usual = netflow9(V4.define9(), V4.data(ONE))
        assert note(usual, after=1500).startswith("nothing has come for 25 min: look whether the device is up")
        assert notes(usual, after=599) == []

    def test_counters_without_flow_samples(self) -> None:
        only = [
            sent(sflow.payload(sflow.counters_sample(), sequence=number), received=NOW + 20 * number)
            for number in range(1, 6)
        ]
        assert note(*only, after=100).startswith("sFlow: it sends counters but no flow samples: set a sampling rate")
        assert notes(*only[:2], after=100) == []

    def test_options_data_without_flows(self) -> None:
        sets, times = (SAMPLER.define(), SAMPLER.data((3, 50))), (NOW, NOW + 70)
        sentence = note(*[sent(ipfix(*sets, seconds=time), received=time) for time in times], after=100)
        assert sentence.startswith("it sends templates and options data but no flows: put the flow monitor")

    def test_options_data_from_another_domain_than_the_flows(self) -> None:
        sets = SAMPLER.define(), SAMPLER.data((3, 50))
        flows = ipfix(SAMPLED.define(), SAMPLED.data((*ONE, 3)), domain=2)
        later = sent(ipfix(*sets, domain=1, seconds=NOW + 90), received=NOW + 90)
        assert notes(ipfix(*sets, domain=1), flows, later, after=100) == []

    def test_templates_that_change_again_and_again(self) -> None:
        payloads = [V4.define(), V4.data(ONE), *[withdrawal(256), V4.define()] * 10]
        assert note(ipfix(*payloads)).startswith(
            "IPFIX: its templates were redefined or withdrawn 10 times, and data may"
        )

    def test_an_exporter_that_begins_anew_again_and_again(self) -> None:
        numbers = (5_000_000, 0, 6_000_000, 1)
        sentence = note(*[netflow9(V4.define9(), V4.data(ONE), sequence=number) for number in numbers])
        assert sentence.startswith("NetFlow v9: its sequence numbers began anew 3 times: ")

    def test_datagrams_that_come_twice(self) -> None:
        twice = [netflow9(V4.define9(), V4.data(ONE), sequence=number // 2) for number in range(24)]
        assert note(*twice).startswith("NetFlow v9: 12 of its 24 messages came twice: ")

    def test_what_could_not_be_used(self) -> None:
        sentence = note(b"GET /", b"GET /")
        assert sentence.startswith("2 × unknown-version: a datagram was dropped because it is neither NetFlow")

    def test_what_concerns_all(self) -> None:
        assert [*total_notes(0, 0, 0)] == []
        full, slow, forged = total_notes(1200, 3, 4)
        assert full.startswith("1,200 datagrams were dropped because the receive buffer was full")
        assert slow.startswith("3 datagrams were dropped because this machine is too slow")
        assert forged.startswith("4 × too-many-exporters: datagrams were dropped because there is no room")


def samples(pipeline: Pipeline, most: int) -> dict[tuple[str, ...], float]:
    """The samples by short name and values of the labels."""
    return {
        (sample.name.removeprefix("flow_collector_"), *sorted(sample.labels.values())): sample.value
        for metric in _families(pipeline, most)
        for sample in metric.samples
    }


def _families(pipeline: Pipeline, most: int) -> Iterator[Metric]:
    yield from exporter_metrics(pipeline, most)


class TestMetrics:
    def test_of_an_exporter(self) -> None:
        pipeline = fed(
            sent(netflow9(V4.define9(), V4.data(ONE, ONE), sequence=3)),
            sent(
                netflow9(V4.data(ONE), OTHER.data(ONE), sequence=6, seconds=NOW + 7),
                received=NOW + 9,
            ),
            b"?",
        )
        names = EXPORTER, "NetFlow v9"
        assert samples(pipeline, 10) == {
            ("exporters",): 1,
            ("exporter_datagrams_total", *names): 2,
            ("exporter_flows_total", *names): 3,
            ("lost", *names): 2,
            ("exporter_missing_templates", *names): 1,
            ("exporter_last_seen_timestamp_seconds", *names): NOW + 9,
            ("exporter_clock_skew_seconds", *names): -2,
            ("problems_total", EXPORTER, "unknown-version"): 1,
        }

    def test_what_has_no_sequence_numbers_has_no_loss(self) -> None:
        assert ("lost", EXPORTER, "NetFlow v1") not in samples(fed(netflow1(record5())), 10)

    def test_labels_are_bounded_and_sums_are_right(self) -> None:
        payloads = [netflow9(V4.define9(), V4.data(ONE), sequence=number) for number in (1, 4)]
        datagrams = [sent(payload, f"192.0.2.{host}") for host in range(1, 8) for payload in (*payloads, b"?")]
        found = samples(fed(*datagrams, sent(payloads[0], "192.0.2.1")), 2)
        assert {names[1] for names in found if len(names) > 1} == {"192.0.2.1", "192.0.2.2", "other", "NetFlow v9"}
        assert found["exporter_flows_total", "192.0.2.1", "NetFlow v9"] == 3
        assert found["exporter_flows_total", "NetFlow v9", "other"] == 10
        assert found["exporter_datagrams_total", "NetFlow v9", "other"] == 10
        assert found["lost", "NetFlow v9", "other"] == 10
        assert found["problems_total", "other", "unknown-version"] == 5

    def test_exporters_that_were_forgotten_stay_in_the_sums(self) -> None:
        datagrams = [sent(payload, f"192.0.2.{host}") for host in range(1, 8) for payload in (netflow9(), b"?")]
        pipeline = fed(*datagrams, limits=Limits(exporters=2))
        found = samples(pipeline, 10)
        assert sum(count for names, count in found.items() if names[0] == "exporter_datagrams_total") == 7
        assert sum(count for names, count in found.items() if names[0] == "problems_total") == 7
        assert len(pipeline.tallies.problems) == 2


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def told(caplog: pytest.LogCaptureFixture) -> Sequence[str]:
    return [record.getMessage() for record in caplog.records]


def test_a_flood_of_first_problems_does_not_flood_the_log(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    firsts = Firsts(logging.getLogger("firsts"), most=2, clock=clock)
    for number in range(7):
        firsts.warn(f"trouble {number}")
    clock.now = 61
    firsts.tick()
    firsts.warn("trouble 7")
    clock.now = 200
    firsts.tick()
    more = "and 5 more kinds of trouble of exporters within a minute: `flow-collector exporters` has them all"
    assert told(caplog) == ["trouble 0", "trouble 1", more, "trouble 7"]


def test_forged_senders_of_garbage_do_not_flood_the_log(caplog: pytest.LogCaptureFixture) -> None:
    fed(*[sent(b"?", f"10.0.{number >> 8}.{number & 255}") for number in range(500)])
    assert len(told(caplog)) == 20


def shown(pipeline: Pipeline, limit: int) -> list[str]:
    """The lines that the command prints."""
    console = Console(width=200)
    with console.capture() as capture:
        show(seen(pipeline), console, limit)
    return capture.get().splitlines()


def test_before_anything_came() -> None:
    assert shown(fed(), 9) == ["No exporter has sent anything yet."]


def test_of_many_exporters_the_busiest_are_shown_and_of_many_sentences_the_first() -> None:
    lines = shown(fed(*[sent(b"?", f"192.0.2.{host}") for host in range(1, 6)], netflow5(record5())), 2)
    assert [line.split()[:2] for line in lines[1:3]] == [["192.0.2.1", "NetFlow"], ["192.0.2.2", "-"]]
    assert lines[3] == "and 3 more exporters, which gave fewer flows: --limit shows more"
    assert [line[:13] for line in lines[5:7]] == ["* 192.0.2.1: ", "* 192.0.2.2: "]
    assert lines[7:] == ["and 3 more sentences: --limit shows more"]


def test_streams_without_templates_or_rates() -> None:
    lines = shown(
        fed(
            *[
                ipfix(OTHER.data(ONE), V4.define(), domain=domain, sequence=7 * number)
                for number in (0, 1, 9)
                for domain in (7, 8)
            ],
            sflow.payload(sflow.flow_sample(rate=250_000)),
        ),
        9,
    )
    assert [line.split()[:-1] for line in lines[1:4]] == [
        ["192.0.2.1", "IPFIX", "7", "3", "0", "1/2", "-", "-", "-"],
        ["IPFIX", "8", "3", "0", "1/2", "-", "-", "-"],
        ["sFlow", "0", "1", "1", "-", "1:250k", "-", "-"],
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1000, "1.0k"), (9_960, "10k"), (123_456, "123k"), (2_500_000, "2.5M"), (10**12, "1.0T")],
)
def test_numbers_are_short(number: int, text: str) -> None:
    assert short(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (10_920, "3 h 2 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
    ],
)
def test_lengths_of_time(seconds: float, text: str) -> None:
    assert span(round(seconds * 1000)) == text
