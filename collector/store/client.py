"""A thin layer over elastic-transport: one request, one answer, and errors that an operator can act on.

It speaks plain JSON, since the official client's compatible-with content types are refused by Elasticsearch 7 and
OpenSearch, and hands bodies through untouched: a bulk request goes from the buffer of the documents to the socket.
"""

import gzip
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from elastic_transport import (
    SerializationError,
    Serializer,
    Transport,
    TransportError,
    Urllib3HttpNode,
)
from elastic_transport.client_utils import DEFAULT

from collector.store import reasons
from collector.store.access import Access, url_of
from collector.store.errors import StoreError

OLDEST = {"Elasticsearch": (7, 10), "OpenSearch": (1, 0)}

TYPES = ("application/json", "application/x-ndjson", "multipart/form-data", "text/*")
"""Of bodies, none of which is looked into."""

# It tells of each request and each retry what the callers tell in their own words, once.
logging.getLogger("elastic_transport").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Engine:
    """What answers: its name (a key of `OLDEST`), its version, and the URL that was asked."""

    name: str
    version: str
    url: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} at {self.url}"


@dataclass(frozen=True)
class Answer:
    """Status, headers and undecoded body, and the URL of the node that gave them."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def json(self) -> Any:
        """The decoded body; None where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def error(self) -> StoreError:
        """What is wrong with the answer, in one line."""
        reason = reasons.of_answer(self.status, self.headers.get("content-type"), self.json())
        return StoreError(f"{self.url}: {reason}", self.status)


class Client:
    """Requests to a cluster. Safe to use from several threads. Raises StoreError where a setting makes no sense."""

    def __init__(self, access: Access) -> None:
        self._compress = access.compress
        untouched = _Untouched()
        # An answer is decoded only where somebody looks into it, and trying again is up to the caller.
        self._transport = Transport(
            access.nodes(),
            node_class=_Node,
            serializers=dict.fromkeys(TYPES, untouched),
            max_retries=0,
            meta_header=False,
        )

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The decoded answer of one request. Raises StoreError unless it is one of success."""
        answer = self._send(method, path, None if body is None else json.dumps(body).encode(), "application/json")
        content = answer.json()
        if answer.status >= 300 or content is None:
            raise answer.error()
        return content

    def bulk(self, path: str, body: bytes | memoryview) -> Answer:
        """One bulk request, whatever the status of its answer. Raises StoreError where none comes."""
        return self._send("POST", path, body, "application/x-ndjson", compress=self._compress)

    def search(self, searches: bytes, seconds: float, tag: str) -> Any:
        """The decoded answer to several searches (_msearch), which `cancel` finds by the tag. Raises StoreError."""
        headers = {"x-opaque-id": tag}
        answer = self._send("POST", "/_msearch", searches, "application/x-ndjson", headers=headers, timeout=seconds)
        content = answer.json()
        if answer.status >= 300 or not isinstance(content, dict) or "responses" not in content:
            raise answer.error()
        return content

    def cancel(self, tag: str) -> None:
        """Ends searches that are still under way, where the engine lets this user do so. Raises StoreError."""
        nodes = self.request("GET", "/_tasks?actions=*search*&detailed=false")["nodes"]
        for node in nodes.values():
            for name, task in node["tasks"].items():
                if task.get("cancellable") and task.get("headers", {}).get("X-Opaque-Id") == tag:
                    self.request("POST", f"/_tasks/{name}/_cancel")

    def exchange(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, whatever the status of its answer. Raises StoreError where none comes."""
        return self._send(method, path, body, content_type, headers=headers)

    def identify(self) -> Engine:
        """Which engine answers. Raises StoreError where none does, or one that is too old."""
        answer = self._send("GET", "/")
        if answer.status == 405 and answer.headers.get("x-elastic-product") == "Elasticsearch":
            # A node without the module of the main page, as in an embedded Elasticsearch.
            nodes = self.request("GET", "/_nodes?filter_path=nodes.*.version")["nodes"]
            return _checked(Engine("Elasticsearch", next(iter(nodes.values()))["version"], answer.url))
        content = answer.json()
        version = content.get("version") if isinstance(content, dict) else None
        if answer.status != 200 or not isinstance(version, dict) or "number" not in version:
            raise answer.error()
        name = "OpenSearch" if version.get("distribution") == "opensearch" else "Elasticsearch"
        return _checked(Engine(name, str(version["number"]), answer.url))

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | memoryview | None = None,
        content_type: str = "application/json",
        *,
        compress: bool = False,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Answer:
        headers = {"accept": "application/json", **(headers or {})}
        if body is not None:
            headers["content-type"] = content_type
        if compress and body is not None:
            body, headers["content-encoding"] = gzip.compress(body, 1, mtime=0), "gzip"
        try:
            meta, content = self._transport.perform_request(
                method, path, body=body, headers=headers, request_timeout=DEFAULT if timeout is None else timeout
            )
        except SerializationError as error:
            urls = ", ".join(url_of(node.config) for node in self._transport.node_pool.all())
            raise StoreError(f"{urls}: {reasons.NO_ENGINE} ({error.message})") from error
        except TransportError as error:
            raise StoreError(str(error.message)) from error
        return Answer(meta.status, meta.headers, content or b"", url_of(meta.node))


class _Untouched(Serializer):
    """Bodies are bytes on both sides of the transport."""

    def dumps(self, data: Any) -> Any:
        return data

    def loads(self, data: bytes) -> bytes:
        return data


class _Node(Urllib3HttpNode):
    """Says in its errors which node did not answer, and why."""

    def perform_request(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().perform_request(*args, **kwargs)
        except TransportError as error:
            reason = reasons.of_failure(error, self.scheme, self.config.request_timeout)
            error.message = f"{url_of(self.config)}: {reason}"
            raise

    def _log_request(self, *_: Any, **__: Any) -> None:
        """Nothing: the transport's own would take megabytes of documents for text, and knows no memoryview."""


def _checked(engine: Engine) -> Engine:
    """Raises StoreError where the engine is too old."""
    oldest = OLDEST[engine.name]
    if tuple(map(int, re.findall(r"\d+", engine.version)[:2])) < oldest:
        raise StoreError(f"{engine} is too old: {'.'.join(map(str, oldest))} is the oldest that works")
    return engine
