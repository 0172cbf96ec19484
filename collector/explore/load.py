"""Dashboards from their files: all of a folder by name, or what is wrong with them, line by line."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

import collector
from collector.datasets import DATASETS
from collector.errors import CollectorError
from collector.explore.checks import FAULTS, Fault, Place, controls, of_panel
from collector.explore.dashboard import Dashboard, Panel
from collector.explore.messages import messages
from collector.explore.source import Source


class DashboardError(CollectorError):
    """Dashboard files that make no sense: a line for each thing that is wrong, as FILE:LINE:COLUMN: KEY: what."""


def dashboards(folder: Path | None = None) -> dict[str, Dashboard]:
    """The dashboards of a folder by the names of their files, in order of `position`; by default those that come along.

    DashboardError with all that is wrong in any of the files.
    """
    found, wrong = _coming_along() if folder is None else _found(folder)
    if wrong:
        raise DashboardError("\n".join(wrong))
    return _in_order(found)


def with_own(folder: Path | None) -> tuple[dict[str, Dashboard], list[str]]:
    """The dashboards that come along and those of an operator's folder, which take the place of those of the same name.

    And what is wrong with any of them, a line each: files that are wrong are left out.
    """
    found, wrong = _coming_along()
    if folder is None:
        return _in_order(found), wrong
    if not folder.is_dir():
        return _in_order(found), [*wrong, f"{folder}: there is no such folder of dashboards"]
    own, more = _found(folder)
    return _in_order(found | own), [*wrong, *more]


def folder_coming_along() -> Path:
    """Where the dashboards are that come along: inside the package of a wheel, beside that of a checkout."""
    package = Path(collector.__file__).parent
    inside = package / "dashboards"
    return inside if inside.is_dir() else package.parent / "dashboards"


@cache
def _coming_along() -> tuple[dict[str, Dashboard], list[str]]:
    return _found(folder_coming_along())


def _found(folder: Path) -> tuple[dict[str, Dashboard], list[str]]:
    found, wrong = {}, []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found[path.stem] = read(path)
        except DashboardError as error:
            wrong += str(error).splitlines()
    return found, wrong


def _in_order(found: Mapping[str, Dashboard]) -> dict[str, Dashboard]:
    return dict(sorted(found.items(), key=lambda item: (item[1].position, item[0])))


def read(path: Path) -> Dashboard:
    """The dashboard of a file. DashboardError."""
    source = _source(path)
    faults = source.doubles
    try:
        dashboard = Dashboard.model_validate(source.data)
    except ValidationError as error:
        faults += messages(one for one in error.errors() if one["type"] != FAULTS)
        faults += _of_whole_parts(source.data)
    if faults:
        raise DashboardError("\n".join(_lines(path, source, faults)))
    return dashboard


def _source(path: Path) -> Source:
    try:
        return Source(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise DashboardError(f"{path}{place}: {error.problem or error}") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        raise DashboardError(f"{path}: {reason}") from None


def _of_whole_parts(data: object) -> Iterator[Fault]:
    """Fields and filters that are wrong in panels which are whole; pydantic asks for them when all else is right."""
    if not isinstance(data, dict):
        return
    dataset = DATASETS.get(str(data.get("dataset", "flows")))
    if dataset is None:
        return
    names = data.get("controls", [])
    if isinstance(names, list):
        yield from controls(tuple(map(str, names)), dataset)
    seen: set[str] = set()
    for place, panel in _whole_panels(data):
        own = DATASETS[panel.dataset] if panel.dataset else dataset
        yield from (((*place, *key), text) for key, text in of_panel(panel, own, seen))


def _whole_panels(data: dict[str, object]) -> Iterator[tuple[Place, Panel]]:
    for place, part in _panels(data):
        try:
            yield place, Panel.model_validate(part)
        except ValidationError:
            continue


def _panels(data: object) -> Iterator[tuple[Place, object]]:
    """Whatever stands where panels do."""
    for number, row in _parts(data, "rows"):
        for position, panel in _parts(row, "panels"):
            yield ("rows", number, "panels", position), panel


def _parts(data: object, key: str) -> Iterator[tuple[int, object]]:
    parts = data.get(key) if isinstance(data, dict) else None
    yield from enumerate(parts if isinstance(parts, list) else ())


def _lines(path: Path, source: Source, faults: list[Fault]) -> list[str]:
    """In order of their places."""
    panels = dict(_panels(source.data))
    found = sorted((source.position(place), _named(place, panels), text) for place, text in faults)
    return [f"{path}:{position.line}:{position.column}: {name}{text}" for position, name, text in found]


def _named(place: Place, panels: dict[Place, object]) -> str:
    """Which panel and key it is."""
    panel = panels.get(place[:4])
    name = panel.get("id") if isinstance(panel, dict) else None
    keys = [step for step in place[4 if place[:4] in panels else 0 :] if isinstance(step, str)]
    return (f"panel {name}: " if name else "") + (f"{keys[-1]}: " if keys else "")
