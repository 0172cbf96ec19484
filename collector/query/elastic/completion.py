"""Values of a field, for those who write a filter."""

import re
from collections.abc import Sequence

from collector import schema
from collector.query.elastic.dsl import Dsl, between
from collector.query.elastic.groups import joined
from collector.query.elastic.keys import value
from collector.query.elastic.search import Asked, Search
from collector.query.elastic.view import View
from collector.query.model import TIME, Range

LOOKED_AT = 5000
"""Values of each daily index, and all in all where engines find no beginnings, as of addresses."""
TEXTS = ("keyword", "keywords", "mac", "id")
NEVER = ("geo_point", "object", "time", "f64")


def asked(name: str, prefix: str, within: Range, indices: Sequence[str], limit: int, view: View) -> Asked[list[str]]:
    """The most frequent values that begin so."""
    kind = schema.field(name).kind
    if kind in NEVER:
        return []
    found_by_engine = kind in TEXTS and view.plain(name)
    terms: Dsl = {"field": name} if view.plain(name) else {"script": joined((name,), view)}
    terms["size"] = limit if found_by_engine or not prefix else LOOKED_AT
    terms["shard_size"] = LOOKED_AT  # Each day has its own most frequent ones.
    if prefix and found_by_engine:
        terms["include"] = re.sub(r"([^\w])", r"\\\1", prefix, flags=re.ASCII) + ".*"
    time = between(TIME, {"gte": within.start, "lt": within.end}, format="epoch_millis")
    (reply,) = yield [Search(indices, {"size": 0, "query": time, "aggs": {"values": {"terms": terms}}})]
    buckets = reply.aggregations.get("values", {"buckets": ()})["buckets"]
    found = [_text(value(name, bucket["key"])) for bucket in buckets]
    return [text for text in found if text.startswith(prefix)][:limit]


def _text(one: object) -> str:
    return str(one).lower() if isinstance(one, bool) else str(one)
