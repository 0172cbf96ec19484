"""Filters mean what they say, over columns and over rows."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector import schema
from collector.flows import Flows
from collector.query.columns import Columns, Mask, Values
from collector.query.errors import FilterError
from collector.query.filter import parse
from collector.query.tree import Has
from collector.schema import Field
from tests.query.sample import sample
from tests.store.test_documents import batches

ALL = set(range(24))
NOW = 1_772_407_860_007  # row 1 of the sample: 2026-03-01T23:31:00.007Z


def rows(text: str) -> set[int]:
    return {row for row, holds in enumerate(parse(text).mask(sample(), NOW)) if holds}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", ALL),
        ("source.port:443 AND network.transport:udp", {1, 9, 13, 17, 21}),
        ("source.port:443 AND network.bytes:[100000000 TO 10000000000]", {9}),
        ("source.port:[-1 TO 79]", {3, 7, 11, 19, 23}),
        ("source.port:{-1 TO 70000} AND network.bytes:>99999999999999999", {17, 18}),
        ("NOT source.port:*", {0, 5, 10, 15, 20}),
        ("source.ip:10.0.0.0/8", {0, 1, 11, 12, 22, 23}),
        ('source.ip:"2001:db8::/33"', {7, 8, 18, 19}),
        ('source.ip:["::" TO "::ffff:0:0"]', {4, 6, 15, 17}),
        ("host.name:c* AND network.bytes:<=100", {0, 2}),
        ("flow.tcp_flags:(SYN AND ACK)", {2, 4, 7, 9, 12, 14, 17, 19, 22}),
        ("flow.mpls_labels:(16 OR 18)", {0, 4, 8, 12, 16, 20}),
        ("_exists_:flow.mpls_labels", {0, 3, 4, 7, 8, 11, 12, 15, 16, 19, 20, 23}),
        ('network.application:("web mail" OR wild\\*card)', {2, 5, 14, 17}),
        ("network.application:wild?card", {5, 6, 17, 18}),
        ('network.application:""', {9, 21}),
        ("network.application:[a TO b}", {7, 19}),
        ("@timestamp:>2026-03-01", ALL - {0, 1}),
        ("@timestamp:[* TO now]", {0, 1}),
        ("@timestamp:{now-62m TO now+62m]", {0, 1, 2}),
        ("@timestamp:now", {1}),
        ("@timestamp:2026-03-01T23", {1}),
        ("@timestamp:2026", ALL),
        ("@timestamp:[2026-02 TO 2026-03}", set()),
        ("@timestamp:2026-03", ALL),
        ("source.port:443 OR source.port:80 AND host.name:edge-1", {1, 9, 13, 17, 21}),
        ("source.port:443 OR NOT host.name:core-1", {*range(1, 24, 2)}),
        ("NOT (NOT source.port:443)", {1, 9, 13, 17, 21}),
        ("flow.end_reason:*", set()),
        ("NOT flow.vlan:1", ALL),
    ],
)
def test_the_flows_that_a_filter_holds_for(text: str, expected: set[int]) -> None:
    assert rows(text) == expected


COLONS = "a value with a colon"


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 1, "is empty"),
        ("port:1", 1, "no field port; did you mean source.port or "),
        ("host.name:a AND source.prot:1", 17, "no field source.prot; did you mean source.port or "),
        ("source.*:1", 1, "no field source.*"),
        ("_exists_:flow.vlam", 10, "no field flow.vlam; did you mean flow.vlan"),
        ("tcp", 1, "tcp is for no field"),
        ("source.port:1 source.port:2", 15, "AND or OR (in capitals) is missing before source.port:2"),
        ("source.port:(1 2)", 16, "AND or OR (in capitals) is missing before 2"),
        ("source.port:1 && source.port:2", 15, "AND or OR (in capitals) is missing before &&"),
        ("source.port:1 AND", 18, "something is missing at the end"),
        ("(source.port:1", 15, "something is missing at the end"),
        ("source.port:1)", 14, ") makes no sense here"),
        ("source.port:abc", 13, "source.port: 'abc' is not a whole number"),
        ("source.port:4.5", 13, "'4.5' is not a whole number"),
        ("source.port:[1 TO x]", 13, "'x' is not a whole number"),
        ("source.port:44*", 13, "wildcards are for text"),
        ("source.port:-1", 13, "begins with - or +"),
        ("source.port:<-1", 14, "-1 makes no sense here; a value that begins with -"),
        ("source.ip:10.*", 11, "write a network (10.0.0.0/8)"),
        ("source.ip:10.0.0.0/33", 11, "'10.0.0.0/33' is not an address or network"),
        ("source.ip:[10.0.0.0/8 TO *]", 11, "'10.0.0.0/8' is not an address"),
        ("source.ip:2001:db8::1", 20, COLONS),
        ("source.mac:02:00:00:00:00:01", 12, COLONS),
        ("@timestamp:2026-03-01T12:00:00+01:00", 12, COLONS),
        ("@timestamp:yesterday", 12, "'yesterday' is not a time such as"),
        ("@timestamp:2026-13", 12, "'2026-13' is not a time"),
        ("@timestamp:>now-1y", 12, "'now-1y' is not a time"),
        ("flow.id:>1", 9, "a range makes no sense"),
        ("source.geo.location:1", 21, "'1' is no place: write latitude and longitude, such as 52.52,13.405"),
        ("host.name:core~", 11, "fuzzy"),
        ("host.name:core~1.2.3", 15, "~ and ^"),
        ('host.name:"a b"~2', 11, "near each other"),
        ("host.name:core^2", 11, "boost"),
        ("host.name:/core/", 11, "regular expressions"),
        ("host.name:'a b'", 11, "double quotation marks"),
        ("host.name:'position 5' OR *", 11, "double quotation marks"),
        ('host.name:"a', 11, "no second quotation mark"),
        ("(" * 5000 + "source.port:1" + ")" * 5000, 1, "too many"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(text: str, position: int, words: str) -> None:
    with pytest.raises(FilterError) as error:
        parse(text)
    assert error.value.position == position
    assert words in str(error.value)
    assert str(error.value).startswith(f"at position {position}: ")


PIECES = " AND , OR ,NOT , TO ,_exists_:,source.ip:,10.0.0.0,/8,now,source.port:,443,host.name:,core,@timestamp:,2026"
SIGNS = [*"()[]{}:\"*?\\~^+-<>=/&|!'. \n", *PIECES.split(","), "flow.id:", "source.geo.location:", "é"]


@given(st.lists(st.sampled_from(SIGNS) | st.characters(), max_size=12).map("".join))
@settings(max_examples=1000)
def test_any_text_is_a_filter_or_an_error_with_its_place(text: str) -> None:
    try:
        read = parse(text)
    except FilterError as error:
        fits = 1 <= error.position <= len(text) + 1
    else:
        fits = len(read.mask(sample())) == 24
    assert fits


@dataclass(frozen=True)
class Asked:
    """Holds for nothing and remembers how many values it was asked about."""

    counts: tuple[list[int], ...] = ([],)

    def matches(self, values: Values, now: int) -> Mask:  # noqa: ARG002
        self.counts[0].append(len(values.series))
        return np.zeros(len(values.series), np.bool_)

    def __hash__(self) -> int:
        return id(self.counts)


def test_coded_columns_are_asked_about_an_entry_at_a_time() -> None:
    flows, asked = sample(), Asked()
    for name in ("host.name", "source.domain", "flow.input_ifname", "flow.tcp_flags", "flow.tcp_flags"):
        assert not Has(name, asked).mask(Columns(flows), NOW).any()
    assert asked.counts == ([2, 11, 2, 256],)


Row = dict[str, Any]
Rowwise = tuple[str, Callable[[Row], bool]]
WORDS = ("keyword", "keywords", "mac", "id")
NUMBERS = ("u8", "u16", "u32", "u64", "counter")


def some(value: Any, holds: Callable[[Any], bool]) -> bool:
    """Whether it holds for a value, or for any of a list."""
    return any(holds(one) for one in (value if isinstance(value, list) else [value]) if one is not None)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def escaped(text: str) -> str:
    return "".join(f"\\{sign}" for sign in text)


def asked_of(field: Field, near: list[Any]) -> st.SearchStrategy[Rowwise]:
    """A filter on a field, and the same of a row; `near` are values that the batch has."""
    name = field.name
    there: Rowwise = (f"{name}:*", lambda row: some(row[name], lambda _: True))
    if field.kind in WORDS:
        return st.one_of(st.just(there), _words(field, [str(value) for value in near]))
    if field.kind in NUMBERS:
        return st.one_of(st.just(there), _numbers(name, near))
    return st.just(there)


def _words(field: Field, near: list[str]) -> st.SearchStrategy[Rowwise]:
    name = field.name
    words = st.sampled_from([word for word in near if word.strip()] or ["word"])
    exact: st.SearchStrategy[Rowwise] = words.map(
        lambda word: (f"{name}:{quoted(word)}", lambda row: some(row[name], lambda value: str(value) == word))
    )
    begin: st.SearchStrategy[Rowwise] = words.map(
        lambda word: (
            f"{name}:{escaped(word[:2])}*",
            lambda row: some(row[name], lambda v: str(v).startswith(word[:2])),
        )
    )
    if field.kind == "id":
        return exact | begin
    above: st.SearchStrategy[Rowwise] = words.map(
        lambda word: (
            f"{name}:>{quoted(word)}",
            lambda row: some(row[name], lambda value: value.encode() > word.encode()),
        )
    )
    return exact | begin | above


def _numbers(name: str, near: list[int]) -> st.SearchStrategy[Rowwise]:
    number = st.sampled_from([0, 1, 2**64, *near, *(value + 1 for value in near)])

    def between(ends: tuple[int, int]) -> Rowwise:
        low, high = ends
        return f"{name}:[{low} TO {high}}}", lambda row: some(row[name], lambda value: low <= value < high)

    def equal(one: int) -> Rowwise:
        return f"{name}:{one}", lambda row: some(row[name], lambda value: value == one)

    return st.tuples(number, number).map(between) | number.map(equal)


def joined(parts: st.SearchStrategy[Rowwise]) -> st.SearchStrategy[Rowwise]:
    def both(pair: tuple[Rowwise, Rowwise]) -> Rowwise:
        (one, first), (two, second) = pair
        return f"({one} AND {two})", lambda row: first(row) and second(row)

    def either(pair: tuple[Rowwise, Rowwise]) -> Rowwise:
        (one, first), (two, second) = pair
        return f"({one} OR {two})", lambda row: first(row) or second(row)

    def neither(part: Rowwise) -> Rowwise:
        return f"NOT {part[0]}", lambda row: not part[1](row)

    pairs = st.tuples(parts, parts)
    return pairs.map(both) | pairs.map(either) | parts.map(neither)


@given(st.data(), batches())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_columns_say_what_rows_say(data: st.DataObject, flows: Flows) -> None:
    wide = flows.wide() if flows.names() else pl.DataFrame(height=len(flows))
    lacking = {name: None for name in schema.fields() if name not in wide.columns}
    names = [*wide.columns, *list(lacking)[:3]]
    near = {name: _seen(wide, name) for name in names}
    leaves = st.sampled_from(names).flatmap(lambda name: asked_of(schema.field(name), near[name]))
    text, holds = data.draw(st.recursive(leaves, joined, max_leaves=4), "filter")
    found = wide.iter_rows(named=True) if wide.width else iter([{}] * len(flows))
    assert parse(text).mask(flows).to_list() == [holds(row | lacking) for row in found]


def _seen(wide: pl.DataFrame, name: str) -> list[Any]:
    """The values of a column, those of lists one by one."""
    values = wide[name].to_list() if name in wide.columns else []
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return list({json.dumps(one, default=str): one for one in flat if one is not None}.values())
