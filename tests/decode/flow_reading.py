"""Reads decoded flows the way that a person would: words for numbers, addresses as text, nothing for null."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from collector import registry, schema
from collector.datagram import Datagram
from collector.decode.decoder import Decoded, Decoder
from tests.builders.netflow import sent
from tests.decode.sflow_reading import rows

Row = dict[str, Any]


def decode(*received: bytes | Datagram, decoder: Decoder | None = None) -> Decoded:
    """Decode payloads of one exporter, or datagrams, as one batch."""
    return (decoder or Decoder()).decode([one if isinstance(one, Datagram) else sent(one) for one in received])


def flows(*received: bytes | Datagram, decoder: Decoder | None = None) -> list[Row]:
    """The flows of a batch that has nothing to complain about."""
    decoded = decode(*received, decoder=decoder)
    assert decoded.problems == []
    return read(decoded.flows)


def flow(*received: bytes | Datagram, decoder: Decoder | None = None) -> Row:
    """The only flow."""
    (one,) = flows(*received, decoder=decoder)
    return one


def read(frame: pl.DataFrame) -> list[Row]:
    """The rows of a frame of flows, without columns that are null."""
    return [{name: _value(name, value) for name, value in row.items()} for row in rows(frame)]


def _value(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).timestamp()
    table = schema.table_of(name) if name in schema.fields() else None
    if table in (None, "addresses", "exporters") or not isinstance(value, int):
        return value
    return registry.table(table)[registry.VALUE].to_list()[value]


def part(row: Row, *names: str) -> Row:
    """Those columns of a row that it has."""
    return {name: row[name] for name in names if name in row}


def reasons(decoded: Decoded) -> Mapping[str, int]:
    """How often each problem occurred."""
    return {problem.reason: problem.count for problem in decoded.problems}
