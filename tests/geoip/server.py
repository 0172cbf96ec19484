"""An HTTP server on loopback whose answers a test sets."""

from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Page:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    """What the server says of the body's length, where that is not true."""


class Server:
    """Pages by path with query; several answer one request each, the last all further ones."""

    def __init__(self) -> None:
        self.pages: dict[str, list[Page]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Paths that were asked for, with the headers (names in lower case)."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def put(self, path: str, *pages: Page) -> str:
        """Sets what answers there; its URL."""
        self.pages[path] = list(pages)
        return self.url + path

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        self.requests.append((request.path, {name.lower(): value for name, value in request.headers.items()}))
        pages = self.pages.get(request.path, [Page(status=404)])
        page = pages.pop(0) if len(pages) > 1 else pages[0]
        status, body = page.status, page.body
        etag = page.headers.get("ETag")
        if etag is not None and request.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        request.send_response(status)
        for name, value in page.headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body) if page.length is None else page.length))
        request.end_headers()
        request.wfile.write(body)
