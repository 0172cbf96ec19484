"""Kibana or OpenSearch Dashboards: which of them answers, and what its answers mean."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from collector.errors import CollectorError
from collector.explore.kibana.objects import TARGETS, Target
from collector.store.client import Answer, Client

PORT = 5601
KIBANA, OPENSEARCH = "Kibana", "OpenSearch Dashboards"
LENS_SINCE = (8, 9)
"""The first Kibana that takes the dialect `lens` as it is written here."""
OLDEST = (7, 10)
MULTI_TERMS_SINCE = 2
"""The first OpenSearch with that aggregation (2.1, to be exact)."""
NOT_READY = "is not ready yet: it is starting, or cannot reach its search engine"
EngineVersion = Callable[[], tuple[str, str]]
"""Name and version of the search engine behind; CollectorError where it does not answer."""


class SetupError(CollectorError):
    """Something that keeps dashboards from being set up; one line for an operator."""


class NotReadyError(SetupError):
    """The server answers, and says that it is starting."""


@dataclass(frozen=True)
class Server:
    """What answers."""

    name: str
    """`KIBANA` or `OPENSEARCH`."""
    version: str
    url: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} at {self.url}"

    @property
    def target(self) -> Target:
        """What a file is made for. SetupError where the server is too old."""
        numbers = _numbers(self.version)
        if self.name == OPENSEARCH:
            made = TARGETS["opensearch-dashboards"]
            return made if numbers[0] >= MULTI_TERMS_SINCE else _without_multi_terms(made)
        if numbers < OLDEST:
            raise SetupError(f"{self} is too old: 7.10 is the oldest that works")
        return TARGETS["kibana-9" if numbers >= LENS_SINCE else "kibana-7"]


def _without_multi_terms(target: Target) -> Target:
    return Target(target.name, target.lens, target.add_filter, multi_terms=False)


def _numbers(version: str) -> tuple[int, int]:
    found = [int(part) for part in re.findall(r"\d+", version)[:2]]
    return (found[0] if found else 0, found[1] if found[1:] else 0)


def identify(client: Client, behind: EngineVersion | None = None) -> Server:
    """Which server answers, by its status. SetupError where it is neither, NotReadyError where it is starting.

    Kibana 8 tells its version to those who may log in only; `behind` tells that of the search engine, which has the
    same major version.
    """
    answer = client.exchange("GET", "/api/status")
    name = _name(answer.headers)
    if name is None:
        raise _stranger(answer)
    content = answer.json()
    version = content.get("version") if isinstance(content, dict) else None
    if answer.status == 503 and not isinstance(version, dict):
        raise NotReadyError(f"{answer.url} {NOT_READY}")
    if answer.status in (401, 403):
        raise refused(answer, name)
    if not isinstance(content, dict):
        raise no_json(answer)
    if answer.status >= 300 and not isinstance(version, dict):
        raise SetupError(f"{answer.url}/api/status: {name} answers with status {answer.status}")
    if isinstance(version, dict) and "number" in version:
        return Server(name, str(version["number"]), answer.url)
    if behind is None:
        raise SetupError(f"{answer.url}: {name} does not tell its version to strangers: give a user or an API key")
    return Server(name, behind()[1], answer.url)


def _name(headers: Mapping[str, str]) -> str | None:
    if "kbn-name" in headers:
        return KIBANA
    return OPENSEARCH if "osd-name" in headers else None


def _stranger(answer: Answer) -> SetupError:
    """What answered had no name of the two."""
    content = answer.json()
    kind = (answer.headers.get("content-type") or "").partition(";")[0]
    if answer.status == 503:
        return NotReadyError(f"{answer.url} {NOT_READY}")
    if answer.headers.get("x-elastic-product") or _is_engine(content):
        return SetupError(
            f"{answer.url} is a search engine: Kibana and OpenSearch Dashboards have a port of their own, {PORT}"
        )
    if answer.status == 401:
        return refused(answer, "it")
    if kind == "text/html":
        return SetupError(
            f"{answer.url}/api/status is a web page (status {answer.status}), of neither Kibana nor OpenSearch "
            "Dashboards: is the port right, and does the URL have the base path, if there is one?"
        )
    said = f"status {answer.status}, {kind or 'no content type'}"
    return SetupError(f"{answer.url} is neither Kibana nor OpenSearch Dashboards ({said})")


def _is_engine(content: Any) -> bool:
    return isinstance(content, dict) and ("cluster_name" in content or "no handler found" in str(content.get("error")))


def no_json(answer: Answer) -> SetupError:
    """About an answer that should be JSON."""
    return SetupError(f"{answer.url}: status {answer.status} and no JSON: is there a proxy or a login page between?")


def refused(answer: Answer, name: str) -> SetupError:
    """About a status of 401 or 403."""
    if answer.status == 401:
        return SetupError(f"{answer.url}: {name} does not know the user, password, API key or token (status 401)")
    return SetupError(
        f"{answer.url}: the user may not change saved objects (status 403): it needs the right to manage them, in the "
        "space or tenant that is meant"
    )
