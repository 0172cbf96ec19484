"""`report` from its options to a file or a mail, and the command that a schedule tells where it could not make one."""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from collector.cli import application
from collector.errors import CollectorError
from collector.explore.report.by_hand import by_hand
from collector.explore.report.order import Order
from collector.query.model import QueryError, Range
from collector.settings import Settings, load
from tests.explore.mailserver import NOBODY, PASSWORD, USER, Box, served
from tests.query.parquet_folder import BEGIN, flows, store
from tests.store import tls

BOARD = """title: Small
group: G
position: 1
description: Of a test.
rows:
- height: 8
  panels:
  - {id: traffic, title: Traffic, kind: series, measures: [bytes], width: 48}
"""
TIME = ("--from", "2026-02-28T17:00:00Z", "--to", "2026-03-03T00:00:00Z")
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store(tmp_path_factory.mktemp("command") / "flows", flows(), files=1)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(BOARD, encoding="utf-8")

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(application("report"), ["report", *arguments])

    return command


def test_what_the_store_says_is_told_beside_the_report(run: Run, tmp_path: Path) -> None:
    root = store(tmp_path / "flows", flows(), files=1)
    names = [root / "date=2026-03-01" / f"{name}.parquet" for name in ("damaged", "garbage")]
    for name in names:
        name.write_bytes(b"not Parquet at all")
    result = run("small.yaml", *TIME, "--folder", str(root), "-o", "o.html")
    assert result.exit_code == 0, result.output
    for name in names:
        assert f"flow-collector: The file {name} is skipped, as it cannot be read: Parquet magic bytes" in result.stderr


def test_a_folder_that_is_not_there_is_told(run: Run) -> None:
    result = run("overview", "--folder", "nosuch", "-o", "o.pdf")
    assert isinstance(result.exception, QueryError)
    assert str(result.exception).startswith("there is no folder nosuch: ")
    assert not Path("o.pdf").exists()


def test_a_report_of_an_empty_folder_is_made(run: Run) -> None:
    Path("flows").mkdir()
    assert run("small.yaml", "-o", "o.html").exit_code == 0
    assert "Nothing in this time range." in Path("o.html").read_text(encoding="utf-8")


def test_spreading_changes_series(run: Run, folder: Path) -> None:
    pictures = []
    for more in ([], ["--spread"], ["--spread"]):
        assert run("small.yaml", *TIME, "--folder", str(folder), *more, "-o", "o.html").exit_code == 0
        pictures += re.findall(r'src="([^"]+)"', Path("o.html").read_text(encoding="utf-8"))
    plain, spread, again = pictures
    assert plain != spread == again


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Box, list[str]]]:
    """A server, and the options that it is reached by."""
    ca, context = tls.make(tmp_path_factory.mktemp("mail"))
    with served(context) as box:
        login = ["--smtp-user", USER, "--smtp-password", PASSWORD, "--smtp-ca", str(ca)]
        yield box, ["--smtp-host", "127.0.0.1", "--smtp-port", str(box.port), "--smtp-from", "a@b.example", *login]


def test_a_report_goes_by_mail_at_once(run: Run, folder: Path, box: tuple[Box, list[str]]) -> None:
    server, options = box
    to = ["--mail", "noc@example.net", "--mail", "Duty <duty@example.net>"]
    result = run("small.yaml", *TIME, "--folder", str(folder), *to, *options)
    assert result.exit_code == 0, result.output
    message = server.messages[-1]
    assert server.recipients[-1] == ["noc@example.net", "duty@example.net"]
    assert message["Subject"] == "Small: 28 February 2026 17:00 – 3 March 2026 00:00 (UTC)"
    (document,) = message.iter_attachments()
    assert document.get_filename() == "small.pdf"
    assert document.get_content().startswith(b"%PDF-")
    assert "small.pdf: sent to noc@example.net, Duty <duty@example.net> by mail server 127.0.0.1:" in result.stderr


def test_a_file_and_a_mail_are_the_same_document(run: Run, folder: Path, box: tuple[Box, list[str]]) -> None:
    server, options = box
    result = run("small.yaml", *TIME, "--folder", str(folder), "-o", "O.HTML", "--mail", "a@b.example", *options)
    assert result.exit_code == 0, result.output
    (document,) = server.messages[-1].iter_attachments()
    assert (document.get_filename(), document.get_content_type()) == ("small.html", "text/html")
    assert document.get_payload(decode=True) == Path("O.HTML").read_bytes()


def test_those_that_the_server_refuses_are_told(run: Run, folder: Path, box: tuple[Box, list[str]]) -> None:
    result = run("small.yaml", *TIME, "--folder", str(folder), "--mail", "a@b.example", "--mail", NOBODY, *box[1])
    assert isinstance(result.exception, CollectorError)
    assert f"refused {NOBODY}" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "the report goes nowhere: give -o FILE, --mail ADDRESS, or both"),
        (["--mail", "noc"], "--mail: 'noc' is not an address such as noc@example.net"),
        (["--mail", "a@b.example"], "reports go by mail, and smtp_host is missing"),
        (
            ["--mail", "a@b.example", "--smtp-host", "m.example", "--smtp-from", "a@b.example", "--smtp-ca", "no.pem"],
            "smtp_ca: no.pem is not there",
        ),
        (["-o", "o.doc"], "o.doc: its name must end with .pdf, .html or .png"),
    ],
)
def test_a_report_that_goes_nowhere_is_not_drawn(run: Run, folder: Path, arguments: list[str], reason: str) -> None:
    result = run("small.yaml", "--folder", str(folder), *arguments)
    assert isinstance(result.exception, CollectorError)
    assert str(result.exception) == reason


ORDER = Order("small.yaml", Range(BEGIN, BEGIN + 86_400_000), "network.bytes:>0", "html", spread=True)


def settings(root: Path, **more: str) -> Settings:
    return load({"folder": str(root), "timezone": "Asia/Tokyo", **more})


def told(given: Settings, order: Order) -> list[str]:
    before, command = by_hand(given, order, "o $made.html").split(": ", 1)
    assert before == "this makes it"
    return shlex.split(command)


def test_the_command_that_is_told_works_from_any_folder(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    relative = settings(Path(folder.name))
    monkeypatch.chdir(tmp_path)
    (tmp_path / folder.name).symlink_to(folder)
    command, report, *arguments = told(relative, ORDER)
    assert (command, report) == ("flow-collector", "report")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    made = Path("o $made.html").read_text(encoding="utf-8")
    assert "Asia/Tokyo" in made
    assert "Nothing in this time range." not in made


def test_it_names_the_settings_file_and_all_that_reading_needs_but_no_password(tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    file.write_text('elasticsearch_password = "of the file"\n', encoding="utf-8")
    given = {"elasticsearch": "http://a:9200,http://b:9200", "elasticsearch_verify": "no", "document": "lean"}
    found = load({**given, "elasticsearch_user": "me"}, file)
    text = by_hand(found, replace(ORDER, filter="", spread=False), "o.pdf")
    assert text.startswith("this makes it: flow-collector report ")
    for option in (
        f"--config {file}",
        "--elasticsearch http://a:9200,http://b:9200",
        "--no-elasticsearch-verify",
        "--document lean",
        "--elasticsearch-user me",
    ):
        assert option in text
    assert "of the file" not in text
    assert "--filter" not in text
    other = load({**given, "elasticsearch_api_key": "c2VjcmV0"})
    text = by_hand(other, ORDER, "o.pdf")
    assert text.startswith("this makes it, with FLOW_COLLECTOR_ELASTICSEARCH_API_KEY set: flow-collector report ")
    assert "c2VjcmV0" not in text
