"""Which end of a flow an address translator hides: an inside address that the other end sees another one of."""

import polars as pl

from collector import registry
from collector.decode.columns import Mask, numbers

ADDRESSES = ("source.nat.ip", "destination.nat.ip")
ENDS = ("source.ip", "source.nat.ip", "destination.ip", "destination.nat.ip")
INSIDE = "inside"
ACTIONS = tuple(
    registry.number_of("actions", word)
    for word in ("nat-create", "nat-delete", "nat-binding-create", "nat-binding-delete")
)
"""Events of one translation: their source is who began (RFC 8158 section 5), whichever end is translated."""


def hidden(frame: pl.DataFrame, addresses: pl.DataFrame) -> tuple[Mask, Mask] | None:
    """Where the source and where the destination is a hidden end; None where no address is translated.

    `frame` has row numbers of `addresses`. A translator on the way out changes the source of what the hidden end sends
    and the destination of what it receives.
    """
    if INSIDE not in addresses.columns or not any(name in frame.columns for name in ADDRESSES):
        return None
    inside = addresses[INSIDE].extend_constant(False, 1).to_numpy()
    source, source_after, destination, destination_after = (numbers(frame, name) for name in ENDS)
    return (
        inside[source] & (source_after >= 0) & (source_after != source),
        inside[destination_after] & (destination >= 0) & (destination_after != destination),
    )


def began(frame: pl.DataFrame) -> Mask | None:
    """Where the source is known to have begun, because an event tells the making or the end of its translation."""
    if "event.action" not in frame.columns or not any(name in frame.columns for name in ADDRESSES):
        return None
    events: Mask = frame["event.action"].is_in(ACTIONS).fill_null(False).to_numpy()
    return events
