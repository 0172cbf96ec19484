"""A flow in a line of text, for those who read documents rather than fields.

    netflow 192.0.2.1: 10.0.0.1:51234 -> 198.51.100.2:443 tcp https 1500 bytes 3 packets

What a flow does not tell is left out. An IPv6 address with a port is in brackets (RFC 3986 section 3.2.2).
"""

from collections.abc import Callable, Iterator
from functools import cache

import polars as pl

from collector import registry, schema
from collector.flows import Flows
from collector.registry import VALUE
from collector.store import texts
from collector.store.pieces import Coded, Dictionary, Piece, wrapped

FIELD = "message"
COUNTS = ("bytes", "packets")
Render = Callable[[pl.Series], pl.Series]


def message(flows: Flows, counts: Render) -> list[Piece]:
    """The pieces of the member; `counts` renders numbers."""
    return [f'"{FIELD}":"', *_words(flows, counts), '"']


def _words(flows: Flows, counts: Render) -> Iterator[Piece]:
    frame = flows.frame
    yield from _named(frame, "event.dataset", VALUE, "")
    if "host.ip" in frame.columns:
        exporters = flows.table("host.ip").get_column(VALUE)
        yield Coded.of(Dictionary(wrapped(" ", exporters, ":")), frame.get_column("host.ip"))
    yield from _end(flows, "source", " ")
    yield from _end(flows, "destination", " -> ")
    yield from _named(frame, "network.iana_number", "name", " ")
    yield from _named(frame, "flow.service_name", VALUE, " ")
    for name in COUNTS:
        if f"network.{name}" in frame.columns:
            yield wrapped(" ", counts(frame.get_column(f"network.{name}")), f" {name}")


def _named(frame: pl.DataFrame, code: str, attribute: str, before: str) -> Iterator[Piece]:
    """What a column points at in one of the constant tables."""
    if code in frame.columns:
        yield Coded.of(_constant(schema.table_of(code) or "", attribute, before), frame.get_column(code))


@cache
def _constant(table: str, attribute: str, before: str) -> Dictionary:
    return Dictionary(wrapped(before, texts.escaped(registry.table(table).get_column(attribute)), ""))


def _end(flows: Flows, end: str, before: str) -> Iterator[Piece]:
    """Address and port."""
    frame, port = flows.frame, f"{end}.port"
    if f"{end}.ip" not in frame.columns:
        return
    addresses, rows = flows.table(f"{end}.ip").get_column(VALUE), frame.get_column(f"{end}.ip")
    if port not in frame.columns:
        yield Coded.of(_addresses(flows, addresses, before), rows)
        return
    ports = frame.select(pl.when(pl.col(f"{end}.ip").is_not_null()).then(port)).to_series()
    yield Coded.of(_addresses(flows, addresses, before), rows + ports.is_not_null().cast(pl.UInt32) * len(addresses))
    yield Coded.of(_ports(), ports)


def _addresses(flows: Flows, values: pl.Series, before: str) -> Dictionary:
    """Each address as it is without a port, then each as it is in front of one; made once for a batch."""
    if (FIELD, before) not in flows.shared:
        six = values.str.contains(":", literal=True)
        bracketed = wrapped("[", values, "]").zip_with(six, values)
        flows.shared[FIELD, before] = Dictionary(wrapped(before, pl.concat([values, bracketed]), ""))
    found: Dictionary = flows.shared[FIELD, before]
    return found


@cache
def _ports() -> Dictionary:
    return Dictionary(texts.numbers(":", "u16"))
