"""Bytes and packets of a flow in each direction, before scaling."""

from collections.abc import Mapping
from functools import lru_cache

import polars as pl

from collector.decode.layout import Layout
from collector.decode.records import Records
from collector.decode.sheet import Part, Values

COUNTERS: Mapping[str, tuple[str, ...]] = {
    "source.bytes": (
        "octetDeltaCount",
        "initiatorOctets",
        "layer2OctetDeltaCount",
        "transportOctetDeltaCount",
        "9:clientBytesNetwork",
        "postOctetDeltaCount",
        "octetTotalCount",
        "layer2OctetTotalCount",
        "postOctetTotalCount",
        "postMCastOctetDeltaCount",
    ),
    "source.packets": (
        "packetDeltaCount",
        "initiatorPackets",
        "layer2FrameDeltaCount",
        "transportPacketDeltaCount",
        "postPacketDeltaCount",
        "packetTotalCount",
        "layer2FrameTotalCount",
        "postPacketTotalCount",
        "postMCastPacketDeltaCount",
    ),
    "destination.bytes": (
        "reverseOctetDeltaCount",
        "responderOctets",
        "9:serverBytesNetwork",
        "reverseOctetTotalCount",
    ),
    "destination.packets": (
        "reversePacketDeltaCount",
        "responderPackets",
        "reversePacketTotalCount",
    ),
}
"""Elements that count what the source sent, and what the destination sent back, in order of preference.

Counts since the last record come before totals, and what was observed before what was sent on. A biflow (RFC 5103) is
one document with both directions.
"""
UNITS = ("bytes", "packets")
ENDS = ("source", "destination")
NETWORK = tuple(f"network.{unit}" for unit in UNITS)
"""Fields with both directions."""


@lru_cache(maxsize=4096)
def counters(layout: Layout) -> dict[str, str]:
    """The element that feeds each counter, as far as the layout has one."""
    found = layout.occurrences
    first = {name: next((key for key in elements if key in found), None) for name, elements in COUNTERS.items()}
    return {name: key for name, key in first.items() if key is not None}


def volumes(records: Records, part: Part) -> None:
    """`source.*`, for biflows `destination.*`, and `network.*` with both."""
    put: dict[str, Values] = {}
    for name, key in counters(records.layout).items():
        put[name] = part.put(name, records.numbers(records.layout.occurrences[key][0]))
    for unit in UNITS:
        given = [put[name] for end in ENDS if (name := f"{end}.{unit}") in put]
        if given:
            part.put(f"network.{unit}", sum(given[1:], start=given[0]))


def one_way(packets: pl.DataFrame) -> pl.DataFrame:
    """Flows of single packets, whose volume is that of their source."""
    given = [(f"network.{unit}", f"source.{unit}") for unit in UNITS]
    return packets.with_columns(pl.col(whole).alias(own) for whole, own in given if whole in packets.columns)
