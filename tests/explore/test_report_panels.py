"""Panels of reports say what the answers say."""

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import numpy as np
import polars as pl
import pytest
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.patches import PathPatch, Rectangle, Wedge

from collector.explore.charts.groups import groups
from collector.explore.dashboard import Panel
from collector.explore.report import sankey
from collector.explore.report.cells import cell
from collector.explore.report.document import LOOK
from collector.explore.report.metric import number
from collector.explore.report.panels import KINDS, NOTHING
from collector.explore.report.sheet import INK, Box
from collector.explore.report.worldmap import world
from collector.query.model import Answer, Range
from tests.explore.panels import BEGIN, EVIL, MINUTE, answer, each, look, panel
from tests.explore.reports import drawn, shapes, written

EXAMPLES = each()


def texts(name: str) -> list[str]:
    return written(drawn(*EXAMPLES[name]).figure)


def test_every_kind_of_chart_has_an_example() -> None:
    assert {asked.kind for asked, _ in EXAMPLES.values()} == set(KINDS) - {"metric"}


@pytest.mark.parametrize(("asked", "given"), EXAMPLES.values(), ids=EXAMPLES)
def test_an_empty_answer_is_told(asked: Panel, given: Answer) -> None:
    assert written(drawn(asked, Answer(given.frame.clear())).figure) == [NOTHING]


def test_a_panel_without_an_answer_says_why() -> None:
    assert written(drawn(panel("pie", ["destination.port"]), "no answer within 30 s").figure) == [
        "no answer within 30 s"
    ]


def test_bars_are_as_long_as_their_numbers() -> None:
    sheet = drawn(*EXAMPLES["bars"])
    assert written(sheet.figure) == [f"a.example · {EVIL}", "3.0 kB", "b.example · c.example", "1.0 kB"]
    longer, shorter = (one.get_width() for one in sheet._whole.patches if isinstance(one, Rectangle))
    assert longer == pytest.approx(3 * shorter)


def test_slices_are_shares_of_the_whole() -> None:
    sheet = drawn(*EXAMPLES["pie"])
    assert written(sheet.figure) == ["443", "3.0 kB  66.7 %", "53", "1.0 kB  22.2 %", "Other", "500 B  11.1 %"]
    slices = shapes(sheet, Wedge)
    assert [one.theta2 - one.theta1 for one in slices] == pytest.approx([240, 80, 40])
    assert slices[-1].get_facecolor() == mpl.colors.to_rgba(INK.other)


def test_areas_are_on_top_of_one_another() -> None:
    sheet = drawn(*EXAMPLES["stacked"])
    https, ssh, other = shapes(sheet, PolyCollection)
    assert {"https", "ssh", "Other"} < set(written(sheet.figure))
    tops = [[_top(area, minute) for area in (https, ssh, other)] for minute in range(3)]
    assert tops == [[8e6, 8e6, 8e6], [0, 2e6, 2e6], [4e6, 4e6, 5e6]]


def _top(area: Any, minute: int) -> float:
    at = (BEGIN + minute * MINUTE) / 1000
    return float(max(y for x, y in area.get_paths()[0].vertices if x == at))


def test_lines_with_two_units_have_two_axes() -> None:
    sheet = drawn(*EXAMPLES["lines"])
    first, second = (one for one in sheet.figure.axes if one.lines and one.axison)
    points = _points(first)
    assert points[BEGIN / 1000] == 8e6
    assert points[(BEGIN + MINUTE) / 1000] == 0, "a rate is 0 where there is no row"
    assert np.isnan(_points(second)[(BEGIN + MINUTE) / 1000]), "an average is not known"
    shown = written(sheet.figure)
    assert {"0 bit/s", "5.0 Mbit/s", "0 s", "6.0 s", "Bit rate", "Average duration"} < set(shown)


def _points(axes: Any) -> dict[float, float]:
    return dict(zip(*axes.lines[0].get_data(), strict=True))


def test_the_only_bucket_is_a_column_and_not_a_point() -> None:
    asked = panel("series", ["flow.service_name"], ["bits/s"])
    given = answer(asked, ["https", 0, 8e6], ["ssh", 0, 2e6], times=True)
    short = replace(look(), range=Range(BEGIN, BEGIN + MINUTE))
    sheet = drawn(asked, given, short)
    containers: list[Any] = sheet.figure.axes[-1].containers
    https, ssh = (one for container in containers for one in container)
    assert (https.get_y(), https.get_height()) == (0, 8e6)
    assert (ssh.get_y(), ssh.get_height()) == (8e6, 2e6)


