"""Schedules of reports as they are written."""

import re
import shutil
from datetime import time
from pathlib import Path

import pytest

from collector.explore.load import folder_coming_along
from collector.explore.report.plans import Plan, plans
from collector.explore.report.scheduler import open_scheduler
from collector.settings import SettingsError, load

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "reports.md"
WEEKLY = {"dashboard": "overview", "every": "week", "folder": "reports"}


def test_a_report_needs_a_dashboard_a_period_and_a_place() -> None:
    (plan,) = plans([WEEKLY])
    assert plan == Plan(
        name="overview",
        dashboard="overview",
        every="week",
        at=time(6),
        filter="",
        format="pdf",
        folder=Path("reports"),
        mail=(),
        spread=False,
    )


def test_all_can_be_said_in_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    file.write_text(
        'timezone = "Europe/Berlin"\n'
        'smtp_host = "mail.example.net"\nsmtp_from = "Flows <flows@example.net>"\n'
        '[[reports]]\nname = "Web traffic"\ndashboard = "top-talkers"\nevery = "month"\nat = 07:30:00\n'
        'filter = "server.port:443"\nformat = "html"\nmail = ["noc@example.net", "Duty <duty@example.net>"]\n'
        '[[reports]]\ndashboard = "overview"\nevery = "day"\nfolder = "/tmp/reports"\n',
        encoding="utf-8",
    )
    first, second = load({}, file).reports
    assert (first.name, first.every, first.at, first.format) == ("Web traffic", "month", time(7, 30), "html")
    assert first.mail == ("noc@example.net", "Duty <duty@example.net>")
    assert (second.name, second.every, second.at, second.folder) == ("overview", "day", time(6), Path("/tmp/reports"))
    alone = tmp_path / "reports.toml"
    alone.write_text(file.read_text(encoding="utf-8").partition("[[")[2].join(["[[", ""]), encoding="utf-8")
    assert load({"reports": str(alone)}).reports == (first, second)


def test_the_example_of_the_documentation_can_be_used(tmp_path: Path) -> None:
    (example,) = re.findall(
        r"^```toml\n(.+?)^```$", DOCUMENTATION.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    file = tmp_path / "some.toml"
    file.write_text(example, encoding="utf-8")
    given = load({}, file)
    assert [(plan.name, plan.every) for plan in given.reports] == [("overview", "week"), ("Web traffic", "month")]
    assert open_scheduler(given) is not None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dashboard": "overvew"}, "dashboard: there is no dashboard overvew; did you mean overview?"),
        ({"dashboard": None}, "dashboard: it is missing"),
        ({"every": "weekly"}, "every: 'weekly' is none; there are day, week, month"),
        ({"every": None}, "every: it is missing; there are day, week, month"),
        ({"at": "25:00"}, "at: '25:00' is not a time such as 06:00"),
        ({"filter": "server.prt:1"}, "filter: at position 1: there is no field server.prt; did you mean"),
        ({"format": "doc"}, "format: 'doc' is none; there are pdf, html, png"),
        ({"folder": None}, "it goes nowhere: give a folder, or mail, or both"),
        ({"folder": 7}, "folder: it must be a text"),
        ({"mail": "noc"}, "mail: 'noc' is not an address such as noc@example.net"),
        ({"mail": 7}, "mail: it must be an address, or a list of addresses"),
        ({"mail": "a@b.example\nBcc: c@d.example"}, "is not an address"),
        ({"spread": "yes"}, "spread: it must be true or false"),
        ({"name": "../up"}, "name: '../up' must be fit for the name of a file"),
        ({"evry": "day"}, "evry: no such key; did you mean every?"),
    ],
)
def test_what_is_wrong_is_told_with_the_number_and_the_key(change: dict[str, object], reason: str) -> None:
    given = {key: value for key, value in {**WEEKLY, **change}.items() if value is not None}
    with pytest.raises(SettingsError) as raised:
        load({"reports": [{**WEEKLY, "name": "first"}, given]})
    assert str(raised.value).startswith("--reports: report 2: ")
    assert reason in str(raised.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = {"dashbord": "overview", "evry": "day", "at": "25:00", "format": "doc"}
    with pytest.raises(ValueError, match="report") as raised:
        plans([wrong, WEEKLY, {**WEEKLY, "mail": "noc", "filter": "server.prt:1"}])
    assert str(raised.value) == (
        "report 1: dashbord: no such key; did you mean dashboard?; "
        "report 1: evry: no such key; did you mean every?; "
        "report 1: dashboard: it is missing; "
        "report 1: every: it is missing; there are day, week, month; "
        "report 1: at: '25:00' is not a time such as 06:00; "
        "report 1: format: 'doc' is none; there are pdf, html, png; "
        "report 1: it goes nowhere: give a folder, or mail, or both; "
        "report 3: mail: 'noc' is not an address such as noc@example.net; "
        "report 3: filter: at position 1: there is no field server.prt; "
        "did you mean server.port or server.ip or server.packets?"
    )


def test_a_dashboard_of_your_own_is_known_by_its_name(tmp_path: Path) -> None:
    shutil.copy(folder_coming_along() / "overview.yaml", tmp_path / "voice.yaml")
    given = {"reports": [{**WEEKLY, "dashboard": "voice", "filter": "server.port:5060"}]}
    (plan,) = load({**given, "dashboards": str(tmp_path)}).reports
    assert (plan.name, plan.dashboard) == ("voice", "voice")
    with pytest.raises(SettingsError, match="report 1: dashboard: there is no dashboard voice; "):
        load(given)


def test_two_reports_of_one_name_need_different_periods() -> None:
    daily = {**WEEKLY, "every": "day"}
    assert len(plans([WEEKLY, daily])) == 2
    with pytest.raises(ValueError, match="report 2: report 1 is called overview, week too"):
        plans([WEEKLY, WEEKLY])


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "reports go by mail, and smtp_host is missing"),
        ({"smtp_host": "mail.example.net"}, "reports go by mail, and smtp_from is missing"),
        (
            {"smtp_host": "m.example", "smtp_from": "a@b.example", "smtp_tls": "off", "smtp_user": "me"},
            "smtp_tls is off, and the password of smtp_user would be sent for all to read",
        ),
    ],
)
def test_mail_needs_a_server_and_a_sender(settings: dict[str, str], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        open_scheduler(load({**settings, "reports": [{**WEEKLY, "mail": "noc@example.net"}]}))


def test_without_reports_there_is_nothing_to_schedule() -> None:
    assert open_scheduler(load({})) is None


def test_a_sender_that_is_no_address_is_told() -> None:
    with pytest.raises(SettingsError, match=r"^--smtp-from: 'flows' is not an address"):
        load({"smtp_from": "flows"})
