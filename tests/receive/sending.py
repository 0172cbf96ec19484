"""Sockets that send to the receiver under test, and what it delivered."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import uvloop

from collector.datagram import Datagram
from collector.receive.udp import UdpReceiver

SECONDS = 20.0
"""How long a test waits for what must come: a guard against a hang."""


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a coroutine function on uvloop."""

    async def main() -> None:
        await scenario()

    uvloop.run(main())


async def true(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 - counters do not tell when they change
            await asyncio.sleep(0.002)


class Receiving:
    """An open receiver and the lists that it delivered; `async with` closes it."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, buffer: int = 1 << 20, share: bool = False) -> None:
        self.receiver = UdpReceiver(host, port, buffer=buffer, share=share)
        self.lists: list[list[Datagram]] = []

    async def __aenter__(self) -> "Receiving":
        self.receiver.open(asyncio.get_running_loop(), self.lists.append)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.receiver.close()

    @property
    def datagrams(self) -> list[Datagram]:
        return [datagram for one in self.lists for datagram in one]

    async def until(self, count: int) -> list[Datagram]:
        """Wait for so many datagrams; all that came."""
        await true(lambda: len(self.datagrams) >= count)
        return self.datagrams

    def send(self, *payloads: bytes, host: str = "127.0.0.1", source: str = "") -> int:
        """Send from one socket; the port that it had."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((source, 0))
            for payload in payloads:
                sock.sendto(payload, (host, self.receiver.port))
            return int(sock.getsockname()[1])
