"""`check`: what is wrong with this machine and these settings, and how to mend it."""

import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import typer

from collector.commands.check_ports import ports
from collector.commands.finding import Finding, tried
from collector.commands.geo import sources
from collector.commands.options import with_settings
from collector.enrich.mmdb import Database
from collector.enrichers import open_enricher, open_geo
from collector.errors import CollectorError
from collector.explore.load import with_own
from collector.explore.report.mail import Post, reach, trusted
from collector.explore.report.post import open_post
from collector.explore.report.scheduler import open_scheduler
from collector.explore.setup.steps import kibana
from collector.settings import Settings

LITTLE_DISK = 2 << 30
"""Bytes free below which a busy collector fills the disk within an hour."""

OLD = 60
"""Days after which a database of addresses no longer tells who has them now."""


def register(app: typer.Typer) -> None:
    """Add `check`."""
    app.command("check")(with_settings(check))


def check(settings: Settings) -> None:
    """Look at settings, ports, buffers, folder and store, and say what is wrong and how to mend it."""
    findings = list(look(settings))
    for finding in findings:
        print(f"{finding.verdict:8} {finding.text}")
    if any(finding.verdict == "error" for finding in findings):
        raise typer.Exit(1)


def look(settings: Settings) -> Iterator[Finding]:
    """Everything that can be looked at without a datagram; sockets are opened and closed again."""
    yield Finding("ok", "each setting by itself makes sense")
    yield from ports(settings)
    yield from _dashboards(settings)
    yield from dict.fromkeys(_reports(settings))  # both may miss the same setting
    yield from _enrichment(settings)
    yield from _asked(settings)
    yield from _folder(settings.folder)
    yield _store(settings)
    if settings.kibana:
        yield tried(lambda: f"{kibana(settings)} answers")


def _dashboards(settings: Settings) -> Iterator[Finding]:
    """Those that come along, and the operator's own."""
    _, wrong = with_own(settings.dashboards)
    yield from (Finding("error", text) for text in wrong)
    if settings.dashboards and not wrong:
        yield Finding("ok", f"the dashboards in {settings.dashboards} can be used")


def _reports(settings: Settings) -> Iterator[Finding]:
    """Schedules, and the mail server; no mail is sent."""
    if settings.reports:
        yield tried(lambda: _scheduled(settings))
    if settings.smtp_host:
        yield tried(lambda: _reached(open_post(settings)))
    elif settings.smtp_ca:
        yield tried(lambda: _trusted(settings.smtp_ca))


def _scheduled(settings: Settings) -> str:
    open_scheduler(settings)
    return f"reports can be made: {'; '.join(plan.key for plan in settings.reports)}"


def _reached(post: Post) -> str:
    reach(post)
    return f"{post.place} takes mail"


def _trusted(path: Path | None) -> str:
    trusted(path)
    return f"{path} can be used"


def _enrichment(settings: Settings) -> Iterator[Finding]:
    """The operator's files; no name server is asked, as nobody knows yet whose flows will come."""
    operators = (settings.exporters_file, settings.interfaces_file, settings.services_file)
    files = (settings.networks, *settings.reputation, settings.reputation_except, *operators)
    try:
        open_enricher(settings, live=True).close()
        geo = open_geo(settings)
    except CollectorError as error:
        yield Finding("error", str(error))
    else:
        yield from (Finding("ok", f"{path} can be used") for path in files if path is not None)
        yield from _databases(geo.databases, datetime.now(UTC).date())


def _asked(settings: Settings) -> Iterator[Finding]:
    """What is asked for by settings that belong together."""
    if settings.geo_urls or settings.maxmind_account is not None or settings.maxmind_key is not None:
        yield tried(lambda: f"geo update fetches {', '.join(one.name for one in sources(settings))}")
    if settings.snmp_user is not None and settings.snmp_community is not None:
        yield Finding("warning", "snmp_community is not used, as there is snmp_user: leave out one of them")


def _databases(databases: Sequence[Database], today: date) -> Iterator[Finding]:
    for database in databases:
        age = (today - database.built).days
        text = f"{database.path} is {database.title}"
        if age > OLD:
            yield Finding("warning", f"{text}: older than {OLD} days; fetch a new one: flow-collector geo update")
        else:
            yield Finding("ok", text)
    if not databases:
        yield Finding(
            "warning",
            "no database of places and autonomous systems: countries, cities and AS names are not filled; "
            "flow-collector geo update fetches free ones, see docs/geoip.md",
        )


def _folder(folder: Path) -> Iterator[Finding]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        yield Finding("error", f"folder {folder}: {error.strerror}; choose another with --folder")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("error", f"folder {folder} cannot be written to: chown it to the user that runs the collector")
        return
    free = shutil.disk_usage(folder).free
    verdict = "warning" if free < LITTLE_DISK else "ok"
    yield Finding(verdict, f"folder {folder.resolve()} can be written to, {free / (1 << 30):.1f} GiB are free")


def _store(settings: Settings) -> Finding:
    if not settings.elasticsearch:
        return Finding("ok", f"flows go to Parquet files in {settings.folder}")
    from collector.search_engine import engine  # noqa: PLC0415

    return tried(lambda: f"{engine(settings)} answers")
