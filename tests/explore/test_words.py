"""Labels, units and colours: there is one for whatever a dashboard shows."""

import re

import polars as pl
import pytest

from collector.datasets import DATASETS
from collector.explore import colours, labels, units
from collector.explore.dashboard import Panel
from collector.explore.load import dashboards
from collector.explore.ratios import with_ratios
from collector.query.model import Answer

RATED = Panel.model_validate(
    {
        "id": "load",
        "title": "Load",
        "kind": "table",
        "by": ["flow.input_ifname"],
        "measures": ["bits/s", "max:flow.input_ifspeed"],
        "ratios": [
            {"title": "Utilisation", "of": "bits/s", "to": "max:flow.input_ifspeed"},
            {"title": "Times", "of": "max:flow.input_ifspeed", "to": "bits/s", "unit": ""},
        ],
        "labels": {"bits/s": "Load"},
    }
)


@pytest.mark.parametrize("name", dashboards())
def test_all_that_is_shown_has_words_and_units(name: str) -> None:
    dashboard = dashboards()[name]
    for panel in dashboard.panels():
        for shown in (*panel.by, *panel.fields, *panel.measures, *dashboard.controls):
            assert labels.label(shown, panel) != shown
        for text in (*panel.measures, *(ratio.title for ratio in panel.ratios)):
            assert labels.unit(text, panel) in units.UNITS


def test_labels_and_units_are_of_fields_that_there_are() -> None:
    known = {name for dataset in DATASETS.values() for name in dataset.asked}
    assert set(labels.named()) <= known
    assert {name: labels.unit_of_field(name) for name in known if labels.unit_of_field(name)}.items() >= {
        ("network.bytes", "bytes"),
        ("event.duration", "ns"),
        ("health.cpu_percent", "percent"),
    }
    assert labels.units_named().keys() <= known
    assert set(labels.units_named().values()) <= units.UNITS


@pytest.mark.parametrize(
    ("name", "label", "unit"),
    [
        ("client.domain", "Client", ""),
        ("source.geo.country_name", "Source country", ""),
        ("bits/s", "Bit rate", "bits/s"),
        ("sum:network.bytes", "Bytes", "bytes"),
        ("sum:network.bytes/s", "Bytes per second", "bytes/s"),
        ("unique:destination.port", "Destination port (different)", ""),
        ("p99:event.duration", "Duration (99th percentile)", "ns"),
        ("other", "Other", ""),
        ("nothing of the kind", "nothing of the kind", ""),
    ],
)
def test_words_for_fields_and_measures(name: str, label: str, unit: str) -> None:
    assert (labels.label(name), labels.unit(name)) == (label, unit)


def test_words_of_a_panel_come_first() -> None:
    assert labels.label("bits/s", RATED) == "Load"
    assert labels.label("Utilisation", RATED) == "Utilisation"
    assert [labels.unit(name, RATED) for name in ("Utilisation", "Times", "bits/s")] == ["percent", "", "bits/s"]


def test_ratios_are_worked_out_of_measures() -> None:
    frame = pl.DataFrame({"bits/s": [5e8, 1.0, None], "max:flow.input_ifspeed": [1e9, 0.0, 1e9]})
    found = with_ratios(RATED, Answer(frame)).frame
    assert found["Utilisation"].to_list() == [50.0, None, None]
    assert found["Times"].to_list() == [2.0, 0.0, None]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "bars"}, "a bars panel has no `ratios`"),
        ({"measures": ["bits/s"]}, "a ratio of max:flow.input_ifspeed, which is not in `measures`"),
        ({"ratios": [{"title": "X", "of": "bits/s", "to": "bits/s", "unit": "furlongs"}]}, "no unit furlongs"),
    ],
)
def test_ratios_that_make_no_sense(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Panel.model_validate({**RATED.model_dump(), **change})


@pytest.mark.parametrize(
    ("text", "stacked"),
    [("bits/s", True), ("flows", True), ("average:event.duration", False), ("unique:server.ip", False)],
)
def test_only_what_adds_up_is_stacked(text: str, stacked: bool) -> None:
    panel = Panel(id="one", title="One", kind="series", by=("host.name",), measures=(text,))
    assert panel.stacked is stacked


def test_a_name_has_the_same_colour_everywhere() -> None:
    assert colours.colour("client.domain", "a.example") == colours.colour("server.domain", "a.example") == "#2E8FC4"
    assert colours.colour("flow.service_name", "https") == colours.colour("flow.dst_port_name", "https")
    assert colours.colour("flow.service_name", None) == colours.other()
    assert colours.colour("flow.vlan", 20) == colours.colour("flow.vlan", "20")


def test_colours_are_colours_and_those_of_a_field_differ() -> None:
    palette = colours.palette()
    assert len(set(palette)) == len(palette) >= 16
    for name, values in colours.known().items():
        assert len(set(values.values())) == len(set(values) - {"dns"}), name
        assert all(re.fullmatch("#[0-9A-F]{6}", one) for one in (*values.values(), *palette, colours.other()))
        assert colours.other() not in values.values()


def test_known_colours_are_of_fields_that_there_are() -> None:
    known = {name for dataset in DATASETS.values() for name in dataset.asked}
    assert set(colours.known()) <= known
