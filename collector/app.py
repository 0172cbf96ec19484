"""The main job: sockets, pipeline, store and web server, from start to the last flush."""

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Callable

import uvloop
from polars.exceptions import PanicException

from collector.datagram import Datagram
from collector.decoders import open_decoder
from collector.enrichers import open_enricher
from collector.explore.page.site import Site
from collector.explore.report.scheduler import open_scheduler
from collector.health.recorder import MINUTE, Recorder
from collector.inbox import Inbox
from collector.pipeline import Pipeline
from collector.query.rules import Rules
from collector.receive.udp import UdpReceiver
from collector.receivers import session_receivers
from collector.report import Report
from collector.settings import Settings
from collector.state import Keeper, Keeps
from collector.stores import open_store, store_name
from collector.web import WebServer, application

CLOSE_SECONDS = 5.0
"""What an ending collector gives its store."""
STATE_FILE = "state.json"
STALE_MILLISECONDS = 7 * 24 * 3_600_000
"""Exporters send templates at least every 30 minutes by default: one not sent for so long is of another time."""
log = logging.getLogger(__name__)


class Collector:
    """A collector with these settings. `run` returns after SIGTERM or SIGINT, or raises CollectorError."""

    def __init__(self, settings: Settings, health_seconds: int = MINUTE) -> None:
        """`health_seconds` are what a row about the collector's own health is about."""
        self.settings = settings
        self.scheduler = open_scheduler(settings)
        self.inbox = Inbox()
        buffer = settings.receive_buffer_mib << 20
        self.receivers = [UdpReceiver(one.host, one.port, buffer=buffer) for one in settings.udp]
        self.sessions = session_receivers(settings, self.inbox.crowded)
        enriching = open_enricher(settings, live=True)
        self.pipeline = Pipeline(open_store(settings), open_decoder(settings), enriching, Rules(settings.rules))
        decoder, enricher = self.pipeline.decoder, self.pipeline.enricher
        keepers: dict[str, Keeps] = {"netflow": decoder, "names": enricher.names}
        self.state = Keeper(settings.folder / STATE_FILE, keepers, decoder.exporters)
        self.report = Report(self.receivers, self.sessions, self.inbox, self.pipeline)
        self.health = Recorder(self.report, health_seconds)
        self._worker = threading.Thread(target=self._work, name="pipeline")

    def run(self) -> None:
        """Receive until told to end, then store what has come."""
        try:
            uvloop.run(self._serve())
        finally:
            self.inbox.close()
            if self._worker.ident is not None:
                self._worker.join()
            self.pipeline.enricher.close()
            self.pipeline.store.close(CLOSE_SECONDS)
        log.info("ended: %s", self.report.total())

    async def _serve(self) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        web = WebServer(self.settings.web, application(Site(self.settings, self.report))) if self.settings.web else None
        try:
            self._open(loop)
            if web:
                web.start()
            if self.scheduler:
                self.scheduler.start()
            if hosts := self.pipeline.enricher.hosts:
                hosts.resolver.start()
            self._worker.start()
            await self._until(stop)
        finally:
            for receiver in self.receivers:
                receiver.count_drops()
                receiver.close()
            for sessions in self.sessions:
                sessions.close()
            if self.scheduler:
                self.scheduler.stop()
            if web:
                web.stop()

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        for receiver in self.receivers:
            receiver.open(loop, self._deliver)
            if receiver.warning:
                log.warning("%s", receiver.warning)
        for sessions in self.sessions:
            sessions.open(loop, self._deliver)
        places = ", ".join(map(str, [*self.receivers, *self.sessions])) or "no port (udp and tcp are off)"
        log.info("receiving on %s, storing in %s", places, store_name(self.settings))

    async def _until(self, stop: asyncio.Event) -> None:
        """Tell from time to time what came and went, until it is time to stop."""
        while not stop.is_set():
            try:
                async with asyncio.timeout(self.settings.report_seconds):
                    await stop.wait()
            except TimeoutError:
                for receiver in self.receivers:
                    receiver.count_drops()
                log.info("%s", self.report.line())

    def _deliver(self, datagrams: list[Datagram]) -> None:
        self.inbox.put(datagrams)

    def _work(self) -> None:
        """The thread of the pipeline. A fault in a batch costs that batch alone."""
        self._guard(self._remember)
        while True:
            closed = self.inbox.closed
            datagrams = self.inbox.take(self.settings.batch_seconds)
            if datagrams:
                self._process(datagrams)
            elif closed:
                self.health.close(time.time())
                self._guard(self.state.close)
                return
            self._guard(self.state.step)
            self.health.step(time.time())

    def _remember(self) -> None:
        """Take over what exporters taught the last run, before the first datagram."""
        self.state.load()
        decoder = self.pipeline.decoder
        decoder.forget(time.time_ns() // 1_000_000 - STALE_MILLISECONDS)
        known = decoder.remembered()
        if known.exporters:
            log.info("%d templates and %d sampling rates of %d exporters are known from the last run", *known)

    def _guard(self, step: Callable[[], None]) -> None:
        """Flows do not depend on the state file."""
        try:
            step()
        except Exception:
            log.exception("the state file is not kept by a fault of the collector: please report it")

    def _process(self, datagrams: list[Datagram]) -> None:
        try:
            self.pipeline.process(datagrams)
        except (Exception, PanicException):  # a panic of polars is no Exception
            self.report.failed_datagrams += len(datagrams)
            log.exception("%d datagrams are lost by a fault of the collector: please report it", len(datagrams))
