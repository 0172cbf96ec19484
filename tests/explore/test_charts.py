"""Charts say what the answer says, and a click on them what was meant."""

import json
from itertools import pairwise
from typing import Any

import pytest

from collector.explore.charts import KINDS, chart, clicked
from collector.explore.charts.clicks import key
from collector.explore.charts.look import DARK, LIGHT
from collector.explore.charts.places import limits
from collector.explore.charts.sankey import gap
from collector.explore.charts.shades import distinct, shade
from collector.explore.dashboard import Panel
from collector.query.model import Answer
from tests.explore.panels import BEGIN, MINUTE, answer, each, look, panel

EXAMPLES = each()


def drawn(name: str, *, dark: bool = False) -> dict[str, Any]:
    return chart(*EXAMPLES[name], look(dark=dark))


def one_series(name: str) -> dict[str, Any]:
    (found,) = drawn(name)["series"]
    return dict(found)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", EXAMPLES)
def test_options_are_json(name: str, dark: bool) -> None:
    options = drawn(name, dark=dark)
    assert json.loads(json.dumps(options, allow_nan=False)) == options


def test_every_kind_of_chart_has_an_example() -> None:
    assert {asked.kind for asked, _ in EXAMPLES.values()} == set(KINDS)


@pytest.mark.parametrize(("asked", "given"), EXAMPLES.values(), ids=EXAMPLES)
def test_an_empty_answer_is_an_empty_chart(asked: Panel, given: Answer) -> None:
    options = chart(asked, Answer(given.frame.clear()), look())
    assert not any(one["data"] for one in options["series"])


def test_a_series_has_every_bucket_of_the_range() -> None:
    https, ssh, other = drawn("stacked")["series"]
    times = [BEGIN + MINUTE * minute for minute in range(10)]
    assert https["data"] == [[time, {0: 8e6, 2: 4e6}.get(minute, 0)] for minute, time in enumerate(times)]
    assert [value for _, value in ssh["data"]] == [0, 2e6, *[0] * 8]
    assert [value for _, value in other["data"]] == [0, 0, 1e6, *[0] * 7]
    assert {one["stack"] for one in (https, ssh, other)} == {"all"}


def test_the_others_are_grey_and_last() -> None:
    assert [one["name"] for one in drawn("stacked")["series"]] == ['["https"]', '["ssh"]', "Other"]
    assert drawn("stacked")["series"][-1]["color"] == LIGHT.other
    assert drawn("stacked", dark=True)["series"][-1]["color"] == DARK.other


def test_an_average_of_no_rows_is_not_zero() -> None:
    rate, average = drawn("lines")["series"]
    assert [value for _, value in rate["data"]][:3] == [8e6, 0, 4e6]
    assert [value for _, value in average["data"]][:3] == [5e9, None, 7e9]


def test_measures_of_another_unit_have_an_axis_of_their_own() -> None:
    options = drawn("lines")
    assert [one["yAxisIndex"] for one in options["series"]] == [0, 1]
    assert [one["axisLabel"][":formatter"] for one in options["yAxis"]] == [
        "flowCharts.value('bits/s')",
        "flowCharts.value('ns')",
    ]


def test_averages_of_groups_are_not_stacked() -> None:
    asked = panel("series", ["host.name"], ["average:event.duration"])
    (one,) = chart(asked, answer(asked, ["r1", 0, 5.0], times=True), look())["series"]
    assert (one["stack"], one["areaStyle"]) == (None, None)


def test_bars_have_the_measures_of_their_groups() -> None:
    first, second = one_series("bars")["data"]
    assert (first["value"], second["value"]) == (3_000, 1_000)
    assert first["rows"] == [["Bytes", 3_000, "bytes"], ["Packets", 30, "packets"]]
    assert second["text"] == "b.example · c.example"


def test_slices_have_the_values_of_their_groups() -> None:
    data = one_series("pie")["data"]
    assert [(one["name"], one["value"]) for one in data] == [("[443]", 3_000), ("[53]", 1_000), ("Other", 500)]


def test_the_legend_of_a_ring_tells_shares() -> None:
    assert '"[443]": "66.7 %"' in drawn("pie")["legend"][":formatter"]


@pytest.mark.parametrize(("nodes", "expected"), [(0, 12), (5, 12), (30, 7), (200, 5)])
def test_nodes_lie_apart_as_far_as_there_is_room(nodes: int, expected: int) -> None:
    assert gap([{"depth": 1}] * nodes) == expected


