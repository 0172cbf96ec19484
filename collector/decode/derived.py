"""Fields that follow from elements by a rule: flags and enumerations."""

from functools import cache

import numpy as np

from collector import registry
from collector.decode.columns import Mask
from collector.decode.records import Records
from collector.decode.sheet import Part
from collector.schema import table_of

ENUMERATIONS = (("flow.direction", "flowDirection"), ("flow.end_reason", "flowEndReason"))


def flags(records: Records, part: Part) -> None:
    """TCP flags as bits; of the sixteen bits the upper eight are the header length and reserved (element 6)."""
    place = records.layout.first("tcpControlBits")
    if place is not None:
        part.put("flow.tcp_flags", records.numbers(place).astype(np.uint8))


def tcp_only(whole: Part) -> None:
    """Flags are for TCP; where the protocol is not known, for what has any."""
    flags = whole.get("flow.tcp_flags")
    if flags is None:
        return
    protocol = whole.get("network.iana_number")
    if protocol is None:
        whole.limit("flow.tcp_flags", flags[0] > 0)
    else:
        numbers, known = protocol
        whole.limit("flow.tcp_flags", np.where(known, numbers == registry.TCP, flags[0] > 0))


def enumerations(records: Records, part: Part) -> None:
    """Numbers that are row numbers of their tables; 0 is no reason to end a flow."""
    for name, element in ENUMERATIONS:
        place = records.layout.first(element)
        if place is not None:
            numbers = records.numbers(place)
            named = _named(name)
            part.put(name, numbers, (numbers < len(named)) & named[np.minimum(numbers, len(named) - 1)])


@cache
def _named(name: str) -> Mask:
    """Which rows of a coded field's table have a word."""
    return registry.table(table_of(name) or "")[registry.VALUE].is_not_null().to_numpy()
