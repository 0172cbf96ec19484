"""One line, in plain words, about a request that went wrong."""

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import urllib3
from elastic_transport import ConnectionTimeout, TransportError

NO_ENGINE = "answers, but is neither Elasticsearch nor OpenSearch"

_HINTS = {
    401: "user, password, API key or token is missing or wrong",
    403: "the user or API key lacks a privilege: monitor and manage_index_templates on the cluster; "
    "create_index, create_doc, monitor and delete_index on elastiflow-*",
    413: "the request is too large for the engine or a proxy before it",
    429: "the engine is overloaded",
}


def of_answer(status: int, content_type: str | None, content: Any) -> str:
    """About an answer that is not the one hoped for; `content` is its decoded JSON, None where it has none."""
    hint = f": {_HINTS[status]}" if status in _HINTS else ""
    if isinstance(content, dict) and status >= 300:
        said = of_engine(content.get("error")) or of_engine(content) or str(content.get("message", ""))
        return f"status {status}{hint}" + (f" ({said})" if said else "")
    if status >= 300:
        return f"status {status}{hint}, with no answer of a search engine ({content_type or 'no content type'})"
    return f"{NO_ENGINE} ({content_type or 'no content type'})"


def of_engine(error: Any) -> str:
    """Type and reason of an engine's error object, with the innermost cause; empty where it is none."""
    if isinstance(error, str):
        return error
    if not isinstance(error, dict) or "reason" not in error:
        return ""
    text = " ".join(f"{error.get('type')}: {error['reason']}".split())
    inner = of_engine(error.get("caused_by"))
    return f"{text}: {inner}" if inner else text


def of_failure(error: TransportError, scheme: str, timeout: float | None) -> str:
    """About a request that had no answer; `scheme` is that of the URL, `timeout` the seconds that were waited."""
    causes = list(_chain(error))
    for cause in causes:
        if text := _in_words(cause, scheme):
            return text
    if isinstance(error, ConnectionTimeout):
        return f"no answer within {timeout:g} s"
    return str(causes[-1]) or type(causes[-1]).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from; urllib3 keeps some causes as arguments."""
    following: BaseException | None = error
    while following is not None:
        yield following
        inner = next((argument for argument in following.args if isinstance(argument, BaseException)), None)
        following = following.__cause__ or inner or following.__context__


def _in_words(cause: BaseException, scheme: str) -> str:
    text = ""
    match cause:
        case ConnectionRefusedError():
            text = "connection refused: is it running, and is the port right?"
        case socket.gaierror() | urllib3.exceptions.NameResolutionError():
            text = "the host name is not known"
        case ssl.SSLCertVerificationError():
            text = f"its certificate is not trusted ({cause.verify_message}): name its CA file or turn verification off"
        case ssl.SSLError() if cause.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
            text = "it does not speak TLS: is the URL http:// instead of https://?"
        case ssl.SSLError():
            text = f"TLS failed ({cause.reason or cause})"
        case ConnectionResetError() | urllib3.exceptions.ProtocolError() if scheme == "http":
            text = "it closed the connection without an answer: does it want https://?"
    return text
