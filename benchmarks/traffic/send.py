"""Replay a pcap of `make_traffic.py` to a collector, each exporter from its own 127.x address.

    python send.py traffic.pcap 127.0.0.1 --rate 100000
    python send.py traffic.pcap 127.0.0.1 --map 4739=2055     (all to one port)

Datagrams go out through sendmmsg(2) on one socket; IP_PKTINFO gives each its source address, so the
order between exporters is kept. Only loopback addresses are accepted. Prints one line of JSON.
"""

import argparse
import ctypes
import errno
import json
import mmap
import os
import resource
import socket
import sys
import time
from collections import Counter
from ipaddress import IPv4Address
from pathlib import Path

import numpy as np
import pcap

IP_PKTINFO = 8
SOURCE_PORT = 20555
BATCH = 64  # datagrams in one call
TICK = 0.0005  # seconds to sleep when nothing is due

# The C structures of a 64-bit Linux, laid out for numpy
MMSGHDR = np.dtype(
    {
        "names": ["name", "namelen", "iov", "iovlen", "control", "controllen"],
        "formats": ["u8", "u4", "u8", "u8", "u8", "u8"],
        "offsets": [0, 8, 16, 24, 32, 40],
        "itemsize": 64,
    }
)
IOVEC = np.dtype([("base", "u8"), ("length", "u8")])
SOCKADDR_IN = np.dtype([("family", "u2"), ("port", ">u2"), ("address", ">u4"), ("zero", "V8")])
CONTROL = np.dtype(  # cmsghdr and in_pktinfo
    [("length", "u8"), ("level", "i4"), ("type", "i4"), ("interface", "i4"), ("source", ">u4"), ("address", "V8")]
)
PASSING = (errno.EAGAIN, errno.ENOBUFS, errno.EINTR, errno.ECONNREFUSED)


def loopback(address: np.ndarray) -> np.ndarray:
    """The same addresses in 127/8: 10.1.0.1 is sent from 127.1.0.1."""
    return address & 0x00FFFFFF | 127 << 24


class Replay:
    """The datagrams of a pcap file, ready for sendmmsg."""

    def __init__(self, path: Path, host: str, ports: dict[int, int]) -> None:
        """Map the file and build one message header for each of its datagrams."""
        with path.open("rb") as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        rows = list(pcap.read(memoryview(self.data)))
        self.times = np.array([row[0] for row in rows])
        self.offsets = [row[3] for row in rows]
        source, port, offset, length = (np.array([row[i] for row in rows], "u8") for i in (1, 2, 3, 4))
        self.ports = np.array([ports.get(p, ports.get(0, p)) for p in port.tolist()])
        base = ctypes.addressof(ctypes.c_char.from_buffer(self.data))
        self.iovecs = np.zeros(len(rows), IOVEC)
        self.iovecs["base"], self.iovecs["length"] = base + offset, length
        self.names = np.zeros(len(rows), SOCKADDR_IN)
        self.names["family"], self.names["port"] = socket.AF_INET, self.ports
        self.names["address"] = int(IPv4Address(host))
        self.control = np.zeros(len(rows), CONTROL)
        self.control["length"], self.control["level"], self.control["type"] = 28, socket.IPPROTO_IP, IP_PKTINFO
        self.control["source"] = loopback(source.astype("u4"))
        self.messages = np.zeros(len(rows), MMSGHDR)
        self.messages["namelen"], self.messages["iovlen"], self.messages["controllen"] = 16, 1, CONTROL.itemsize
        for field, array in (("name", self.names), ("iov", self.iovecs), ("control", self.control)):
            self.messages[field] = array.ctypes.data + np.arange(len(rows), dtype="u8") * array.itemsize

    def send(self, due: np.ndarray) -> tuple[int, float, float]:
        """Send datagram i `due[i]` seconds from now: datagrams sent, seconds taken, worst lateness in seconds."""
        library = ctypes.CDLL(None, use_errno=True)
        total, sent, late = len(due), 0, 0.0
        times = due.tolist()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # several senders may run
            sock.bind(("0.0.0.0", SOURCE_PORT))
            descriptor, first = sock.fileno(), self.messages.ctypes.data
            begin = time.perf_counter()
            while sent < total:
                now = time.perf_counter() - begin
                if times[sent] > now:
                    time.sleep(min(TICK, times[sent] - now))
                    continue
                late = max(late, now - times[sent])
                count = min(BATCH, int(np.searchsorted(due[sent : sent + BATCH], now, "right")))
                done = library.sendmmsg(descriptor, ctypes.c_void_p(first + sent * 64), count, 0)
                if done < 0 and ctypes.get_errno() not in PASSING:
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
                sent += max(done, 0)
            return sent, time.perf_counter() - begin, late


def flows_in(head: bytes) -> float:
    """Flow records in a datagram as its header counts them; NaN where the header does not say (IPFIX)."""
    version = int.from_bytes(head[:2], "big")
    if version == 5:
        return int.from_bytes(head[2:4], "big")
    if version == 9:
        return int.from_bytes(head[2:4], "big") if int.from_bytes(head[20:22], "big") > 1 else 0
    if version == 0:  # sFlow: the first half of a 32-bit 5
        return int.from_bytes(head[24:28], "big")
    return np.nan


def schedule(replay: Replay, flows: int, rate: float, speed: float) -> np.ndarray:
    """When each datagram is due: at so many flows a second, at a multiple of the captured pace, or at once."""
    if speed:
        return (replay.times - replay.times[0]) / speed
    if not rate:
        return np.zeros(len(replay.messages))
    weights = np.array([flows_in(replay.data[offset : offset + 28]) for offset in replay.offsets], "f8")
    unknown = np.isnan(weights)
    weights[unknown] = max(flows - np.nansum(weights), 0) / max(unknown.sum(), 1)
    return np.concatenate(([0.0], np.cumsum(weights)[:-1])) / rate


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pcap", type=Path)
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--rate", type=float, default=0, help="flows a second (default: as fast as possible)")
    pace.add_argument("--speed", type=float, default=0, help="multiple of the pace of the capture")
    parser.add_argument("--map", action="append", default=[], metavar="FROM=TO",
                        help="send what goes to port FROM to port TO; FROM 0 is any other port")  # fmt: skip
    args = parser.parse_args()
    if not IPv4Address(args.host).is_loopback:
        sys.exit("only loopback addresses are sent to")
    ports = {int(one): int(other) for one, other in (pair.split("=") for pair in args.map)}
    truth = json.loads(args.pcap.with_suffix(".json").read_text())
    replay = Replay(args.pcap, args.host, ports)
    due = schedule(replay, truth["flows"], args.rate, args.speed)
    before = resource.getrusage(resource.RUSAGE_SELF)
    datagrams, seconds, late = replay.send(due)
    after = resource.getrusage(resource.RUSAGE_SELF)
    report = {
        "datagrams": datagrams, "flows": truth["flows"], "bytes": int(replay.iovecs["length"].sum()),
        "seconds": round(seconds, 3), "flows_per_second": round(truth["flows"] / seconds),
        "datagrams_per_second": round(datagrams / seconds), "late_ms": round(late * 1000, 1),
        "sender_cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        "ports": dict(Counter(replay.ports.tolist())),
    }  # fmt: skip
    print(json.dumps(report))


if __name__ == "__main__":
    main()
