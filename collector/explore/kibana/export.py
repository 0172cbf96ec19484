"""The file that a target imports: one object a line."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from collector.explore.dashboard import Dashboard
from collector.explore.kibana.boards import Boards
from collector.explore.kibana.objects import Json, Target
from collector.explore.kibana.views import view
from collector.explore.kibana.words import Words


def objects(target: Target, dashboards: Mapping[str, Dashboard], words: Words, outline: list[Any]) -> Iterator[Json]:
    """Index patterns, panels and dashboards; what is used comes before what uses it."""
    used = {one.dataset_of(panel).name: one.dataset_of(panel) for one in dashboards.values() for panel in one.panels()}
    for dataset in used.values():
        yield view(target, dataset, words.view(dataset))
    boards = Boards(target, dashboards, words, outline)
    for name in dashboards:
        yield from boards.objects(name)


def lines(made: Iterator[Json]) -> str:
    """The text of the file."""
    return "".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in made)
