"""Sampled headers as tshark reads them, tunnels and all."""

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.builders import packets as p
from tests.builders import sflow as s
from tests.decode.sflow_reading import decode, rows

INNER = p.ipv4(p.udp(1111, 2222), source="10.0.0.1", destination="10.0.0.2")
INNER6 = p.ipv6(p.tcp(3333, 4444), p.TCP, source="2001:db8:a::1", destination="2001:db8:b::2")
FRAME = p.ethernet(INNER, tags=(77,))
FRAMES = [
    p.ethernet(p.ipv4(p.tcp(1, 2, 0x1B), p.TCP, tos=0xB8, ttl=9, options=bytes(8)), tags=(100, 200)),
    p.ethernet(p.ipv4(p.icmp(3, 1), p.ICMP)),
    p.ethernet(p.ipv4(bytes(40), p.UDP, identification=5, fragment=185)),
    p.ethernet(p.ipv6(p.udp(5, 6), traffic_class=0x28, hop_limit=3), p.IPV6, tags=(4,)),
    p.ethernet(p.ipv6(p.extension(p.extension(p.tcp(7, 8, 2), p.TCP), 60), 0), p.IPV6),
    p.ethernet(p.ipv6(p.fragment6(bytes(32), p.UDP, 9, more=False), 44), p.IPV6),
    p.ethernet(p.mpls(p.ipv4(p.udp(9, 10)), 16001, 24, 30), 0x8847),
    p.ethernet(p.pppoe(p.ipv4(p.tcp(11, 12), p.TCP)), 0x8864),
    p.snap(p.ipv4(p.udp(13, 14))),
    p.ethernet(p.ipv4(p.gre(INNER6, p.IPV6, key=1, sequence=2, checksum=True), p.GRE)),
    p.ethernet(p.ipv4(p.gre(FRAME, p.BRIDGED), p.GRE)),
    p.ethernet(p.ipv4(INNER6, p.IPV6_IN_IP)),
    p.ethernet(p.ipv4(INNER, p.IN_IP)),
    p.ethernet(p.ipv4(p.erspan(FRAME, 1), p.GRE)),
    p.ethernet(p.ipv4(p.erspan(FRAME, 2), p.GRE)),
    p.ethernet(p.ipv4(p.erspan(FRAME, 3), p.GRE)),
    p.ethernet(p.ipv4(p.vxlan(FRAME, 5001))),
    p.ethernet(p.ipv6(p.geneve(FRAME, 7, options=bytes(8))), p.IPV6),
    p.ethernet(p.ipv4(p.gtp(INNER6))),
    p.ethernet(p.ipv4(p.gtp(INNER, extensions=2))),
    p.ethernet(p.ipv4(bytes.fromhex("3000") + FRAME, 97)),
]
BOTH = {
    "ip.src": "source.ip",
    "ip.dst": "destination.ip",
    "ipv6.src": "source.ip",
    "ipv6.dst": "destination.ip",
    "udp.srcport": "source.port",
    "udp.dstport": "destination.port",
    "tcp.srcport": "source.port",
    "tcp.dstport": "destination.port",
}
"""tshark's fields, and the columns that hold the same of the outer and, under network.inner, of the inner packet."""
OUTER = {
    "ip.ttl": ("flow.ttl", "flow.ip_version", 4),
    "ip.dsfield": ("flow.tos", "flow.ip_version", 4),
    "ipv6.hlim": ("flow.ttl", "flow.ip_version", 6),
    "ipv6.tclass": ("flow.tos", "flow.ip_version", 6),
    "tcp.flags": ("flow.tcp_flags", "network.iana_number", 6),
    "icmp.type": ("flow.icmp_type", "network.iana_number", 1),
    "icmp.code": ("flow.icmp_code", "network.iana_number", 1),
    "vxlan.vni": ("flow.vni", "destination.port", 4789),
    "geneve.vni": ("flow.vni", "destination.port", 6081),
}
"""The same for columns that only tell of the outer packet, and what makes it one with such a field."""
FIELDS = (*BOTH, *OUTER, "ieee8021ad.id", "vlan.id", "mpls.label")
TAGS = (b"\x81\x00", b"\x88\xa8")
PROTOCOLS = {"udp": 17, "tcp": 6}
OF_CARRIER = {"ip.src", "ip.dst", "udp.srcport", "udp.dstport", "ip.ttl", "ip.dsfield"}
"""The carrying datagram, IPv4 and UDP, has them too."""


def _capture(path: Path) -> None:
    """A datagram a frame, each with one flow sample."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
    for frame in FRAMES:
        data = p.ethernet(p.ipv4(p.udp(50_000, 6343, s.payload(s.flow_sample(s.header(frame))))))
        out += struct.pack("<IIII", 0, 0, len(data), len(data)) + data
    path.write_bytes(out)


def _tshark(path: Path) -> list[dict[str, list[str]]]:
    command = ["tshark", "-r", str(path), "-n", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|"]
    command += ["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"]
    command += [part for name in FIELDS for part in ("-e", name)]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return [_values(line) for line in text.splitlines()]


def _values(line: str) -> dict[str, list[str]]:
    cells = line.split("\t")
    found = {name: cell.split("|") if cell else [] for name, cell in zip(FIELDS, cells, strict=True)}
    return {name: values[1:] if name in OF_CARRIER else values for name, values in found.items()}


def _both(row: dict[str, Any], field: str) -> list[str]:
    """What we have of a field, the outer packet first."""
    family, _, _ = field.partition(".")
    out = []
    for prefix in ("", "network.inner."):
        value = row.get(prefix + BOTH[field])
        protocol = row.get("network.iana_number" if not prefix else "network.inner.iana_number")
        is_six = ":" in str(value)
        fits = protocol == PROTOCOLS[family] if family in PROTOCOLS else is_six == (family == "ipv6")
        if fits and value is not None:
            out.append(str(value))
    return out


@pytest.mark.peer
@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed (apt-get install tshark)")
def test_sampled_headers_read_as_tshark_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "sflow.pcap"
    _capture(path)
    flows = rows(decode(*(s.datagram(s.payload(s.flow_sample(s.header(frame)))) for frame in FRAMES)).flows)
    for frame, row, told in zip(FRAMES, flows, _tshark(path), strict=True):
        for field in BOTH:
            assert _both(row, field) == told[field], (field, frame.hex(), row)
        for field, (column, about, kind) in OUTER.items():
            if row.get(about) == kind:
                assert row[column] == int(told[field][0], 0), (field, frame.hex(), row)
        tags = [str(row[column]) for column in ("flow.vlan", "flow.customer_vlan") if column in row]
        assert tags == (told["ieee8021ad.id"] + told["vlan.id"] if frame[12:14] in TAGS else [])
        assert row.get("flow.mpls_labels", []) == told["mpls.label"]
