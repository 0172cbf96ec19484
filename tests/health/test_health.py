"""What rows about the collector's health say, made from what datagrams leave behind."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from collector.datasets import HEALTH
from collector.decode.limits import Limits
from collector.enrich.enricher import Enricher
from collector.enrich.inventory import Inventory
from collector.enrich.sources import Sources
from collector.flows import Flows
from collector.health import process, recorder
from collector.receive.udp import UdpReceiver
from collector.store.documents import lines
from tests.builders import sflow
from tests.builders.health import Watched
from tests.builders.netflow import EXPORTER, NOW, ipfix, netflow1, netflow5, netflow9, record5, sent
from tests.decode.templates_used import ONE, V4

MINUTE = 60
OTHERS = ("192.0.2.2", "192.0.2.3")


def nine(*sequences: int, received: float = NOW) -> list[Any]:
    """NetFlow v9, two flows each."""
    return [sent(netflow9(V4.define9(), V4.data(ONE, ONE), sequence=number), received=received) for number in sequences]


def documents(rows: Flows) -> list[dict[str, Any]]:
    return [json.loads(line) for part in lines(rows) for line in bytes(part.data).splitlines()]


def look(watched: Watched, at: float) -> list[dict[str, Any]]:
    """The documents that a look so many seconds after the start adds."""
    before = len(watched.store.health())
    watched.recorder.close(NOW + at)
    return [one for rows in watched.store.health()[before:] for one in documents(rows)]


def one(watched: Watched, at: float = 10) -> dict[str, Any]:
    """What is told of the only exporter."""
    row, _ = look(watched, at)
    return dict(row["health"])


def whole(watched: Watched, at: float = 10) -> dict[str, Any]:
    """What is told of the collector."""
    return dict(look(watched, at)[-1]["health"])


def told(row: dict[str, Any], *names: str) -> list[Any]:
    return [row.get(name) for name in names]


class TestExporters:
    def test_a_row_has_what_came_since_the_row_before(self) -> None:
        watched = Watched()
        watched.take(*nine(0, 1, 4))
        first = one(watched, 10)
        watched.take(*nine(5, 7))
        second = one(watched, 70)
        names = ("datagrams", "flows", "lost", "expected", "lost_percent", "lost_unit")
        assert told(first, *names) == [3, 6, 2, 5, 40, "datagrams"]
        assert told(second, *names) == [2, 4, 1, 3, 33.33, "datagrams"]
        assert told(one(watched, 130), *names) == [0, 0, 0, 0, None, "datagrams"]

    def test_which_exporter_it_is_and_how_it_sends(self) -> None:
        watched = Watched()
        watched.take(netflow5(record5(), sampling=0x4064, seconds=NOW - 5))
        row, _ = look(watched, 12.5)
        assert row["@timestamp"] == "2025-01-01T12:00:00.000Z"
        assert row["event"] == {"dataset": "collector-health"}
        assert row["host"] == {"ip": EXPORTER, "name": EXPORTER}
        names = ("scope", "protocols", "lost_unit", "sampling_rate", "clock_skew", "seconds_since_last", "templates")
        assert told(row["health"], *names) == ["exporter", ["NetFlow v5"], "flows", 100, -5, 12.5, 0]

    def test_templates_and_the_data_that_waits_for_them(self) -> None:
        watched = Watched()
        watched.take(ipfix(V4.define()), ipfix(V4.data(ONE), domain=5), ipfix(V4.data(ONE), domain=5))
        names = ("templates", "missing_templates", "sets_waiting")
        assert told(one(watched), *names) == [1, 1, 2]
        assert told(one(watched), *names) == [1, 1, 2], "they still wait"

    def test_problems_of_a_minute_are_named_in_it_alone(self) -> None:
        watched = Watched()
        watched.take(b"?", b"?", netflow9()[:10])
        assert told(one(watched), "problems", "reasons") == [3, ["too-short", "unknown-version"]]
        watched.take(b"?")
        assert told(one(watched), "problems", "reasons") == [1, ["unknown-version"]]
        assert told(one(watched), "problems", "reasons") == [0, None]

    def test_sflow_tells_no_time_and_numbers_datagrams(self) -> None:
        watched = Watched()
        for number in (1, 2, 5):
            watched.take(sflow.payload(sflow.flow_sample(rate=400), sequence=number))
        names = ("protocols", "lost", "expected", "lost_unit", "sampling_rate", "clock_skew")
        assert told(one(watched), *names) == [["sFlow"], 2, 5, "datagrams", 400, None]

    def test_units_that_differ_are_mixed(self) -> None:
        watched = Watched()
        watched.take(netflow9(V4.define9()), ipfix(V4.define(), V4.data(ONE, ONE)))
        assert told(one(watched), "protocols", "lost_unit", "expected") == [["IPFIX", "NetFlow v9"], "mixed", 3]

    def test_a_protocol_without_sequence_numbers_loses_nothing_that_is_known(self) -> None:
        watched = Watched()
        watched.take(netflow1(record5()))
        assert told(one(watched), "datagrams", "lost", "expected", "lost_percent", "lost_unit") == [1, 0, 0, None, None]

    def test_what_comes_late_is_not_lost_twice(self) -> None:
        """What was told as lost cannot be taken back, but as much of what is lost later is not told."""
        watched = Watched()
        lost = []
        for sequences in ((0, 4), (1, 2, 5), (7,), (11,)):
            watched.take(*nine(*sequences))
            lost.append(told(one(watched), "lost", "late"))
        assert lost == [[3, 0], [0, 2], [0, 0], [2, 0]]

    def test_an_exporter_that_was_forgotten_begins_anew(self) -> None:
        watched = Watched(limits=Limits(exporters=1))
        watched.take(*[sent(netflow9(sequence=number)) for number in (0, 1, 5)], b"?")
        assert told(one(watched), "datagrams", "lost", "problems") == [4, 3, 1]
        watched.take(sent(b"?", OTHERS[0], NOW + 20))
        watched.take(*[sent(netflow9(sequence=number), received=NOW + 30) for number in (0, 2)])
        assert told(one(watched, 40), "datagrams", "lost", "expected", "problems") == [2, 1, 3, 0]

    def test_the_busiest_have_rows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One that becomes one of them starts then: its counts are not those of a minute."""
        monkeypatch.setattr(recorder, "MOST_LABELS", 1)
        watched, flow = Watched(), netflow5(record5())
        watched.take(sent(flow), sent(flow), sent(flow, OTHERS[0]))
        (row, total) = look(watched, 10)
        assert (row["host"]["ip"], row["health"]["flows"], total["health"]["flows"]) == (EXPORTER, 2, 3)
        watched.take(*[sent(flow, OTHERS[0], NOW + 20)] * 5)
        (row, total) = look(watched, 70)
        assert (row["host"]["ip"], row["health"]["flows"], total["health"]["flows"]) == (OTHERS[0], 0, 5)
        watched.take(*[sent(flow, OTHERS[1], NOW + 80)] * 9)
        (row, total) = look(watched, 130)
        assert (row["host"]["ip"], row["health"]["flows"], total["health"]["flows"]) == (OTHERS[1], 9, 9)

    def test_names_are_those_of_flows(self, tmp_path: Path) -> None:
        path = tmp_path / "exporters.csv"
        path.write_text(f"exporter,name,site,role,tags\n{EXPORTER},edge,Prague,,core\n", encoding="utf-8")
        watched = Watched(enricher=Enricher(sources=Sources(Inventory(path))))
        watched.take(sent(netflow5(record5())), sent(netflow5(record5()), OTHERS[0]))
        names = {row["host"]["name"] for row in look(watched, 10)[:-1]}
        assert names == {"edge", OTHERS[0]}


