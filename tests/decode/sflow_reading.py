"""Reads decoded frames the way that a person would: addresses as text, absent columns as None."""

from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Any

import numpy as np
import polars as pl

from collector.datagram import Datagram
from collector.decode.sflow import SflowDecoded, SflowDecoder

HALF = 1 << 64


def decode(*datagrams: Datagram, decoder: SflowDecoder | None = None) -> SflowDecoded:
    """Decode datagrams, all of exporter 0."""
    return (decoder or SflowDecoder()).decode(datagrams, np.zeros(len(datagrams), np.uint32))


def rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows without what is null; NAME.hi and NAME.lo as one address."""
    return [_row(row) for row in frame.iter_rows(named=True)]


def one(frame: pl.DataFrame) -> dict[str, Any]:
    """The only row."""
    (row,) = rows(frame)
    return row


def _row(row: dict[str, Any]) -> dict[str, Any]:
    out = {name: value for name, value in row.items() if value is not None and not name.endswith((".hi", ".lo"))}
    for name, high in row.items():
        if name.endswith(".hi") and high is not None:
            address = IPv6Address(high * HALF + row[name[:-3] + ".lo"])
            out[name[:-3]] = str(address.ipv4_mapped or address)
    return out


def reasons(decoded: SflowDecoded) -> dict[tuple[str, str], int]:
    """Problems as {(reason, detail): count}."""
    return {(problem.reason, problem.detail): problem.count for problem in decoded.problems}


def selected(row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Those columns of a row that it has."""
    return {name: row[name] for name in names if name in row}
