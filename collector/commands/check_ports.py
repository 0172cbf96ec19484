"""Whether the collector can have its ports: each is opened while those before it are still held, as by `run`."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, closing

from collector.commands.finding import Finding, tried
from collector.errors import CollectorError
from collector.receive.tcp import TcpReceiver
from collector.receive.udp import UdpReceiver
from collector.receivers import session_receivers
from collector.settings import Settings
from collector.web import bound


def ports(settings: Settings) -> Iterator[Finding]:
    """Each port; all are closed again at the end."""
    with ExitStack() as held:
        loop = held.enter_context(closing(asyncio.new_event_loop()))
        yield from _udp(settings, loop, held)
        yield from _sessions(settings, loop, held)
        yield tried(lambda: _web(settings, held))


def _udp(settings: Settings, loop: asyncio.AbstractEventLoop, held: ExitStack) -> Iterator[Finding]:
    if not (settings.udp or settings.tcp or settings.tcp_tls):
        yield Finding("warning", "udp and tcp are off: nothing is received")
    for place in settings.udp:
        receiver = UdpReceiver(place.host, place.port, buffer=settings.receive_buffer_mib << 20)
        yield _opened(receiver, f"UDP {place}", loop, held)
        if receiver.granted and receiver.warning:
            yield Finding("warning", receiver.warning)


def _sessions(settings: Settings, loop: asyncio.AbstractEventLoop, held: ExitStack) -> Iterator[Finding]:
    try:
        receivers = session_receivers(settings)
    except CollectorError as error:
        yield Finding("error", str(error))
        return
    for receiver in receivers:
        yield _opened(receiver, str(receiver), loop, held)


def _opened(
    receiver: UdpReceiver | TcpReceiver, name: str, loop: asyncio.AbstractEventLoop, held: ExitStack
) -> Finding:
    def look() -> str:
        receiver.open(loop, lambda _: None)
        held.callback(receiver.close)
        return f"{name} is free"

    return tried(look)


def _web(settings: Settings, held: ExitStack) -> str:
    if settings.web is None:
        return "web server is off"
    held.enter_context(bound(settings.web))
    return f"TCP {settings.web} is free for the web server"
