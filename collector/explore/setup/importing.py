"""The import of a file of saved objects, and what has become of each object."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from urllib3.filepost import encode_multipart_formdata

from collector.explore.setup.server import OPENSEARCH, Server, SetupError, refused
from collector.store.client import Answer, Client

PATH = "/api/saved_objects/_import?overwrite=true"
XSRF: Mapping[str, str] = {"kbn-xsrf": "true", "osd-xsrf": "true"}
"""Each server wants one of them, and does not mind the other."""
SPACE_NEEDS = "a space is Kibana's; OpenSearch Dashboards has tenants"
TENANT_NEEDS = "a tenant is of OpenSearch Dashboards; Kibana has spaces"


@dataclass(frozen=True)
class Imported:
    """An object of the file."""

    type: str
    id: str
    title: str
    trouble: str
    """Why it was not imported; empty where it was."""


def imported(client: Client, server: Server, file: bytes, space: str | None, tenant: str | None) -> list[Imported]:
    """Import a file, replacing what is there. SetupError where the whole of it was refused."""
    if space and server.name == OPENSEARCH:
        raise SetupError(SPACE_NEEDS)
    if tenant and server.name != OPENSEARCH:
        raise SetupError(TENANT_NEEDS)
    body, kind = encode_multipart_formdata({"file": ("flow-collector.ndjson", file, "application/ndjson")})
    before = f"/s/{quote(space, safe='')}" if space else ""
    headers = {**XSRF, **({"securitytenant": tenant} if tenant else {})}
    answer = client.exchange("POST", before + PATH, body, kind, headers)
    content = answer.json()
    if answer.status >= 300 or not isinstance(content, dict) or "success" not in content:
        raise _failed(answer, server, len(file))
    return [*_done(content), *_troubled(content)]


def _done(content: Mapping[str, Any]) -> list[Imported]:
    found = content.get("successResults") or []
    return [Imported(one["type"], one["id"], (one.get("meta") or {}).get("title") or one["id"], "") for one in found]


def _troubled(content: Mapping[str, Any]) -> list[Imported]:
    return [
        Imported(one["type"], one["id"], one.get("title") or one["id"], _trouble(one.get("error") or {}))
        for one in content.get("errors") or []
    ]


def _trouble(error: Mapping[str, Any]) -> str:
    """In words."""
    kind = error.get("type")
    if kind == "missing_references":
        missing = ", ".join(f"{one['type']} {one['id']}" for one in error.get("references") or [])
        return f"what it uses is not there: {missing}"
    if kind == "conflict":
        return "another object has its id"
    if kind == "unsupported_type":
        return "this server has no such kind of objects"
    return str(error.get("message") or kind or "no reason was told")


def _failed(answer: Answer, server: Server, size: int) -> SetupError:
    content = answer.json()
    said = content.get("message") if isinstance(content, dict) else None
    tail = f" ({said})" if said else ""
    if answer.status in (401, 403):
        return refused(answer, server.name)
    if answer.status == 404:
        return SetupError(f"{answer.url}: there is no such space, tenant or path (status 404){tail}")
    if answer.status == 413:
        mib = size / (1 << 20)
        return SetupError(
            f"{answer.url}: the file of {mib:.1f} MiB is too large (status 413): raise the limit of a proxy before it, "
            "or savedObjects.maxImportPayloadBytes of the server"
        )
    if answer.status == 422:
        return SetupError(f"{server} does not know this form of objects (status 422){tail}: is it older than it says?")
    if not isinstance(content, dict):
        return SetupError(
            f"{answer.url}: status {answer.status} and no JSON: is there a proxy or a login page between?"
        )
    return SetupError(f"{answer.url}: the import failed with status {answer.status}{tail}")
