"""Filters in the query language of Elasticsearch and OpenSearch, with the meaning that they have over columns."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from collector import schema
from collector.coordinates import degrees
from collector.query.conditions import (
    LAST_ADDRESS,
    Alphabetic,
    Condition,
    Exists,
    Interval,
    Network,
    Pattern,
    Real,
    Span,
    Truth,
    Word,
)
from collector.query.tree import All, Everything, Has, Node, Not, Some

Dsl = dict[str, Any]
NOTHING: Dsl = {"match_none": {}}
LONG = range(-(2**63), 2**63)
"""What engines keep whole numbers as."""
LAST_TIME = 253_402_300_799_999
"""The end of the year 9999, beyond which engines read no time."""
MAPPED = 0xFFFF << 32
NEAR = 0.00005
"""Degrees: places are kept to four decimals."""
COUNTER = "counter"
"""The kind of fields without an inverted index, which older engines search by a script alone."""
BETWEEN = (
    "doc.containsKey(params.field) && doc[params.field].size() != 0"
    " && doc[params.field].value >= params.low && doc[params.field].value <= params.high"
)
_SIGN = re.compile(r"\.(\*?)|\\(.)|(.)", re.DOTALL)


@dataclass(frozen=True)
class Look:
    """What a filter's meaning depends on."""

    now: int
    """Milliseconds since 1970."""
    unindexed: bool = True
    """Whether the engine searches fields that have no inverted index."""


def dsl(node: Node, look: Look) -> Dsl:
    """A filter as a query."""
    match node:
        case Everything():
            return {"match_all": {}}
        case Not(part):
            return {"bool": {"must_not": [dsl(part, look)]}}
        case All(parts):
            return {"bool": {"filter": [dsl(part, look) for part in parts]}}
        case Some(parts):
            return {"bool": {"should": [dsl(part, look) for part in parts], "minimum_should_match": 1}}
        case Has(name, condition):
            return _has(name, condition, look)
    raise TypeError(f"no query for {node}")


def exists(name: str) -> Dsl:
    """Documents that have a field."""
    return {"exists": {"field": name}}


def between(name: str, ends: Mapping[str, Any], **options: Any) -> Dsl:
    """Documents with a value between ends (`gt`, `gte`, `lt`, `lte`), with any value where there are none."""
    return {"range": {name: {**ends, **options}}} if ends else exists(name)


def _has(name: str, condition: Condition, look: Look) -> Dsl:
    match condition:
        case Exists():
            found = exists(name)
        case Interval(low, high):
            found = _whole(name, low, high, look)
        case Span():
            ends = (None if end is None else end.at(look.now) for end in (condition.low, condition.high))
            found = _time(name, *ends)
        case Real():
            found = _real(name, condition)
        case Truth(value):
            found = {"term": {name: value}}
        case Network(low, high):
            found = _addresses(name, low, high)
        case _:
            found = _text(name, condition)
    return found


def _text(name: str, condition: Condition) -> Dsl:
    match condition:
        case Word(text) if schema.field(name).kind == "geo_point":
            return _around(name, text)
        case Word(text):
            return {"term": {name: text}}
        case Pattern(expression):
            return {"wildcard": {name: {"value": wildcards(expression)}}}
        case Alphabetic():
            return between(name, dict(_words(condition)))
    raise TypeError(f"no query for {condition}")


def _around(name: str, place: str) -> Dsl:
    """Engines keep a little more or less of a place than was written."""
    latitude, longitude = degrees(place)
    corners: Mapping[str, Any] = {
        "top_left": {"lat": min(latitude + NEAR, 90), "lon": max(longitude - NEAR, -180)},
        "bottom_right": {"lat": max(latitude - NEAR, -90), "lon": min(longitude + NEAR, 180)},
    }
    return {"geo_bounding_box": {name: corners}}


def _whole(name: str, low: int | None, high: int | None, look: Look) -> Dsl:
    first = LONG[0] if low is None else max(low, LONG[0])
    last = LONG[-1] if high is None else min(high, LONG[-1])
    if first > last:
        return NOTHING
    if schema.field(name).kind == COUNTER and not look.unindexed:
        return {"script": {"script": {"source": BETWEEN, "params": {"field": name, "low": first, "high": last}}}}
    return {"term": {name: first}} if first == last else between(name, {"gte": first, "lte": last})


def _time(name: str, low: int | None, high: int | None) -> Dsl:
    """Older engines read no time before 1970."""
    if (high is not None and high < 0) or (low is not None and low > LAST_TIME):
        return NOTHING
    ends = {} if low is None or low <= 0 else {"gte": low}
    ends |= {} if high is None or high >= LAST_TIME else {"lte": high}
    return between(name, ends, format="epoch_millis") if ends else exists(name)


def _real(name: str, asked: Real) -> Dsl:
    if math.isnan(asked.low) or math.isnan(asked.high) or asked.low == math.inf or asked.high == -math.inf:
        return NOTHING
    ends = {} if asked.low == -math.inf else {"gte" if asked.low_too else "gt": asked.low}
    ends |= {} if asked.high == math.inf else {"lte" if asked.high_too else "lt": asked.high}
    return between(name, ends)


def _addresses(name: str, low: int, high: int) -> Dsl:
    first, last = max(low, 0), min(high, LAST_ADDRESS)
    if first > last:
        return NOTHING
    return {"range": {name: {"gte": _address(first), "lte": _address(last)}}}


def _address(number: int) -> str:
    return str(IPv4Address(number & 0xFFFFFFFF) if number >> 32 == MAPPED >> 32 else IPv6Address(number))


def _words(asked: Alphabetic) -> Iterator[tuple[str, str]]:
    if asked.low is not None:
        yield "gte" if asked.low_too else "gt", asked.low
    if asked.high is not None:
        yield "lte" if asked.high_too else "lt", asked.high


def wildcards(expression: str) -> str:
    """The wildcards that a condition's regular expression was made of."""
    signs = _SIGN.findall(expression.removeprefix(r"\A(?s:").removesuffix(r")\z"))
    return "".join(_wildcard(star, escaped or plain) for star, escaped, plain in signs)


def _wildcard(star: str, literal: str) -> str:
    if not literal:
        return star or "?"
    return f"\\{literal}" if literal in "*?\\" else literal
