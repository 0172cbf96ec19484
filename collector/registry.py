"""Constant tables: names for the numbers that protocols use, as frames that coded columns point into by row number.

Numbers and names come from IANA's registries (data/*.csv); README there tells the dates.
"""

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import polars as pl

VALUE = "value"
"""Column of a table that holds the thing itself as text or number; the others are its attributes."""

TCP_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
TCP, UDP, DCCP, SCTP = 6, 17, 33, 132
ICMP, ICMPV6 = 1, 58
TRANSPORTS = {"tcp": TCP, "udp": UDP, "sctp": SCTP, "dccp": DCCP}
"""Transports with ports of their own in IANA's service registry, in the order of the blocks of the table `services`."""
PORTS = 65536
ECN = ("Not-ECT", "ECT(1)", "ECT(0)", "CE")
"""By the lower two bits of the type of service byte (RFC 3168 section 5)."""
CODE_POINTS = 256
"""Row of the table `tos` from which on it has the 64 code points of flows whose byte is not known as a whole."""
NETWORK_TYPES = ("ipv4", "ipv6")

# Segments that wait on disk hold row numbers of these lists: a later version may only add to their ends.
_ENUMERATIONS: dict[str, tuple[str | None, ...]] = {
    "datasets": ("netflow", "ipfix", "sflow", "sflow-counters", "sflow-discards", "collector-health"),
    "sampling_sources": ("record", "header", "options", "setting"),
    "flow_directions": ("ingress", "egress"),  # element 61
    "end_reasons": (  # element 136
        None,
        "idle-timeout",
        "active-timeout",
        "end-of-flow",
        "forced-end",
        "lack-of-resources",
    ),
    "network_types": NETWORK_TYPES,
    "localities": ("private", "public"),
    "ends": ("source", "destination"),
    "client_server_rules": (  # by enrich/roles.py, which has the order in which they are tried
        "exporter",
        "multicast",
        "application",
        "icmp",
        "syn",
        "port",
        "service",
        "lower-port",
        "order",
        "nat",
    ),
    "actions": (
        "flow-create",
        "flow-end",
        "flow-denied",
        "flow-alert",
        "flow-update",
        "nat-create",
        "nat-delete",
        "nat-exhausted",
        "nat-quota-exceeded",
        "nat-binding-create",
        "nat-binding-delete",
        "nat-ports-allocate",
        "nat-ports-release",
        "nat-threshold",
    ),
    "network_directions": ("external", "inbound", "outbound", "internal"),  # 2 * source inside + destination inside
}


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one of the package's registries (data/NAME.csv)."""
    return csv.DictReader(files("collector").joinpath(f"data/{name}.csv").read_text(encoding="utf-8").splitlines())


def number_of(table_name: str, word: str) -> int:
    """Row number of a word in one of the enumerations; ValueError where it has no such word."""
    return _ENUMERATIONS[table_name].index(word)


@cache
def table(name: str) -> pl.DataFrame:
    """A constant table by its name in the schema; KeyError where there is none."""
    if name == "protocols":
        return _protocols()
    if name == "tcp_flags":
        return _tcp_flags()
    if name == "services":
        return _services()
    if name == "tos":
        return _tos()
    if name == "icmp_messages":
        return _icmp_messages()
    return pl.DataFrame({VALUE: pl.Series(_ENUMERATIONS[name], dtype=pl.String)})


def service_codes(
    protocols: npt.NDArray[np.uint8], ports: npt.NDArray[np.uint16]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
    """Row numbers in the table `services` of ports under protocols, and where there is one (a transport with ports)."""
    first, transport = _blocks()
    return first.take(protocols) + ports, transport.take(protocols)


@cache
def named_services() -> npt.NDArray[np.bool_]:
    """Which rows of the table `services` have a name of IANA's rather than `protocol/port`."""
    return table("services")["registered"].to_numpy()


@cache
def icmp_rows() -> npt.NDArray[np.uint16]:
    """Row numbers in the table `icmp_messages` by protocol (0 ICMP, 1 ICMPv6), type and code."""
    out = np.arange(512, dtype=np.uint16).reshape(2, 256, 1).repeat(256, axis=2)
    for place, row in enumerate(_icmp_codes()):
        out[int(row["version"] == "6"), int(row["type"]), int(row["code"])] = 512 + place
    return out


@cache
def _blocks() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
    """The first row of each protocol in the table `services`, 0 where it has none; and whether it has any."""
    first, transport = np.zeros(256, np.uint32), np.zeros(256, np.bool_)
    for place, number in enumerate(TRANSPORTS.values()):
        first[number], transport[number] = place * PORTS, True
    return first, transport


def _protocols() -> pl.DataFrame:
    names: list[str] = [str(number) for number in range(256)]
    for row in rows("protocol-numbers"):
        names[int(row["number"])] = row["keyword"]
    return pl.DataFrame({VALUE: pl.Series(list(range(256)), dtype=pl.UInt8), "name": names})


def _tcp_flags() -> pl.DataFrame:
    words = [[flag for bit, flag in enumerate(TCP_FLAGS) if bits >> bit & 1] for bits in range(256)]
    return pl.DataFrame({VALUE: pl.Series(words, dtype=pl.List(pl.String))})


def _services() -> pl.DataFrame:
    names = [f"{transport}/{port}" for transport in TRANSPORTS for port in range(PORTS)]
    offset = {transport: place * PORTS for place, transport in enumerate(TRANSPORTS)}
    for row in rows("service-names"):
        names[offset[row["protocol"]] + int(row["port"])] = row["name"]
    plain = pl.Series(VALUE, names)
    return pl.DataFrame([plain, ~plain.str.contains("/", literal=True).alias("registered")])


def _tos() -> pl.DataFrame:
    """The type of service byte, the code point in its upper six bits (RFC 2474) and the congestion bits."""
    names = [str(number) for number in range(64)]
    for row in rows("dscp-names"):
        names[int(row["value"])] = row["name"]
    points = [*(byte >> 2 for byte in range(CODE_POINTS)), *range(64)]
    return pl.DataFrame(
        [
            pl.Series(VALUE, [*range(CODE_POINTS), *[None] * 64], pl.UInt8),
            pl.Series("dscp", points, pl.UInt8),
            pl.Series("dscp_name", [names[point] for point in points]),
            pl.Series("ecn", [*(ECN[byte & 3] for byte in range(CODE_POINTS)), *[None] * 64], pl.String),
        ]
    )


def _icmp_messages() -> pl.DataFrame:
    """The 256 types of ICMP, those of ICMPv6, and then what has a code with a name of its own."""
    names = [str(kind) for kind in range(256)] * 2
    for row in rows("icmp-types"):
        if not row["code"]:
            names[_icmp_type(row)] = row["name"]
    codes = _icmp_codes()
    values = pl.Series(VALUE, [*names, *(names[_icmp_type(row)] for row in codes)])
    return pl.DataFrame([values, pl.Series("code_name", [*[None] * 512, *(row["name"] for row in codes)], pl.String)])


def _icmp_type(row: dict[str, str]) -> int:
    return int(row["type"]) + (256 if row["version"] == "6" else 0)


def _icmp_codes() -> list[dict[str, str]]:
    """Rows of the registry that name a code; later versions may only add to their end."""
    return [row for row in rows("icmp-types") if row["code"]]
