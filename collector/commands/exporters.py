"""`exporters`: what the running collector knows of each exporter."""

import json as parsed
import sys
from ipaddress import ip_address
from typing import Annotated
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

import typer
from pydantic import ValidationError
from rich.console import Console

from collector.commands.exporter_table import show
from collector.commands.options import with_settings
from collector.endpoints import Endpoint
from collector.errors import CollectorError
from collector.exporters.view import Overview
from collector.settings import Settings, SettingsError

SECONDS = 30.0
"""How long the collector has for its answer."""
PATH = "/api/exporters"
LIMIT = 100
WIDE = 1000
"""Columns of what is no terminal: lines are not broken there."""


def register(app: typer.Typer) -> None:
    """Add `exporters`."""
    app.command("exporters")(with_settings(exporters, ("web",)))


def exporters(
    settings: Settings,
    json: Annotated[bool, typer.Option("--json", help="Write the answer of the API as it is.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most exporters, and most sentences, that are shown.")] = LIMIT,
) -> None:
    """Show what a running collector knows of each exporter: what came, what is missing, and what to do about it."""
    if settings.web is None:
        raise SettingsError("--web: it is off, and a collector without a web server cannot be asked")
    answer = ask(settings.web)
    if json:
        sys.stdout.buffer.write(answer + b"\n")
        return
    try:
        overview = Overview.model_validate_json(answer)
    except ValidationError as error:
        raise CollectorError(f"what answers at http://{settings.web} is no collector of this version") from error
    width = None if sys.stdout.isatty() else WIDE
    show(overview, Console(width=width, highlight=False, emoji=False, markup=False), limit)


def _reached(place: Endpoint) -> Endpoint:
    """Where a server is asked that listens on all addresses."""
    try:
        address = ip_address(place.host)
    except ValueError:
        return place
    return place._replace(host="127.0.0.1" if address.version == 4 else "::1") if address.is_unspecified else place


def ask(place: Endpoint) -> bytes:
    """The API's answer. CollectorError where there is none."""
    url = f"http://{_reached(place)}"
    try:
        # A proxy of the environment does not lead to this machine.
        with build_opener(ProxyHandler({})).open(url + PATH, timeout=SECONDS) as answer:
            return bytes(answer.read())
    except HTTPError as error:
        raise CollectorError(
            f"{url} cannot tell: {_said(error)}; give the address of a collector with --web"
        ) from error
    except URLError as error:
        reason = getattr(error.reason, "strerror", None) or error.reason
        raise CollectorError(
            f"no collector answers at {url} ({reason}): is it running, with web on? Give its address with --web"
        ) from error
    except OSError as error:
        raise CollectorError(f"the collector at {url} does not answer: {error}") from error


def _said(error: HTTPError) -> str:
    """Why a server refuses, in the words of the API where it is one."""
    try:
        return str(parsed.loads(error.read())["detail"])
    except (ValueError, LookupError, TypeError):
        return f"{error.code} {error.reason}"
