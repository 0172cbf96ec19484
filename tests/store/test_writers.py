import csv
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from io import BytesIO, StringIO
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from collector import schema
from collector.errors import CollectorError
from collector.flows import Flows
from collector.store import writers
from collector.store.writers import WRITERS, CsvWriter, NdjsonWriter, ParquetWriter, TableWriter, Writer, opened
from tests.store.parquet_flows import expected
from tests.store.sample import flows


def written(make: Callable[[BytesIO], Writer], *parts: Flows) -> bytes:
    out = BytesIO()
    writer = make(out)
    for part in parts:
        writer.write(part)
    writer.close()
    assert not out.closed
    return out.getvalue()


@pytest.mark.parametrize("form", WRITERS)
def test_into_a_file(form: str, tmp_path: Path) -> None:
    with opened(form, tmp_path / "out") as writer:
        writer.write(flows(3))
        writer.write(flows(2, seed=2))
    data = (tmp_path / "out").read_bytes()
    assert data == written(WRITERS[form], flows(3), flows(2, seed=2))
    assert len(data) > 100


def test_ndjson(tmp_path: Path) -> None:
    with opened("ndjson", tmp_path / "out") as writer:
        writer.write(flows(3))
        writer.rows([{"event": {"kind": "options"}, "options": {"name": "ž", "when": datetime(2026, 3, 1)}}])  # noqa: DTZ001
        writer.write(flows(2, seed=2))
    documents = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    wide = pl.concat([flows(3).wide(), flows(2, seed=2).wide()])
    named = [document for document in documents if "network" in document]
    assert [document["network"]["bytes"] for document in named] == wide["network.bytes"].to_list()
    assert documents[3] == {"event": {"kind": "options"}, "options": {"name": "ž", "when": "2026-03-01 00:00:00"}}


def test_numbers_that_json_lacks_become_texts() -> None:
    out = BytesIO()
    NdjsonWriter(out).rows([{"options": {"rate": float("nan"), "others": [float("-inf"), 0.5]}}])
    found = json.loads(out.getvalue(), parse_constant=pytest.fail)
    assert found == {"options": {"rate": "nan", "others": ["-inf", 0.5]}}


@pytest.mark.parametrize("form", ["csv", "parquet", "table"])
def test_only_ndjson_takes_what_is_no_flow(form: str, tmp_path: Path) -> None:
    with pytest.raises(CollectorError, match="NDJSON takes all"), opened(form, tmp_path / "out") as writer:
        writer.rows([{"a": 1}])


def test_csv_has_all_fields_whatever_comes() -> None:
    rows = list(csv.reader(StringIO(written(CsvWriter, flows(3), flows(2, seed=2)).decode())))
    assert rows[0] == list(schema.fields())
    assert len(rows) == 6
    assert {len(row) for row in rows} == {len(rows[0])}
    wide = pl.concat([flows(3).wide(), flows(2, seed=2).wide()])
    for number, name in enumerate(rows[0]):
        found = [row[number] for row in rows[1:]]
        if name not in wide.columns:
            assert found == [""] * 5
        elif name == "flow.tcp_flags":
            assert found == ["|".join(flags) for flags in wide[name]]
        elif schema.field(name).kind != "time":
            assert found == ["" if value is None else str(value) for value in wide[name]]
    assert rows[1][0] == "2026-03-01T12:00:00.000Z"


def test_csv_without_flows_is_a_header() -> None:
    assert written(CsvWriter).decode().split(",")[0] == "@timestamp"
    assert written(CsvWriter).count(b"\n") == 1


def test_csv_quotes_and_tells_nothing_from_an_empty_text() -> None:
    texts = pl.Series("flow.user_name", ['a "b", c', "", None, "line\nbreak"])
    lists = pl.Series("flow.mpls_labels", [["16", "17"], [], None, ["16"]])
    data = written(
        lambda out: CsvWriter(out, [texts.name, lists.name, "source.ip"]), Flows(pl.DataFrame([texts, lists]))
    )
    assert data == b'flow.user_name,flow.mpls_labels,source.ip\n"a ""b"", c",16|17,\n"","",\n,,\n"line\nbreak",16,\n'


