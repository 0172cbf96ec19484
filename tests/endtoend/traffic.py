"""Traffic for a running collector, and what should come of it."""

import socket
import time
from collections.abc import Iterable, Sequence
from functools import cache

import polars as pl

from collector.datagram import Datagram
from collector.decode.decoder import Decoder
from collector.receive.pcap import read_capture
from tests.corpus import capture, manifest


@cache
def corpus() -> tuple[Datagram, ...]:
    """All captures, each exporter of each capture under a loopback address of its own, as one network."""
    out, addresses = [], dict[tuple[str, str], str]()
    for name in manifest():
        for datagram in read_capture(capture(name)):
            key = name, datagram.exporter
            number = len(addresses) + 1
            address = addresses.setdefault(key, f"127.1.{number // 250}.{number % 250 + 1}")
            out.append(datagram._replace(exporter=address, received=time.time_ns()))
    return tuple(out)


def send(datagrams: Iterable[Datagram], port: int, pause: float = 0.0005) -> None:
    """Send each datagram from its exporter's address to a port of this machine."""
    sockets: dict[str, socket.socket] = {}
    try:
        for datagram in datagrams:
            if datagram.exporter not in sockets:
                sockets[datagram.exporter] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sockets[datagram.exporter].bind((datagram.exporter, 0))
            sockets[datagram.exporter].sendto(datagram.payload, ("127.0.0.1", port))
            time.sleep(pause)
    finally:
        for one in sockets.values():
            one.close()


def flows(datagrams: Sequence[Datagram]) -> pl.DataFrame:
    """The flows of datagrams by the decoder alone."""
    return Decoder().decode(datagrams).flows


def total(frame: pl.DataFrame) -> tuple[int, int]:
    """How many flows, and their bytes."""
    return frame.height, int(frame["network.bytes"].sum())
