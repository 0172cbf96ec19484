"""Capture files as a source of flows."""

from collections.abc import Iterable, Iterator
from os import PathLike

import polars as pl

from collector.datagram import Datagram
from collector.decode.decoder import Decoder
from collector.enrich.enricher import Enricher
from collector.flows import Flows
from collector.query.rules import Rules
from collector.receive.errors import CaptureError
from collector.receive.pcap import read_capture

BATCH = 4096
"""Datagrams decoded together."""


def batches(datagrams: Iterable[Datagram], size: int = BATCH) -> Iterator[list[Datagram]]:
    """Lists of up to `size` datagrams. What came before the damage in a file is given before CaptureError is raised."""
    batch: list[Datagram] = []
    try:
        for datagram in datagrams:
            batch.append(datagram)
            if len(batch) == size:
                yield batch
                batch = []
    except CaptureError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def read_flows(path: str | PathLike[str], keep_unknown: bool = False, rules: Rules | None = None) -> Iterator[Flows]:
    """The flows of a capture file in batches, in the order of their receipt. CaptureError where it cannot be read."""
    applied = rules or Rules()
    decoder, enricher = Decoder(keep_unknown=keep_unknown), Enricher()
    for batch in batches(read_capture(path)):
        decoded = decoder.decode(batch)
        enricher.learn(decoded.options, decoded.counters, decoder.exporters, decoded.forgotten)
        if not decoded.flows.is_empty():
            yield in_order(applied.apply(enricher.enrich(decoded.flows, decoder.exporters)))


def in_order(flows: Flows) -> Flows:
    """Flows by time of receipt: decoding puts those of equal templates together."""
    return flows.over(flows.frame.sort("event.ingested", maintain_order=True))


def read_pcap(path: str | PathLike[str], keep_unknown: bool = False, rules: Rules | None = None) -> pl.DataFrame:
    """All flows of a capture file (pcap or pcapng, also in gzip).

    One row a flow, one column a field that any of them has, with the names and types of docs/fields.md; times in UTC.
    With `keep_unknown`, what the records say that no field is for is in `flow.extra`, as JSON text. `rules` are applied
    to the flows (`Rules(rulefile.rules("rules.toml"))`).
    CaptureError where the file cannot be read.
    """
    frames = [flows.wide() for flows in read_flows(path, keep_unknown, rules)]
    return pl.concat(frames, how="diagonal") if frames else pl.DataFrame()
