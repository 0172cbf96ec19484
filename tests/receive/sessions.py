"""A receiver of sessions under test, what it delivered, and exporters that connect to it."""

import asyncio
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from collector.datagram import Datagram
from collector.receive.tcp import TcpReceiver
from collector.receive.tls import Tls
from tests.receive.sending import true

RESET = struct.pack("ii", 1, 0)
"""struct linger: closing sends a reset."""


def message(size: int = 16, mark: int = 0, seconds: int = 0) -> bytes:
    """An IPFIX message of so many bytes; what follows its header is `mark`."""
    return struct.pack("!HHIII", 10, size, seconds, mark, 0) + bytes([mark % 256]) * (size - 16)


class Serving:
    """An open receiver and the datagrams that it delivered; `async with` closes it."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        *,
        tls: Tls | None = None,
        full: Callable[[], bool] = lambda: False,
        sessions: int = 100,
        sessions_per_address: int = 50,
        idle: float = 3600.0,
    ) -> None:
        limits = {"sessions": sessions, "sessions_per_address": sessions_per_address}
        self.receiver = TcpReceiver(host, 0, tls=tls, full=full, idle=idle, **limits)
        self.lists: list[list[Datagram]] = []

    async def __aenter__(self) -> Self:
        self.receiver.open(asyncio.get_running_loop(), self.lists.append)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.receiver.close()
        await asyncio.sleep(0)

    @property
    def datagrams(self) -> list[Datagram]:
        return [datagram for one in self.lists for datagram in one]

    @property
    def payloads(self) -> list[bytes]:
        return [datagram.payload for datagram in self.datagrams]

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.receiver.port

    async def until(self, count: int) -> list[Datagram]:
        """Wait for so many datagrams; all that came."""
        await true(lambda: len(self.datagrams) >= count)
        return self.datagrams

    async def sessions(self, count: int) -> None:
        """Wait until so many sessions are open."""
        await true(lambda: self.receiver.sessions == count)

    def exporter(self, host: str = "127.0.0.1", source: str = "") -> "Exporter":
        """One that connects."""
        return Exporter((host, self.receiver.port), source)


class Exporter:
    """A connection to the receiver; the kernel takes what it sends."""

    def __init__(self, address: tuple[str, int], source: str = "") -> None:
        self.socket = socket.create_connection(address, source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self.socket.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reset(self) -> None:
        """End the session as a machine that crashed."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.socket.close()

    async def ended(self) -> None:
        """Wait until the other side has ended the session."""
        self.socket.setblocking(False)
        await true(self._at_end)

    def _at_end(self) -> bool:
        try:
            return self.socket.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True


def certificate(folder: Path) -> tuple[Path, Path]:
    """Where tests.store.tls puts a certificate and its key."""
    return folder / "cert.pem", folder / "key.pem"
