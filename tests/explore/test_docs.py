"""docs/dashboards.md tells of each dashboard, key and kind, and its example and its mistakes are real."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from collector.explore.dashboard import Dashboard, Kind, Panel, Ratio, Row
from collector.explore.load import DashboardError, dashboards, read

DOCS = (Path(__file__).parents[2] / "docs" / "dashboards.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```yaml\n(title: .*?)```", DOCS, re.DOTALL)[0]


@pytest.mark.parametrize("name", dashboards())
def test_each_dashboard_is_listed(name: str) -> None:
    one = dashboards()[name]
    assert f"| {one.title} | [{name}.yaml](../dashboards/{name}.yaml) | {one.group} | {one.description} |" in DOCS


@pytest.mark.parametrize("model", [Dashboard, Row, Panel, Ratio])
def test_each_key_is_told(model: type[BaseModel]) -> None:
    section = DOCS.split(f"### Keys of a {model.__name__.lower()}\n")[1].split("\n#")[0]
    told = re.findall(r"`(\w+)`", "\n".join(line.split(" | ")[0] for line in section.splitlines() if line[:3] == "| `"))
    assert told == list(model.model_fields)


def test_each_kind_is_told() -> None:
    section = DOCS.split("### Kinds\n")[1].split("\n#")[0]
    told = re.findall(r"`(\w+)`", "\n".join(line.split(" | ")[0] for line in section.splitlines() if line[:3] == "| `"))
    assert sorted(told) == sorted(get_args(Kind))


def test_the_example_is_a_dashboard(tmp_path: Path) -> None:
    (tmp_path / "voice.yaml").write_text(EXAMPLE, encoding="utf-8")
    assert read(tmp_path / "voice.yaml").title == "Voice"


def test_mistakes_are_told_as_the_docs_say(tmp_path: Path) -> None:
    wrong = EXAMPLE
    for right, mistake in (
        ("group:", "gruop:"),
        ("client.domain]", "client.domian]"),
        ("kind: metric", "kind: metrics"),
        ('filter: "flow.dscp_name:EF"}\n  -', 'filter: "flow.dscp_name = EF"}\n  -'),
        ("width: 48", "width: 24"),
    ):
        assert right in wrong
        wrong = wrong.replace(right, mistake, 1)
    (tmp_path / "voice.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(DashboardError) as caught:
        read(tmp_path / "voice.yaml")
    found = str(caught.value).replace(str(tmp_path), "dashboards")
    assert found.splitlines() == DOCS.split("```text\n")[1].split("\n```")[0].splitlines()
