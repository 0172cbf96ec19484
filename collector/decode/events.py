"""What firewalls and translators tell beside flows: what happened to a connection, why, and by which rule."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from collector import registry
from collector.decode.records import Records
from collector.decode.sheet import Part
from collector.decode.texts import words
from collector.decode.volumes import COUNTERS, NETWORK

FIREWALL = ("firewallEvent", "v9:firewallEvent84")
"""Element 233, and 40005 of ASAs before 8.4(5)."""
FIREWALL_EVENTS = {1: "flow-create", 2: "flow-end", 3: "flow-denied", 4: "flow-alert", 5: "flow-update"}
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
"""Element 230 (RFC 8158 section 5 and IANA's registry); 1 to 3 are also those of Cisco's NAT event logging."""
COUNTED = tuple(registry.number_of("actions", word) for word in ("flow-end", "flow-update"))
"""Events that tell what a connection carried: their zeros are counts."""
ACLS = {"flow.ingress_acl": "v9:ingressAclId", "flow.egress_acl": "v9:egressAclId"}
HASH_BYTES = 4
"""The id of an ASA's rule is a row of hashes: of the list, of the entry, of the entry within an object group."""


def events(records: Records, part: Part) -> None:
    """`event.action`; takes away the volumes of events that count nothing."""
    for elements, names in ((FIREWALL, FIREWALL_EVENTS), (("natEvent",), NAT_EVENTS)):
        place = records.layout.first(*elements)
        if place is not None:
            rows = _rows(names)[np.minimum(records.numbers(place), 255)]
            part.fill("event.action", rows.astype(np.uint8), rows >= 0)
            _uncount(part)


def _rows(names: Mapping[int, str]) -> npt.NDArray[np.int16]:
    """For each number the row of its word in the table of actions, -1 where it has none."""
    rows = np.full(256, -1, np.int16)
    for number, word in names.items():
        rows[number] = registry.number_of("actions", word)
    return rows


def _uncount(part: Part) -> None:
    """A connection that was made or denied, and a translation, is no flow of zero bytes."""
    action = part.get("event.action")
    if action is None:
        return
    counting = ~action[1] | np.isin(action[0], COUNTED)
    for name in COUNTERS:
        counter = part.get(name)
        if counter is not None:
            counting |= counter[1] & (counter[0] > 0)
    for name in (*COUNTERS, *NETWORK):
        part.limit(name, counting)


def rules(records: Records, part: Part) -> None:
    """The rules by which an ASA let a connection in and out, or denied it."""
    for name, element in ACLS.items():
        place = records.layout.first(element)
        if place is not None:
            part.text(words(name, records, place, _acl))


def _acl(cell: bytes) -> str | None:
    """The hashes as `show access-list` prints them; None where no rule was asked."""
    return cell.hex("-", -HASH_BYTES) if any(cell) else None
