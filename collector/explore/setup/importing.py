"""The import of a file of saved objects, and what has become of each object."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from urllib3.filepost import encode_multipart_formdata

from collector.explore.setup.server import Server, SetupError, no_json, refused
from collector.store.client import Answer, Client

PATH = "/api/saved_objects/_import?overwrite=true"
XSRF: Mapping[str, str] = {"kbn-xsrf": "true", "osd-xsrf": "true"}
"""Each server wants one of them, and does not mind the other."""


@dataclass(frozen=True)
class Imported:
    """An object of the file."""

    type: str
    id: str
    title: str
    trouble: str
    """Why it was not imported; empty where it was."""


def imported(client: Client, server: Server, file: bytes, space: str | None, tenant: str | None) -> list[Imported]:
    """Import a file, replacing what is there.

    SetupError where the whole of it was refused, or where the answer does not tell what has become of each object.
    """
    body, kind = encode_multipart_formdata({"file": ("flow-collector.ndjson", file, "application/ndjson")})
    before = f"/s/{quote(space, safe='')}" if space else ""
    headers = {**XSRF, **({"securitytenant": tenant} if tenant else {})}
    answer = client.exchange("POST", before + PATH, body, kind, headers)
    content = answer.json()
    if answer.status >= 300 or not isinstance(content, dict) or not isinstance(content.get("success"), bool):
        raise _failed(answer, server, len(file))
    wrong = [_troubled(one) for one in _dicts(content.get("errors"))]
    named = {(one.type, one.id) for one in wrong}
    done = [one for one in _sent(file) if (one.type, one.id) not in named]
    _agree(content, server, done, wrong)
    return [*done, *wrong]


def _sent(file: bytes) -> Iterator[Imported]:
    """The objects of a file, as they are when nothing is wrong with them."""
    for one in map(json.loads, file.splitlines()):
        yield Imported(one["type"], one["id"], one["attributes"]["title"], "")


def _agree(content: Mapping[str, Any], server: Server, done: Sequence[Imported], wrong: Sequence[Imported]) -> None:
    """SetupError where the numbers of an answer are others than those of the objects it names."""
    count = content.get("successCount")
    if count != len(done):
        told = f"{count} of them" if isinstance(count, int) else "no number of them"
        reasons = "".join(f"; {one.title}: {one.trouble}" for one in wrong[:1])
        raise SetupError(
            f"{server}: of {len(done) + len(wrong)} objects {len(wrong)} are told to have failed and {told} to be "
            f"imported{reasons}"
        )
    if not content["success"] and not wrong:
        raise SetupError(f"{server} says that the import failed, and not why")


def _dicts(value: Any) -> list[dict[str, Any]]:
    """The elements of a list that are of use; none where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _troubled(one: Mapping[str, Any]) -> Imported:
    kind, identifier = (str(one.get(name) or "?") for name in ("type", "id"))
    error = one.get("error")
    return Imported(kind, identifier, str(one.get("title") or identifier), _trouble(error))


def _trouble(error: Any) -> str:
    """In words."""
    error = error if isinstance(error, dict) else {"message": error}
    kind = error.get("type")
    if kind == "missing_references":
        missing = ", ".join(f"{one.get('type', '?')} {one.get('id', '?')}" for one in _dicts(error.get("references")))
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
        return no_json(answer)
    what = "the import failed with" if answer.status >= 300 else "the answer does not tell what was imported:"
    return SetupError(f"{answer.url}: {what} status {answer.status}{tail}")
