"""`--keep-unknown`, in its three spellings and all commands that have it."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from collector.cli import application
from tests.builders.netflow import Template, ipfix, sent
from tests.builders.pcap import START, Packet, classic, frame
from tests.endtoend.running import Running, wait_for
from tests.endtoend.traffic import send

TEMPLATE = Template(256, [(1, 4), (145, 2), (7, 2, 65_000)])
MESSAGE = ipfix(TEMPLATE.define(), TEMPLATE.data((100, 300, b"\xab\xcd"), (200, 400, b"\0\0")))
KEPT = [{"templateId": 300, "65000_7": "abcd"}, {"templateId": 400, "65000_7": "0000"}]


@pytest.fixture
def capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A capture of the message, in a working folder of its own."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "one.pcap"
    path.write_bytes(classic([Packet(START, frame(MESSAGE))]))
    return path


def call(*arguments: str) -> None:
    answer = CliRunner().invoke(application(), arguments)
    assert answer.exit_code == 0, answer.output


@pytest.mark.parametrize("spelling", ["flag", "variable", "file", "none"])
def test_decode(spelling: str, capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if spelling == "variable":
        monkeypatch.setenv("FLOW_COLLECTOR_KEEP_UNKNOWN", "yes")
    if spelling == "file":
        Path("flow-collector.toml").write_text("keep_unknown = true\n", encoding="utf-8")
    call("decode", *(["--keep-unknown"] if spelling == "flag" else []), "-o", "out", str(capture))
    flows = [json.loads(line)["flow"] for line in Path("out").read_text(encoding="utf-8").splitlines()]
    assert [flow.get("extra") for flow in flows] == ([None, None] if spelling == "none" else KEPT)


def test_csv_has_it_as_json_text(capture: Path) -> None:
    call("decode", "--keep-unknown", "--format", "csv", "-o", "out", str(capture))
    assert [json.loads(text) for text in pl.read_csv("out")["flow.extra"]] == KEPT


def test_import_into_parquet(capture: Path) -> None:
    call("import", "--keep-unknown", "--folder", "flows", str(capture))
    assert [json.loads(text) for text in pl.read_parquet("flows/date=*/*.parquet")["flow.extra"]] == KEPT


def test_run_into_parquet_which_duckdb_reads(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    with Running(tmp_path, ["--keep-unknown"]) as running:
        send([sent(MESSAGE, "127.0.0.5")], running.port)
        wait_for(lambda: running.metric("flow_collector_flows_total") == 2, "the flows")
    files = f"{tmp_path}/flows/date=*/*.parquet"
    query = f"""select sum("network.bytes") from '{files}' where ("flow.extra" ->> '$.templateId')::int > 300"""
    assert duckdb.sql(query).fetchall() == [(200,)]
