"""Pages hold what belongs on them, and no row of a table is lost between two."""

import re
from dataclasses import replace
from itertools import pairwise

from collector.explore.report.contents import Report
from collector.explore.report.layout import Placed, pages
from collector.explore.report.pages import HEIGHT, MARGIN, WIDTH, sheets, tall
from collector.explore.report.sheet import Box
from collector.query.model import Answer
from tests.explore.panels import answer, panel
from tests.explore.reports import report, written

ROOM = Box(0.45, 1.0, 10.0, 6.0)
TABLE = panel("table", ["client.domain"])


def chart(name: str, width: int = 48, height: int = 12) -> dict[str, object]:
    shown = {"kind": "bars", "by": ["client.domain"], "measures": ["bytes"]}
    panels = [{"id": f"{name}-{n}", "title": name, "width": width, **shown} for n in range(48 // width)]
    return {"height": height, "panels": panels}


def table(name: str, width: int = 48) -> dict[str, object]:
    return {
        "panels": [
            {"id": f"{name}-{n}", "title": name, "kind": "table", "by": ["client.domain"], "measures": ["bytes"],
             "width": width, "top": 1000}
            for n in range(48 // width)
        ]
    }  # fmt: skip


def rows(count: int) -> Answer:
    return answer(TABLE, *([f"host-{n:04}.example", 1000 * (count - n)] for n in range(count)))


def inside(one: Placed, room: Box) -> bool:
    return one.box.top >= room.top - 1e-6 and one.box.top + one.box.height <= room.top + room.height + 1e-6


def test_rows_of_panels_fill_pages_one_after_the_other() -> None:
    made = report([chart("a", 16), chart("b", 24), chart("c"), chart("d", height=30), chart("e")], {})
    laid = pages(made, lambda _: ROOM)
    assert [[one.panel.title for one in page] for page in laid] == [["a", "a", "a", "b", "b"], ["c"], ["d"], ["e"]] or [
        [one.panel.title for one in page] for page in laid
    ] == [["a", "a", "a", "b", "b", "c"], ["d"], ["e"]]
    assert all(inside(one, ROOM) for page in laid for one in page)
    across = laid[0][:3]
    assert across[0].box.left == ROOM.left
    assert abs(across[2].box.left + across[2].box.width - ROOM.left - ROOM.width) < 1e-6
    assert all(left.box.left + left.box.width < right.box.left for left, right in pairwise(across))


def test_a_row_that_is_higher_than_a_page_has_a_page() -> None:
    laid = pages(report([chart("a", height=60), chart("b")], {}), lambda _: ROOM)
    assert [len(page) for page in laid] == [1, 1]
    assert all(inside(one, ROOM) for page in laid for one in page)


def test_a_row_without_anything_is_flat() -> None:
    laid = pages(report([chart("a"), chart("b")], {"a-0": rows(0), "b-0": rows(1)}), lambda _: ROOM)
    first, second = laid[0]
    assert first.box.height < 0.6
    assert second.box.height > 2


def hosts(texts: list[str]) -> list[str]:
    return [text for text in texts if re.fullmatch(r"host-\d+\.example", text)]


def test_a_long_table_goes_on_on_the_next_pages() -> None:
    made = report([chart("a"), table("t")], {"t-0": rows(90)})
    found = [written(sheet.figure) for sheet in sheets(made)]
    assert [name for page in found for name in hosts(page)] == [f"host-{n:04}.example" for n in range(90)]
    assert len(found) == 3
    assert ["continued on the next page" in page for page in found] == [True, True, False]
    assert ["t (continued)" in page for page in found] == [False, True, True]


def test_a_very_long_table_says_how_much_is_left_out() -> None:
    found = [written(sheet.figure) for sheet in sheets(report([table("t")], {"t-0": rows(1000)}))]
    assert [name for page in found for name in hosts(page)] == [f"host-{n:04}.example" for n in range(100)]
    assert "… and 900 more" in found[-1]
    assert not any("more" in text for page in found[:-1] for text in page)


def test_tables_side_by_side_end_with_the_page() -> None:
    found = [written(s.figure) for s in sheets(report([table("t", 24)], {"t-0": rows(90), "t-1": rows(5)}))]
    assert len(found) == 1
    shown = len(hosts(found[0])) - 5
    assert f"… and {90 - shown} more" in found[0]


def test_the_first_page_tells_the_range_and_the_filter_and_each_its_number() -> None:
    made = report([chart("a", height=30), chart("b", height=30)], {}, filter_="server.port:443 AND client.domain:$a$")
    first, second = (written(sheet.figure) for sheet in sheets(made))
    assert "28 November 2025 01:00 – 28 November 2025 01:10 (Europe/Berlin)" in first
    assert "server.port:443 AND client.domain:$a$" in first
    assert "flow-collector, made 28 November 2025 07:00" in first
    assert "Page 1 of 2" in first
    assert "Page 2 of 2" in second
    assert "none: all traffic" in written(next(sheets(report([chart("a")], {}))).figure)


def test_a_long_filter_has_several_lines() -> None:
    long = " OR ".join(f"client.domain:host-{n}.example.net" for n in range(12))
    first = written(next(sheets(report([chart("a", height=30)], {}, long))).figure)
    found = [text for text in first if "client.domain" in text]
    assert " ".join(found) == long


def noted(*notes: str) -> Report:
    return report([table("t")], {"t-0": replace(rows(30), notes=notes)})


def test_notes_are_at_the_foot_of_the_last_page_as_a_whole() -> None:
    path = f"/srv/{'very-long-name/' * 20}garbage.parquet"
    notes = tuple(f"The file {path} is skipped: no magic bytes in footer ({n})" for n in range(4))
    made = noted(*notes)
    *_, last = sheets(made)
    for sheet in (last, tall(made)):
        assert "".join(notes).replace(" ", "") in "".join(written(sheet.figure)).replace(" ", "")


def test_of_very_many_notes_it_is_told_how_many_lines_are_left_out() -> None:
    *_, last = sheets(noted(*(f"note {n} of many" for n in range(100))))
    found = written(last.figure)
    assert [text for text in found if text.startswith("note ")] == [f"note {n} of many" for n in range(23)]
    assert "… and 77 more lines, which the command `flow-collector report` prints" in found


def test_a_page_that_notes_leave_too_little_room_on_is_followed_by_one_that_has_them() -> None:
    made = report([chart("a", height=30), chart("b", height=6)], {"a-0": replace(rows(1), notes=("a note",) * 9)})
    counts = [len(page) for page in pages(made, lambda _: ROOM)]
    found = [written(sheet.figure) for sheet in sheets(made)]
    assert len(found) >= len(counts)
    assert ["a note" in page for page in found] == [False] * (len(found) - 1) + [True]


def test_nothing_is_outside_of_the_page() -> None:
    noted = replace(rows(120), notes=tuple(f"{n} {'note ' * 80}" for n in range(5)))
    made = report([chart("a", 16), table("t"), table("u", 24)], {"t-0": noted, "u-0": rows(30)})
    for sheet in [*sheets(made), tall(made)]:
        sheet.figure.draw_without_rendering()
        width, height = sheet.figure.get_size_inches()
        assert width == WIDTH
        for text in sheet._whole.texts:
            box = text.get_window_extent().transformed(sheet.figure.dpi_scale_trans.inverted())
            assert box.x0 > MARGIN - 0.02, text.get_text()
            assert box.x1 < width - MARGIN + 0.05, text.get_text()
            assert 0 < box.y0 < box.y1 < height, text.get_text()


def test_one_tall_sheet_has_all_rows_once() -> None:
    made = report([chart("a"), table("t"), table("u", 24)], {"t-0": rows(90), "u-0": rows(3), "u-1": rows(3)})
    sheet = tall(made)
    found = written(sheet.figure)
    assert len(hosts(found)) == 96
    assert sheet.height > HEIGHT
