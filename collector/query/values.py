"""Texts of a filter as conditions on fields, by the kind of the field. ValueError where they do not fit it."""

import math
import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

import polars as pl

from collector.coordinates import coordinates, degrees
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
from collector.query.dates import moment
from collector.schema import Field

MAPPED = 0xFFFF << 32
_WHOLE = re.compile(r"[+-]?\d{1,40}")
_SIGN = re.compile(r"\\(.)|([*?])|(.)", re.DOTALL)


class Bound(NamedTuple):
    """One end of a range."""

    text: str
    included: bool


Range = tuple[Bound | None, Bound | None]
"""Lower and upper end, None: without end."""


class Text(NamedTuple):
    """A value as written: with `*`, `?` and backslashes where it is not `quoted`."""

    raw: str
    quoted: bool

    @property
    def plain(self) -> str:
        """Without backslashes."""
        return re.sub(r"\\(.)", r"\1", self.raw, flags=re.DOTALL)

    @property
    def pattern(self) -> str | None:
        """The regular expression that its wildcards make, None where it has none."""
        signs = [] if self.quoted else _SIGN.findall(self.raw)
        if not any(wildcard for _, wildcard, _ in signs):
            return None
        made = [{"*": ".*", "?": "."}[sign[1]] if sign[1] else pl.escape_regex(sign[0] or sign[2]) for sign in signs]
        return rf"\A(?s:{''.join(made)})\z"


def equal(field: Field, text: Text) -> Condition:
    """The field has this value."""
    if text == Text("*", quoted=False):
        return Exists()
    if field.kind == "object":
        raise ValueError(f"it can only be asked whether there is one: {field.name}:*")
    if field.kind == "geo_point":
        return _place(text.plain)
    if field.kind in _WORDS:
        pattern = text.pattern
        return Word(text.plain) if pattern is None else Pattern(pattern)
    if text.pattern is not None:
        hint = "a network (10.0.0.0/8)" if field.kind == "ip" else "a range ([1 TO 9])"
        raise ValueError(f"wildcards are for text, and this is none; write {hint}")
    if field.kind == "bool":
        return Truth(_truth(text.plain))
    if field.kind == "ip":
        return _network(text.plain)
    both = Bound(text.plain, included=True)
    return between(field, (both, both))


def _place(text: str) -> Condition:
    try:
        return Word(coordinates(*degrees(text)))
    except ValueError:
        raise ValueError(f"{text!r} is no place: write latitude and longitude, such as 52.52,13.405") from None


def between(field: Field, ends: Range) -> Condition:
    """The field has a value in this range."""
    if ends == (None, None):
        return Exists()
    make = _RANGES.get(field.kind, _whole)
    if make is None:
        raise ValueError("it has no order: a range makes no sense")
    return make(ends)


def _whole(ends: Range) -> Condition:
    low, high = (None if end is None else _integer(end.text) + _shift(end, step) for end, step in _with_steps(ends))
    return Interval(low, high)


def _shift(end: Bound, step: int) -> int:
    """From an end that is not included to the first value that is."""
    return 0 if end.included else step


def _with_steps(ends: Range) -> tuple[tuple[Bound | None, int], tuple[Bound | None, int]]:
    return (ends[0], 1), (ends[1], -1)


def _integer(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _real(ends: Range) -> Condition:
    low, high = ends
    return Real(
        -math.inf if low is None else _float(low.text),
        math.inf if high is None else _float(high.text),
        low is None or low.included,
        high is None or high.included,
    )


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None


def _span(ends: Range) -> Condition:
    """What is not included is the whole of a day, or whatever the precision is."""
    low, high = (None if end is None else moment(end.text) for end in ends)
    begin, end = low and low.first, high and high.last
    if low and ends[0] and not ends[0].included:
        begin = low.last.shifted(1)
    if high and ends[1] and not ends[1].included:
        end = high.first.shifted(-1)
    return Span(begin, end)


def _addresses(ends: Range) -> Condition:
    low, high = (None if end is None else _address(end.text) + _shift(end, step) for end, step in _with_steps(ends))
    return Network(0 if low is None else low, LAST_ADDRESS if high is None else high)


def _address(text: str) -> int:
    try:
        return _number(ip_address(text))
    except ValueError:
        raise ValueError(f"{text!r} is not an address") from None


def _network(text: str) -> Condition:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is not an address or network such as 192.0.2.1 or 10.0.0.0/8") from None
    return Network(_number(network.network_address), _number(network.broadcast_address))


def _number(address: IPv4Address | IPv6Address) -> int:
    return int(address) | MAPPED if address.version == 4 else int(address)


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def _alphabetic(ends: Range) -> Condition:
    low, high = ends
    return Alphabetic(low and low.text, high and high.text, low is None or low.included, high is None or high.included)


_WORDS = ("keyword", "keywords", "mac", "id")
_RANGES: Mapping[str, Callable[[Range], Condition] | None] = {
    "keyword": _alphabetic,
    "keywords": _alphabetic,
    "mac": _alphabetic,
    "time": _span,
    "ip": _addresses,
    "f64": _real,
    # Kept as text: 9 would be above 10.
    "id": None,
    "bool": None,
    "geo_point": None,
    "object": None,
}
"""What ranges are for each kind, None: none; all others are whole numbers."""
