"""`check` finds what `run` refuses at its start, in the same words, and what other commands refuse."""

from pathlib import Path
from typing import Any

import pytest

from collector.app import Collector
from collector.commands.check import look
from collector.errors import CollectorError
from collector.settings import Settings, load
from tests.endtoend.running import free_ports
from tests.explore.mailserver import PASSWORD, USER, served
from tests.explore.standin import Standin, serving
from tests.store import tls

OFF = {"udp": "off", "tcp": "off", "web": "off"}
MAILED = {"reports": [{"dashboard": "overview", "every": "day", "mail": "noc@example.net"}]}
SENDER = {"smtp_host": "127.0.0.1", "smtp_from": "a@b.example"}


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def given(**settings: Any) -> Settings:
    return load({**OFF, **settings})


def told(verdict: str, **settings: Any) -> list[str]:
    return [one.text for one in look(given(**settings)) if one.verdict == verdict]


@pytest.mark.parametrize(
    "settings",
    [
        MAILED,
        {**MAILED, "smtp_host": "127.0.0.1"},
        {**MAILED, **SENDER, "smtp_tls": "off", "smtp_user": "me"},
        {**MAILED, **SENDER, "smtp_ca": "nosuch.pem"},
        {"tcp_tls": "127.0.0.1:0"},
        {"networks": "nosuch.csv"},
        {"elasticsearch": "https://127.0.0.1:9", "elasticsearch_ca": "nosuch.pem"},
    ],
)
def test_what_run_refuses_is_an_error_in_the_same_words(settings: dict[str, Any]) -> None:
    with pytest.raises(CollectorError) as raised:
        Collector(given(**settings))
    assert told("error", **settings) == [str(raised.value)]


def test_a_port_that_two_settings_want_is_an_error() -> None:
    (port,) = free_ports(1)
    place = f"127.0.0.1:{port}"
    (text,) = told("error", udp=f"{place},{place}")
    assert text.startswith(f"cannot receive on {place}: another program has the port")
    (text,) = told("error", tcp=place, web=place)
    assert text.startswith(f"web server on {place}: Address already in use")
    assert told("error", udp=place, tcp=place) == [], "UDP and TCP have ports of their own"
    assert told("error", tcp=place) == [], "all are closed again"


def test_a_mail_server_is_logged_in_to_and_has_no_mail(tmp_path: Path) -> None:
    ca, context = tls.make(tmp_path)
    with served(context) as box:
        settings = {**SENDER, "smtp_port": box.port, "smtp_user": USER, "smtp_password": PASSWORD, "smtp_ca": str(ca)}
        assert f"mail server 127.0.0.1:{box.port} takes mail" in told("ok", **settings)
        (text,) = told("error", **{**settings, "smtp_password": "other"})
        assert "it refuses smtp_user or smtp_password" in text
        assert box.messages == []


def test_a_mail_server_that_is_not_there_is_an_error() -> None:
    (port,) = free_ports(1)
    (text,) = told("error", **SENDER, smtp_port=port)
    assert text.startswith(f"mail server 127.0.0.1:{port}: not reached")


def test_a_file_of_authorities_is_looked_at_without_a_server() -> None:
    assert told("error", smtp_ca="nosuch.pem") == ["smtp_ca: nosuch.pem is not there"]


def test_a_kibana_is_asked() -> None:
    with serving(Standin()) as standin:
        (text,) = [one for one in told("ok", kibana=standin.url) if "Kibana" in one]
        assert text.endswith("answers")
    (port,) = free_ports(1)
    (text,) = told("error", kibana=f"http://127.0.0.1:{port}")
    assert text.startswith(f"http://127.0.0.1:{port}: connection refused")


def test_half_an_account_at_maxmind_is_an_error() -> None:
    expected = ["--maxmind-account and --maxmind-key go together"]
    assert told("error", maxmind_key="k") == told("error", maxmind_account="1") == expected
    assert told("error", maxmind_key="k", maxmind_account="1") == []


def test_a_community_beside_a_user_of_snmp_is_a_warning() -> None:
    assert "snmp_community is not used, as there is snmp_user: leave out one of them" in told(
        "warning", snmp_community="public", snmp_user="me"
    )
    assert not [one for one in told("warning", snmp_user="me") if "snmp" in one]


def test_reports_that_can_be_made_are_named() -> None:
    report = {"dashboard": "overview", "every": "day", "folder": "out"}
    assert "reports can be made: overview, day; overview, week" in told(
        "ok", reports=[report, {**report, "every": "week"}]
    )
