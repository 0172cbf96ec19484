"""`query` as an operator types it, on a folder that `import` has filled."""

import csv
import io
import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import typer.testing

from collector.cli import application
from collector.datasets import COUNTERS
from collector.errors import CollectorError
from collector.flows import Flows
from collector.query.model import TIME
from collector.settings import SettingsError
from collector.store.parquet.folder import Folder
from tests import sample
from tests.endtoend.running import environment
from tests.store.parquet_flows import add_file

SERVER = "203.0.113.80"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three flows of now, of 1,000, 2,000 and 3,000 bytes."""
    place = tmp_path_factory.mktemp("query")
    capture = place / "capture.pcap"
    capture.write_bytes(sample.capture())
    run("import", str(capture), "--folder", str(place / "flows"))
    return place / "flows"


def run(*arguments: str) -> str:
    """Standard output of a command that ends well."""
    result = typer.testing.CliRunner().invoke(application(), list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def rows(folder: Path, *arguments: str) -> list[dict[str, object]]:
    text = run("query", *arguments, "--folder", str(folder), "--format", "json")
    return [json.loads(line) for line in text.splitlines()]


def test_groups_in_order_of_bytes_with_the_rest_as_one(folder: Path) -> None:
    assert rows(folder, "--by", "client.ip", "--by", "server.ip", "--top", "2", "--other") == [
        {"client.ip": "198.51.100.3", "server.ip": SERVER, "bytes": 3000, "packets": 30, "flows": 1},
        {"client.ip": "198.51.100.2", "server.ip": SERVER, "bytes": 2000, "packets": 20, "flows": 1},
        {"bytes": 1000, "packets": 10, "flows": 1, "other": True},
    ]


def test_a_filter_and_other_measures(folder: Path) -> None:
    measures = ("bits", "unique:source.ip", "max:network.bytes", "average:network.packets", "p50:network.bytes")
    found = rows(folder, "source.ip:198.51.100.0/30", *(part for one in measures for part in ("--measure", one)))
    assert found == [
        {
            "bits": 48_000,
            "unique:source.ip": 3,
            "max:network.bytes": 3000,
            "average:network.packets": 20,
            "p50:network.bytes": 2000,
        }
    ]


def test_a_series_has_all_bytes(folder: Path) -> None:
    found = rows(folder, "--interval", "1m", "--measure", "bytes", "--last", "1h")
    assert sum(int(str(row["bytes"])) for row in found) == 6000
    assert all(str(row["@timestamp"]).endswith(":00.000Z") for row in found)


def test_a_series_spreads_flows_over_their_time_on_wish(folder: Path) -> None:
    """The flows last two seconds."""
    asked = ("--interval", "1s", "--measure", "bytes", "--last", "30m")
    assert len(rows(folder, *asked)) == 1
    spread = [float(str(row["bytes"])) for row in rows(folder, *asked, "--spread")]
    assert len(spread) > 1
    assert sum(spread) == pytest.approx(6000)


def test_records_with_the_columns_that_are_asked_for(folder: Path) -> None:
    found = rows(folder, "--records", "--field", "network.bytes", "--field", "flow.tcp_flags", "network.bytes:>1500")
    assert sorted(int(str(row["network.bytes"])) for row in found) == [2000, 3000]
    assert found[0]["flow.tcp_flags"] == ["FIN", "SYN", "PSH", "ACK"]


def test_records_are_sorted_and_turned_page_by_page(folder: Path) -> None:
    asked = ("--records", "--field", "source.ip", "--sort", "network.bytes", "--top", "2")
    addresses = [[row["source.ip"] for row in rows(folder, *asked, *more)] for more in ((), ("--offset", "2"))]
    assert addresses == [["198.51.100.3", "198.51.100.2"], ["198.51.100.1"]]
    assert rows(folder, *asked, "--ascending")[0] == {"source.ip": "198.51.100.1"}
    result = typer.testing.CliRunner().invoke(
        application(), ["query", *asked, "--offset", "3", "--folder", str(folder)]
    )
    assert result.stderr == "flow-collector: 3 flows match, and --offset 3 is beyond them.\n"


def test_the_least_groups(folder: Path) -> None:
    assert [row["bytes"] for row in rows(folder, "--by", "source.ip", "--top", "2", "--ascending")] == [1000, 2000]


def test_records_of_other_rows_than_flows_have_what_is_there(tmp_path: Path) -> None:
    samples = Flows(
        pl.DataFrame({TIME: [time.time_ns() // 1_000_000], "if_counters.ifInOctets": [7]}).cast(
            {TIME: pl.Datetime("ms"), "if_counters.ifInOctets": pl.UInt64}
        ),
        dataset=COUNTERS,
    )
    add_file(Folder(tmp_path / "counters"), datetime.now(UTC).date().isoformat(), samples)
    (row,) = rows(tmp_path, "--records", "--dataset", "counters")
    assert row["if_counters.ifInOctets"] == 7


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("--records", "--by", "source.ip"), "--by"),
        (("--records", "--measure", "bytes"), "--measure"),
        (("--records", "--interval", "1m"), "--interval"),
        (("--records", "--other"), "--other"),
        (("--field", "source.ip"), "--field"),
        (("--sort", "source.ip"), "--sort"),
        (("--offset", "1"), "--offset"),
        (("--other",), "--other"),
        (("--spread",), "--spread"),
    ],
)
def test_options_that_would_do_nothing_are_refused(folder: Path, arguments: tuple[str, ...], option: str) -> None:
    with pytest.raises(SettingsError, match=f"{option} makes"):
        run("query", *arguments, "--folder", str(folder))


def test_csv_has_whole_numbers_and_a_heading(folder: Path) -> None:
    text = run("query", "--by", "source.ip", "--folder", str(folder), "--format", "csv")
    found = list(csv.DictReader(io.StringIO(text)))
    assert [row["bytes"] for row in found] == ["3000", "2000", "1000"]


def test_a_table_has_units_and_a_bar_of_the_largest(folder: Path) -> None:
    text = run("query", "--by", "source.ip", "--folder", str(folder))
    (first,) = (line for line in text.splitlines() if "198.51.100.3" in line)
    (last,) = (line for line in text.splitlines() if "198.51.100.1" in line)
    assert "3.0 kB" in first
    assert first.count("█") == 24
    assert last.count("█") == 8


def test_nothing_found_is_said_with_where_something_is(folder: Path) -> None:
    result = typer.testing.CliRunner().invoke(
        application(), ["query", "--folder", str(folder), "--from", "2020-01-01", "--to", "2020-01-02"]
    )
    assert result.stdout == ""
    assert "No flows match from 2020-01-01 00:00:00 to 2020-01-03 00:00:00 (UTC); the newest of all are of" in (
        result.stderr
    )


def test_an_empty_store_is_said(tmp_path: Path) -> None:
    result = typer.testing.CliRunner().invoke(application(), ["query", "--folder", str(tmp_path)])
    assert (result.stdout, result.stderr) == ("", "flow-collector: There are no flows in this store.\n")


@pytest.mark.parametrize(
    "command", [("query",), ("query", "--watch", "1"), ("report", "overview", "-o", "never.html"), ("web",), ("run",)]
)
def test_a_folder_that_is_none_is_said(tmp_path: Path, command: tuple[str, ...]) -> None:
    place = tmp_path / "file"
    place.touch()
    with pytest.raises(CollectorError, match=f"{place}"):
        run(*command, "--folder", str(place))
    assert not (tmp_path / "never.html").exists()


@pytest.mark.parametrize("command", [("query",), ("report", "overview", "-o", "never.html")])
def test_a_folder_that_is_not_there_is_said(tmp_path: Path, command: tuple[str, ...]) -> None:
    with pytest.raises(CollectorError, match=f"there is no folder {tmp_path / 'flow'}"):
        run(*command, "--folder", str(tmp_path / "flow"))


def test_rows_without_a_value_to_group_by_are_counted(folder: Path) -> None:
    result = typer.testing.CliRunner().invoke(application(), ["query", "--by", "flow.vlan", "--folder", str(folder)])
    assert result.stderr == "flow-collector: 3 flows match, and none has a value of flow.vlan.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("destination.prt:443",), "at position 1: there is no field destination.prt; did you mean destination.port"),
        (("--by", "client.dmain"), "there is no field client.dmain; did you mean client.domain"),
        (("--measure", "sum:network.byte"), "there is no field network.byte; did you mean network.bytes"),
        (("--measure", "size"), "'size' is no measure; there are bytes,"),
        (("--last", "1y"), "'1y' is no length of time such as"),
        (("--measure", "p95:@timestamp"), "p95:@timestamp: @timestamp is no number"),
        (("--from", "yesterday"), "'yesterday' is not a time such as"),
        (("--last", "1h", "--from", "now-1h"), "--last and --from exclude each other"),
        (("--to", "now-1h"), "--to makes sense only with --from"),
        (("--top", "5"), "--top makes sense only with --by"),
        (("--from", "now", "--to", "now-1h"), "the time range ends (now-1h) before it begins (now)"),
        (("--dataset", "flow"), "--dataset: 'flow' is none of flows,"),
        (("--by", "source.ip") * 5, "--by: at most 4 fields"),
    ],
)
def test_what_makes_no_sense_is_said(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CollectorError) as caught:
        run("query", *arguments, "--folder", str(folder))
    assert said in str(caught.value)


def test_a_report_of_no_length_of_time_is_refused_as_it_was_written(folder: Path) -> None:
    with pytest.raises(CollectorError, match="'5x' is no length of time such as 30s"):
        run("report", "overview", "-o", "never.html", "--last", "5x", "--folder", str(folder))


def test_watching_until_ctrl_c(folder: Path) -> None:
    command = [sys.executable, "-m", "collector", "query", "--by", "source.ip", "--folder", str(folder), "--watch", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout
        while "198.51.100.3" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
