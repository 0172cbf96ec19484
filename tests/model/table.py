"""The table of the data model's fields, ../shared/elastiflow-fields.md."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

TABLE = Path(__file__).parents[3] / "shared" / "elastiflow-fields.md"
needs_table = pytest.mark.skipif(not TABLE.exists(), reason="the table of ../shared/elastiflow-fields.md is not there")
_NAME = re.compile(r"(?:\{[^}]*\}|\.(?=[\w{])|[\w@])+")
_BRACES = re.compile(r"\{([^}]*)\}")
_TYPES = ("date", "ip", "keyword", "long", "geo_point")
NAMED_DIFFERENTLY = {
    "source.as.number": "long",
    "destination.as.number": "long",
    "client.as.number": "long",
    "server.as.number": "long",
    "flow.input_snmp": "long",
    "flow.output_snmp": "long",
}
"""Fields that share a line with others of another type."""


def names() -> set[str]:
    """All fields that the document names."""
    return {*dashboard_fields(), *_filled(), *(name for name, _ in _rows("Ours, beyond that model"))}


def dashboard_fields() -> list[str]:
    """Those that dashboards use."""
    return [name for name, _ in _rows("Used by the 19 dashboards")]


def types() -> Iterator[tuple[str, set[str]]]:
    """The types that the line of each field names."""
    for title in ("Used by the 19 dashboards", "Ours, beyond that model"):
        for name, words in _rows(title):
            yield name, {NAMED_DIFFERENTLY[name]} if name in NAMED_DIFFERENTLY else words


def expanded(cell: str) -> Iterator[str]:
    """The names of a cell such as `{source,destination}.as.organization.name (and .as.number)`."""
    ends = ""
    for short in _NAME.findall(cell):
        if short == "and":
            continue
        braces = _BRACES.match(short)
        ends = braces.group() if braces else ends
        parts = _BRACES.split(ends + short if short.startswith(".") else short)
        yield from map("".join, product(*([part] if at % 2 == 0 else part.split(",") for at, part in enumerate(parts))))


def _rows(title: str) -> Iterator[tuple[str, set[str]]]:
    for line in _section(title).splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if line.startswith("| ") and cells[0] not in ("field", "---"):
            for name in expanded(cells[0]):
                yield name, {word for word in re.findall(r"\w+", cells[1]) if word in _TYPES}


def _filled() -> Iterator[str]:
    yield from expanded(_section("The other explicit fields that were filled"))


def _section(title: str) -> str:
    return TABLE.read_text(encoding="utf-8").partition(f"## {title}")[2].partition("\n")[2].partition("\n## ")[0]
