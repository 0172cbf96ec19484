"""The export files, by what real servers have taught about them; no server is needed."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.datasets import DATASETS
from collector.explore.colours import known, other
from collector.explore.exports import export
from collector.explore.kibana.objects import CLASSIC_TAGS, LENS_TAGS, TARGETS
from collector.explore.kibana.views import BITS
from collector.explore.load import dashboards

Json = dict[str, Any]
MIB_25 = 26_214_400
TEXTS = ("visState", "uiStateJSON", "panelsJSON", "optionsJSON", "fields", "fieldFormatMap", "runtimeFieldMap")
ATTRIBUTES = {
    "index-pattern": {"title", "timeFieldName", "fieldFormatMap", "fields"},
    "visualization": {"title", "description", "version", "visState", "uiStateJSON", "kibanaSavedObjectMeta"},
    "search": {"title", "description", "hits", "columns", "sort", "version", "kibanaSavedObjectMeta"},
    "dashboard": {
        "title", "description", "hits", "version", "timeRestore", "panelsJSON", "optionsJSON", "kibanaSavedObjectMeta"
    },
}  # fmt: skip
"""Of the classic dialect: others are refused."""
LENS_ATTRIBUTES = ATTRIBUTES | {
    "index-pattern": {"title", "timeFieldName", "fieldFormatMap", "name", "allowNoIndex", "runtimeFieldMap"},
    "dashboard": ATTRIBUTES["dashboard"] | {"controlGroupInput"},
    "lens": {"title", "description", "visualizationType", "state"},
}
META = {"_id", "_index", "_type", "_score", "_source"}
ADDERS = {"kibanaAddFilter", "opensearchDashboardsAddFilter"}


@pytest.fixture(scope="module", params=list(TARGETS))
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def lines(target: str) -> list[Json]:
    return [json.loads(line) for line in export(TARGETS[target]).splitlines()]


def of(lines: list[Json], kind: str) -> Iterator[Json]:
    return (line for line in lines if line["type"] == kind)


def states(lines: list[Json]) -> Iterator[tuple[str, Json]]:
    """`visState` by id."""
    for line in of(lines, "visualization"):
        yield line["id"], json.loads(line["attributes"]["visState"])


def specs(lines: list[Json]) -> Iterator[tuple[str, Json]]:
    """Vega's by id."""
    for identifier, state in states(lines):
        if state["type"] == "vega":
            yield identifier, json.loads(state["params"]["spec"])


