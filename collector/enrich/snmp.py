"""Names, descriptions and speeds of interfaces from the SNMP agents of exporters.

Agents are asked in a thread of its own, each when its exporter is first seen and then from time to time; flows never
wait for an answer.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Protocol

from collector.enrich.interfaces import Interface
from collector.enrich.prefixes import Network

AT_ONCE = 8
"""Agents that are asked at a time."""
TICK = 0.2
"""Seconds until the thread looks for new exporters, or that it is to end."""
log = logging.getLogger(__name__)


class SnmpError(Exception):
    """An agent does not answer, or not with what was asked for."""


@dataclass(frozen=True)
class Access:
    """How agents are asked: by a community (v2c), or where `user` is given as that user (v3)."""

    networks: tuple[Network, ...]
    """Exporters elsewhere are not asked."""
    community: str | None = field(default=None, repr=False)
    user: str | None = None
    auth_protocol: str = "SHA"
    auth_password: str | None = field(default=None, repr=False)
    priv_protocol: str = "AES"
    priv_password: str | None = field(default=None, repr=False)
    port: int = 161
    timeout: float = 2.0
    """Seconds until a question is asked again, and then given up."""
    interval: float = 900.0
    """Seconds from one answer to the next question."""


class Questions(Protocol):
    """Asks agents."""

    async def interfaces(self, address: str) -> Mapping[int, Interface]:
        """By ifIndex. SnmpError where the agent does not answer."""

    def close(self) -> None:
        """Give up the sockets."""


class Agents:
    """What agents have told: a source of interfaces. Its methods are for one thread, which is not the one that asks."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._seen: set[str] = set()
        self._known: dict[str, Mapping[int, Interface]] = {}
        self._asked: deque[str] = deque()
        self._answers: deque[tuple[str, Mapping[int, Interface]]] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="snmp", daemon=True)

    def see(self, exporters: Iterable[str]) -> None:
        """Exporters from which flows came: the agents of new ones are asked from now on."""
        new = [one for one in exporters if one not in self._seen]
        self._seen.update(new)
        self._asked.extend(one for one in new if _within(one, self._access.networks))
        if self._asked and self._thread.ident is None:
            self._thread.start()

    def renewed(self) -> set[str]:
        """Take over what agents have answered; the addresses of those that told anything new."""
        news = set()
        while self._answers:
            address, told = self._answers.popleft()
            if self._known.get(address) != told:
                self._known[address] = told
                news.add(address)
        return news

    def interface(self, address: str, number: int) -> Interface | None:
        """What the agent at an exporter's address told of an ifIndex."""
        return self._known.get(address, {}).get(number)

    def close(self) -> None:
        """Ask no more."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _serve(self) -> None:
        from collector.enrich.agent import Walks  # noqa: PLC0415 - loading pysnmp takes half a second

        asyncio.run(self._ask(Walks(self._access)))

    async def _ask(self, questions: Questions) -> None:
        """The work of the thread, until `close`."""
        tasks, slots = list[asyncio.Task[None]](), asyncio.Semaphore(AT_ONCE)
        while not self._stop.is_set():
            while self._asked:
                tasks.append(asyncio.create_task(self._watch(self._asked.popleft(), questions, slots)))
            await asyncio.sleep(TICK)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        questions.close()

    async def _watch(self, address: str, questions: Questions, slots: asyncio.Semaphore) -> None:
        """Ask one agent again and again; tell of its silence once."""
        silent = False
        while True:
            try:
                async with slots:
                    self._answers.append((address, await questions.interfaces(address)))
                silent = False
            except SnmpError as error:
                if not silent:
                    log.warning("%s: no interfaces from its SNMP agent: %s", address, error)
                silent = True
            await asyncio.sleep(self._access.interval)


def _within(address: str, networks: Iterable[Network]) -> bool:
    try:
        one = ip_address(address)
    except ValueError:
        return False
    return any(one in network for network in networks)