def test_parquet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "_ROW_GROUP", 25)
    parts = [flows(10, seed=seed) for seed in range(7)]
    data = written(ParquetWriter, *parts)
    assert_frame_equal(pl.read_parquet(data), pl.concat([expected(part) for part in parts]))
    assert pl.read_parquet(written(ParquetWriter)).height == 0


def test_table() -> None:
    lines = (
        written(TableWriter, flows(2), Flows(flows(1).frame.drop("source.port"), flows(1).tables)).decode().splitlines()
    )
    head = ["time", "(UTC)", "exporter", "source", "port", "destination", "port", "transport", "bytes", "packets"]
    assert lines[0].split() == head
    assert len(lines) == 4
    row = flows(2).wide()
    assert lines[1].split() == [
        "2026-03-01",
        "12:00:00.000",
        *(str(row[name][0]) for name in ("host.ip", "source.ip", "source.port", "destination.ip", "destination.port")),
        "tcp",
        *(str(row[name][0]) for name in ("network.bytes", "network.packets")),
    ]


def test_a_long_object_gives_way_in_a_table() -> None:
    batch = flows(1)
    extra = pl.Series("flow.extra", ['{"list":["[red]"],"text":"' + "x" * 500 + '"}'])
    head, row = written(TableWriter, Flows(batch.frame.with_columns(extra), batch.tables)).decode().splitlines()
    plain = written(TableWriter, batch).decode().splitlines()
    assert head.split() == [*plain[0].split(), "extra"]
    assert row.startswith(plain[1].rstrip())
    assert row.split()[-1].startswith('{"list":["[red]"],"text":"xxx')


def test_table_of_many_flows_says_how_many_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "_MOST_ROWS", 5)
    lines = written(TableWriter, flows(3), flows(3), flows(3)).decode().splitlines()
    assert len(lines) == 1 + 5 + 1
    assert lines[-1] == "and 4 flows more"
    assert written(TableWriter) == b""


@pytest.mark.parametrize(("path", "problem"), [("missing/out", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_opened(path: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(CollectorError, match=rf"^cannot write .*: {problem}$"), opened("ndjson", tmp_path / path):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is missing")
@pytest.mark.parametrize("form", WRITERS)
def test_a_full_disk_is_one_clear_line(form: str) -> None:
    with pytest.raises(CollectorError, match=r"^cannot write /dev/full: No space left on device$"):  # noqa: SIM117
        with opened(form, Path("/dev/full")) as writer:
            writer.write(flows(2000))


def test_errors_of_the_body_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), opened("csv", tmp_path / "out"):
        raise FileNotFoundError("an input")


SCRIPT = """
import sys
from collector.store.writers import opened
from tests.store.sample import flows
with opened(sys.argv[1], None) as writer:
    for number in range(int(sys.argv[2])):
        writer.write(flows(1000))
print("after", file=sys.stderr)
"""


def start(form: str, batches: int, **pipes: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SCRIPT, form, str(batches)], stderr=subprocess.PIPE, **pipes)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("form", WRITERS)
def test_to_standard_output(form: str) -> None:
    out, errors = start(form, 2, stdout=subprocess.PIPE).communicate()
    assert out == written(WRITERS[form], flows(1000), flows(1000))
    assert errors == b"after\n"


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_a_reader_that_goes_ends_it_quietly(form: str) -> None:
    """As `| head -1` does."""
    with start(form, 10**9, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b"after\n"
    assert process.returncode == 0


@pytest.mark.parametrize("form", WRITERS)
def test_a_reader_that_never_reads_ends_it_quietly(form: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start(form, 1, stdout=writing)
    os.close(writing)
    assert process.communicate()[1] == b"after\n"
    assert process.returncode == 0


def test_parquet_is_kept_from_a_terminal() -> None:
    terminal, other = pty.openpty()
    process = start("parquet", 1, stdout=other)
    os.close(other)
    assert b"name a file (-o FILE)" in process.communicate()[1]
    os.close(terminal)
