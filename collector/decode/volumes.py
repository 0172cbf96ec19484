"""Bytes and packets of a flow in each direction, before scaling."""

from collector.decode.records import Numbers, Records
from collector.decode.sheet import Part

FORWARD = {
    "bytes": (
        "octetDeltaCount",
        "octetTotalCount",
        "initiatorOctets",
        "layer2OctetDeltaCount",
        "layer2OctetTotalCount",
        "transportOctetDeltaCount",
        "9:clientBytesNetwork",
        "postOctetDeltaCount",
        "postOctetTotalCount",
        "postMCastOctetDeltaCount",
    ),
    "packets": (
        "packetDeltaCount",
        "packetTotalCount",
        "initiatorPackets",
        "layer2FrameDeltaCount",
        "layer2FrameTotalCount",
        "transportPacketDeltaCount",
        "postPacketDeltaCount",
        "postPacketTotalCount",
        "postMCastPacketDeltaCount",
    ),
}
"""Elements that count what the source sent, in order of preference: what was observed before what was sent on."""
REVERSE = {
    "bytes": ("reverseOctetDeltaCount", "reverseOctetTotalCount", "responderOctets", "9:serverBytesNetwork"),
    "packets": ("reversePacketDeltaCount", "reversePacketTotalCount", "responderPackets"),
}
"""Elements that count what the destination sent back: a biflow (RFC 5103) is one document with both."""


def volumes(records: Records, part: Part) -> None:
    """`network.*` (both directions), `source.*` and, for biflows, `destination.*`."""
    for unit, elements in FORWARD.items():
        forward, back = _counts(records, elements), _counts(records, REVERSE[unit])
        if forward is not None:
            forward = part.put(f"source.{unit}", forward)
        if back is not None:
            back = part.put(f"destination.{unit}", back)
        given = [counts for counts in (forward, back) if counts is not None]
        if given:
            part.put(f"network.{unit}", sum(given[1:], start=given[0]))


def _counts(records: Records, elements: tuple[str, ...]) -> Numbers | None:
    place = records.layout.first(*elements)
    return None if place is None else records.numbers(place)
