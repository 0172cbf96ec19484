"""The web server, in a thread of its own so that it never holds up receiving: /healthz, /metrics and the API."""

import logging
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from ipaddress import ip_address

import uvicorn
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from collector.endpoints import Endpoint
from collector.errors import CollectorError
from collector.explore.page.application import Gate
from collector.explore.page.site import Site
from collector.explore.report.scheduler import open_scheduler
from collector.report import ABSENT, Report
from collector.settings import Settings

START_SECONDS = 10.0
DEFAULT = Endpoint("127.0.0.1", 8080)
Page = Callable[[Request], Response]
log = logging.getLogger(__name__)


class WebServer:
    """Serves an application, from `start` to `stop`."""

    def __init__(self, place: Endpoint, app: Starlette) -> None:
        self.place = place
        config = uvicorn.Config(app, log_config=None, log_level="warning", lifespan="on", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Bind and serve. CollectorError where the port cannot be had."""
        self._socket = bound(self.place)
        self.place = Endpoint(self.place.host, self._socket.getsockname()[1])
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started and self._thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        log.info("web server on http://%s", self.place)
        if not loopback(self.place.host):
            log.warning("anyone who reaches %s sees all flows: there is no login (docs/page.md)", self.place)

    def stop(self) -> None:
        """End; requests under way are cut off after a second."""
        if self._socket is not None:
            self._server.should_exit = True
            self._thread.join(1.0)
            self._socket.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket] if self._socket else None)


def application(site: Site) -> Starlette:
    """The page, and what the report of a collector tells, or that there is none."""
    gate = Gate(site)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await gate.start()
        yield
        await gate.stop()

    routes: list[BaseRoute] = [*(_reported(site.report) if site.report else _alone())]
    return Starlette(routes=[*routes, Mount("/", gate)], lifespan=lifespan)


def _alone() -> Iterator[Route]:
    """What a process tells that receives nothing: of itself alone."""

    def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def exporters(_: Request) -> Response:
        return JSONResponse({"detail": ABSENT}, HTTPStatus.SERVICE_UNAVAILABLE)

    return _routes(healthz, _metrics(_process()), exporters)


def _process() -> CollectorRegistry:
    """What Python tells of this process."""
    registry = CollectorRegistry()
    for parts in (ProcessCollector, PlatformCollector, GCCollector):
        parts(registry=registry)
    return registry


def _metrics(registry: CollectorRegistry) -> Page:
    return lambda _: Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _routes(healthz: Page, metrics: Page, exporters: Page) -> Iterator[Route]:
    pages = {"/healthz": healthz, "/metrics": metrics, "/api/exporters": exporters}
    return (Route(path, page) for path, page in pages.items())


def _reported(report: Report) -> Iterator[Route]:
    registry = _process()
    registry.register(_Reported(report))

    def healthz(_: Request) -> Response:
        counts = report.store()
        return JSONResponse({"status": counts.status, "stored": counts.stored, "waiting": counts.waiting})

    def exporters(_: Request) -> Response:
        overview = report.exporters(round(time.time() * 1000))
        return Response(overview.model_dump_json(), media_type="application/json")

    return _routes(healthz, _metrics(registry), exporters)


class _Reported:
    """The report as a collector of prometheus_client."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def collect(self) -> Iterator[Metric]:
        """Read the counters now."""
        return self._report.metrics()


def serve(settings: Settings) -> None:
    """Serve the page and make reports, without a collector, until SIGTERM or SIGINT.

    CollectorError where the port cannot be had.
    """
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    scheduler = open_scheduler(settings)
    server = WebServer(settings.web or DEFAULT, application(Site(settings)))
    server.start()
    if scheduler:
        scheduler.start()
    ending.wait()
    if scheduler:
        scheduler.stop()
    server.stop()


def loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bound(place: Endpoint) -> socket.socket:
    """A listening socket there. CollectorError where the port cannot be had."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        return socket.create_server(place, family=family, dualstack_ipv6=place.host == "::")
    except OSError as error:
        raise CollectorError(
            f"web server on {place}: {error.strerror}; choose another place with --web, or --web off"
        ) from error
