"""The export files of dashboards/: what is shown is in the YAML files, and how in the rooms below."""

import json
import re
import sys
import zlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from collector.errors import CollectorError
from collector.explore.colours import known, other
from collector.explore.dashboard import Dashboard
from collector.explore.kibana.export import lines, objects
from collector.explore.kibana.objects import TARGETS, Target
from collector.explore.kibana.words import PREFIX, Words
from collector.explore.labels import label, unit
from collector.explore.load import dashboards


class ExportError(CollectorError):
    """A file that cannot be made."""


def export(target: Target, before: str = PREFIX, of: Mapping[str, Dashboard] | None = None) -> str:
    """The file that a target imports, with ids that begin so; of those dashboards, or of all that come along."""
    words = Words(label, unit, known(), other(), before)
    return lines(objects(target, dashboards() if of is None else of, words, outline()))


def outline() -> list[Any]:
    """The countries of the world, features of GeoJSON that are named by their ISO code."""
    text = files("collector").joinpath("data/world.json").read_text(encoding="utf-8")
    features: list[Any] = json.loads(text)["features"]
    return features


def prefix(target: Target, space: str | None, tenant: str | None) -> str:
    """What ids begin with in a space or tenant: an id exists once over all of them.

    ExportError where the target has no such thing.
    """
    if space and not target.spaces:
        raise ExportError("a space is Kibana's; OpenSearch Dashboards has tenants")
    if tenant and target.spaces:
        raise ExportError("a tenant is of OpenSearch Dashboards; Kibana has spaces")
    name = space or tenant
    return f"{PREFIX}{_inside(name)}-" if name else PREFIX


def _inside(name: str) -> str:
    """A name as ids can have it; one that had to be changed stays apart from what it was changed to."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return plain if plain == name else f"{plain}-{zlib.crc32(name.encode()):08x}".strip("-")


if __name__ == "__main__":
    place = Path(sys.argv[1] if sys.argv[1:] else "dashboards")
    for one in TARGETS.values():
        (place / f"{one.name}.ndjson").write_text(export(one), encoding="utf-8")
