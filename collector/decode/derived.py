"""Fields that follow from elements by a rule: flags, enumerations, events of firewalls and translators."""

from collections.abc import Mapping
from functools import cache

import numpy as np
import numpy.typing as npt

from collector import registry
from collector.decode.columns import Mask
from collector.decode.records import Records
from collector.decode.sheet import Part
from collector.schema import table_of

ENUMERATIONS = (("flow.direction", "flowDirection"), ("flow.end_reason", "flowEndReason"))
FIREWALL_EVENTS = {1: "flow-create", 2: "flow-end", 3: "flow-denied", 4: "flow-alert", 5: "flow-update"}
"""Element 233, and 40005 of old ASAs."""
NAT_EVENTS = {
    **dict.fromkeys((1, 4, 6), "nat-create"),
    **dict.fromkeys((2, 5, 7), "nat-delete"),
    **dict.fromkeys((3, 12), "nat-exhausted"),
    13: "nat-quota-exceeded",
    **dict.fromkeys((8, 10, 14), "nat-binding-create"),
    **dict.fromkeys((9, 11, 15), "nat-binding-delete"),
    16: "nat-ports-allocate",
    17: "nat-ports-release",
    18: "nat-threshold",
}
"""Element 230 (RFC 8158 section 5 and IANA's registry)."""


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


def events(records: Records, part: Part) -> None:
    """What a firewall or a translator tells."""
    for elements, names in ((("firewallEvent", "v9:firewallEvent84"), FIREWALL_EVENTS), (("natEvent",), NAT_EVENTS)):
        place = records.layout.first(*elements)
        if place is not None:
            rows = _rows(names)[np.minimum(records.numbers(place), 255)]
            part.fill("event.action", rows.astype(np.uint8), rows >= 0)


def _rows(names: Mapping[int, str]) -> npt.NDArray[np.int16]:
    """For each number the row of its word in the table of actions, -1 where it has none."""
    rows = np.full(256, -1, np.int16)
    for number, word in names.items():
        rows[number] = registry.number_of("actions", word)
    return rows
