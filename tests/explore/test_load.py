"""Dashboards from files: those that come along, and what is said about wrong ones."""

from pathlib import Path

import pytest

from collector.explore.dashboard import Dashboard
from collector.explore.load import DashboardError, dashboards, folder_coming_along, read, with_own

PANEL = "{id: one, title: One, kind: bars, width: 48, by: [flow.service_name], measures: [bytes]}"
WHOLE = f"""\
title: Mine
group: Own
position: 1
description: What I look at.
controls: [host.name]
rows:
  - height: 6
    panels:
      - {PANEL}
"""


def written(folder: Path, text: str, name: str = "mine") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> list[str]:
    """What is said about a file, without its name."""
    path = written(folder, text)
    with pytest.raises(DashboardError) as caught:
        read(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}:") for line in lines)
    return [line.removeprefix(f"{path}:") for line in lines]


def test_those_that_come_along_are_in_order_of_position() -> None:
    found = dashboards()
    assert len(found) >= 22
    assert next(iter(found)) == "overview"
    positions = [one.position for one in found.values()]
    assert positions == sorted(set(positions))


@pytest.mark.parametrize("name", dashboards())
def test_each_dashboard_is_of_a_size_that_can_be_looked_at(name: str) -> None:
    dashboard = dashboards()[name]
    panels = list(dashboard.panels())
    assert 3 <= len(panels) <= 13
    assert dashboard.controls
    assert all(panel.width >= 16 for panel in panels if panel.kind == "pie")
    assert not [panel.id for panel in panels if {"as.organization.name", "geo.country_name"} & set(panel.by)]


def test_titles_tell_dashboards_apart() -> None:
    titles = [one.title for one in dashboards().values()]
    assert len(set(titles)) == len(titles)


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    written(tmp_path, WHOLE, "second")
    written(tmp_path, WHOLE.replace("position: 1", "position: 0"), "third")
    assert list(dashboards(tmp_path)) == ["third", "second"]
    assert dashboards(tmp_path / "none") == {}


def test_ones_own_are_beside_those_that_come_along_and_take_their_place(tmp_path: Path) -> None:
    written(tmp_path, WHOLE)
    written(tmp_path, WHOLE.replace("Mine", "My overview").replace("position: 1\n", "position: 900\n"), "overview")
    found, wrong = with_own(tmp_path)
    assert wrong == []
    assert found.keys() == dashboards().keys() | {"mine"}
    assert (next(iter(found)), list(found)[-1]) == ("mine", "overview")
    assert found["overview"].title == "My overview"


def test_ones_own_that_are_wrong_are_left_out_alone(tmp_path: Path) -> None:
    written(tmp_path, WHOLE)
    path = written(tmp_path, WHOLE.replace("group:", "gruop:"), "other")
    found, wrong = with_own(tmp_path)
    assert found.keys() == dashboards().keys() | {"mine"}
    assert "\n".join(wrong).startswith(f"{path}:2:1: gruop: there is no such key")


def test_a_folder_of_ones_own_that_is_not_there(tmp_path: Path) -> None:
    assert with_own(None) == (dashboards(), [])
    missing = tmp_path / "none"
    assert with_own(missing) == (dashboards(), [f"{missing}: there is no such folder of dashboards"])


