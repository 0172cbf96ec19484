"""`decode`, `import` and `replay`: commands on capture files."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from collector.app import CLOSE_SECONDS
from collector.captures import batches
from collector.commands.decoding import Decoding, Kind
from collector.commands.logs import configure_logging
from collector.commands.options import with_settings
from collector.datasets import DATASETS
from collector.decoders import open_decoder
from collector.endpoints import Endpoint, endpoint
from collector.enrichers import open_enricher
from collector.pipeline import Pipeline
from collector.query.rules import Rules
from collector.receive.pcap import read_capture
from collector.receive.replay import replay
from collector.settings import Settings, SettingsError
from collector.store.writers import opened
from collector.stores import open_store, store_name

Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="pcap, pcapng or IPFIX files, also in gzip; - is standard input.")
]


class Format(StrEnum):
    """Forms of output (store/writers.py)."""

    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"
    TABLE = "table"


ALONE = {
    Format.CSV: [{Kind.FLOWS}],
    Format.PARQUET: [{Kind.FLOWS}, {Kind.COUNTERS}, {Kind.DISCARDS}],
    Format.TABLE: [{Kind.FLOWS}],
}
"""Kinds of records that the formats with columns can have."""
FLUSH_SECONDS = 24 * 3600.0
"""How long an import waits at the end for a store that does not keep up or does not answer."""
DECODER_SETTINGS = ("sampling_default", "sampling_override", "keep_unknown", "rules")
ENRICHER_SETTINGS = (
    "geoip",
    "as_from_exporter",
    "networks",
    "local_networks",
    "reputation",
    "reputation_except",
    "exporters_file",
    "interfaces_file",
    "services_file",
)
IMPORT_SETTINGS = (
    *DECODER_SETTINGS,
    *ENRICHER_SETTINGS,
    "folder",
    *(name for name in Settings.model_fields if name.startswith("elasticsearch")),
    "timezone",
    "segments_gib",
    "log_level",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("decode")(with_settings(decode, (*DECODER_SETTINGS, *ENRICHER_SETTINGS)))
    app.command("import")(with_settings(import_, IMPORT_SETTINGS))
    app.command("replay")(replay_)


def decode(
    files: Files,
    settings: Settings,
    form: Annotated[Format, typer.Option("--format", help="Form of the output.")] = Format.NDJSON,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write; without it, stdout.")] = None,
    records: Annotated[
        str, typer.Option(help="What is written, of flows, options, counters and discards, separated by commas.")
    ] = "flows",
    enrich: Annotated[bool, typer.Option(help="Add names and what else can be known beside the record.")] = True,
) -> None:
    """Decode captures: one JSON document a line."""
    configure_logging("WARNING")
    kinds = _kinds(records)
    if form != Format.NDJSON and kinds not in ALONE[form]:
        raise SettingsError(
            "--records: only --format ndjson has options, or records of several kinds together; counters and discards "
            "may be in Parquet, flows in any format"
        )
    enricher = open_enricher(settings, enrich)
    with opened(form.value, output) as writer:
        decoding = Decoding(writer, kinds, open_decoder(settings), enricher, Rules(settings.rules))
        for file in files:
            decoding.read(file)
        decoding.summarise()


def import_(files: Files, settings: Settings) -> None:
    """Put the flows of captures into the store, each at its own time."""
    configure_logging(settings.log_level)
    if settings.elasticsearch:
        from collector.search_engine import engine  # noqa: PLC0415

        engine(settings)  # who types the command can mend the URL at once; `run` waits for an engine that comes later
    enricher = open_enricher(settings)
    pipeline = Pipeline(open_store(settings), open_decoder(settings), enricher, Rules(settings.rules))
    console, patience = Console(stderr=True), FLUSH_SECONDS
    try:
        _feed(pipeline, files, console)
    except KeyboardInterrupt:
        patience = CLOSE_SECONDS
        raise
    finally:
        pipeline.store.close(patience)
    counts = pipeline.store.counts()
    others = "".join(f", {count:,} {DATASETS[name].title}" for name, count in counts.others.items())
    dropped = pipeline.rules.dropped.total()
    ruled = f"{dropped:,} dropped by rules, " if dropped else ""
    stored = f"{counts.stored:,} stored{others} in {store_name(settings)}"
    console.print(f"{pipeline.tallies.flows:,} flows decoded, {ruled}{stored}")
    if counts.lost:
        raise typer.Exit(1)


def _feed(pipeline: Pipeline, files: list[str], console: Console) -> None:
    with _progress(console) as progress:
        for file in files:
            task = progress.add_task(file, total=None)
            for batch in batches(read_capture(file)):
                pipeline.process(batch)
                progress.update(task, advance=len(batch))


def replay_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Capture to send.")],
    to: Annotated[str, typer.Argument(metavar="HOST[:PORT]", help="Where to; without a port, those of the capture.")],
    rate: Annotated[float | None, typer.Option(min=0.001, help="Datagrams a second [default: as captured]")] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Begin anew at the end, until Ctrl-C.")] = False,
) -> None:
    """Send the datagrams of a capture to a collector."""
    place = _destination(to)
    sent = replay(file, place.host, place.port or None, rate=rate, loop=loop)
    print(f"{sent.datagrams:,} datagrams, {sent.bytes:,} bytes in {sent.seconds:.1f} s")


def _kinds(text: str) -> frozenset[Kind]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    wrong = [word for word in words if word not in list(Kind)]
    if wrong or not words:
        raise SettingsError(f"--records: {text!r} is not made of {', '.join(Kind)}")
    return frozenset(map(Kind, words))


def _destination(text: str) -> Endpoint:
    try:
        return endpoint(text)
    except ValueError:
        return Endpoint(text.strip("[]"), 0)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("datagrams"))
    return Progress(*columns, TimeElapsedColumn(), console=console)
