"""MaxMind DB files: a search tree of any record size, and records of any content (format 2.0)."""

import struct
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

METADATA = b"\xab\xcd\xefMaxMind.com"
SEPARATOR = bytes(16)
STRING, DOUBLE, MAP, UINT16, UINT32, UINT64, ARRAY = 2, 3, 7, 5, 6, 9, 11
METADATA_TYPES = {
    "record_size": UINT16,
    "ip_version": UINT16,
    "binary_format_major_version": UINT16,
    "binary_format_minor_version": UINT16,
    "build_epoch": UINT64,
}
"""Numbers in the metadata that are not of 32 bits; libmaxminddb takes no other type."""
Tree = list[list[Any]]


def write(path: Path, records: Mapping[str, Any], version: int = 6, size: int = 24, built: int = 1) -> Path:
    """A file at `path` with these records by network, IPv4 ones in the IPv6 tree at ::/96; records of `size` bits."""
    path.write_bytes(database(records, version, size, built))
    return path


def database(records: Mapping[str, Any], version: int = 6, size: int = 24, built: int = 1) -> bytes:
    """The bytes of a file. Longer prefixes win whatever their order."""
    tree: Tree = [[None, None]]
    data = bytearray()
    networks = [(ip_network(text), record) for text, record in records.items()]
    for network, record in sorted(networks, key=lambda one: one[0].prefixlen):
        place = len(data)
        data += encoded(record)
        bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
        _insert(tree, "0" * 96 + bits if network.version == 4 and version == 6 else bits, ("data", place))
    metadata = {
        "node_count": len(tree),
        "record_size": size,
        "ip_version": version,
        "database_type": "test",
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": built,
        "description": {"en": "test"},
    }
    return b"".join(_node(tree, node, size) for node in tree) + SEPARATOR + bytes(data) + METADATA + encoded(metadata)


def _insert(tree: Tree, bits: str, record: Any) -> None:
    node = 0
    for bit in map(int, bits[:-1]):
        below = tree[node][bit]
        if not isinstance(below, int):
            tree.append([below, below])  # what held for the whole holds for both halves
            below = tree[node][bit] = len(tree) - 1
        node = below
    tree[node][int(bits[-1])] = record


def _node(tree: Tree, node: list[Any], size: int) -> bytes:
    left, right = (
        len(tree) if one is None else one if isinstance(one, int) else len(tree) + len(SEPARATOR) + one[1]
        for one in node
    )
    if size == 28:
        return ((left & 0xFFFFFF) << 32 | left >> 24 << 28 | right).to_bytes(7, "big")
    return left.to_bytes(size // 8, "big") + right.to_bytes(size // 8, "big")


def encoded(value: Any) -> bytes:
    """A value in the data section's encoding."""
    if isinstance(value, str):
        text = value.encode()
        return _control(STRING, len(text)) + text
    if isinstance(value, float):
        return _control(DOUBLE, 8) + struct.pack("!d", value)
    if isinstance(value, int):
        return _number(value, UINT32)
    if isinstance(value, list):
        return _control(ARRAY, len(value)) + b"".join(map(encoded, value))
    members = (
        encoded(key) + (_number(one, METADATA_TYPES[key]) if key in METADATA_TYPES else encoded(one))
        for key, one in value.items()
    )
    return _control(MAP, len(value)) + b"".join(members)


def _number(value: int, kind: int) -> bytes:
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return _control(kind, len(octets)) + octets


def _control(kind: int, size: int) -> bytes:
    length = bytes([size]) if size < 29 else bytes([29, size - 29])
    head = (kind << 5 if kind <= 7 else 0) | length[0]
    return bytes([head]) + (bytes([kind - 7]) if kind > 7 else b"") + length[1:]
