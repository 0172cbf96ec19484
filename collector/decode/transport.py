"""Ports, and what ICMP has in their place."""

import numpy as np
import numpy.typing as npt

from collector import registry
from collector.decode.records import Records
from collector.decode.sheet import Part

ICMP_ELEMENTS = {
    registry.ICMP: (("icmpTypeIPv4", "icmpCodeIPv4"), "icmpTypeCodeIPv4"),
    registry.ICMPV6: (("icmpTypeIPv6", "icmpCodeIPv6"), "icmpTypeCodeIPv6"),
}
"""By protocol: the elements for type and code, and the one for both."""
WITH_PORTS = (registry.TCP, registry.UDP, registry.DCCP, registry.SCTP, 136)
"""Protocols whose port 0 is a fact and not a filler (136: UDP-Lite)."""
PORTS = ("source.port", "destination.port")


def icmp(records: Records, part: Part) -> None:
    """ICMP type and code from elements of their own."""
    protocol = part.get("network.iana_number")
    if protocol is None:
        return
    for number, (pair, both) in ICMP_ELEMENTS.items():
        mine = protocol[1] & (protocol[0] == number)
        for value in (_paired(records, pair), _combined(records, both)):
            if value is not None and mine.any():
                part.fill("flow.icmp_type", value >> 8, mine)
                part.fill("flow.icmp_code", value & 0xFF, mine)


def ports(whole: Part) -> None:
    """Take ports away where there can be none; what Cisco's devices put into the port of ICMP becomes type and code."""
    for prefix in ("", "network.inner."):
        protocol = whole.get(f"{prefix}iana_number" if prefix else "network.iana_number")
        if protocol is None:
            continue
        numbers, known = protocol
        portless = known & ~np.isin(numbers, WITH_PORTS)
        icmp = portless & ((numbers == registry.ICMP) | (numbers == registry.ICMPV6))
        if not prefix and icmp.any():
            _icmp_from_port(whole, icmp)
        for name in PORTS if portless.any() else ():
            port = whole.get(prefix + name)
            if port is not None:
                whole.limit(prefix + name, ~portless | ((port[0] > 0) & ~icmp))


def _icmp_from_port(whole: Part, icmp: npt.NDArray[np.bool_]) -> None:
    port = whole.get("destination.port")
    if port is not None:
        value, given = port
        whole.fill("flow.icmp_type", value >> 8, icmp & given)
        whole.fill("flow.icmp_code", value & 0xFF, icmp & given)


def _combined(records: Records, element: str) -> npt.NDArray[np.uint16] | None:
    """Type * 256 + code."""
    place = records.layout.first(element)
    return None if place is None else records.numbers(place).astype(np.uint16)


def _paired(records: Records, elements: tuple[str, str]) -> npt.NDArray[np.uint16] | None:
    kind, code = (records.layout.first(element) for element in elements)
    if kind is None:
        return None
    upper = records.numbers(kind).astype(np.uint16) << np.uint16(8)
    return upper if code is None else upper | records.numbers(code).astype(np.uint8)
