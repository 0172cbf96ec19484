"""The groups beyond the top ones, as what all have more than those."""

from collections.abc import Iterator, Sequence

from collector import schema
from collector.query.elastic import metrics
from collector.query.elastic.dsl import Dsl
from collector.query.elastic.view import VALUES, View
from collector.query.measures import Measure

COUNT = "doc_count"
ROWS = "rows"
WEIGHED = f"""{VALUES}
double found = 1;
if (params.field != null) {{
  def measured = values(doc, params.field);
  if (measured.isEmpty()) return 0;
  found = measured[0];
}}
for (one in params.lists) found *= values(doc, one).size();
return found;
"""
"""A value as often as its document is in a group, which it is once for each combination of what its lists have."""


def listed(name: str) -> bool:
    """Whether documents may have several values of a field."""
    return schema.field(name).kind == "keywords" or name.partition(".")[0] in ("as", "geo", "related")


def add_up(measures: Sequence[Measure]) -> bool:
    """Whether the measures of the others are what is left of those of all."""
    return all(one.kind in metrics.ADDED for one in measures)


def weighed(measures: Sequence[Measure], lists: Sequence[str], view: View) -> Dsl:
    """Aggregations of measures that add up, over documents that are in several groups."""
    fields = {metrics.name(place): one.field for place, one in enumerate(measures) if one.kind == "sum"}
    return {name: _sum(field, lists, view) for name, field in ({ROWS: None} | fields).items()}


def _sum(field: str | None, lists: Sequence[str], view: View) -> Dsl:
    measured = None if field is None else view.spot(field).params
    params = {"field": measured, "lists": [view.spot(name).params for name in lists]}
    return {"sum": {"script": {"source": WEIGHED, "params": params}}}


def rest(measures: Sequence[Measure], whole: Dsl, parts: Sequence[Dsl]) -> Dsl:
    """The bucket of what the whole has more than its parts."""
    rows = whole[ROWS]["value"] if ROWS in whole else whole[COUNT]
    inside = added(measures, parts)
    left = {name: {"value": whole[name]["value"] - inside[name]["value"]} for name in inside if name != COUNT}
    return {COUNT: round(rows) - inside[COUNT], **left}


def added(measures: Sequence[Measure], parts: Sequence[Dsl]) -> Dsl:
    """The bucket of some groups together."""
    found: Dsl = {COUNT: sum(part[COUNT] for part in parts)}
    for name in (metrics.name(place) for place, one in enumerate(measures) if one.kind == "sum"):
        found[name] = {"value": sum(part[name]["value"] for part in parts)}
    return found


def rests(measures: Sequence[Measure], whole: Sequence[Dsl], parts: Sequence[Sequence[Dsl]]) -> Iterator[Dsl]:
    """The same for each bucket of time."""
    known = [{bucket["key"]: bucket for bucket in part} for part in parts]
    for bucket in whole:
        inside = [part[bucket["key"]] for part in known if bucket["key"] in part]
        yield {"key": bucket["key"], **rest(measures, bucket, inside)}
