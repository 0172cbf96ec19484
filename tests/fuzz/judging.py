"""What must hold whatever was received."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from ipaddress import ip_address
from itertools import groupby
from typing import Any

import polars as pl

from collector import schema
from collector.commands.decoding import Decoding, Kind
from collector.datagram import Datagram
from collector.datasets import DATASETS, FLOWS
from collector.decode.decoder import Decoded, Decoder
from collector.decode.waiting import WAITING_MILLISECONDS
from collector.enrich.enricher import Enricher
from collector.flows import Flows
from collector.query.rules import Rules
from collector.store.texts import LONG_MAX
from collector.store.writers import NdjsonWriter, ParquetWriter

GROWTH = 3000
"""Bytes of memory or documents that a received byte may become at most: a record takes one at least."""
ALIKE = (
    *("source.ip.hi", "source.ip.lo", "destination.ip.hi", "destination.ip.lo", "source.port", "destination.port"),
    *("network.iana_number", "flow.input_snmp", "flow.output_snmp", "flow.tos", "flow.vlan", "flow.version"),
)
"""Columns that do not depend on what options data taught before or behind a flow."""
SEVERAL = ("related.ip",)
"""Fields of one kind with a list of values."""
KEPT = "flow.extra."
"""What is kept beyond the schema has names and types of its own."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
Check = Callable[[Any], bool]


def _number(most: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _address(value: Any) -> bool:
    return isinstance(value, str) and ip_address(value) is not None


def _time(value: Any) -> bool:
    return bool(TIME.fullmatch(value)) and datetime.fromisoformat(value) is not None


FITS: Mapping[str, Check] = {
    "ip": _address,
    "mac": lambda value: bool(MAC.fullmatch(value)),
    "keyword": lambda value: isinstance(value, str),
    "keywords": lambda value: isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value),
    "time": _time,
    "u8": _number(0xFF),
    "u16": _number(0xFFFF),
    "u32": _number(0xFFFFFFFF),
    "u64": _number(LONG_MAX),
    "counter": _number(LONG_MAX),
    "id": lambda value: isinstance(value, str) and value.isdecimal(),
    "bool": lambda value: isinstance(value, bool),
    "geo_point": lambda value: isinstance(value, str),
    "f64": lambda value: isinstance(value, int | float),
}
"""Whether a search engine takes a value under the mapping of its kind."""


class Stores(NdjsonWriter):
    """Writes flows as both stores keep them: as documents and as a Parquet file."""

    def __init__(self) -> None:
        self.documents = BytesIO()
        super().__init__(self.documents)
        self.files = {dataset: BytesIO() for dataset in DATASETS.values()}
        self._parquet = {dataset: ParquetWriter(file) for dataset, file in self.files.items()}

    def write(self, flows: Flows) -> None:
        super().write(flows)
        self._parquet[flows.dataset].write(flows)

    def close(self) -> None:
        for writer in self._parquet.values():
            writer.close()


def judge(story: Sequence[Datagram]) -> None:
    """Takes datagrams to both stores as they came, and decodes them all together and one by one.

    AssertionError, or whatever the collector raised.
    """
    batches = [list(some) for _, some in groupby(story, lambda one: one.received)]
    asis, together, alone = _written(batches), _decoded([story]), _decoded([[one] for one in story])
    times = [one.received for one in story]
    # Data that waits for its template grows old between batches alone.
    if (max(times) - min(times)) // 1_000_000 < WAITING_MILLISECONDS:
        assert asis == together, f"batches of their own, or one: {asis - together} became {together - asis}"
        assert together == alone, f"one batch, or none: {together - alone} became {alone - together}"


def _written(batches: Sequence[Sequence[Datagram]]) -> Counter[tuple[int | None, ...]]:
    """The flows, all in order as both stores have them."""
    stores = Stores()
    decoding = Decoding(stores, frozenset(Kind), Decoder(keep_unknown=True), Enricher(), Rules())
    flows = _decoded(batches, decoding._decoder, decoding._write)
    stores.close()
    documents = stores.documents.getvalue()
    assert len(documents) <= _bound(batches)
    check(documents)
    assert not flows or pl.read_parquet(stores.files[FLOWS].getvalue()).height == flows.total()
    return flows


def _decoded(
    batches: Sequence[Sequence[Datagram]],
    decoder: Decoder | None = None,
    write: Callable[[Decoded], None] = lambda _: None,
) -> Counter[tuple[int | None, ...]]:
    """What the flows have in ALIKE, as few and small as their bytes allow."""
    decoder, records, flows = decoder or Decoder(), 0, Counter[tuple[int | None, ...]]()
    for place, batch in enumerate(batches, 1):
        decoded = decoder.decode(batch)
        records += decoded.flows.height + len(decoded.options) + decoded.counters.height + decoded.discards.height
        assert records <= _received(batches[:place])
        assert decoded.flows.estimated_size() <= _bound(batches[:place])
        if decoded.flows.height:
            flows.update(decoded.flows.select(_column(decoded.flows, name) for name in ALIKE).iter_rows())
        write(decoded)
    list(decoder.state())
    return flows


def _column(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None).alias(name)


def _received(batches: Sequence[Sequence[Datagram]]) -> int:
    return sum(len(one.payload) for batch in batches for one in batch)


def _bound(batches: Sequence[Sequence[Datagram]]) -> int:
    """Bytes of memory or of documents that so much may become."""
    return GROWTH * _received(batches)


def check(lines: bytes) -> None:
    """Each line is JSON by RFC 8259, and each flow fits the mapping."""
    for line in lines.decode().split("\n")[:-1]:
        document = json.loads(line, object_pairs_hook=_object, parse_constant=_constant)
        if document.get("event", {}).get("kind") in (None, "flow", "event"):
            for name, value in _leaves(document):
                if name.startswith(KEPT):
                    continue
                known = (schema.copies(), *(dataset.fields for dataset in DATASETS.values()))
                assert any(name in fields for fields in known), name
                fits, values = FITS[schema.field(name).kind], value if name in SEVERAL else [value]
                assert all(map(fits, values)), (name, value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    assert len(found) == len(pairs), f"a name twice: {pairs}"
    return found


def _constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def _leaves(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        elif isinstance(value, list) and all(isinstance(one, dict) for one in value):
            for one in value:
                yield from _leaves(one, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
