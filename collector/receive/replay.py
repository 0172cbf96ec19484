"""Send the datagrams of a capture to a collector."""

import errno
import itertools
import logging
import os
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address

from collector.datagram import Datagram
from collector.receive.addresses import endpoint_text, resolve
from collector.receive.errors import CaptureError, ReceiveError
from collector.receive.pcap import read_capture
from collector.receive.source import STANDARD_INPUT

IP_PKTINFO = 8  # linux/in.h; the socket module does not name it
PKTINFO = struct.Struct("=i4s4x")  # struct in_pktinfo: interface, source address
LOOPBACK, LOOPBACK_HOSTS = 127 << 24, (1 << 24) - 1
REFUSED = (errno.EMSGSIZE, errno.EINVAL)  # more than the protocol can carry, to port 0

log = logging.getLogger(__name__)


@dataclass
class Replayed:
    """What was sent."""

    datagrams: int = 0
    bytes: int = 0
    """Of payload."""
    seconds: float = 0.0
    refused: int = 0
    """Datagrams that the system would not send: to port 0, or too long for the destination's protocol."""


def replay(
    path: str | os.PathLike[str],
    host: str,
    port: int | None = None,
    *,
    rate: float | None = None,
    loop: bool = False,
) -> Replayed:
    """Send all UDP payloads of a capture to a host, at the capture's own pace or at `rate` datagrams a second.

    `port` None keeps the port that each was sent to. With `loop`, begin anew at the end. Ctrl-C ends it and returns
    what was sent. On an IPv4 loopback address each exporter has a source address of its own: 10.1.0.1 sends from
    127.1.0.1. Raises CaptureError and ReceiveError.
    """
    if loop and os.fspath(path) == STANDARD_INPUT:
        raise CaptureError("cannot repeat standard input: it can be read only once, give a file")
    sender = _Sender(host, port)
    begin = time.perf_counter()
    with sender.socket, suppress(KeyboardInterrupt):
        for _ in itertools.count() if loop else range(1):
            before = sender.sent.datagrams
            _pass(sender, path, rate)
            if sender.sent.datagrams == before:
                break
    sender.sent.seconds = time.perf_counter() - begin
    return sender.sent


def _pass(sender: "_Sender", path: str | os.PathLike[str], rate: float | None) -> None:
    """Send a capture once."""
    begin, first = time.perf_counter(), None
    with read_capture(path) as capture:
        for number, (datagram, destination) in enumerate(capture.addressed()):
            first = datagram.received if first is None else first
            due = number / rate if rate else (datagram.received - first) / 1e9
            delay = begin + due - time.perf_counter()
            if delay > 0:
                time.sleep(delay)
            sender.send(datagram, destination)


class _Sender:
    """A socket to a host, and the source address of each exporter."""

    def __init__(self, host: str, port: int | None) -> None:
        self.host, self.port = host, port
        family, address = resolve("send to", host, port or 0)
        self.address = address[0]
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.sent = Replayed()
        self._apart = family == socket.AF_INET and IPv4Address(self.address).is_loopback
        self._controls: dict[str, list[tuple[int, int, bytes]]] = {}
        self._taken: set[int] = set()

    def send(self, datagram: Datagram, destination: int) -> None:
        """Send one; the destination is used where no port was given."""
        control = self._controls.get(datagram.exporter)
        if control is None:
            control = self._controls[datagram.exporter] = self._control(datagram.exporter)
        port = self.port or destination
        try:
            self.socket.sendmsg([datagram.payload], control, 0, (self.address, port))
        except OSError as error:
            self._refused(error, len(datagram.payload), port)
            return
        self.sent.datagrams += 1
        self.sent.bytes += len(datagram.payload)

    def _control(self, exporter: str) -> list[tuple[int, int, bytes]]:
        """The source address for an exporter, as ancillary data."""
        if self._apart:
            packed = next(address for address in _sources(exporter) if address not in self._taken)
            self._taken.add(packed)
            return [(socket.IPPROTO_IP, IP_PKTINFO, PKTINFO.pack(0, packed.to_bytes(4, "big")))]
        if len(self._controls) == 1:
            log.warning("all exporters of the capture are sent from one address: only 127.x.x.x keeps them apart")
        return []

    def _refused(self, error: OSError, size: int, port: int) -> None:
        where = endpoint_text(self.host, port)
        if error.errno not in REFUSED:
            raise ReceiveError(f"cannot send to {where}: {error.strerror}") from error
        if not self.sent.refused:  # once; the result counts them
            log.warning("a datagram of %d bytes to %s was left out: %s", size, where, error.strerror)
        self.sent.refused += 1


def _sources(exporter: str) -> Iterator[int]:
    """Loopback addresses for an exporter: its own last three bytes in 127/8, then those that follow."""
    host = int(ip_address(exporter)) & LOOPBACK_HOSTS
    for following in range(LOOPBACK_HOSTS):
        candidate = (host + following) & LOOPBACK_HOSTS
        if 0 < candidate < LOOPBACK_HOSTS:  # neither the network nor its broadcast address
            yield LOOPBACK | candidate
