"""`check`: what is wrong with this machine and these settings, and how to mend it."""

import asyncio
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import typer

from collector.commands.options import with_settings
from collector.enrich.mmdb import Database
from collector.enrichers import open_enricher, open_geo
from collector.errors import CollectorError
from collector.explore.load import with_own
from collector.receive.tcp import TcpReceiver
from collector.receive.udp import UdpReceiver
from collector.receivers import session_receivers
from collector.settings import Settings
from collector.web import bound

LITTLE_DISK = 2 << 30
"""Bytes free below which a busy collector fills the disk within an hour."""

OLD = 60
"""Days after which a database of addresses no longer tells who has them now."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    verdict: str
    """`ok`, `warning` or `error`."""
    text: str


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
    yield Finding("ok", "settings are valid")
    yield from _ports(settings)
    yield from _sessions(settings)
    yield _web(settings)
    yield from _dashboards(settings)
    yield from _enrichment(settings)
    yield from _folder(settings.folder)
    yield from _store(settings)


def _ports(settings: Settings) -> Iterator[Finding]:
    if not (settings.udp or settings.tcp or settings.tcp_tls):
        yield Finding("warning", "udp and tcp are off: nothing is received")
    for place in settings.udp:
        receiver = UdpReceiver(place.host, place.port, buffer=settings.receive_buffer_mib << 20)
        yield _opened(receiver, f"UDP {place}")
        if receiver.granted and receiver.warning:
            yield Finding("warning", receiver.warning)


def _sessions(settings: Settings) -> Iterator[Finding]:
    try:
        receivers = session_receivers(settings)
    except CollectorError as error:
        yield Finding("error", str(error))
        return
    for receiver in receivers:
        yield _opened(receiver, str(receiver))


def _opened(receiver: UdpReceiver | TcpReceiver, name: str) -> Finding:
    """Whether a receiver can have its port."""
    loop = asyncio.new_event_loop()
    try:
        receiver.open(loop, lambda _: None)
        receiver.close()
    except CollectorError as error:
        return Finding("error", str(error))
    finally:
        loop.close()
    return Finding("ok", f"{name} is free")


def _web(settings: Settings) -> Finding:
    if settings.web is None:
        return Finding("ok", "web server is off")
    try:
        bound(settings.web).close()
    except CollectorError as error:
        return Finding("error", str(error))
    return Finding("ok", f"TCP {settings.web} is free for the web server")


def _dashboards(settings: Settings) -> Iterator[Finding]:
    """Those that come along, and the operator's own."""
    _, wrong = with_own(settings.dashboards)
    yield from (Finding("error", text) for text in wrong)
    if settings.dashboards and not wrong:
        yield Finding("ok", f"the dashboards in {settings.dashboards} can be used")


def _enrichment(settings: Settings) -> Iterator[Finding]:
    """The operator's files; nobody is asked, as nobody knows yet whose flows will come."""
    operators = (settings.exporters_file, settings.interfaces_file, settings.services_file)
    files = (settings.networks, *settings.reputation, settings.reputation_except, *operators)
    try:
        open_enricher(settings)
        geo = open_geo(settings)
    except CollectorError as error:
        yield Finding("error", str(error))
    else:
        yield from (Finding("ok", f"{path} can be used") for path in files if path is not None)
        yield from _databases(geo.databases, datetime.now(UTC).date())


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


def _store(settings: Settings) -> Iterator[Finding]:
    if not settings.elasticsearch:
        yield Finding("ok", f"flows go to Parquet files in {settings.folder}")
        return
    from collector.search_engine import engine  # noqa: PLC0415

    try:
        yield Finding("ok", f"{engine(settings)} answers")
    except CollectorError as error:
        yield Finding("error", str(error))
