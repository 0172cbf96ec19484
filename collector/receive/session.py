"""One IPFIX session: the connection of one exporter."""

import asyncio
from collections.abc import Callable
from typing import cast

from collector.datagram import session_numbers
from collector.receive.addresses import endpoint_text
from collector.receive.messages import MessageStream


class Session(asyncio.BufferedProtocol):
    """Puts what comes into the stream of messages, and tells whoever takes them out of it."""

    def __init__(
        self, advance: Callable[["Session"], None], clock: Callable[[], float], exporter: str, port: int
    ) -> None:
        """`advance` is called when something has come or nothing more will; `clock` is the loop's."""
        self.number = next(session_numbers)
        self.exporter, self.port = exporter, port
        self.stream = MessageStream()
        self.messages = 0
        """Messages taken out so far."""
        self.heard = clock()
        """When anything came, by the clock of the loop."""
        self.lost = False
        """Whether nothing more will come."""
        self.error: str | None = None
        """Why, where it was an error of the network."""
        self._advance, self._clock = advance, clock
        self._transport: asyncio.Transport | None = None

    def __str__(self) -> str:
        return endpoint_text(self.exporter, self.port)

    def idle(self, since: float) -> bool:
        """Whether nothing came since then; a handshake under way has its own limit of time."""
        return self._transport is not None and self.heard < since

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The session begins, behind the handshake of TLS."""
        self._transport = cast("asyncio.Transport", transport)
        if self.lost:
            self.abort()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's interface
        """Where the next bytes go."""
        return self.stream.room()

    def buffer_updated(self, nbytes: int) -> None:
        """So many came."""
        self.heard = self._clock()
        self.stream.filled(nbytes)
        self._advance(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The exporter ended the session, or the network did."""
        self.lost = True
        self.error = None if exc is None else f"{exc}"
        self._advance(self)

    def pause(self) -> None:
        """Read no more for now."""
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        self.heard = self._clock()
        if self._transport is not None and not self._transport.is_closing() and not self._transport.is_reading():
            self._transport.resume_reading()

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()
