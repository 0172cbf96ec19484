"""Documents say the same as the columns that they are made from."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector import registry, schema
from collector.flows import Flows
from collector.registry import VALUE
from collector.schema import Field
from collector.store.documents import documents, lines
from collector.store.full import END
from collector.store.instants import times
from collector.store.texts import LOW

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the columns hold naive times in UTC
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "mac": st.just("00:11:22:33:44:55"),
    "keyword": WORDS,
    "keywords": st.lists(WORDS, max_size=4),
    "geo_point": st.just("52.1,13.4"),
    "bool": st.booleans(),
    "time": st.integers(0, 4_102_444_800_000).map(lambda ms: EPOCH + timedelta(milliseconds=ms)),
    "u8": st.integers(0, 2**8 - 1),
    "u16": st.integers(0, 2**16 - 1),
    "u32": st.integers(0, 2**32 - 1),
    "u64": st.integers(0, 2**63 - 1),
    "id": st.integers(0, 2**64 - 1),
    "counter": st.integers(0, 2**63 - 1),
    "f64": st.floats(allow_nan=False, allow_infinity=False),
    "object": st.dictionaries(WORDS, st.integers(0, 9) | WORDS | st.lists(st.booleans()), min_size=1).map(json.dumps),
}
ADDRESSES = pl.DataFrame(
    {
        VALUE: ["192.0.2.1", "2001:db8::1", "198.51.100.7"],
        "domain": ["a.example", None, 'we"ird\\\n'],
        "geo.city_name": [None, None, "Köln"],
        "network.tags": [["lab", 'qu"ote'], None, []],
    }
)
EXPORTERS = pl.DataFrame({VALUE: ["127.0.0.1", "::1"], "name": ["router", "switch"]})
INTERFACES = pl.DataFrame(
    {VALUE: ["eth0", "index: 7"], "alias": ["to the core", None], "speed": pl.Series([None, 10**10], dtype=pl.UInt64)}
)
REPUTATIONS = pl.DataFrame({VALUE: [["one"], ["one", "two"]], "severity": [4, 4], "level": ["warning", "warning"]})
NAMED = pl.DataFrame({VALUE: ["one", None]})
TABLES = {
    "addresses": ADDRESSES,
    "exporters": EXPORTERS,
    "interfaces": INTERFACES,
    "reputations": REPUTATIONS,
    **dict.fromkeys(("vrfs", "classes", "policies", "samplers", "mac_vendors"), NAMED),
}


def size_of(table: str) -> int:
    return TABLES[table].height if table in TABLES else registry.table(table).height


def column(field: Field, rows: int) -> st.SearchStrategy[pl.Series]:
    """A column as flows carry it: row numbers where the field is coded."""
    if field.table:
        values: st.SearchStrategy[Any] = st.integers(0, size_of(field.table) - 1)
        dtype: pl.DataType = pl.UInt8() if size_of(field.table) <= 256 else pl.UInt32()
    else:
        values, dtype = VALUES[field.kind], field.dtype
    optional = st.one_of(values, st.none()) if field.name != "@timestamp" else values
    return st.lists(optional, min_size=rows, max_size=rows).map(lambda cells: pl.Series(field.name, cells, dtype=dtype))


@st.composite
def batches(draw: st.DrawFn) -> Flows:
    """Any flows with any columns."""
    # With it, documents are full ones: see test_full.py.
    own = [field for field in schema.fields().values() if field.code is None and field.name != END]
    rows = draw(st.integers(0, 4))
    chosen = draw(st.lists(st.sampled_from(own), max_size=12, unique_by=lambda field: field.name))
    columns = [draw(column(field, rows)) for field in chosen]
    alike = [draw(st.booleans()) for _ in columns]
    return Flows(
        pl.DataFrame([c.gather([0] * rows) if same else c for c, same in zip(columns, alike, strict=True)]), TABLES
    )


def test_a_number_that_no_engine_takes_costs_itself_and_not_the_flow() -> None:
    assert counted(2**63, 2**63 - 1) == [{}, {"network": {"bytes": 2**63 - 1}}]
    assert counted(2**63, 2**63) == [{}, {}]


def counted(*values: int) -> list[Any]:
    """The documents of flows with so many bytes."""
    flows = Flows(pl.DataFrame({"network.bytes": pl.Series(values, dtype=pl.UInt64)}))
    return [json.loads(one) for one in documents(flows)]


def flat(document: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Dotted names."""
    out: dict[str, Any] = {}
    for key, value in document.items():
        nested = isinstance(value, dict) and before + key not in schema.fields()
        out |= flat(value, f"{before}{key}.") if nested else {before + key: value}
    return out


