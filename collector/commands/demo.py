"""`demo`: a day of made-up traffic in a store, so that anyone can look around at once."""

import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from collector.app import CLOSE_SECONDS
from collector.commands.logs import configure_logging
from collector.commands.options import with_settings
from collector.datasets import DATASETS
from collector.demo import place
from collector.demo.fill import FLOWS, HOURS, SEED, Wish, fill, pipeline
from collector.demo.made import Made
from collector.endpoints import Endpoint
from collector.explore.page.site import Site
from collector.inbox import Inbox
from collector.pipeline import Pipeline
from collector.report import Report
from collector.search_engine import access
from collector.settings import Settings, SettingsError
from collector.stores import open_store, store_name
from collector.web import WebServer, application

FLUSH_SECONDS = 3600.0
"""How long a store may take that does not keep up."""
FEWEST = 1000
MOST_HOURS = 240
"""Exporters that have been up for a few days more tell their uptime in 32 bits of milliseconds."""
SETTINGS = (
    "web",
    *(name for name in Settings.model_fields if name.startswith("elasticsearch_")),
    "document",
    "timezone",
    "segments_gib",
    "log_level",
)


def register(app: typer.Typer) -> None:
    """Add `demo`."""
    app.command("demo")(with_settings(demo, SETTINGS))


def demo(
    settings: Settings,
    flows: Annotated[int, typer.Option(min=FEWEST, help="How many flows.")] = FLOWS,
    hours: Annotated[float, typer.Option(min=0.5, max=MOST_HOURS, help="In how many hours before now.")] = HOURS,
    seed: Annotated[int, typer.Option(min=0, help="Another number gives other traffic.")] = SEED,
    folder: Annotated[Path, typer.Option(help="Where it is put: nothing but a demo may be there.")] = place.FOLDER,
    elasticsearch: Annotated[str, typer.Option(help="URLs of a search engine that it is put into instead.")] = "",
    mix: Annotated[bool, typer.Option("--mix", help="Also where the search engine has flows already.")] = False,
    serve: Annotated[bool, typer.Option("--serve", help="Then serve the web page, until Ctrl-C.")] = False,
) -> None:
    """Fill a folder, or a search engine, with a day of made-up traffic to look around in.

    The settings `folder` and `elasticsearch` do not hold here: a demo is never put among real flows by accident.
    """
    configure_logging(settings.log_level)
    if serve and settings.web is None:
        raise SettingsError("--serve: --web is off")
    urls = tuple(part.strip() for part in elasticsearch.split(",") if part.strip())
    chosen = settings.model_copy(update={"folder": folder, "elasticsearch": urls})
    if urls and not mix:
        place.look(access(chosen))
    place.clear(folder)
    console = Console(stderr=True, highlight=False)
    _fill(chosen, Wish(flows, hours, seed), console, serve)


def _fill(settings: Settings, wish: Wish, console: Console, serve: bool) -> None:
    into = pipeline(open_store(settings))
    patience = CLOSE_SECONDS
    try:
        with _progress(console) as progress:
            task = progress.add_task("demo", total=wish.flows)
            made = fill(into, wish, lambda count: progress.update(task, advance=count))
        patience = FLUSH_SECONDS
        into.store.flush(patience)
        _tell(into, made, settings, console)
        if serve and settings.web:
            serve_until_stopped(into, settings, settings.web, console)
    finally:
        into.enricher.close()
        into.store.close(patience)
    if into.store.counts().lost:
        raise typer.Exit(1)


def serve_until_stopped(into: Pipeline, settings: Settings, place: Endpoint, console: Console) -> None:
    """Serve the web page, as `run` does but without receiving anything, until SIGTERM or Ctrl-C."""
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    web = WebServer(place, application(Site(settings, Report([], [], Inbox(), into))))
    web.start()
    try:
        console.print(f"http://{web.place} until Ctrl-C")
        signal.sigwait(stop)
    finally:
        web.stop()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stop)


def _tell(into: Pipeline, made: Made, settings: Settings, console: Console) -> None:
    """What is where, and what to do next."""
    counts = into.store.counts()
    others = "".join(f", {count:,} rows of {DATASETS[name].title}" for name, count in counts.others.items())
    lines = (
        f"{counts.stored:,} flows{others} in {store_name(settings)}",
        f"{_shown(made.start)} to {_shown(made.end)}: made up, nothing of it is real",
        f"next: {_next(settings)}",
    )
    for line in lines:
        console.print(line, soft_wrap=True)


def _next(settings: Settings) -> str:
    if settings.elasticsearch:
        return f"see the indices elastiflow-* of {settings.elasticsearch[0]}"
    return f"flow-collector web --folder {settings.folder}"


def _shown(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("flows"))
    return Progress(*columns, TimeElapsedColumn(), console=console)
