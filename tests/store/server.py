"""A small HTTP server that takes bulk requests as a search engine does, and misbehaves where a test wants it to."""

import gzip
import json
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from collector.datasets import DATASETS
from collector.store.template import properties

MAIN = {"name": "node", "version": {"number": "2.19.1", "distribution": "opensearch"}, "tagline": "search"}


@dataclass
class Reply:
    """Status and body of an answer: JSON, or text of a kind."""

    status: int = 200
    body: Any = field(default_factory=dict)
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass
class Asked:
    """A request: its method, path, headers and decoded body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Server:
    """An engine with `documents` by index and id.

    `first` holds replies to be given to the next bulk requests instead of taking them, `fixed` those to any request
    whose path begins so. `item` may refuse one document: it is given the document and returns an error item or None.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.asked: list[Asked] = []
        self.first: deque[Reply] = deque()
        self.fixed: dict[str, Reply] = _simulated() | {"/_index_template": Reply()}
        self.fixed |= {f"/_cat/indices/{dataset.prefix}*": Reply(body=[]) for dataset in DATASETS.values()}
        self.item: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda _: None
        self.largest = 10**9
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._http.server_port}"

    @property
    def count(self) -> int:
        return sum(map(len, self.documents.values()))

    def bulks(self) -> list[Asked]:
        return [asked for asked in self.asked if "/_bulk" in asked.path]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            if "/_bulk" in asked.path:
                return self._bulk(asked)
        if asked.path == "/":
            return self.fixed.get("/", Reply(body=MAIN))
        return next(
            (reply for path, reply in self.fixed.items() if path != "/" and asked.path.startswith(path)), Reply(404)
        )

    def _bulk(self, asked: Asked) -> Reply:
        if len(asked.body) > self.largest:
            return Reply(413, "<html>Request Entity Too Large</html>", "text/html")
        if self.first:
            return self.first.popleft()
        lines = asked.body.splitlines()
        index = self.documents.setdefault(asked.path.split("/")[1], {})
        items = [self._create(index, *map(json.loads, pair)) for pair in zip(lines[::2], lines[1::2], strict=True)]
        errors = any(item["status"] >= 300 for item in items)
        return Reply(body={"took": 1, "errors": errors, "items": [{"create": item} for item in items]})

    def _create(self, index: dict[str, Any], action: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
        name = action["create"]["_id"]
        if name in index:
            return {"status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "exists"}}
        if refused := self.item(document):
            return refused
        index[name] = document
        return {"status": 201}


def _simulated() -> dict[str, Reply]:
    """What new indices would be, by the path that asks for it."""
    return {
        f"/_index_template/_simulate_index/{dataset.prefix}": Reply(
            body={"template": {"mappings": {"properties": properties(dataset)}}, "overlapping": []}
        )
        for dataset in DATASETS.values()
    }


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            reply = server.answer(Asked(self.command, self.path, dict(self.headers), body))
            content = reply.content()
            self.send_response(reply.status)
            for name, value in {
                "content-type": reply.kind,
                "content-length": str(len(content)),
                **reply.headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler
