"""The questions of exports, asked of an engine, and their Vega panels drawn with what it answers."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from collector.explore.exports import export
from collector.explore.kibana.objects import TARGETS
from tests.engines import Engine
from tests.explore.panel_queries import Question, questions, rows, vega_specs
from tests.explore.vega import Job, draw

FILES = {
    "opensearch3": ("opensearch-dashboards", "kibana-9"),
    "elasticsearch7": ("kibana-7",),
    "elasticsearch9": ("kibana-7", "kibana-9"),
}
"""What is asked of each engine."""
LACKS = {"opensearch3": ("runtime_mappings",), "elasticsearch9": ("script", "multi_terms")}
"""What an engine does not know, the second because it runs without X-Pack and Painless. Such questions are left to the
others."""
QUIET = ("queue-drops", "rejected")
"""Panels that are empty where nothing is wrong, as in that night."""


def troubles(engine: Engine, begin: int, end: int) -> Iterator[str]:
    """Panels without rows or marks, for a time in milliseconds since 1970."""
    for target in FILES[engine.kind.name]:
        lines = [json.loads(line) for line in export(TARGETS[target]).splitlines()]
        asked = [one for one in questions(lines, begin, end) if not _lacking(engine, one)]
        answers = _answers(engine, asked)
        for one, answer in zip(asked, answers, strict=True):
            if not one.id.endswith(QUIET) and ("error" in answer or not rows(answer)):
                yield f"{target}: {one.id}: {json.dumps(answer)[:500]}"
        yield from _drawn(target, lines, asked, answers)


def _lacking(engine: Engine, one: Question) -> bool:
    asked = json.dumps(one.body)
    return any(f'"{name}"' in asked for name in LACKS.get(engine.kind.name, ()))


def _answers(engine: Engine, asked: list[Question]) -> list[dict[str, Any]]:
    parts = [json.dumps(part) for one in asked for part in ({"index": one.index}, one.body)]
    status, answer = engine.call("POST", "/_msearch", ("\n".join(parts) + "\n").encode())
    assert status == 200, answer
    found: list[dict[str, Any]] = answer["responses"]
    return found


def _drawn(target: str, lines: list[Any], asked: list[Question], answers: list[Any]) -> Iterator[str]:
    by_panel = defaultdict(list)
    for one, answer in zip(asked, answers, strict=True):
        by_panel[one.id].append(answer)
    specs = {name: spec for name, spec in vega_specs(lines) if len(by_panel[name]) == _sources(spec)}
    jobs = [Job(spec, _named(spec, by_panel[name]), TARGETS[target].add_filter) for name, spec in specs.items()]
    for name, drawn in zip(specs, draw(jobs), strict=True):
        if not any(drawn["marks"].get(mark) for mark in ("edge", "place", "land_0", "number")):
            yield f"{target}: {name}: nothing is drawn"
        if drawn["warnings"] or "NaN" in drawn["svg"] or ">–</text>" in drawn["svg"]:
            yield f"{target}: {name}: {drawn['warnings']}"


def _sources(spec: dict[str, Any]) -> int:
    return sum("url" in one for one in spec["data"])


def _named(spec: dict[str, Any], answers: list[Any]) -> dict[str, Any]:
    names = [one["name"] for one in spec["data"] if "url" in one]
    return dict(zip(names, answers, strict=True))
