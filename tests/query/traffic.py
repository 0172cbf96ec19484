"""Flows of three days with something in every kind of field: IPv6, lists, translation, gaps, large numbers."""

from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from collector.flows import Flows

BEGIN = datetime(2026, 3, 1)  # noqa: DTZ001 - the columns hold naive times in UTC
DAYS = 3
START = 1_772_323_200_000
"""The same in milliseconds since 1970."""
APPLICATIONS = ["dns", "DNS", "web mail", 'quo"ted', "back\\slash", "wild*card", "a/b", "žluť", "", "AND", None]
LABELS = [["16", "17"], [], None, ["17"], ["18", "16"]]
ADDRESSES = 60


def traffic(count: int = 2000) -> Flows:
    """Flows between 60 addresses, seen by three exporters."""
    draw = np.random.default_rng(7)
    times = START + draw.integers(0, DAYS * 86_400_000, count)
    lasted = draw.integers(0, 600_000, count)
    volume = draw.integers(40, 400, count) ** 2
    packets = draw.integers(1, 5, count)
    columns: dict[str, tuple[Any, pl.DataType]] = {
        "@timestamp": (times, pl.Datetime("ms")),
        "event.start": (times - lasted, pl.Datetime("ms")),
        "event.end": (times - draw.choice([0, 0, 1000], count), pl.Datetime("ms")),
        "event.duration": (lasted * 1_000_000, pl.UInt64()),
        "event.dataset": (draw.integers(0, 3, count), pl.UInt8()),
        "host.ip": (draw.integers(0, 3, count), pl.UInt32()),
        "network.bytes": (volume, pl.UInt64()),
        "network.packets": (packets, pl.UInt64()),
        "network.iana_number": (some(draw, [6, 6, 6, 17, 1, None], count), pl.UInt8()),
        "network.application": (some(draw, APPLICATIONS, count), pl.String()),
        "network.direction": (draw.integers(0, 4, count), pl.UInt8()),
        "source.ip": (gaps(draw, skewed(draw, count)), pl.UInt32()),
        "source.port": (gaps(draw, draw.integers(1024, 1400, count)), pl.UInt16()),
        "source.mac": (some(draw, ["02:00:00:00:00:01", "02:00:00:00:00:0a", None], count), pl.String()),
        "source.bytes": (volume, pl.UInt64()),
        "source.packets": (packets, pl.UInt64()),
        "source.nat.ip": (gaps(draw, draw.integers(0, ADDRESSES, count), 0.8), pl.UInt32()),
        "source.nat.port": (gaps(draw, draw.integers(1, 65536, count), 0.8), pl.UInt16()),
        "source.as.number": (gaps(draw, draw.integers(64_512, 64_520, count)), pl.UInt32()),
        "destination.ip": (gaps(draw, skewed(draw, count)), pl.UInt32()),
        "destination.port": (some(draw, [53, 80, 443, 443, None], count), pl.UInt16()),
        "destination.bytes": (gaps(draw, draw.integers(40, 9000, count), 0.6), pl.UInt64()),
        "flow.client_end": (draw.integers(0, 2, count), pl.UInt8()),
        "flow.service_name": (some(draw, [53, 80, 443, 8443, None], count), pl.UInt32()),
        "flow.tcp_flags": (some(draw, [0, 2, 18, 27, 255, None], count), pl.UInt8()),
        "flow.mpls_labels": (some(draw, LABELS, count), pl.List(pl.String())),
        "flow.tos": (some(draw, [0, 184, None], count), pl.UInt16()),
        "flow.input_ifname": (some(draw, [0, 1, None], count), pl.UInt32()),
        "flow.input_snmp": (some(draw, [1, 7], count), pl.UInt32()),
        "flow.id": ([2**64 - 1 - int(n) for n in draw.integers(0, 50, count)], pl.UInt64()),
        "flow.vni": (gaps(draw, draw.integers(2**52, 2**52 + 9, count)), pl.UInt64()),
        "flow.extra": (some(draw, ['{"colour":"red","depth":2}', None], count), pl.String()),
    }
    frame = pl.DataFrame([pl.Series(name, list(values)).cast(dtype) for name, (values, dtype) in columns.items()])
    return Flows(frame, {"addresses": addresses(), "exporters": exporters(), "interfaces": interfaces()})


def some(draw: np.random.Generator, words: list[Any], count: int) -> list[Any]:
    return [words[place] for place in draw.integers(0, len(words), count)]


def gaps(draw: np.random.Generator, values: Any, share: float = 0.1) -> list[int | None]:
    return [None if gone else int(value) for value, gone in zip(values, draw.random(len(values)) < share, strict=True)]


def skewed(draw: np.random.Generator, count: int) -> Any:
    """A few addresses have most of the traffic, as everywhere."""
    return np.minimum(draw.geometric(0.1, count) - 1, ADDRESSES - 1)


def addresses() -> pl.DataFrame:
    rows = range(ADDRESSES)
    texts = [f"10.{row % 4}.2.{row}" if row % 3 else f"2001:db8:{row + 1:x}::1" for row in rows]
    return pl.DataFrame(
        {
            "value": texts,
            "domain": [f"host-{row % 40}.example.net" if row % 5 else texts[row] for row in rows],
            "as.organization.name": [("Example, Inc.", "private", "Ústav", None)[row % 4] for row in rows],
            "geo.city_name": [("Praha", "Oslo", None)[row % 3] for row in rows],
            "geo.country_name": [("Czechia", "Norway", None)[row % 3] for row in rows],
            "geo.country_iso_code": [("CZ", "NO", None)[row % 3] for row in rows],
            "geo.location": [("50.0804,14.4205", "59.91,-10.75", None)[row % 3] for row in rows],
            "network.name": [("office", "lab", None)[row % 3] for row in rows],
            "network.tags": [(["a", "b"], ["b"], None)[row % 3] for row in rows],
            "rep_tags": [(["scanner", "spam"], None, ["spam"], None)[row % 4] for row in rows],
        },
        schema_overrides={"network.tags": pl.List(pl.String), "rep_tags": pl.List(pl.String)},
    )


def exporters() -> pl.DataFrame:
    return pl.DataFrame({"value": ["192.0.2.1", "2001:db8::2", "192.0.2.30"], "name": ["core-1", "edge-1", "edge-2"]})


def interfaces() -> pl.DataFrame:
    return pl.DataFrame({"value": ["eth0", "index: 7"], "alias": ["to the core", None], "speed": [10**9, None]})
