"""Information elements: what a number in a template means.

One model for NetFlow v9 and IPFIX. An element has a key: its IANA name, or `PEN:name` for an enterprise's own,
`v9:name` for NetFlow v9 types whose meaning is not IANA's. Types that no registry knows are `ieN`, `v9:ieN` or
`PEN:ieN`, and are kept by their length alone.
"""

import csv
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

IANA = 0
REVERSE = 29305
"""RFC 5103 section 6.1: element N under this number is IANA element N in the other direction."""
CERT = 6871
CERT_REVERSE = 0x4000
"""CERT marks the reverse direction with this bit of its own ids."""
CISCO = 9
NTOP = 35632
V9 = 0xFFFFFFFF
"""Stands for `v9` among enterprise numbers: NetFlow v9 types that are not IANA's."""
NTOP_V9_BASE = 57472
"""nProbe in NetFlow v9: type 57472 + N is its element N."""
CISCO_V9_BASE = 32768
"""Cisco in NetFlow v9: type 32768 + N is its element N."""

SCOPES = {1: "scopeSystem", 2: "scopeInterface", 3: "scopeLineCard", 4: "scopeCache", 5: "scopeTemplate"}
"""Scope types of NetFlow v9 (RFC 3954 section 6.1), which are not field types."""


@dataclass(frozen=True, slots=True)
class Element:
    """An information element."""

    key: str
    type: str
    """An IANA abstract data type; `octetArray` where nothing is known."""
    known: bool = True


@cache
def _registry() -> dict[tuple[int, int], Element]:
    table = files("collector").joinpath("data/information-elements.csv").read_text(encoding="utf-8")
    out = {}
    for row in csv.DictReader(table.splitlines()):
        pen = V9 if row["pen"] == "v9" else int(row["pen"])
        key = row["name"] if pen == IANA else f"{row['pen']}:{row['name']}"
        out[pen, int(row["id"])] = Element(key, row["type"])
    return out


@lru_cache(maxsize=65_536)  # enterprise numbers are the sender's choice
def ipfix(pen: int, number: int) -> Element:
    """The element of an IPFIX field specifier."""
    if pen == REVERSE:
        return _reversed(ipfix(IANA, number))
    if pen == CERT and number & CERT_REVERSE and (pen, number) not in _registry():
        return _reversed(ipfix(pen, number & ~CERT_REVERSE))
    return _registry().get((pen, number)) or Element(
        f"ie{number}" if pen == IANA else f"{pen}:ie{number}", "octetArray", False
    )


@cache
def netflow9(number: int) -> Element:
    """The element of a NetFlow v9 field type."""
    registry = _registry()
    if number >= NTOP_V9_BASE and (NTOP, number - NTOP_V9_BASE) in registry:
        return registry[NTOP, number - NTOP_V9_BASE]
    if number >= CISCO_V9_BASE and (CISCO, number - CISCO_V9_BASE) in registry:
        return registry[CISCO, number - CISCO_V9_BASE]
    found = registry.get((V9, number)) or registry.get((IANA, number))
    return found or Element(f"v9:ie{number}", "octetArray", False)


@cache
def scope9(number: int) -> Element:
    """The element of a NetFlow v9 scope type."""
    return Element(SCOPES.get(number, f"scope{number}"), "unsigned64")


def _reversed(element: Element) -> Element:
    pen, _, name = element.key.rpartition(":")
    name = "reverse" + name[:1].upper() + name[1:]
    return Element(f"{pen}:{name}" if pen else name, element.type, element.known)
