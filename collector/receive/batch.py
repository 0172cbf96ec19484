"""Read what waits in a UDP socket, many datagrams a system call."""

import ctypes
import errno
import mmap
import os
import socket
import struct
import sys
import time
from functools import cache
from itertools import repeat
from typing import NamedTuple, Protocol

from collector.datagram import Datagram
from collector.receive.addresses import address_text, new_datagram

SO_RXQ_OVFL = 40  # asm-generic/socket.h; the socket module does not name it
BATCH = 64
PAYLOAD_BYTES = 65536  # more than any UDP payload (65,527), so only a datagram that was cut fills it
STRIDE = PAYLOAD_BYTES + 4096 + 64  # not a power of two: buffers would otherwise share the same cache sets
NAME_BYTES = 28  # struct sockaddr_in6; a sockaddr_in leaves the rest zero
CONTROL_BYTES = socket.CMSG_SPACE(4)
DROPS = struct.Struct("=I")
IOVEC = struct.Struct("@PN")
MMSGHDR = struct.Struct("@PIPNPNi0PI0P")  # struct msghdr and msg_len; 0P is the padding
MSG_LEN = struct.calcsize("@PIPNPNi0P")
KNOWN_SENDERS = 65536


class Batch(NamedTuple):
    """Datagrams read at once."""

    datagrams: list[Datagram]
    octets: int
    """Payload bytes in all of them."""
    truncated: int
    """Datagrams that were longer than the buffer."""
    drops: int | None
    """The kernel's count of datagrams lost on this socket, modulo 2**32; None where it said nothing."""


EMPTY = Batch([], 0, 0, None)


class Reader(Protocol):
    """Reads from a non-blocking socket."""

    def read(self) -> Batch:
        """Up to 64 datagrams, EMPTY where none waits; raises OSError as recvmsg(2) does."""


def reader_for(sock: socket.socket) -> Reader:
    """The cheapest reader that this system offers for a bound UDP socket."""
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "recvmmsg"):
        return MultiReader(sock)
    return SingleReader(sock)


class MultiReader:
    """recvmmsg(2) into buffers that are made once.

    All messages share one control buffer: the kernel's drop count only grows, so the last one written is the newest.
    """

    def __init__(self, sock: socket.socket) -> None:
        """Lay out the C structures for a bound socket, which stays the caller's."""
        self._descriptor = sock.fileno()
        self._payloads = mmap.mmap(-1, STRIDE * BATCH)  # pages are taken when touched: 4 KiB a message as a rule
        self._names = bytearray(NAME_BYTES * BATCH)
        self._control = bytearray(CONTROL_BYTES)
        self._vectors = bytearray(IOVEC.size * BATCH)
        self._headers = bytearray(MMSGHDR.size * BATCH)
        payloads, names = _address(self._payloads), _address(self._names)
        control, vectors = _address(self._control), _address(self._vectors)
        for i in range(BATCH):
            IOVEC.pack_into(self._vectors, i * IOVEC.size, payloads + i * STRIDE, PAYLOAD_BYTES)
            name, vector = names + i * NAME_BYTES, vectors + i * IOVEC.size
            header = (name, NAME_BYTES, vector, 1, control, CONTROL_BYTES, 0, 0)
            MMSGHDR.pack_into(self._headers, i * MMSGHDR.size, *header)
        self._fresh = bytes(self._headers)
        self._starts = range(0, STRIDE * BATCH, STRIDE)
        self._senders: dict[bytes, tuple[str, int]] = {}
        self._receive = ctypes.CDLL(None, use_errno=True).recvmmsg
        self._receive.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
        self._first = ctypes.c_void_p(_address(self._headers))

    def read(self) -> Batch:
        """Up to 64 datagrams."""
        count = self._receive(self._descriptor, self._first, BATCH, socket.MSG_DONTWAIT, None)
        if count < 0:
            return _nothing(ctypes.get_errno())
        received = time.time_ns()
        lengths = _lengths(count).unpack_from(self._headers)
        senders = self._who(_names(count).unpack_from(self._names))
        used = count * MMSGHDR.size  # the kernel overwrote the lengths of names and control data
        self._headers[:used] = self._fresh[:used]
        data = self._payloads
        payloads = [data[start : start + length] for start, length in zip(self._starts, lengths, strict=False)]
        exporters, ports = zip(*senders, strict=True)
        datagrams = list(map(new_datagram, zip(payloads, exporters, ports, repeat(received), repeat(0), strict=False)))
        drops = DROPS.unpack_from(self._control, socket.CMSG_LEN(0))[0]
        return Batch(datagrams, sum(lengths), lengths.count(PAYLOAD_BYTES), drops)

    def _who(self, names: tuple[bytes, ...]) -> list[tuple[str, int]]:
        try:
            return [self._senders[name] for name in names]
        except KeyError:
            if len(self._senders) > KNOWN_SENDERS:  # forged senders must not fill the memory
                self._senders.clear()
            self._senders.update((name, _sender(name)) for name in names)
            return [self._senders[name] for name in names]


class SingleReader:
    """recvmsg(2), a datagram a call: for systems without recvmmsg(2)."""

    def __init__(self, sock: socket.socket) -> None:
        """Read from a bound non-blocking socket, which stays the caller's."""
        self._socket = sock

    def read(self) -> Batch:
        """Up to 64 datagrams."""
        datagrams: list[Datagram] = []
        octets, truncated, drops = 0, 0, None
        received = time.time_ns()
        for _ in range(BATCH):
            try:
                payload, control, _, sender = self._socket.recvmsg(PAYLOAD_BYTES, CONTROL_BYTES)
            except BlockingIOError:
                break
            octets += len(payload)
            truncated += len(payload) == PAYLOAD_BYTES
            datagrams.append(Datagram(payload, _exporter(sender[0]), sender[1], received))
            for _, kind, data in control:
                drops = DROPS.unpack(data)[0] if kind == SO_RXQ_OVFL else drops
        return Batch(datagrams, octets, truncated, drops)


def _nothing(number: int) -> Batch:
    if number not in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR):
        raise OSError(number, os.strerror(number))
    return EMPTY


def _address(buffer: bytearray | mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))


@cache
def _lengths(count: int) -> struct.Struct:
    """Reads msg_len of so many headers."""
    return struct.Struct("=" + f"{MSG_LEN}xI{MMSGHDR.size - MSG_LEN - 4}x" * count)


@cache
def _names(count: int) -> struct.Struct:
    """Cuts so many socket addresses apart."""
    return struct.Struct(f"{NAME_BYTES}s" * count)


def _sender(name: bytes) -> tuple[str, int]:
    """Address and port of a struct sockaddr_in or sockaddr_in6."""
    family, port = int.from_bytes(name[:2], sys.byteorder), int.from_bytes(name[2:4], "big")
    return address_text(name[8:24] if family == socket.AF_INET6 else name[4:8]), port


def _exporter(host: str) -> str:
    """The same as _sender for an address that the socket module has made text of, with its zone."""
    host = host.partition("%")[0]
    return address_text(socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host))
