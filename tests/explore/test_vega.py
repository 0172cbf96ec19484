"""Vega panels of the exports, drawn by Vega with its interpreter."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from collector.explore.exports import export
from collector.explore.kibana.objects import TARGETS
from collector.explore.kibana.vega import SEPARATOR
from tests.explore.vega import Job, draw

PAIRS = [("files", "backup", 300), ("files", "web", 100), ("pc", "web", 60)]
COUNTRIES = {"DE": 900, "US": 400, "FR": 1}
PLACES = [(50.1, 8.7, 900), (37.4, -122.1, 400)]


def specs(target: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in map(json.loads, export(TARGETS[target]).splitlines()):
        if line["type"] == "visualization":
            state = json.loads(line["attributes"]["visState"])
            if state["type"] == "vega":
                yield line["id"], json.loads(state["params"]["spec"])


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """What an engine may answer, by the form of the question."""
    aggs = question["body"]["aggs"]
    own = aggs.get("own", {}).get("aggs")
    (name, one), *_ = (own or aggs).items()
    buckets = [*_buckets(one)]
    inner = {name: {"buckets": buckets}}
    return {"aggregations": {"own": inner} if own else inner}


def _buckets(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "multi_terms" in one:
        yield from ({"key": [left, right], "doc_count": v, "v": {"value": v}} for left, right, v in PAIRS)
    elif "geohash_grid" in one:
        for latitude, longitude, v in PLACES:
            middle = {"location": {"lat": latitude, "lon": longitude}}
            yield {"key": "u0y", "doc_count": v, "v": {"value": v}, "middle": middle}
    elif "script" in one["terms"]:
        yield from ({"key": f"{left}{SEPARATOR}{right}", "doc_count": v, "v": {"value": v}} for left, right, v in PAIRS)
    else:
        yield from ({"key": code, "doc_count": v, "v": {"value": v}} for code, v in COUNTRIES.items())


def jobs(target: str, *, answered: bool) -> list[Job]:
    adder = TARGETS[target].add_filter
    return [
        Job(spec, {one["name"]: answer(one["url"]) for one in spec["data"] if answered and "url" in one}, adder)
        for _, spec in specs(target)
    ]


@pytest.mark.parametrize(
    ("target", "version"), [("kibana-7", 5), ("kibana-9", 5), ("kibana-9", 6), ("opensearch-dashboards", 6)]
)
def test_all_are_drawn(target: str, version: int) -> None:
    drawn = draw(jobs(target, answered=True), version)
    kinds = set()
    for one in drawn:
        marks = one["marks"]
        assert not one["warnings"]
        if "edge" in marks:
            kinds.add("sankey")
            assert marks["edge"] == len(PAIRS)
            assert (marks["node_s"], marks["node_t"]) == (2, 2)
        if "place" in marks:
            kinds.add("points")
            assert marks["place"] % len(PLACES) == 0
        if "land_0" in marks:
            kinds.add("countries")
            assert marks["land_0"] > 150
        assert "NaN" not in one["svg"]
        assert "undefined" not in one["svg"]
    assert kinds == {"sankey", "points", "countries"}


@pytest.mark.parametrize(("target", "version"), [("kibana-7", 5), ("opensearch-dashboards", 6)])
def test_nothing_found_is_an_empty_picture(target: str, version: int) -> None:
    asked = jobs(target, answered=False)
    for job, one in zip(asked, draw(asked, version), strict=True):
        assert one["svg"].startswith("<svg")
        assert "edge" not in one["marks"] or one["marks"]["edge"] == 0, job.spec["data"][0]


def test_both_ends_of_each_pair_are_named() -> None:
    job = next(one for one in jobs("kibana-9", answered=True) if any(d["name"] == "edges" for d in one.spec["data"]))
    (one,) = draw([job])
    for name in ("files", "pc", "backup", "web"):
        assert f">{name}</text>" in one["svg"]
