"""`geo update` and what `check` says of databases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from collector.cli import application
from collector.commands.check import look
from collector.errors import CollectorError
from collector.geoip import sources
from collector.settings import Settings, SettingsError
from tests.builders.mmdb import database, write
from tests.geoip.server import Page, Server

RECORDS = {"198.51.100.0/24": {"country_code": "NO"}}
SECRET = "very-secret"


def run(*arguments: str | Path, **variables: str) -> Result:
    environment = {f"FLOW_COLLECTOR_{name.upper()}": value for name, value in variables.items()}
    return CliRunner(env=environment).invoke(application(), ["geo", "update", *map(str, arguments)])


def test_databases_come_into_the_folder_and_are_named(server: Server, tmp_path: Path) -> None:
    url = server.put("/a.mmdb", Page(database(RECORDS, built=1_780_000_000)))
    ran = run("--folder", tmp_path, geo_urls=url)
    assert (ran.exit_code, ran.stdout) == (0, f"{tmp_path}/a.mmdb: test of 2026-05-28, IPv4 and IPv6\n")


def test_databases_come_into_a_folder_of_their_own(server: Server, tmp_path: Path) -> None:
    url = server.put("/a.mmdb", Page(database(RECORDS), headers={"ETag": '"1"'}))
    for told in ("test of 1970-01-01", "up to date"):
        ran = run("--into", tmp_path / "new", "--geo-urls", url)
        assert ran.exit_code == 0
        assert told in ran.stdout


def test_one_that_fails_makes_the_command_fail_and_the_others_come(server: Server, tmp_path: Path) -> None:
    urls = [server.url + "/absent.mmdb", server.put("/a.mmdb", Page(database(RECORDS)))]
    ran = run("--folder", tmp_path, "--geo-urls", ",".join(urls))
    assert ran.exit_code == 1
    assert ran.stderr.startswith(f"flow-collector: {server.url}/absent.mmdb answers 404")
    assert (tmp_path / "a.mmdb").exists()


def test_the_key_is_shown_nowhere(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAXMIND", server.url)
    server.put("/GeoLite2-ASN/download?suffix=tar.gz.sha256", Page(status=401))
    url = f"{server.url}/a.mmdb?token={SECRET}"
    editions = ("--maxmind-editions", "GeoLite2-ASN")
    ran = run("--folder", tmp_path, *editions, maxmind_account="1", maxmind_key=SECRET, geo_urls=url)
    assert ran.exit_code == 1
    assert "answers 401: account or key is wrong" in ran.stderr
    assert SECRET not in ran.output
    assert all(SECRET not in path.read_text() for path in tmp_path.iterdir())


def test_nothing_to_fetch_is_told(tmp_path: Path) -> None:
    ran = run("--folder", tmp_path)
    assert isinstance(ran.exception, SettingsError)
    assert "give --geo-urls" in str(ran.exception)


def test_an_account_without_a_key_is_told(tmp_path: Path) -> None:
    ran = run("--folder", tmp_path, "--maxmind-account", "1")
    assert str(ran.exception) == "--maxmind-account and --maxmind-key go together"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = run("--into", tmp_path / "file", "--geo-urls", "http://127.0.0.1:1/a.mmdb")
    assert isinstance(ran.exception, CollectorError)
    assert "choose another with --into" in str(ran.exception)


def test_urls_and_editions_are_checked_with_the_settings() -> None:
    assert "--geo-urls: a URL begins with" in str(run("--geo-urls", "ftp://host/a.mmdb").exception)
    assert "--maxmind-editions: an edition is a name" in str(run("--maxmind-editions", "../x").exception)


def findings(folder: Path) -> list[tuple[str, str]]:
    settings = Settings(folder=folder, udp=(), tcp=(), web=None)
    return [(one.verdict, one.text) for one in look(settings) if ".mmdb is" in one.text or "no database" in one.text]


def test_check_names_the_databases_and_tells_old_ones(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    new, old = now - timedelta(days=60), now - timedelta(days=61)
    write(tmp_path / "new.mmdb", RECORDS, built=int(new.timestamp()))
    write(tmp_path / "six.mmdb", {"2001:db8::/32": {"country_code": "NO"}}, built=int(now.timestamp()))
    write(tmp_path / "old.mmdb", RECORDS, version=4, built=int(old.timestamp()))
    told = "IPv4: older than 60 days; fetch a new one: flow-collector geo update"
    assert findings(tmp_path) == [
        ("ok", f"{tmp_path}/new.mmdb is test of {new.date()}, IPv4 and IPv6"),
        ("warning", f"{tmp_path}/old.mmdb is test of {old.date()}, {told}"),
        ("ok", f"{tmp_path}/six.mmdb is test of {now.date()}, IPv6"),
    ]


def test_check_tells_that_there_is_no_database(tmp_path: Path) -> None:
    ((verdict, text),) = findings(tmp_path)
    assert verdict == "warning"
    assert "AS names are not filled" in text