def test_the_folder_is_that_of_the_checkout() -> None:
    assert folder_coming_along() == Path(__file__).parents[2] / "dashboards"


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("title: Mine", "title: Mine\ncontrol: []", "2:1: control: there is no such key; did you mean controls?"),
        ("title: Mine", "titel: Mine", "1:1: titel: there is no such key; did you mean title?"),
        ("title: Mine\n", "", "1:1: title: it is missing"),
        ("group: Own", "group: Own\ngroup: Two", "3:1: group: the key stands twice"),
        (
            "controls: [host.name]",
            "controls: [host.name, host.nam]",
            "5:23: controls: there is no field host.nam; did you",
        ),
        ("kind: bars", "kind: bar", "9:31: panel one: kind: there is no kind bar; did you mean bars?"),
        ("width: 48", "width: 49", "9:43: panel one: width: it should be less than or equal to 48"),
        ("width: 48", "width: 24", "7:5: rows: the panels are 24 columns wide together, and must be 48"),
        ("width: 48", "width: 48, colour: red", "panel one: colour: there is no such key; there are id"),
        ("by: [flow.service_name]", "by: []", "9:9: panel one: a bars panel needs `by` with 1 field"),
        (
            "flow.service_name",
            "flow.servce_name",
            "9:59: panel one: by: there is no field flow.servce_name; did you",
        ),
        ("flow.service_name", "event.duration", "panel one: by: event.duration is a number to be summed"),
        (
            "flow.service_name",
            "client.geo.location",
            "by: client.geo.location is a place: only a map can show it",
        ),
        ("[bytes]", "[byte]", "panel one: measures: 'byte' is no measure; there are bytes, bits"),
        (
            "[bytes]",
            "['sum:host.name']",
            "measures: sum:host.name: host.name is no number; unique:",
        ),
        ("[bytes]", "['sum:networkbytes']", "panel one: measures: there is no field networkbytes"),
        ("[bytes]", "[bytes], filter: 'a:b'", "panel one: filter: at position 1: there is no field a"),
        (
            "[bytes]",
            "[bytes], dataset: flow",
            "panel one: dataset: there is no dataset flow; there are flows",
        ),
        ("id: one", "id: One", "panel One: id: 'One' must be of small letters and digits"),
        (PANEL, "{id: one, title: One, kind: text, width: 48}", "panel one: a text panel needs `text`"),
        (PANEL, "just words", "9:9: it should be keys and values"),
        (f"\n      - {PANEL}", " []", "8:5: panels: there must be at least one"),
        ("[host.name]", "[host.name", "did not find expected ',' or ']'"),
        (WHOLE, "", "1:1: it should be keys and values"),
        ("position: 1", "position: 2020-13-01", "month must be in 1..12"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert right in WHOLE
    (line,) = complaint(tmp_path, WHOLE.replace(right, wrong, 1))
    assert said in line


def test_all_that_is_wrong_is_said_at_once_in_order(tmp_path: Path) -> None:
    panels = [
        PANEL.replace("width: 48", "width: 24").replace("title", "titel"),
        PANEL.replace("flow.service_name", "nothing.such").replace("one", "two"),
        PANEL.replace("one", "two"),
    ]
    text = WHOLE.replace(PANEL, "\n      - ".join(panels)).replace("position: 1", "position: first")
    lines = complaint(tmp_path, text)
    assert [line.split(": ", 1)[1].split("; ")[0] for line in lines] == [
        "position: it should be a valid integer, unable to parse string as an integer",
        "panel one: titel: there is no such key",
        "panel two: by: there is no field nothing.such",
        "panel two: id: another panel has the same id",
    ]


def test_all_files_of_a_folder_are_told_of(tmp_path: Path) -> None:
    written(tmp_path, WHOLE.replace("title: Mine", "titel: Mine"), "a")
    written(tmp_path, WHOLE, "b")
    written(tmp_path, "- no dashboard", "c")
    with pytest.raises(DashboardError) as caught:
        dashboards(tmp_path)
    assert {line.split(":")[0] for line in str(caught.value).splitlines()} == {
        str(tmp_path / "a.yaml"),
        str(tmp_path / "c.yaml"),
    }


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "latin.yaml").write_bytes(b"title: \xe9")
    with pytest.raises(DashboardError, match=r"folder\.yaml: Is a directory\n.*latin\.yaml: .*utf-8"):
        dashboards(tmp_path)


def test_a_dashboard_made_in_python_is_looked_at_as_well() -> None:
    row = {"panels": [{"id": "one", "title": "One", "kind": "metric", "width": 48, "measures": ["sum:nothing"]}]}
    with pytest.raises(ValueError, match="panel one: measures: there is no field nothing"):
        Dashboard.model_validate({"title": "T", "group": "G", "position": 1, "description": "D", "rows": [row]})