def walk(value: Any) -> Iterator[Any]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def test_texts_that_hold_json_can_be_read(lines: list[Json]) -> None:
    for line in lines:
        for name in TEXTS:
            if name in line["attributes"]:
                json.loads(line["attributes"][name])
        if "kibanaSavedObjectMeta" in line["attributes"]:
            json.loads(line["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])


def test_each_object_has_an_id_of_its_own_that_every_server_takes(lines: list[Json]) -> None:
    keys = [(line["type"], line["id"]) for line in lines]
    assert not [key for key, count in Counter(keys).items() if count > 1]
    assert not [identifier for _, identifier in keys if not re.fullmatch(r"[a-z0-9*-]+", identifier)]
    assert len(keys) <= 10_000


def named(line: Json) -> Iterator[str]:
    """The references that an object speaks of."""
    attributes = line["attributes"]
    for part in walk([json.loads(attributes[name]) for name in TEXTS if name in attributes]):
        if isinstance(part, dict):
            yield from (part[key] for key in ("panelRefName", "indexPatternRefName") if key in part)
    source = json.loads(attributes.get("kibanaSavedObjectMeta", {}).get("searchSourceJSON", "{}"))
    if "indexRefName" in source:
        yield source["indexRefName"]
    if line["type"] == "lens":
        yield from (f"indexpattern-datasource-layer-{one}" for one in layers(line))
    for control in json.loads(attributes.get("controlGroupInput", {}).get("panelsJSON", "{}")):
        yield f"controlGroup_{control}:optionsListDataView"


def layers(line: Json) -> Json:
    found: Json = line["attributes"]["state"]["datasourceStates"]["formBased"]["layers"]
    return found


def test_each_reference_is_used_and_leads_to_an_object_of_the_file(lines: list[Json]) -> None:
    keys = {(line["type"], line["id"]) for line in lines}
    for line in lines:
        assert sorted(one["name"] for one in line["references"]) == sorted(named(line)), line["id"]
        assert {(one["type"], one["id"]) for one in line["references"]} <= keys, line["id"]


def test_attributes_and_tags_are_those_of_the_dialect(target: str, lines: list[Json]) -> None:
    lens = TARGETS[target].lens
    allowed, tags = (LENS_ATTRIBUTES, LENS_TAGS) if lens else (ATTRIBUTES, CLASSIC_TAGS)
    for line in lines:
        assert set(line["attributes"]) <= allowed[line["type"]], line["id"]
        if lens:
            assert line["coreMigrationVersion"] == "8.8.0"
            assert line["typeMigrationVersion"] == tags[line["type"]]
        else:
            assert line["migrationVersion"] == {line["type"]: tags[line["type"]]}


def test_index_patterns_have_the_fields_of_the_schema(target: str, lines: list[Json]) -> None:
    for line in of(lines, "index-pattern"):
        dataset = next(one for one in DATASETS.values() if line["id"].endswith(f"{one.prefix}*"))
        assert line["attributes"]["title"] == f"{dataset.prefix}*"
        if TARGETS[target].lens:
            assert "fields" not in line["attributes"]
            continue
        fields = {one["name"]: one for one in json.loads(line["attributes"]["fields"])}
        wanted = {name for name, one in dataset.asked.items() if one.elasticsearch["type"] != "object"}
        assert set(fields) - META - {BITS} == wanted


def fields_used(line: Json) -> Iterator[str]:
    """Fields that a panel groups by or measures."""
    if line["type"] == "lens":
        for layer in layers(line).values():
            for column in layer["columns"].values():
                if column["sourceField"] != "___records___":
                    yield column["sourceField"]
                yield from column["params"].get("secondaryFields", ())
    if line["type"] == "visualization":
        state = json.loads(line["attributes"]["visState"])
        yield from (agg["params"]["field"] for agg in state["aggs"] if "field" in agg["params"])
        yield from (control["fieldName"] for control in state["params"].get("controls", ()))
        if state["type"] == "vega":
            body = json.loads(state["params"]["spec"])["data"]
            for part in walk([one.get("url") for one in body]):
                if isinstance(part, dict) and isinstance(part.get("field"), str):
                    yield part["field"]


def test_panels_use_fields_that_can_be_aggregated(lines: list[Json]) -> None:
    by_id = {line["id"]: line for line in of(lines, "index-pattern")}
    for line in lines:
        views = [one["id"] for one in line["references"] if one["type"] == "index-pattern"]
        titles = [by_id[view]["attributes"]["title"] for view in views]
        known = [one.asked for one in DATASETS.values() if not titles or f"{one.prefix}*" in titles]
        for name in fields_used(line):
            found = [dataset[name] for dataset in known if name in dataset]
            assert name == BITS or found, (line["id"], name)
            assert not found or found[0].elasticsearch.get("doc_values", True), (line["id"], name)


def test_panels_fill_the_grid_and_do_not_overlap(lines: list[Json]) -> None:
    for line in of(lines, "dashboard"):
        cells: Counter[tuple[int, int]] = Counter()
        for panel in json.loads(line["attributes"]["panelsJSON"]):
            place = panel["gridData"]
            assert place["i"] == panel["panelIndex"]
            assert panel["version"]
            columns = range(place["x"], place["x"] + place["w"])
            cells.update((x, y) for x in columns for y in range(place["y"], place["y"] + place["h"]))
        assert set(cells.values()) == {1}
        assert {x for x, _ in cells} == set(range(48))


def test_the_same_groups_over_the_whole_range(lines: list[Json]) -> None:
    seen = 0
    for line in lines:
        kinds: list[str] = []
        if line["type"] == "lens":
            (layer,) = layers(line).values()
            kinds = [layer["columns"][name]["operationType"] for name in layer["columnOrder"]]
        elif line["type"] == "visualization":
            kinds = [agg["type"] for agg in json.loads(line["attributes"]["visState"])["aggs"]]
        if "terms" in kinds and "date_histogram" in kinds:
            seen += 1
            assert kinds.index("terms") < kinds.index("date_histogram"), line["id"]
    assert seen


def test_vega_keeps_to_what_all_versions_take(target: str, lines: list[Json]) -> None:
    adder = TARGETS[target].add_filter
    found = dict(specs(lines))
    assert found
    for identifier, spec in found.items():
        written = json.dumps(spec)
        assert spec["$schema"] == "https://vega.github.io/schema/vega/v5.json"
        assert spec["autosize"]["type"] == "fit"
        assert spec["config"]["kibana"]["hideWarnings"] is True
        for data in spec["data"]:
            assert "property" not in data.get("format", {}), identifier
            assert isinstance(data.get("url", {}), dict), "no address of another host"
        assert not any(other in written for other in ADDERS - {adder})
        expressions = [part for part in walk(spec) if isinstance(part, str) and "datum" in part]
        for word in ("window", "document", "global", "self", "top", "parent", "constructor", "view"):
            assert not [one for one in expressions if re.search(rf"\b{word}\b", one)], (identifier, word)


def test_files_are_small_enough(target: str, lines: list[Json]) -> None:
    assert len(export(TARGETS[target]).encode()) < MIB_25
    for line in of(lines, "dashboard"):
        panels = {one["id"] for one in line["references"]}
        maps = [
            identifier
            for identifier, spec in specs(lines)
            if identifier in panels and "world" in {data["name"] for data in spec["data"]}
        ]
        assert len(maps) <= 1, line["id"]


def test_every_panel_of_a_dashboard_has_a_counterpart(lines: list[Json]) -> None:
    ids = {line["id"] for line in lines}
    for name, dashboard in dashboards().items():
        assert f"flow-collector-{name}" in ids
        maps = [panel for panel in dashboard.panels() if panel.kind == "map"]
        for panel in dashboard.panels():
            shown = "atlas" if panel.kind == "map" and len(maps) > 1 else panel.id
            assert f"flow-collector-{name}-{shown}" in ids


def columns(line: Json) -> Iterator[tuple[str, bool]]:
    """What a table or chart of the program's own measures is called there, and whether it is per second.

    Lens scales by the interval or the range, the classic dialect by the interval of a histogram alone.
    """
    if line["type"] == "lens":
        for layer in layers(line).values():
            measures = [one for one in layer["columns"].values() if not one["isBucketed"]]
            yield from ((one["label"], one.get("timeScale") == "s") for one in measures)
    elif line["type"] == "visualization":
        aggs = [agg["params"] | agg for agg in json.loads(line["attributes"]["visState"])["aggs"]]
        scaled = any(agg.get("scaleMetricValues") for agg in aggs)
        yield from ((agg["customLabel"], scaled) for agg in aggs if agg["schema"] == "metric")


def test_what_is_called_a_rate_is_one(target: str, lines: list[Json]) -> None:
    named = [
        (line["id"], rate) for line in lines for words, rate in columns(line) if re.search("Bit rate|per second", words)
    ]
    counted = {"flow-collector-interface-counters"}
    assert [rate for _, rate in named]
    assert not [one for one, rate in named if not rate and not one.startswith(tuple(counted))]
    overview = next(line for line in lines if line["id"] == "flow-collector-overview-bits")
    if TARGETS[target].lens:
        assert [*columns(overview)] == [("Bit rate", True)]
    else:
        assert overview["id"] in dict(specs(lines))


def test_known_names_have_the_colours_of_the_page(lines: list[Json]) -> None:
    seen = 0
    found = {line["id"]: given for line in lines if (given := coloured(line))}
    for name, dashboard in dashboards().items():
        for panel in dashboard.panels():
            if panel.kind in ("series", "pie") and len(panel.by) == 1 and panel.by[0] in known():
                seen += 1
                wanted = {**known()[panel.by[0]], "Other": other()}
                assert found.pop(f"flow-collector-{name}-{panel.id}") == wanted, panel.id
    assert seen > 10
    assert not found


def coloured(line: Json) -> Json:
    """Colours by name that a panel holds."""
    if line["type"] == "visualization":
        return dict(json.loads(line["attributes"]["uiStateJSON"]).get("vis", {}).get("colors", {}))
    if line["type"] != "lens":
        return {}
    state = line["attributes"]["state"]["visualization"]
    (layer,) = state.get("layers", [state])
    given = layer.get("colorMapping", {"assignments": []})["assignments"]
    rules = {name: one["color"]["colorCode"] for one in given for name in one["rule"]["values"]}
    return {"Other" if name == "__other__" else name: colour for name, colour in rules.items()}


def test_a_number_is_in_a_panel_once(lines: list[Json]) -> None:
    for line in lines:
        words = [name for name, _ in columns(line)]
        assert len(set(words)) == len(words), line["id"]


def test_no_description_speaks_of_what_is_not_shown(lines: list[Json]) -> None:
    by_id = {line["id"]: line["attributes"] for line in lines}
    told = 0
    for name, dashboard in dashboards().items():
        for panel in dashboard.panels():
            shown = by_id.get(f"flow-collector-{name}-{panel.id}", {"description": ""})["description"]
            told += panel.kind == "table" and bool(shown)
            if panel.kind == "table":
                assert not [one.title for one in panel.ratios if one.title.lower() in shown.lower()], panel.id
    assert told


def test_the_files_in_the_folder_are_current(target: str) -> None:
    file = Path(__file__).parents[2] / "dashboards" / f"{target}.ndjson"
    assert file.read_text(encoding="utf-8") == export(TARGETS[target]), "python -m collector.explore.exports dashboards"