def test_a_name_on_both_sides_is_two_nodes_of_one_colour() -> None:
    nodes = {(one["depth"], one["text"]): one for one in one_series("sankey")["data"]}
    assert set(nodes) == {(0, "a.example"), (0, "b.example"), (1, "https"), (2, "a.example"), (2, "b.example")}
    assert len({one["name"] for one in nodes.values()}) == 5
    assert nodes[0, "a.example"]["itemStyle"] == nodes[2, "a.example"]["itemStyle"]
    assert nodes[0, "a.example"]["itemStyle"] != nodes[0, "b.example"]["itemStyle"]


def test_links_have_the_sums_of_the_groups_through_them() -> None:
    series = one_series("sankey")
    texts = {one["name"]: one["text"] for one in series["data"]}
    links = {(texts[one["source"]], texts[one["target"]]): one["value"] for one in series["links"]}
    assert links == {
        ("a.example", "https"): 30,
        ("b.example", "https"): 20,
        ("https", "b.example"): 30,
        ("https", "a.example"): 20,
    }


def test_points_lie_where_they_are_and_what_is_nowhere_is_left_out() -> None:
    data = one_series("points")["data"]
    assert [one["value"] for one in data] == [[-97.8, 37.8, 4e12], [13.4, 52.5, 1e12]]
    assert data[0]["symbolSize"] > data[1]["symbolSize"]


def test_countries_have_their_values_under_their_codes() -> None:
    assert {one["name"]: one["value"] for one in one_series("countries")["data"]} == {
        "US": 4e12,
        "DE": 1e12,
        "SG": 1e9,
    }


def test_shades_of_countries_are_told_by_round_numbers() -> None:
    assert limits(4e12, 5) == [3e10, 1e11, 3e11, 1e12]
    pieces = drawn("countries")["visualMap"]["pieces"]
    assert [one["color"] for one in pieces] == [*LIGHT.ramp]
    assert (pieces[0]["lt"], pieces[-1]["gte"]) == (3e10, 1e12)


@pytest.mark.parametrize("most", [1, 7.5, 999, 0])
def test_shades_are_in_order_whatever_the_most_is(most: float) -> None:
    found = limits(most, 5)
    assert len(found) == 4
    assert all(2.9 < high / low < 3.4 for low, high in pairwise(found))


def test_a_colour_that_comes_again_is_lighter_or_darker() -> None:
    assert distinct(["#808080", "#808080", "#0000ff"]) == ["#808080", "#b3b3b3", "#0000ff"]
    assert shade("#808080", -0.5) == "#404040"
    assert shade("red", 0.5) == "red"


def test_a_click_tells_fields_and_values() -> None:
    for name, expected in (
        ("bars", (("client.domain", "b.example"), ("server.domain", "c.example"))),
        ("pie", (("destination.port", 53),)),
        ("countries", (("server.geo.country_iso_code", "DE"),)),
        ("points", (("server.geo.location", "52.5,13.4"), ("server.geo.city_name", "Berlin"))),
    ):
        assert clicked(EXAMPLES[name][0], {"data": one_series(name)["data"][1]}) == expected


def test_a_click_on_a_curve_or_on_a_name_beside_a_bar() -> None:
    asked = EXAMPLES["bars"][0]
    assert clicked(asked, {"componentType": "yAxis", "value": key(("a", "b"))}) == (
        ("client.domain", "a"),
        ("server.domain", "b"),
    )
    assert clicked(EXAMPLES["stacked"][0], {"seriesName": '["https"]'}) == (("flow.service_name", "https"),)


def test_a_click_on_a_node_or_link() -> None:
    asked, series = EXAMPLES["sankey"][0], one_series("sankey")
    assert clicked(asked, {"dataType": "node", "data": series["data"][1]}) == (("flow.service_name", "https"),)
    assert clicked(asked, {"dataType": "edge", "data": series["links"][0]}) == (
        ("client.domain", "a.example"),
        ("flow.service_name", "https"),
    )


def test_a_number_that_a_browser_would_round_is_text() -> None:
    asked = panel("bars", ["flow.id"])
    (series,) = chart(asked, answer(asked, [2**64 - 1, 10], [7, 5]), look())["series"]
    assert [one["pairs"] for one in series["data"]] == [[["flow.id", str(2**64 - 1)]], [["flow.id", 7]]]


def test_a_click_on_the_others_means_no_group() -> None:
    assert clicked(EXAMPLES["pie"][0], {"data": one_series("pie")["data"][-1]}) == ()
    assert clicked(EXAMPLES["stacked"][0], {"seriesName": "Other"}) == ()
    assert clicked(EXAMPLES["points"][0], {"componentType": "geo", "name": "US"}) == ()
