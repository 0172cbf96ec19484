"""Receive IPFIX sessions over TCP or TLS (RFC 7011 section 10.4)."""

import asyncio
import errno
import logging
import socket
import time
from collections import Counter
from collections.abc import Callable

from collector.datagram import Datagram
from collector.receive.addresses import address_text, endpoint_text, new_datagram
from collector.receive.listen import listening
from collector.receive.session import Session
from collector.receive.tls import Tls, handshake_failure

SESSIONS, SESSIONS_PER_ADDRESS = 1024, 64
IDLE = 3600.0  # exporters of a quiet network send nothing for long, and templates only when a session begins
ACCEPTS = 64  # connections in one callback, so that others get their turn
HANDSHAKE_SECONDS = 30.0
ACCEPT_REST = 1.0  # seconds without accepting where the system has no more descriptors
HELD_REST = 0.02  # seconds until it is looked whether there is room again
LONGEST_LOOK = 60.0  # seconds between two looks for idle sessions
TOLD_AGAIN = 3600.0  # seconds until the same trouble with the same address is logged again
MOST_TOLD = 4096
KEEP_ALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3))  # an exporter without power is noticed

log = logging.getLogger(__name__)


class TcpReceiver:
    """One listening socket and its sessions; `[::]` takes IPv4 and IPv6.

    Each message becomes a Datagram, and a session that sent any ends with an empty one. Counters are plain integers
    since the start: `total` sessions taken, `refused` ones beyond the limits, `failed` ones (ended by an error of the
    network, of TLS or of what came), `messages` and `bytes`.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: Tls | None = None,
        full: Callable[[], bool] = lambda: False,
        sessions: int = SESSIONS,
        sessions_per_address: int = SESSIONS_PER_ADDRESS,
        idle: float = IDLE,
    ) -> None:
        """Nothing is opened yet. While `full()` nothing is read, so that TCP makes the exporters wait.

        At most `sessions` are open at once, `sessions_per_address` of one exporter; one from which nothing comes for
        `idle` seconds is closed.
        """
        self.host, self.port, self.tls = host, port, tls
        self.total = self.refused = self.failed = self.messages = self.bytes = 0
        self._full, self._limits, self._idle = full, (sessions, sessions_per_address), idle
        self._socket: socket.socket | None = None
        self._sessions: dict[Session, None] = {}
        self._exporters: Counter[str] = Counter()
        self._held: dict[Session, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._told: dict[tuple[str, str], float] = {}

    def __str__(self) -> str:
        return f"{'TCP' if self.tls is None else 'TLS'} {endpoint_text(self.host, self.port)}"

    @property
    def sessions(self) -> int:
        """Sessions that are open now."""
        return len(self._sessions)

    def open(self, loop: asyncio.AbstractEventLoop, deliver: Callable[[list[Datagram]], None]) -> None:
        """Listen, and from then on hand messages to `deliver`; port 0 becomes the one given. Raises ReceiveError."""
        self._socket = sock = listening(self.host, self.port)
        self.port = sock.getsockname()[1]
        self._loop, self._deliver = loop, deliver
        self._watch()
        self._look()

    def close(self) -> None:
        """End all sessions and the listening; whole messages that have come are delivered."""
        if self._socket is None:
            return
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        for timer in self._timers.values():
            timer.cancel()
        for task in self._tasks:
            task.cancel()
        for session in list(self._sessions):
            session.lost = True
            self.advance(session)
            session.abort()

    def advance(self, session: Session) -> None:
        """Deliver what a session has, and its end; later where there is no room."""
        if session not in self._sessions:
            return
        if self._socket is not None and self._full():
            self._hold(session)
            return
        messages, received = session.stream.take(), time.time_ns()
        self.messages += len(messages)
        self.bytes += sum(map(len, messages))
        fields = session.exporter, session.port, received, session.number
        datagrams = [new_datagram((message, *fields)) for message in messages]
        session.messages += len(messages)
        if session.lost or session.stream.fault is not None:
            datagrams += self._end(session, Datagram(b"", *fields))
        if datagrams:
            self._deliver(datagrams)

    def _end(self, session: Session, end: Datagram) -> list[Datagram]:
        """Forget a session; what tells its end."""
        if session.stream.fault is not None:
            self._fail(session, "fault", f"it sent {session.stream.fault}")
        elif session.error is not None:
            self._fail(session, "network", session.error)
        elif session.stream.rest and self._socket is not None:
            self._fail(session, "cut", f"it ended within a message, {session.stream.rest} bytes were dropped")
        self._leave(session)
        session.abort()
        if not session.messages:
            return []
        log.info("the session of %s on %s ended after %d messages", session, self, session.messages)
        return [end]

    def _watch(self) -> None:
        if self._socket is not None:
            self._loop.add_reader(self._socket, self._accept, self._socket)

    def _accept(self, sock: socket.socket) -> None:
        for _ in range(ACCEPTS):
            try:
                connection, peer = sock.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ECONNABORTED:  # EMFILE and the like would come at once again
                    self._tell("accept", "", f"accepting on {self} failed, going on: {error.strerror}")
                    self._loop.remove_reader(sock)
                    self._timers["accept"] = self._loop.call_later(ACCEPT_REST, self._watch)
                    return
                continue
            self._admit(connection, _sender(peer[0]), peer[1])

    def _admit(self, connection: socket.socket, exporter: str, port: int) -> None:
        limit = self._beyond(exporter)
        if limit is not None:
            connection.close()
            self.refused += 1
            self._tell("refused", exporter, f"a session of {exporter} on {self} was refused: {limit} are open")
            return
        session = Session(self.advance, self._loop.time, exporter, port)
        self.total += 1
        self._sessions[session] = None
        self._exporters[exporter] += 1
        task = self._loop.create_task(self._begin(session, connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _beyond(self, exporter: str) -> str | None:
        """The limit that one more session of an exporter would exceed."""
        if self.sessions >= self._limits[0]:
            return f"{self._limits[0]} sessions"
        if self._exporters[exporter] >= self._limits[1]:
            return f"{self._limits[1]} sessions of this address"
        return None

    async def _begin(self, session: Session, connection: socket.socket) -> None:
        context, timeout = (None, None) if self.tls is None else (self.tls.context(), HANDSHAKE_SECONDS)
        try:
            _prepare(connection)
            await self._loop.connect_accepted_socket(
                lambda: session, connection, ssl=context, ssl_handshake_timeout=timeout
            )
        except OSError as error:  # SSLError is one
            connection.close()
            if session in self._sessions:
                reason = f"{error}" if self.tls is None else handshake_failure(error)
                self._fail(session, reason, reason)
                self._leave(session)

    def _leave(self, session: Session) -> None:
        del self._sessions[session]
        self._held.pop(session, None)
        self._exporters[session.exporter] -= 1
        if not self._exporters[session.exporter]:
            del self._exporters[session.exporter]

    def _fail(self, session: Session, kind: str, reason: str) -> None:
        self.failed += 1
        text = f"the session of {session} on {self} failed after {session.messages} messages: {reason}"
        self._tell(kind, session.exporter, text)

    def _tell(self, kind: str, exporter: str, text: str) -> None:
        """Log a line, once an hour for each kind and address: an exporter comes again every second."""
        now = self._loop.time()
        if now < self._told.get((kind, exporter), now):
            return
        if len(self._told) >= MOST_TOLD:
            self._told.clear()
        self._told[kind, exporter] = now + TOLD_AGAIN
        log.warning("%s", text)

    def _hold(self, session: Session) -> None:
        session.pause()
        if not self._held:
            self._timers["held"] = self._loop.call_later(HELD_REST, self._release)
        self._held[session] = None

    def _release(self) -> None:
        """Go on with the sessions that wait, as far as there is room."""
        waiting, self._held = list(self._held), {}
        for session in waiting:
            self.advance(session)
            if session not in self._held:
                session.resume()

    def _look(self) -> None:
        """End the sessions from which nothing comes."""
        self._timers["idle"] = self._loop.call_later(min(self._idle / 4, LONGEST_LOOK), self._look)
        due = self._loop.time() - self._idle
        for session in [one for one in self._sessions if one.idle(due) and one not in self._held]:
            log.info("the session of %s on %s was closed: nothing came for %.0f s", session, self, self._idle)
            session.abort()


def _prepare(connection: socket.socket) -> None:
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEP_ALIVE:
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _sender(host: str) -> str:
    """Address of a sender, which the socket module has made text of, with its zone."""
    host = host.partition("%")[0]
    return address_text(socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host))
