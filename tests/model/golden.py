"""The documents that are expected of each group, tests/golden/<group>.json.

`python -m tests.model.golden` writes them anew: read the difference before it is committed.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.model.documents import Document, made

FOLDER = Path(__file__).parents[1] / "golden"
OF_THIS_MACHINE = "agent"
_WIDTH = 120


def expected(group: str) -> list[Document]:
    """The documents of a group, without what differs from machine to machine."""
    return list(json.loads((FOLDER / f"{group}.json").read_text(encoding="utf-8")))


def comparable(documents: list[Document]) -> list[Document]:
    """Without what differs from machine to machine."""
    return [{key: value for key, value in one.items() if key != OF_THIS_MACHINE} for one in documents]


def text(documents: list[Document]) -> str:
    """JSON to be read: an object takes one line if it fits."""
    return "[\n" + ",\n".join(map("".join, (_lines(one, 2) for one in documents))) + "\n]\n"


def _lines(value: Any, indent: int) -> Iterator[str]:
    short = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if not isinstance(value, dict) or len(short) + indent + 20 <= _WIDTH:
        yield (" " * indent if indent == 2 else "") + short
        return
    yield (" " * indent if indent == 2 else "") + "{\n"
    for place, key in enumerate(sorted(value)):
        yield ("" if not place else ",\n") + " " * (indent + 2) + json.dumps(key) + ": "
        yield from _lines(value[key], indent + 2)
    yield "\n" + " " * indent + "}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for group, found in made(Path(folder)).items():
            (FOLDER / f"{group}.json").write_text(text(comparable(found)), encoding="utf-8")
