"""Dashboards as saved objects: panels in their grid, with controls and links to the others."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from collector.datasets import Dataset
from collector.explore.dashboard import COLUMNS, MOST_HEIGHT, Dashboard, Panel, Row
from collector.explore.kibana.classic import TYPES as PLAIN
from collector.explore.kibana.classic import classic, visualization
from collector.explore.kibana.lens import lens
from collector.explore.kibana.number import needed, number
from collector.explore.kibana.objects import SEARCH_SOURCE, Json, Reference, Target, saved, search_source, text
from collector.explore.kibana.sankey import sankey
from collector.explore.kibana.words import Words
from collector.explore.kibana.world import world

NAVIGATION, CONTROLS, ATLAS = "navigation", "controls", "atlas"
"""Ids of the panels that a file adds to those of the dashboard; the atlas is all its maps in one picture."""
NAVIGATION_HEIGHT, CONTROLS_HEIGHT = 4, 6
PANEL_VERSION = "7.10.2"
LENS_VERSION = "8.9.0"
CHOICES = 100
"""Values that a control lists."""


class Boards:
    """Makes the objects of dashboards for a target."""

    def __init__(self, target: Target, dashboards: Mapping[str, Dashboard], words: Words, outline: list[Any]) -> None:
        self.target = target
        self.dashboards = dashboards
        self.words = words
        self.outline = outline

    def objects(self, name: str) -> Iterator[Json]:
        """The panels of a dashboard, then the dashboard."""
        dashboard = self.dashboards[name]
        rows = self._rows(name, dashboard)
        panels = [(panel, self._panel(name, panel, dashboard)) for row in rows for panel in row.panels]
        yield from (made for _, made in panels)
        yield self._dashboard(name, dashboard, rows, [made for _, made in panels])

    def _rows(self, name: str, dashboard: Dashboard) -> list[Row]:
        """Those of the file, below links and, in the classic dialect, controls."""
        links = Panel(id=NAVIGATION, title="Dashboards", kind="text", width=COLUMNS, text=self._links(name))
        rows = [Row(height=NAVIGATION_HEIGHT, panels=(links,))]
        if dashboard.controls and not self.target.lens:
            chosen = Panel(id=CONTROLS, title="Filters", kind="text", width=COLUMNS, text=" ")
            rows.append(Row(height=CONTROLS_HEIGHT, panels=(chosen,)))
        return [*rows, *_with_one_atlas(dashboard.rows)]

    def _links(self, current: str) -> str:
        """Markdown. The links keep the time range and the pinned filters."""
        groups: dict[str, list[str]] = {}
        for name, one in self.dashboards.items():
            link = f"**{one.title}**" if name == current else f"[{one.title}](#/view/{self.words.dashboard(name)})"
            groups.setdefault(one.group, []).append(link)
        return "  \n".join(f"{group}: {' | '.join(links)}" for group, links in groups.items())

    def _panel(self, name: str, panel: Panel, dashboard: Dashboard) -> Json:
        identifier, dataset = self.words.panel(name, panel.id), dashboard.dataset_of(panel)
        if panel.id == CONTROLS and panel.kind == "text":
            return self._controls(identifier, panel, dashboard)
        if panel.kind in PLAIN and not needed(self.target, panel):
            make = lens if self.target.lens else classic
            return make(self.target, identifier, panel, dataset, self.words)
        if panel.kind == "records":
            return self._search(identifier, panel, dataset)
        return visualization(self.target, identifier, panel, self._state(panel, dashboard))

    def _state(self, panel: Panel, dashboard: Dashboard) -> Json:
        """Of Markdown and Vega."""
        dataset = dashboard.dataset_of(panel)
        if panel.kind == "text":
            params: Json = {"fontSize": 12, "openLinksInNewTab": False, "markdown": panel.text}
            return {"title": panel.title, "type": "markdown", "params": params, "aggs": []}
        picture = self._picture(panel, dashboard, dataset)
        return {"title": panel.title, "type": "vega", "params": {"spec": text(picture)}, "aggs": []}

    def _picture(self, panel: Panel, dashboard: Dashboard, dataset: Dataset) -> Json:
        if panel.kind == "metric":
            return number(panel, dataset, self.words)
        if panel.kind == "sankey":
            return sankey(self.target, panel, dataset, self.words)
        return world(self.target, self._maps(panel, dashboard), dataset, self.words, self.outline)

    def _maps(self, panel: Panel, dashboard: Dashboard) -> list[tuple[Panel, ...]]:
        """The maps that a panel stands for, in rows."""
        return [row.panels for row in dashboard.rows if _is_map(row)] if panel.id == ATLAS else [(panel,)]

    def _controls(self, identifier: str, panel: Panel, dashboard: Dashboard) -> Json:
        view = self.words.view(dashboard.dataset_of(panel))
        names = [f"control_{number}_index_pattern" for number in range(len(dashboard.controls))]
        controls = [
            {
                "id": f"c{number}",
                "indexPatternRefName": reference,
                "fieldName": field,
                "parent": "",
                "label": self.words.label(field),
                "type": "list",
                "options": {
                    "type": "terms",
                    "multiselect": True,
                    "dynamicOptions": True,
                    "size": CHOICES,
                    "order": "desc",
                },
            }
            for number, (reference, field) in enumerate(zip(names, dashboard.controls, strict=True))
        ]
        params = {"controls": controls, "updateFiltersOnChange": True, "useTimeFilter": True, "pinFilters": True}
        state = {"title": panel.title, "type": "input_control_vis", "params": params, "aggs": []}
        references = [Reference(name, "index-pattern", view) for name in names]
        return visualization(self.target, identifier, panel, state, references)

    def _search(self, identifier: str, panel: Panel, dataset: Dataset) -> Json:
        attributes = {
            "title": panel.title,
            "description": panel.description,
            "hits": 0,
            "columns": [name for name in panel.fields if name != "@timestamp"],
            "sort": [["@timestamp", "desc"]],
            "version": 1,
            "kibanaSavedObjectMeta": search_source("" if panel.filter == "*" else panel.filter),
        }
        view = Reference(SEARCH_SOURCE, "index-pattern", self.words.view(dataset))
        return saved(self.target, "search", identifier, attributes, [view])

    def _dashboard(self, name: str, dashboard: Dashboard, rows: Sequence[Row], made: Sequence[Json]) -> Json:
        references = [Reference(f"panel_{number}", one["type"], one["id"]) for number, one in enumerate(made)]
        attributes: Json = {
            "title": f"flow-collector: {dashboard.title}",
            "description": dashboard.description,
            "hits": 0,
            "version": 1,
            # With a range of its own, each link would go back to it.
            "timeRestore": False,
            "panelsJSON": text([*self._placed(rows, made)]),
            "optionsJSON": text({"useMargins": True, "hidePanelTitles": False}),
            "kibanaSavedObjectMeta": search_source("", indexed=False),
        }
        if self.target.lens and dashboard.controls:
            attributes["controlGroupInput"] = self._control_group(dashboard)
            view = self.words.view(_first_dataset(dashboard))
            references += [
                Reference(f"controlGroup_c{number}:optionsListDataView", "index-pattern", view)
                for number in range(len(dashboard.controls))
            ]
        return saved(self.target, "dashboard", self.words.dashboard(name), attributes, references)

    def _placed(self, rows: Sequence[Row], made: Sequence[Json]) -> Iterator[Json]:
        """Panels in the grid."""
        number, top = 0, 0
        for row in rows:
            left = 0
            for panel in row.panels:
                place = {"x": left, "y": top, "w": panel.width, "h": row.height, "i": str(number + 1)}
                kind = {"type": made[number]["type"]} if self.target.lens else {}
                yield {
                    "version": LENS_VERSION if self.target.lens else PANEL_VERSION,
                    **kind,
                    "gridData": place,
                    "panelIndex": str(number + 1),
                    "embeddableConfig": {"hidePanelTitles": True} if panel.id in (NAVIGATION, CONTROLS) else {},
                    "panelRefName": f"panel_{number}",
                }
                number, left = number + 1, left + panel.width
            top += row.height

    def _control_group(self, dashboard: Dashboard) -> Json:
        panels = {
            f"c{number}": {
                "order": number,
                "width": "medium",
                "grow": True,
                "type": "optionsListControl",
                "explicitInput": {
                    "id": f"c{number}",
                    "fieldName": field,
                    "title": self.words.label(field),
                    "enhancements": {},
                },
            }
            for number, field in enumerate(dashboard.controls)
        }
        kept = dict.fromkeys(("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations"), False)
        return {
            "controlStyle": "oneLine",
            "chainingSystem": "HIERARCHICAL",
            "ignoreParentSettingsJSON": text(kept),
            "panelsJSON": text(panels),
        }


def _first_dataset(dashboard: Dashboard) -> Dataset:
    return dashboard.dataset_of(next(dashboard.panels()))


def _is_map(row: Row) -> bool:
    return all(panel.kind == "map" for panel in row.panels)


def _with_one_atlas(rows: Sequence[Row]) -> list[Row]:
    """Rows of maps as one, where the first of them is, when there is more than one map."""
    maps = [row for row in rows if _is_map(row)]
    if sum(len(row.panels) for row in maps) < 2:
        return list(rows)
    titles = ", ".join(panel.title for row in maps for panel in row.panels)
    first = maps[0].panels[0]
    atlas = first.model_copy(update={"id": ATLAS, "title": titles, "width": COLUMNS, "description": ""})
    height = min(sum(row.height for row in maps), MOST_HEIGHT)
    whole = Row(height=height, panels=(atlas,))
    return [whole if row is maps[0] else row for row in rows if row is maps[0] or not _is_map(row)]
