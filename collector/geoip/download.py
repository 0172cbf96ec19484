"""One file over HTTP: bounded, checked, not fetched again where it is the same."""

import hashlib
import logging
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Retry, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
)
from urllib3.util import make_headers, parse_url

from collector.errors import CollectorError
from collector.geoip.sources import Source

CONNECT, READ = 10.0, 60.0
"""Seconds for a connection, and for each piece of an answer."""
PAUSE = 1.0
"""Seconds before the second retry; twice as many before each further one."""
RETRIES = 3
BUSY = (429, 500, 502, 503, 504)
LONGEST_PAUSE = 60
MOST = 2 << 30
"""Bytes of a file, packed and unpacked."""
LARGE = "more than {} MiB: no database of addresses"
MOST_OF_SUM = 4096
PIECE = 1 << 18
MEND: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "account or key is wrong or missing",
    HTTPStatus.FORBIDDEN: "account or key is wrong, or has no right to this database",
    HTTPStatus.NOT_FOUND: "there is no such file: is the address, or the name of the edition, right?",
    HTTPStatus.TOO_MANY_REQUESTS: "too many downloads: try again tomorrow",
}
PROXY = "the proxy: "
"""Before what went wrong on the way to it."""
Progress = Callable[[int, int | None], None]
"""Told how many bytes have come, and of how many."""
# Its warnings of retries show whole URLs, in which a key may be.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


class DownloadError(CollectorError):
    """A file that could not be had; the text says why and what to do."""


class AbsentError(DownloadError):
    """A file that is not there."""


@dataclass(frozen=True)
class Validators:
    """What a server said of a file, to be asked whether it has changed."""

    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None
    """Of the file that came."""


def download(source: Source, path: Path, before: Validators, progress: Progress) -> Validators | None:
    """Fetch to `path` and say what to ask with next time; None where the file is that of `before`.

    DownloadError; `path` may then have a part of the file.
    """
    wanted = source.sha256 or _published(source)
    if wanted is not None and wanted == before.sha256:
        return None
    conditions = {"If-None-Match": before.etag, "If-Modified-Since": before.last_modified} if wanted is None else {}
    answer = _get(source, source.url, {name: value for name, value in conditions.items() if value})
    try:
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return None
        found = _save(answer, path, progress)
    except HTTPError as error:
        raise DownloadError(f"{source.name} broke off: {_reason(error)}; try again") from error
    finally:
        answer.close()
    if wanted not in (None, found):
        raise DownloadError(f"{source.name} has the SHA-256 sum {found}, not {wanted}: damaged, or not the file meant")
    return Validators(answer.headers.get("ETag"), answer.headers.get("Last-Modified"), found)


def _published(source: Source) -> str | None:
    if source.sha256_url is None:
        return None
    answer = _get(source, source.sha256_url, {})
    try:
        words = answer.read(MOST_OF_SUM).decode("ascii", "replace").split()
    except HTTPError as error:
        raise DownloadError(f"sum of {source.name} broke off: {_reason(error)}; try again") from error
    finally:
        answer.close()
    if not words or len(words[0]) != 64:
        raise DownloadError(f"{source.name}: what is there for its SHA-256 sum is none")
    return words[0].lower()


def _get(source: Source, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
    """The answer with its body to be read: 200, or 304 where conditions are among the headers."""
    # The file is wanted as it lies there: its sum is of those bytes.
    headers = {"User-Agent": "flow-collector", "Accept-Encoding": "identity", **headers}
    if source.authorization:
        headers["Authorization"] = source.authorization  # urllib3 leaves it out where another host is named
    try:
        answer = _manager(url).request("GET", url, headers=headers, preload_content=False, decode_content=False)
    except HTTPError as error:
        reason = _reason(error)
        hint = "" if reason.startswith(PROXY) else "; is a proxy needed (https_proxy)?"
        raise DownloadError(f"{source.name} cannot be reached: {reason}{hint}") from error
    if answer.status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        return answer
    answer.close()
    kind = AbsentError if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE) else DownloadError
    raise kind(f"{source.name} answers {answer.status}: {MEND.get(answer.status, 'try again later')}")


def _manager(url: str) -> PoolManager:
    retries = Retry(
        total=None,
        connect=RETRIES,
        read=RETRIES,
        status=RETRIES,
        other=0,
        redirect=5,
        status_forcelist=BUSY,
        backoff_factor=PAUSE,
        retry_after_max=LONGEST_PAUSE,
        raise_on_status=False,
    )
    options: dict[str, Any] = {
        "retries": retries,
        "timeout": Timeout(connect=CONNECT, read=READ),
        "ssl_context": ssl.create_default_context(),
    }
    parts, proxies = urlsplit(url), getproxies()
    proxy = None if proxy_bypass(parts.hostname or "") else proxies.get(parts.scheme) or proxies.get("all")
    if proxy is None:
        return PoolManager(**options)
    pair = parse_url(proxy).auth
    return ProxyManager(proxy, proxy_headers=make_headers(proxy_basic_auth=unquote(pair)) if pair else None, **options)


def _save(answer: BaseHTTPResponse, path: Path, progress: Progress) -> str:
    """Write the body to `path`; its sum."""
    length = answer.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else None
    if (total or 0) > MOST:
        raise DownloadError(LARGE.format(MOST >> 20))
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for piece in answer.stream(PIECE, decode_content=False):
            size += len(piece)
            if size > MOST:
                raise DownloadError(LARGE.format(MOST >> 20))
            file.write(piece)
            digest.update(piece)
            progress(size, total)
    return digest.hexdigest()


def _reason(error: BaseException) -> str:
    """In plain words, without path and query."""
    causes = list(_causes(error))
    proxy = PROXY if any(isinstance(cause, ProxyError) for cause in causes) else ""
    return proxy + next(filter(None, map(_in_words, causes)), str(causes[-1]) or type(causes[-1]).__name__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from; urllib3 keeps some causes as arguments, and that of retries as `reason`."""
    following: BaseException | None = error
    while following is not None:
        yield following
        inner = next((argument for argument in following.args if isinstance(argument, BaseException)), None)
        following = following.reason if isinstance(following, MaxRetryError) else following.__cause__ or inner


def _in_words(cause: BaseException) -> str:
    text = ""
    match cause:
        case socket.gaierror():
            text = "the host name is not known"
        case ConnectionRefusedError():
            text = "connection refused"
        case ssl.SSLCertVerificationError():
            text = f"its certificate is not trusted ({cause.verify_message}): SSL_CERT_FILE names other authorities"
        case ssl.SSLError():
            text = f"TLS failed ({cause.reason or cause})"
        case ConnectTimeoutError() if not isinstance(cause, NewConnectionError):
            text = f"no connection within {CONNECT:g} s"
        case ReadTimeoutError():
            text = f"nothing came for {READ:g} s"
        case ProtocolError():
            text = "it closed the connection"
        case OSError() if cause.strerror:
            text = cause.strerror
    return text