def test_bands_are_as_broad_as_what_they_stand_for() -> None:
    sheet = drawn(*EXAMPLES["sankey"])
    assert {"a.example  30 B", "b.example  20 B", "https  50 B", "b.example  30 B"} < set(written(sheet.figure))
    bands = [one.get_path().vertices for one in shapes(sheet, PathPatch)]
    assert len(bands) == 4
    left = [abs(one[7][1] - one[0][1]) for one in bands]
    right = [abs(one[4][1] - one[3][1]) for one in bands]
    assert left == pytest.approx(right)
    assert left[0] / left[2] == pytest.approx(30 / 20)


def test_nodes_of_a_level_do_not_overlap() -> None:
    asked = panel("sankey", ["client.domain", "server.domain"])
    rows = [[f"client-{n}.example", f"server-{n % 7}.example", 1000 // (n + 1)] for n in range(40)]
    nodes = sankey._nodes(groups(asked, answer(asked, *rows)), 2)
    sankey._place(nodes, 2, Box(0, 0, 5, 2.5))
    for level in range(2):
        placed = sorted((one.top, one.top + one.height) for key, one in nodes.items() if key[0] == level)
        assert all(below >= end - 1e-9 for (_, end), (below, _) in pairwise(placed))
        assert placed[0][0] >= -1e-9
        assert placed[-1][1] <= 2.5 + 1e-9


def test_countries_are_dark_by_their_amounts() -> None:
    sheet = drawn(*EXAMPLES["countries"])
    (land,) = shapes(sheet, PathCollection)
    painted = dict(zip([name for name, _ in world()], land.get_facecolor(), strict=False))
    rgba = mpl.colors.to_rgba
    assert tuple(painted["US"]) == rgba(INK.ramp[-1])
    assert tuple(painted["DE"]) == rgba(INK.ramp[-1]) or tuple(painted["DE"]) == rgba(INK.ramp[-2])
    assert tuple(painted["FR"]) == rgba(INK.land)
    assert "≥ 1.0 TB" in written(sheet.figure)


def test_places_are_where_they_are() -> None:
    sheet = drawn(*EXAMPLES["points"])
    _, points = shapes(sheet, PathCollection)
    assert points.get_offsets().tolist() == [[-97.8, 37.8], [13.4, 52.5]]
    larger, smaller = points.get_sizes()
    assert larger > smaller


def test_tables_have_the_names_and_numbers_of_the_answer() -> None:
    asked = Panel.model_validate(
        {
            "id": "t", "title": "T", "kind": "table", "by": ["client.domain"], "measures": ["bytes", "packets"],
            "ratios": [{"title": "Bytes per packet", "of": "bytes", "to": "packets", "unit": "bytes"}],
        }
    )  # fmt: skip
    given = answer(asked, [EVIL, 3_000, 30], [None, 500, 0])
    frame = given.frame.with_columns(pl.Series("Bytes per packet", [100.0, None]))
    assert written(drawn(asked, Answer(frame)).figure) == [
        "Client", "Bytes", "Packets", "Bytes per packet",
        EVIL, "3.0 kB", "30", "100 B", "Other", "500 B", "0", "–",
    ]  # fmt: skip


def test_a_number_stands_alone() -> None:
    asked = panel("metric", [], ["bits/s"])
    given = Answer(pl.DataFrame({"bits/s": [1.2e9]}))
    assert written(drawn(asked, given).figure) == ["1.2 Gbit/s"] == [number(asked, given)]


def test_markdown_becomes_paragraphs() -> None:
    asked = Panel(id="t", title="T", kind="text", text="# Head\n\nSome *words*\nin one line\n\n- first\n- second\n")
    assert written(drawn(asked, "").figure) == ["Head", "Some words", "in one line", "• first", "• second"]


def test_dollars_in_names_are_no_formulas() -> None:
    asked = panel("table", ["client.domain"])
    with mpl.rc_context(LOOK):
        assert "a$b_c$.example" in written(drawn(asked, answer(asked, ["a$b_c$.example", 1])).figure)
        stacked = panel("series", ["client.domain"], ["bits/s"])
        given = answer(stacked, ["$x^$", 0, 8e6], ["$\\frac$", 2, 4e6], times=True)
        assert {"$x^$", "$\\frac$"} < set(written(drawn(stacked, given).figure))


def test_times_of_records_are_those_of_the_zone() -> None:
    begin = pl.Series([BEGIN]).cast(pl.Datetime("ms")).to_list()[0]
    assert cell("@timestamp", begin, "Asia/Tokyo") == "2025-11-28 09:00:00"
    assert cell("event.duration", 1_500_000_000, "UTC") == "1.5 s"
    assert cell("tags", ["one", "two"], "UTC") == "one, two"
    assert not cell("client.domain", None, "UTC")


def test_what_is_too_wide_is_cut() -> None:
    asked = panel("table", ["client.domain", "server.domain"], ["bytes"])
    long = "a" * 300 + ".example"
    found = written(drawn(asked, answer(asked, [long, "b.example", 1000])).figure)
    assert "b.example" in found
    assert "1.0 kB" in found
    assert re.fullmatch("a+…", found[3])
