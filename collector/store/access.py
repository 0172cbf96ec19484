"""How a cluster is reached: URLs, credentials and TLS, as elastic-transport wants them."""

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import urllib3
from elastic_transport import NodeConfig
from elastic_transport.client_utils import basic_auth_to_header

from collector.store.errors import StoreError

DEFAULT_PORT = 9200


@dataclass(frozen=True)
class Access:
    """A cluster by one or several URLs, and as whom: a user, an API key or a bearer token.

    A URL may carry user and password. `timeout` is in seconds and for a whole request.
    """

    urls: tuple[str, ...]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    """Authorities that alone are trusted; without it, those of the machine and of the certifi package."""
    verify: bool = True
    timeout: float = 60.0
    default_port: int = DEFAULT_PORT
    """Meant where a URL has none."""
    compress: bool = False
    """Whether bulk requests are sent with gzip, which costs more CPU than all else: of use on slow networks only."""

    def nodes(self) -> list[NodeConfig]:
        """What the transport is made from. Raises StoreError where a setting makes no sense."""
        if not self.urls:
            raise StoreError("no URL of Elasticsearch or OpenSearch is given")
        return [self._node(url) for url in self.urls]

    def _node(self, url: str) -> NodeConfig:
        try:
            parts = urlsplit(url)
            port = parts.port or self.default_port
        except ValueError as error:
            raise StoreError(f"{public(url)}: {error}") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise StoreError(
                f"{public(url)}: not of the form http://HOST:{self.default_port} or https://HOST:{self.default_port}"
            )
        return NodeConfig(
            parts.scheme,
            parts.hostname,
            port,
            path_prefix=parts.path.rstrip("/"),
            headers=self._authorization(parts.username, parts.password),
            request_timeout=self.timeout,
            **(self._tls() if parts.scheme == "https" else {}),
        )

    def _authorization(self, user: str | None, password: str | None) -> dict[str, str]:
        if self.api_key is not None:
            return {"authorization": f"ApiKey {self.api_key}"}
        if self.token is not None:
            return {"authorization": f"Bearer {self.token}"}
        user = self.user if user is None else unquote(user)
        password = self.password if password is None else unquote(password)
        return {} if user is None else {"authorization": basic_auth_to_header((user, password or ""))}

    def _tls(self) -> dict[str, Any]:
        if not self.verify:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            return {"verify_certs": False, "ssl_show_warn": False}
        if self.ca_file is None:
            return {"ssl_context": ssl.create_default_context()}
        try:
            ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise StoreError(f"CA file {self.ca_file}: {error.strerror or error}") from error
        return {"ca_certs": str(self.ca_file)}


def url_of(node: NodeConfig) -> str:
    """The URL of a node, without credentials."""
    host = f"[{node.host}]" if ":" in node.host else node.host
    return f"{node.scheme}://{host}:{node.port}{node.path_prefix}"


def public(url: str) -> str:
    """A URL without what may be a password."""
    return re.sub(r"(?<=://)[^/]*@", "", url)
