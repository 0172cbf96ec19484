"""The largest groups of one or several fields, in the way that an engine knows.

One field makes terms, several make multi_terms. An engine without these joins the fields by a script; where scripts are
refused as well, all groups are read page by page, up to a bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from collector import schema
from collector.query.elastic.abilities import Abilities
from collector.query.elastic.dsl import Dsl
from collector.query.elastic.keys import GEO, Key, value
from collector.query.elastic.view import VALUES, View
from collector.query.model import QueryError

SEPARATOR = "\x1f"
GROUPS = "groups"
PAGE = 10_000
MOST_PAGES = 20
TILE = 29
"""Zoom of map tiles that tell places apart by a few centimetres."""
JOIN = f"""{VALUES}
def found = [''];
for (field in params.fields) {{
  def longer = [];
  for (one in values(doc, field)) {{
    String text = field.kind == 'time' ? '' + one.toInstant().toEpochMilli()
      : field.kind == '{GEO}' ? one.lat + ',' + one.lon : '' + one;
    for (before in found) longer.add(before.isEmpty() ? text : before + params.separator + text);
  }}
  found = longer;
}}
return found;
"""
"""Each combination of the values of some fields as one text; none where a field is missing."""


class ScriptsError(QueryError):
    """A question that takes a script, of an engine that runs none."""


@dataclass(frozen=True)
class Ranking:
    """How the largest groups are looked for."""

    names: tuple[str, ...]
    size: int
    """Groups that are wanted."""
    shard_size: int
    """Groups that each shard tells."""
    path: str
    """The aggregation that groups are ordered by."""
    ascending: bool = False


def paged(names: Sequence[str], view: View, able: Abilities) -> bool:
    """Whether all groups are read page by page."""
    plain = _plain(names, view)
    return not (able.scripts or (plain and (len(names) == 1 or able.multi_terms)))


def ranked(asked: Ranking, view: View, able: Abilities, measures: Dsl) -> Dsl:
    """The aggregation of the largest groups."""
    order = [{asked.path: "asc" if asked.ascending else "desc"}, {"_key": "asc"}]
    options = {"size": asked.size, "shard_size": asked.shard_size, "order": order}
    return {**_kind(asked.names, view, able, options), **({"aggs": measures} if measures else {})}


def _kind(names: tuple[str, ...], view: View, able: Abilities, options: Dsl) -> Dsl:
    if not _plain(names, view):
        return {"terms": {"script": joined(names, view), **options}}
    if len(names) == 1:
        return {"terms": {"field": names[0], **options}}
    if able.multi_terms:
        return {"multi_terms": {"terms": [{"field": name} for name in names], **options}}
    return {"terms": {"script": joined(names, view), **options}}


def joined(names: Sequence[str], view: View) -> Dsl:
    """A script that gives the values of fields as one text."""
    fields = [{**view.spot(name).params, "kind": schema.field(name).kind} for name in names]
    return {"source": JOIN, "params": {"fields": fields, "separator": SEPARATOR}}


def page(names: Sequence[str], view: View, measures: Dsl, after: Any = None) -> Dsl:
    """The aggregation of the next groups in the order of their keys. ScriptsError where that takes a script."""
    for name in names:
        if not view.plain(name):
            raise ScriptsError(f"lean documents have no {name}: groups of it take scripts, which the engine refuses")
    body: Dsl = {"size": PAGE, "sources": [{str(place): _source(name)} for place, name in enumerate(names)]}
    if after is not None:
        body["after"] = after
    return {"composite": body, **({"aggs": measures} if measures else {})}


def _source(name: str) -> Dsl:
    if schema.field(name).kind == GEO:
        return {"geotile_grid": {"field": name, "precision": TILE}}
    return {"terms": {"field": name}}


def key(names: tuple[str, ...], raw: Any) -> Key:
    """The values of a group, by its key in any of these forms."""
    if isinstance(raw, dict):
        parts: Sequence[Any] = list(raw.values())
    elif isinstance(raw, list):
        parts = raw
    else:
        parts = [raw] if len(names) == 1 else str(raw).split(SEPARATOR, len(names) - 1)
    return tuple(value(name, part) for name, part in zip(names, parts, strict=True))


def _plain(names: Sequence[str], view: View) -> bool:
    """Whether engines find groups by the fields themselves."""
    return all(view.plain(name) and schema.field(name).kind != GEO for name in names)
