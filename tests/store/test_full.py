"""What full documents have beside their columns repeats these rightly."""

import json
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from collector import schema
from collector.flows import Flows
from collector.registry import VALUE
from collector.store.documents import documents
from collector.store.fragments import Members
from collector.store.full import CORE, ENDS, ROLES
from collector.store.plan import plan

ADDRESSES = pl.DataFrame(
    {
        VALUE: ["192.0.2.1", "2001:db8::1", "10.0.0.1"],
        "domain": ["a.example", "2001:db8::1", None],
        "as.organization.name": ["Example", None, "private"],
        "geo.city_name": ["Köln", None, None],
        "geo.country_iso_code": ["DE", "NO", None],
        "geo.location": ["50.9,6.9", None, None],
        "network.name": ["Core", None, None],
        "rep_tags": [["bad", "worse"], None, None],
    }
)
ROWS = st.one_of(st.integers(0, 2), st.none())
COPIES = (*ROLES, "related", "as", "geo", "ecs", "agent", "type", "@version")
ORGANIZATION, PLACES = ("as", "organization", "name"), ("city_name", "country_name", "country_iso_code")


@st.composite
def flows(draw: st.DrawFn) -> Flows:
    """Enriched flows, some of which lack an end or a part of it."""
    count = draw(st.integers(1, 4))
    columns: dict[str, tuple[st.SearchStrategy[Any], Any]] = {
        "event.dataset": (st.just(0), pl.UInt8),
        "flow.client_end": (st.integers(0, 1), pl.UInt8),
    }
    for end in draw(st.sampled_from([ENDS, ENDS[:1], ENDS[1:], ()])):
        columns |= {
            f"{end}.ip": (ROWS, pl.UInt32),
            f"{end}.port": (st.one_of(st.integers(0, 65535), st.none()), pl.UInt16),
        }
        columns |= {f"{end}.as.number": (st.one_of(st.integers(1, 9), st.none()), pl.UInt32)}
        columns |= {f"{end}.nat.ip": (ROWS, pl.UInt32)}
        columns |= {f"{end}.nat.port": (st.one_of(st.integers(1, 9), st.none()), pl.UInt16)}
    chosen = draw(st.lists(st.sampled_from(list(columns)), unique=True))
    made = [
        pl.Series(name, draw(st.lists(columns[name][0], min_size=count, max_size=count)), columns[name][1])
        for name in {"event.dataset": None, "flow.client_end": None, **dict.fromkeys(chosen)}
    ]
    return Flows(pl.DataFrame(made), {"addresses": ADDRESSES})


def full(some: Flows) -> list[Any]:
    return [json.loads(line) for line in documents(some)]


def plain(some: Flows) -> list[Any]:
    """Documents of the columns alone."""
    members = Members(some)
    return [json.loads(line) for line in members.join(["{", *members.object(plan(tuple(some.names()))), "}"])]


def core(document: dict[str, Any], end: str) -> dict[str, Any]:
    return {key: value for key, value in document.get(end, {}).items() if key in CORE}


def objects(document: dict[str, Any], key: str) -> list[Any]:
    """What both ends have of an object of which a full document has a list."""
    found = [document.get(end, {}).get(key, {}) for end in ENDS]
    kept = [{name: one[name] for name in ("organization", *PLACES) if name in one} for one in found]
    return list({json.dumps(one): one for one in kept if one}.values())


def related(document: dict[str, Any]) -> list[str]:
    """The addresses of both ends, and those that they were translated to."""
    ends = [document.get(end, {}) for end in ENDS]
    return unique([one["ip"] for one in [*ends, *(end.get("nat", {}) for end in ends)] if "ip" in one])


def unique(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))


@given(flows())
def test_a_full_document_has_the_lean_one_and_copies_of_it(some: Flows) -> None:
    for lean, whole in zip(plain(some), full(some), strict=True):
        copies = {key: whole.pop(key) for key in COPIES if key in whole}
        kept = [whole["event"].pop(name) for name in ("kind", "category", "module")]
        assert kept == ["event", "network", "flow-collector"]
        tags = {role: whole["flow"].pop(f"{role}_rep_tags", []) for role in ROLES}
        assert whole == lean
        ends = ENDS if lean["flow"]["client_end"] == "source" else ENDS[::-1]
        assert {role: copies.get(role, {}) for role in ROLES} == {
            role: core(lean, end) for role, end in zip(ROLES, ends, strict=True)
        }
        listed = {role: ["bad", "worse"] if copies.get(role, {}).get("ip") == "192.0.2.1" else [] for role in ROLES}
        assert tags == listed
        assert copies.get("related", {}).get("ip", []) == related(lean)
        assert [copies.get(key, []) for key in ("as", "geo")] == [objects(lean, key) for key in ("as", "geo")]


@given(flows())
def test_every_copy_is_in_the_schema(some: Flows) -> None:
    known = schema.copies().keys() | schema.fields().keys()
    for document in full(some):
        assert set(names(document)) <= known


def names(value: Any, prefix: str = "") -> list[str]:
    """Dotted names of leaves, as a search engine reads them."""
    if isinstance(value, list):
        return [name for one in value for name in names(one, prefix)]
    if isinstance(value, dict):
        return [name for key, one in value.items() for name in names(one, f"{prefix}.{key}" if prefix else key)]
    return [prefix]


def test_flows_that_are_not_enriched_have_no_copies() -> None:
    some = Flows(pl.DataFrame({"source.ip": pl.Series([0], dtype=pl.UInt32)}), {"addresses": ADDRESSES})
    assert full(some) == plain(some)
