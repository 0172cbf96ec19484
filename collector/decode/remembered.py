"""Templates on their way to the next run and back: as JSON, and read again from the bytes that the exporter sent.

A template of an earlier run is taken with a doubt (`Template.doubt`): while nobody listened the exporter may have given
its number to another one.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from collector.decode.layout import Layout
from collector.decode.messages import IPFIX_READERS, V9_READERS, Reader
from collector.decode.streams import Stream, Streams, Template

READERS: dict[tuple[int, bool], Reader] = {
    (9, False): V9_READERS[0],
    (9, True): V9_READERS[1],
    (10, False): IPFIX_READERS[2],
    (10, True): IPFIX_READERS[3],
}
"""By version, and whether it is an options template."""
MAX_DOMAIN = 0xFFFFFFFF
MAX_TIME = 1 << 53


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Remembered(NamedTuple):
    """How much is known from an earlier run."""

    templates: int
    rates: int
    """Sampling rates."""
    exporters: int
    """Exporters that any of it is of."""


class SavedTemplate(_Strict):
    """A template."""

    raw: str = Field(pattern="^([0-9a-f]{2})+$")
    """The template record on the wire, in hexadecimal."""
    received: int = Field(ge=0, le=MAX_TIME)
    """Milliseconds since 1970 when it last came."""
    options: bool = False


class SavedStream(_Strict):
    """One exporter's stream under a version and observation domain."""

    version: Literal[9, 10]
    domain: int = Field(ge=0, le=MAX_DOMAIN)
    templates: list[Any]
    """Each a `SavedTemplate`, to be looked at one by one: a damaged one costs no other."""


def saved_streams(streams: Streams, exporter: int) -> list[dict[str, Any]]:
    """The streams of an exporter that have templates, but for those of sessions: they end with it (RFC 7011 8.1)."""
    saved = []
    for stream in streams.lasting(exporter):
        known = {**stream.remembered, **stream.templates}
        # What stands for a fixed format is no template.
        if known and (stream.version, False) in READERS:
            templates = [_saved(template) for template in known.values()]
            saved.append({"version": stream.version, "domain": stream.domain, "templates": templates})
    return saved


def load_streams(streams: Streams, exporter: int, saved: Any) -> Iterator[str]:
    """Take what `saved_streams` gave; yields what is wrong with each entry that cannot be used."""
    for one in saved if isinstance(saved, list) else [saved]:
        try:
            entry = SavedStream.model_validate(one)
        except ValidationError as error:
            yield f"stream: {_reason(error)}"
            continue
        stream = streams.of(exporter, entry.version, entry.domain)
        if stream is None:
            yield f"domain {entry.domain}: there is no room for it"
        else:
            yield from _load(stream, entry)


def count(streams: Streams, exporter: int) -> int:
    """How many templates of the last run are known that the exporter has not sent again."""
    return sum(len(stream.remembered) for stream in streams.lasting(exporter))


def forget(streams: Streams, exporter: int, before: int) -> None:
    """Forget templates of the last run that had come for the last time before a time (milliseconds since 1970)."""
    for stream in streams.lasting(exporter):
        stream.outdate(before)


def _saved(template: Template) -> dict[str, Any]:
    entry: dict[str, Any] = {"raw": template.raw.hex(), "received": template.received}
    return entry | {"options": True} if template.options else entry


def _load(stream: Stream, entry: SavedStream) -> Iterator[str]:
    for one in entry.templates:
        try:
            template = _template(entry.version, SavedTemplate.model_validate(one))
        except ValidationError as error:
            yield f"template of domain {entry.domain}: {_reason(error)}"
        except ValueError as error:
            yield f"template of domain {entry.domain}: {error}"
        else:
            if not stream.remember(template):
                yield f"template {template.number} of domain {entry.domain}: there is no room for it"


def _template(version: int, saved: SavedTemplate) -> Template:
    """ValueError where the bytes are not those of one template record."""
    number, layout, raw = _read(version, saved.options, saved.raw)
    return Template(number, layout, saved.options, raw, saved.received)


@lru_cache(maxsize=4096)
def _read(version: int, options: bool, text: str) -> tuple[int, Layout, bytes]:
    """Number, layout and bytes of a template record. Exporters of one make have the same ones."""
    raw = bytes.fromhex(text)
    definitions = list(READERS[version, options](raw))
    if len(definitions) != 1 or definitions[0].raw != raw:
        raise ValueError(f"{text[:80]} is not one template record")
    (definition,) = definitions
    if definition.layout is None or not definition.layout.smallest:
        raise ValueError(f"{text[:80]} describes no record")
    return definition.number, definition.layout, raw


def _reason(error: ValidationError) -> str:
    """What is wrong first, and where."""
    first = error.errors(include_url=False)[0]
    return " ".join([".".join(map(str, first["loc"])), first["msg"][:1].lower() + first["msg"][1:]]).strip()