def plain(name: str, value: Any) -> Any:
    """A field's value as JSON has it."""
    if schema.field(name).kind == "id":
        return str(value)
    if schema.field(name).kind == "object":
        return json.loads(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


@pytest.mark.parametrize("together", [1, 1000], ids=["members with few values together", "each alone"])
@given(flows=batches())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_document_has_what_the_columns_have_and_no_more(together: int, flows: Flows) -> None:
    with patch("collector.store.fragments.LEAST_FLOWS", together):
        got = [flat(json.loads(document)) for document in documents(flows)]
    rows = flows.wide().iter_rows(named=True) if flows.names() else iter([{}] * len(flows))
    assert got == [{name: plain(name, v) for name, v in row.items() if v not in (None, [])} for row in rows]


@pytest.mark.parametrize("together", [1, 2, 3])
def test_lines_are_slices_of_buffers_for_some_flows_each(together: int) -> None:
    flows = Flows(pl.DataFrame({"flow.ttl": pl.Series([1, None, 3], dtype=pl.UInt8)}))
    before = pl.Series(["a\n", "b\n", "c\n"])
    with patch("collector.store.assembly.TOGETHER", together):
        made = list(lines(flows, [before]))
    assert [len(some) for some in made] == {1: [1, 1, 1], 2: [2, 1], 3: [3]}[together]
    assert [bytes(some.data[a:b]) for some in made for a, b in pairwise(some.offsets)] == [
        b'a\n{"flow":{"ttl":1}}\n',
        b"b\n{}\n",
        b'c\n{"flow":{"ttl":3}}\n',
    ]


def test_no_flows_make_no_lines() -> None:
    assert not list(lines(Flows(pl.DataFrame({"flow.tos": pl.Series([], dtype=pl.UInt16)}))))


def test_flows_that_are_all_alike() -> None:
    (made,) = lines(Flows(pl.DataFrame({"flow.ttl": pl.Series([7, 7], dtype=pl.UInt8)})))
    assert bytes(made.data) == b'{"flow":{"ttl":7}}\n' * 2


@pytest.mark.parametrize("stamps", [[0, 999], [1735732836178, None, 1735732836178], [-1, 4_102_444_800_000, 5]])
def test_times_are_iso_8601(stamps: list[int | None]) -> None:
    column = pl.Series(stamps, dtype=pl.Datetime("ms"))
    expected = [None if value is None else plain("@timestamp", value) for value in column]
    assert times(column).to_list() == expected


def test_years_of_five_digits_have_their_digits() -> None:
    column = pl.Series([0, None, 253_402_300_800_001]).cast(pl.Datetime("ms"))
    assert times(column).to_list() == ["1970-01-01T00:00:00.000Z", None, "10000-01-01T00:00:00.001Z"]


@pytest.mark.parametrize("limit", [2048, LOW])
def test_numbers_are_the_same_whether_all_are_low_or_not(limit: int) -> None:
    low = pl.Series("flow.input_snmp", [*range(limit - 2000, limit)], dtype=pl.UInt32)
    for column in (low, low + 1):
        found = documents(Flows(pl.DataFrame([column])))
        assert [json.loads(one)["flow"]["input_snmp"] for one in found] == column.to_list()


@pytest.mark.parametrize("high", [0, 1, 10])
def test_counts_have_their_digits_however_many_are_high(high: int) -> None:
    numbers = [number if row % 10 >= high else number * 10**11 for row, number in enumerate(range(2000))]
    found = documents(Flows(pl.DataFrame([pl.Series("network.bytes", numbers, dtype=pl.UInt64)])))
    assert [json.loads(one)["network"]["bytes"] for one in found] == numbers
