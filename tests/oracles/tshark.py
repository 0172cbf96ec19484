"""Flows as tshark dissects them."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from collector.datagram import Datagram
from tests.builders import pcap
from tests.oracles.records import Record, moment

needs_tshark = pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed (apt-get install tshark)")
NETFLOW, SFLOW = 2055, 6343
NUMBERS = {
    "cflow.srcport": "source_port",
    "cflow.dstport": "destination_port",
    "cflow.protocol": "protocol",
    "cflow.tos": "tos",
    "cflow.tcpflags": "flags",
    "cflow.octets": "bytes",
    "cflow.packets": "packets",
    "cflow.inputint": "input",
    "cflow.outputint": "output",
    "cflow.srcas": "source_as",
    "cflow.dstas": "destination_as",
    "cflow.srcmask": "source_mask",
    "cflow.dstmask": "destination_mask",
    "cflow.vlanid": "vlan",
    "cflow.post_vlanid": "post_vlan",
}
TEXTS = {
    "cflow.srcaddr": "source",
    "cflow.dstaddr": "destination",
    "cflow.srcaddrv6": "source",
    "cflow.dstaddrv6": "destination",
    "cflow.nexthop": "next_hop",
    "cflow.nexthopv6": "next_hop",
    "cflow.srcmac": "source_mac",
    "cflow.dstmac": "destination_mac",
    "cflow.post_dstmac": "destination_mac",
    "cflow.appl_name": "application",
    "cflow.pie.ntop.l7_proto_name": "application",
    "cflow.pie.ntop.http_host": "host",
    "cflow.pie.ntop.dns_query": "query",
}
TIMES = {"cflow.timestart": "start", "cflow.timeend": "end", "cflow.abstimestart": "start", "cflow.abstimeend": "end"}
SAMPLE = {
    "sflow.flow_sample.sampling_rate": "sampling",
    "sflow.flow_sample.input_interface": "input",
    "sflow.flow_sample.output_interface_value": "output",
    "sflow_245.header.frame_length": "bytes",
    "sflow_245.vlan.in": "vlan",
    "sflow_245.vlan.out": "post_vlan",
    "sflow_245.nexthop.src_mask": "source_mask",
    "sflow_245.nexthop.dst_mask": "destination_mask",
    "ip.proto": "protocol",
    "ipv6.nxt": "protocol",
    "ip.dsfield": "tos",
    "ipv6.tclass": "tos",
    "tcp.flags": "flags",
    **{f"{protocol}.{side}port": f"{name}_port" for protocol in ("tcp", "udp")
       for side, name in (("src", "source"), ("dst", "destination"))},
}  # fmt: skip
HEADER = {
    "ip.src": "source",
    "ip.dst": "destination",
    "ipv6.src": "source",
    "ipv6.dst": "destination",
    "eth.src": "source_mac",
    "eth.dst": "destination_mac",
    "sflow_245.nexthop": "next_hop",
}


def netflow(datagrams: Sequence[Datagram], folder: Path) -> list[Record]:
    """The data records of NetFlow and IPFIX."""
    return [record for packet in _dissected(datagrams, folder, NETFLOW, "cflow") for record in _flows(packet)]


def sflow(datagrams: Sequence[Datagram], folder: Path) -> list[Record]:
    """The flow samples of sFlow."""
    packets = _dissected(datagrams, folder, SFLOW, "sflow")
    return [_sample(one) for packet in packets for one in packet if one.get("show", "").startswith("Flow sample")]


def _dissected(datagrams: Sequence[Datagram], folder: Path, port: int, protocol: str) -> Iterator[Element]:
    path = folder / f"{protocol}.pcap"
    frames = [pcap.frame(one.payload, one.exporter, port) for one in datagrams]
    path.write_bytes(
        pcap.classic(pcap.Packet(one.received, frame) for one, frame in zip(datagrams, frames, strict=True))
    )
    command = ["tshark", "-r", str(path), "-n", "-T", "pdml", "-o", "ip.defragment:FALSE"]
    for packet in fromstring(subprocess.run(command, check=True, capture_output=True).stdout):
        yield from (one for one in packet.iter("proto") if one.get("name") == protocol)


def _flows(packet: Element) -> Iterator[Record]:
    clock = _clock(packet)
    for node in packet.iter("field"):
        if node.get("show", "").startswith(("Flow ", "pdu ")) or node.get("showname", "").startswith("pdu "):
            record = _record(node, clock)
            if "source" in record:  # options data has no flow's ends
                yield record


def _record(node: Element, clock: Callable[[float], int] | None) -> Record:
    out: Record = {}
    for field in node.iter("field"):
        name, show = field.get("name", ""), field.get("show", "")
        if name in NUMBERS:
            out.setdefault(NUMBERS[name], int(field.get("value", ""), 16))
        elif name in TEXTS:
            out.setdefault(TEXTS[name], show)
        elif name.startswith("cflow.abstime") and name in TIMES:
            if (stamp := _milliseconds(show)) != 0:  # so it shows an uptime of zero, too
                out[TIMES[name]] = stamp
        elif name in TIMES and clock is not None:
            out[TIMES[name]] = clock(float(show))
    return out


def _clock(packet: Element) -> Callable[[float], int] | None:
    """Milliseconds since 1970 of an uptime; None where the header has no clock to set it by (IPFIX)."""
    header = {field.get("name"): field.get("value", "") for field in packet.iter("field")}
    if "cflow.sysuptime" not in header:
        return None
    now = int(header["cflow.unix_secs"], 16) * 1000 + int(header.get("cflow.unix_nsecs", "0"), 16) // 1_000_000
    uptime = int(header["cflow.sysuptime"], 16)
    return lambda seconds: moment(now, uptime, round(seconds * 1000))


def _milliseconds(show: str) -> int:
    """`Jan  1, 2025 11:59:55.827000000 UTC`."""
    text = show.removesuffix(" UTC")[:-3]
    return round(datetime.strptime(text, "%b %d, %Y %H:%M:%S.%f").replace(tzinfo=UTC).timestamp() * 1000)


def _sample(node: Element) -> Record:
    """The outer headers of a sampled packet, and what the agent says of it."""
    out: Record = {"packets": 1, "flags": 0}
    for field in node.iter("field"):
        name = field.get("name", "")
        if name in SAMPLE:
            out[SAMPLE[name]] = int(field.get("value", ""), 16)
        elif name in HEADER:
            out.setdefault(HEADER[name], field.get("show", ""))
    return out
