"""Vega panels of the exports, drawn by Vega with its interpreter."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from collector.datasets import FLOWS
from collector.explore.dashboard import Panel
from collector.explore.exports import export
from collector.explore.kibana.number import number
from collector.explore.kibana.objects import TARGETS
from collector.explore.kibana.vega import SEPARATOR
from collector.explore.kibana.words import Words
from collector.explore.labels import label, unit
from collector.explore.units import text
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
    if "all" in aggs:
        return whole(2 * 1234, 1234)
    own = aggs.get("own", {}).get("aggs")
    (name, one), *_ = (own or aggs).items()
    buckets = [*_buckets(one)]
    inner = {name: {"buckets": buckets}}
    return {"aggregations": {"own": inner} if own else inner}


def whole(first: float, second: float = 1, seconds: float = 8) -> dict[str, Any]:
    """An answer about all rows: the values of two measures, of as many seconds."""
    values = {"a": {"value": first}, "b": {"value": second}}
    meta = {"begin": 1_000_000, "end": 1_000_000 + seconds * 1000}
    return {"aggregations": {"all": {"doc_count": first, "meta": meta, **values}}}


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
        if "number" in marks:
            kinds.add("number")
            assert marks["number"] == 1
        if "land_0" in marks:
            kinds.add("countries")
            assert marks["land_0"] > 150
        assert "NaN" not in one["svg"]
        assert "undefined" not in one["svg"]
    assert kinds == {"sankey", "points", "countries", "number"}


@pytest.mark.parametrize(("target", "version"), [("kibana-7", 5), ("opensearch-dashboards", 6)])
def test_nothing_found_is_an_empty_picture(target: str, version: int) -> None:
    asked = jobs(target, answered=False)
    for job, one in zip(asked, draw(asked, version), strict=True):
        assert one["svg"].startswith("<svg")
        assert not any(one["marks"].get(mark) for mark in ("edge", "number")), job.spec["data"][0]


def test_both_ends_of_each_pair_are_named() -> None:
    job = next(one for one in jobs("kibana-9", answered=True) if any(d["name"] == "edges" for d in one.spec["data"]))
    (one,) = draw([job])
    for name in ("files", "pc", "backup", "web"):
        assert f">{name}</text>" in one["svg"]


SHOWN = (0, 0.0123, 0.5, 1.26, 3, 42, 99.9, 100, 999.4, 999.7, 1e3, 1.5e6, 999.8e6, 12.3e9, 1e18, 4.2e21)


@pytest.mark.parametrize(("target", "version"), [("kibana-7", 5), ("opensearch-dashboards", 6)])
def test_a_rate_over_the_whole_range_is_the_number_of_the_page(target: str, version: int) -> None:
    found = dict(specs(target))
    asked = [(found[f"flow-collector-overview-{panel}"], panel, one) for panel in ("bits", "flows") for one in SHOWN]
    drawn = draw(
        [Job(spec, {"answer": whole(one, seconds=8 if p == "bits" else 1)}) for spec, p, one in asked], version
    )
    for (_, panel, one), picture in zip(asked, drawn, strict=True):
        assert f">{text(one, f'{panel}/s')}</text>" in picture["svg"], (panel, one)


def test_a_ratio_is_the_number_of_the_page() -> None:
    ratios = {(3, 4): "75.0 %", (1, 3000): "0.033 %", (0, 5): "0 %", (0, 0): "–"}
    found = [dict(specs(target))["flow-collector-collector-health-loss"] for target in TARGETS]
    drawn = draw([Job(spec, {"answer": whole(*one)}) for spec in found for one in ratios])
    wanted = [*ratios.values()] * len(found)
    assert all(f">{shown}</text>" in one["svg"] for shown, one in zip(wanted, drawn, strict=True))


def test_rates_of_ones_own() -> None:
    shown = {("rows/s", 16): "2/s", ("sum:event.duration/s", 16): "2", ("sum:event.duration/s", 16e6): "2.0 M"}
    words = Words(label, unit, {}, "")
    panels = [Panel(id="own", title="Own", kind="metric", measures=(measure,)) for measure, _ in shown]
    answers = [{"answer": whole(value)} for _, value in shown]
    drawn = draw([Job(number(one, FLOWS, words), said) for one, said in zip(panels, answers, strict=True)])
    assert all(f">{text}</text>" in one["svg"] for text, one in zip(shown.values(), drawn, strict=True))
