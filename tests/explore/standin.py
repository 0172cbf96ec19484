"""A server that behaves as Kibana or OpenSearch Dashboards do when they are asked for their status and given a file."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

IMPORT = "/api/saved_objects/_import"
LIMIT = 26_214_400
LAST = {"index-pattern": (7, 6, 0), "visualization": (7, 10, 0), "search": (7, 9, 3), "dashboard": (7, 9, 3)}
"""Newest tags that 7.10.2 and OpenSearch Dashboards know."""


@dataclass
class Standin:
    """What it is, and what has happened to it."""

    name: str = "Kibana"
    version: str = "7.10.2"
    base: str = ""
    authorization: str | None = None
    """The header that it wants."""
    forbidden: bool = False
    starting: int = 0
    """Requests that it answers with 503 before it is ready."""
    limit: int = LIMIT
    html: bool = False
    status: bytes = b""
    """Answer to the question for its status, instead of the true one."""
    says: Any = None
    """Answer to an import that it leaves undone."""
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Errors by id of objects."""
    objects: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    """By space or tenant, type and id."""
    headers: Message | None = None
    """Of the last import."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.base}"

    @property
    def classic(self) -> bool:
        return self.name != "Kibana" or self.version < "8"


@contextmanager
def serving(standin: Standin, context: ssl.SSLContext | None = None) -> Iterator[Standin]:
    """Serve until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"standin": standin}))
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    standin.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    standin: Standin
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        one = self.standin
        if one.html or not self.path.startswith(one.base + "/api/status"):
            return self._html()
        if one.status:
            return self._send(200, one.status, "application/json")
        if one.starting:
            one.starting -= 1
            return self._send(503, b"Kibana server is not ready yet", "text/plain")
        if one.authorization and self.headers["authorization"] != one.authorization:
            if one.name == "Kibana" and one.version >= "8":
                return self._json(200, {"status": {"overall": {"level": "available"}}})
            return self._json(401, {"statusCode": 401, "error": "Unauthorized", "message": "Unauthorized"})
        return self._json(200, {"name": "here", "version": {"number": one.version}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        one, path = self.standin, self.path.removeprefix(self.standin.base)
        space = ""
        if path.startswith("/s/"):
            space, path = path.split("/")[2], "/" + path.split("/", 3)[3]
        one.headers = self.headers
        if not path.startswith(IMPORT):
            return self._json(404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"})
        if one.says is not None:
            return self._json(200, one.says)
        status, answer = self._imported(body, space or self.headers.get("securitytenant", ""), "overwrite=true" in path)
        return self._json(status, answer)

    def _imported(self, body: bytes, space: str, overwrite: bool) -> tuple[int, dict[str, Any]]:
        one = self.standin
        if one.authorization and self.headers["authorization"] != one.authorization:
            return _failed(401, "Unauthorized")
        if one.forbidden:
            return _failed(403, "Unable to bulk_create dashboard")
        if "true" not in (self.headers.get("kbn-xsrf" if one.name == "Kibana" else "osd-xsrf", "")):
            return _failed(400, "Request must contain a kbn-xsrf header.")
        if len(body) > one.limit:
            return _failed(413, f"Payload content length greater than maximum allowed: {one.limit}")
        name, content = _file(self.headers["content-type"], body)
        if not name.endswith(".ndjson"):
            return _failed(400, f"Invalid file extension {name}")
        return self._stored([json.loads(line) for line in content.splitlines()], space, overwrite)

    def _stored(self, lines: list[dict[str, Any]], space: str, overwrite: bool) -> tuple[int, dict[str, Any]]:
        one, done, errors = self.standin, [], []
        for line in lines if one.classic else ():
            tag = line.get("migrationVersion", {}).get(line["type"], "0")
            if line["type"] not in LAST or tuple(map(int, tag.split("."))) > LAST[line["type"]]:
                return _failed(
                    422, f"Document {line['id']} has property {line['type']} which belongs to a more recent version"
                )
        for line in lines:
            key = (space, line["type"], line["id"])
            error = one.refused.get(line["id"])
            if error is None and key in one.objects and not overwrite:
                error = {"type": "conflict"}
            title = line["attributes"]["title"]
            if error is not None:
                errors.append({"id": line["id"], "type": line["type"], "title": title, "error": error})
                continue
            one.objects[key] = line
            done.append({"type": line["type"], "id": line["id"], "meta": {"title": title, "icon": "x"}})
        answer = {"success": not errors, "successCount": len(done), "successResults": done}
        return 200, answer | ({"errors": errors} if errors else {})

    def _html(self) -> None:
        self._send(404 if not self.standin.html else 200, b"<html>a page</html>", "text/html", named=False)

    def _json(self, status: int, content: Any) -> None:
        self._send(status, json.dumps(content).encode(), "application/json; charset=utf-8")

    def _send(self, status: int, body: bytes, kind: str, named: bool = True) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        if named:
            self.send_header("kbn-name" if self.standin.name == "Kibana" else "osd-name", "here")
        self.end_headers()
        self.wfile.write(body)


def _failed(status: int, message: str) -> tuple[int, dict[str, Any]]:
    return status, {"statusCode": status, "error": "…", "message": message}


def _file(kind: str, body: bytes) -> tuple[str, bytes]:
    """Name and content of the multipart field `file`."""
    whole = BytesParser().parsebytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + body)
    for part in whole.get_payload():
        assert isinstance(part, Message)
        if part.get_param("name", header="content-disposition") == "file":
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            return part.get_filename() or "", payload
    raise AssertionError("no field `file`")