class TestCollector:
    def test_a_row_has_what_all_did(self) -> None:
        watched = Watched()
        watched.take(*nine(0, 1), sent(netflow5(record5()), OTHERS[0]))
        row = whole(watched)
        assert told(row, "scope", "flows", "stored", "waiting", "exporters") == ["collector", 5, 5, 3, 2]
        watched.take(*nine(2))
        assert told(whole(watched), "flows", "stored", "exporters") == [2, 2, 2]

    def test_what_was_dropped_and_why(self) -> None:
        watched = Watched()
        watched.take(b"?")
        receiver = UdpReceiver("127.0.0.1", 0)
        receiver.datagrams, receiver.kernel_drops = 20, 9
        watched.report.receivers = [receiver]
        watched.report.inbox.overflow, watched.report.failed_datagrams = 7, 2
        watched.store.lost = {"refused by the engine (mapping)": 5}
        names = ("datagrams", "kernel_drops", "queue_drops", "failed_datagrams", "rejected", "problems", "reasons")
        assert told(whole(watched), *names) == [20, 9, 7, 2, 5, 1, ["unknown-version"]]
        watched.store.lost["not written"] = 1
        assert told(whole(watched), *names) == [0, 0, 0, 0, 1, 0, None]

    def test_what_it_takes_of_the_machine(self) -> None:
        row = whole(Watched())
        assert row["memory_bytes"] > 1 << 20
        assert row["cpu_percent"] >= 0

    def test_a_system_that_does_not_tell_memory(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(process, "STATM", tmp_path / "statm")
        assert "memory_bytes" not in whole(Watched())


class TestMinutes:
    def steps(self, watched: Watched, *seconds: float) -> list[list[str]]:
        """The minutes, and seconds, that each step so long after the start writes rows of."""
        out = []
        for second in seconds:
            before = len(watched.store.health())
            watched.recorder.step(NOW + second)
            written = watched.store.health()[before:]
            out.append([documents(rows)[-1]["@timestamp"][14:19] for rows in written])
        return out

    def test_each_minute_of_the_clock_is_written_once_it_is_over(self) -> None:
        assert self.steps(Watched(), 30, 59.9, 60.1, 61, 119, 120.2, 121) == [[], [], ["00:00"], [], [], ["01:00"], []]

    def test_the_first_is_written_after_a_whole_minute(self) -> None:
        watched = Watched()
        watched.recorder = recorder.Recorder(watched.report, began=NOW + 40)
        assert self.steps(watched, 59, 60, 99, 120) == [[], [], [], ["00:00", "01:00"]]

    def test_a_short_run_has_its_rows_in_the_end(self) -> None:
        watched = Watched()
        watched.recorder = recorder.Recorder(watched.report, began=NOW + 40)
        watched.take(*nine(0, 1))
        assert self.steps(watched, 61) == [[]]
        watched.take(*nine(2))
        rows = look(watched, 62)
        assert [(row["@timestamp"][14:19], row["health"]["flows"]) for row in rows] == [
            ("00:00", 4),
            ("00:00", 4),
            ("01:00", 2),
            ("01:00", 2),
        ]

    def test_a_minute_that_was_slept_through_makes_one_longer(self) -> None:
        assert self.steps(Watched(), 60, 300, 301, 360) == [["00:00"], ["01:00"], [], ["05:00"]]

    def test_a_clock_that_is_set_back_stops_nothing(self) -> None:
        assert self.steps(Watched(), 60, -3600, -3599, -3540) == [["00:00"], ["01:00"], [], ["00:00"]]


def test_a_fault_is_logged_once_and_costs_its_minutes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watched = Watched()

    def broken(addresses: Sequence[str]) -> pl.DataFrame:
        raise pl.exceptions.PanicException(f"{len(addresses)}")

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(watched.pipeline.enricher, "exporters", broken)
        watched.take(*nine(0, 1))
        for second in (60, 120):
            watched.recorder.step(NOW + second)
    assert [record.message for record in caplog.records] == [
        "rows about the collector's health are missing by a fault of it: please report it"
    ]
    watched.take(*nine(2))
    assert told(one(watched, 180), "datagrams", "lost") == [1, 0]


def test_the_page_about_health_has_every_field() -> None:
    page = (Path(__file__).parents[2] / "docs" / "health.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith(("| `@", "| `event.dataset` | k", "| `h"))]
    fields = HEALTH.fields.values()
    assert rows == [f"| `{one.name}` | {one.elasticsearch['type']} | {one.description} |" for one in fields]
