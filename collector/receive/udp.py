"""Receive export datagrams on a UDP socket."""

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from collector.datagram import Datagram
from collector.receive.addresses import endpoint_text
from collector.receive.batch import BATCH, Reader, reader_for
from collector.receive.bind import bind, granted_buffer

DEFAULT_BUFFER = 32 << 20
READS = 4  # batches in one callback, so that other sockets get their turn
CLOSING_ROUNDS = 256  # times that a callback's worth is still read at the end, whatever keeps coming
REST = 0.01  # seconds that an emptied socket is left alone: waking up costs more than reading
FILL_RATE = 400_000_000  # bytes a second that a burst may bring meanwhile without loss

SO_MEMINFO = 55  # asm-generic/socket.h; the socket module does not name it
MEMINFO = struct.Struct("=9I")  # linux/sock_diag.h, SK_MEMINFO_VARS; the last is SK_MEMINFO_DROPS

log = logging.getLogger(__name__)


class UdpReceiver:
    """One bound UDP socket; `[::]` takes IPv4 and IPv6.

    Counters are plain integers since the start: `datagrams`, `bytes` (of payload), `kernel_drops` (datagrams lost
    because the receive buffer was full; the kernel tells with the next datagram) and `truncated`.
    """

    def __init__(self, host: str, port: int, *, buffer: int = DEFAULT_BUFFER, share: bool = False) -> None:
        """Nothing is opened yet; `buffer` is the receive buffer to ask for, in bytes.

        With `share` (SO_REUSEPORT) several processes of one user take turns on the port.
        """
        self.host, self.port, self.buffer, self.share = host, port, buffer, share
        self.granted = 0
        """Receive buffer that the kernel gave, in bytes."""
        self.datagrams = self.bytes = self.kernel_drops = self.truncated = 0
        self._last_drops = 0
        self._socket: socket.socket | None = None
        self._reader: Reader
        self._timer: asyncio.TimerHandle | None = None
        self._failures: set[int | None] = set()

    def __str__(self) -> str:
        return endpoint_text(self.host, self.port)

    def open(self, loop: asyncio.AbstractEventLoop, deliver: Callable[[list[Datagram]], None]) -> None:
        """Bind, and from then on hand up to 256 datagrams at a time to `deliver`; port 0 becomes the one given.

        Raises ReceiveError.
        """
        sock = bind(self.host, self.port, self.buffer, self.share)
        self.port, self.granted = sock.getsockname()[1], granted_buffer(sock)
        self._socket, self._reader = sock, reader_for(sock)
        self._loop, self._deliver = loop, deliver
        self._watch(sock)

    def close(self) -> None:
        """Deliver what the kernel still holds, then close the socket; nothing happens where none is open."""
        if self._socket is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._socket)
        try:
            for _ in range(CLOSING_ROUNDS):
                if self._take():
                    break
        finally:
            self._socket.close()
            self._socket = None

    def count_drops(self) -> None:
        """Bring `kernel_drops` up to date: by itself the kernel tells only with the next datagram."""
        if self._socket is None:
            return
        with suppress(OSError):  # older than Linux 4.12
            self._note_drops(MEMINFO.unpack(self._socket.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, MEMINFO.size))[-1])

    @property
    def warning(self) -> str | None:
        """One line for the operator where the kernel gave a smaller buffer than asked for."""
        if self.granted >= self.buffer:
            return None
        return (
            f"the receive buffer of {self} is {self.granted} bytes instead of {self.buffer}, bursts may be lost: "
            f"run sysctl -w net.core.rmem_max={self.buffer} and start again"
        )

    def _watch(self, sock: socket.socket) -> None:
        self._loop.add_reader(sock, self._readable, sock)

    def _readable(self, sock: socket.socket) -> None:
        if self._take():
            self._loop.remove_reader(sock)
            self._timer = self._loop.call_later(min(REST, self.granted / FILL_RATE), self._watch, sock)

    def _take(self) -> bool:
        """Deliver what waits, up to a limit; whether the socket is empty now."""
        datagrams: list[Datagram] = []
        empty = False
        for _ in range(READS):
            batch = self._read()
            datagrams += batch
            if empty := len(batch) < BATCH:
                break
        if datagrams:
            self._deliver(datagrams)
        return empty

    def _read(self) -> list[Datagram]:
        try:
            batch = self._reader.read()
        except OSError as error:  # of the network below, such as ENETDOWN: later datagrams may still come
            self._report(error)
            return []
        self.datagrams += len(batch.datagrams)
        self.bytes += batch.octets
        self.truncated += batch.truncated
        if batch.drops is not None:
            self._note_drops(batch.drops)
        return batch.datagrams

    def _note_drops(self, drops: int) -> None:
        """The kernel's count since the socket was made, in 32 bits."""
        self.kernel_drops += (drops - self._last_drops) & 0xFFFFFFFF
        self._last_drops = drops

    def _report(self, error: OSError) -> None:
        if error.errno not in self._failures:  # once each: it would come a hundred times a second
            self._failures.add(error.errno)
            log.warning("reading from %s failed, going on: %s", self, error.strerror)
