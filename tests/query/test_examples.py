"""What docs/filter.md and docs/rules.md show is possible."""

import re
import tomllib
from pathlib import Path

from collector.query.filter import parse
from collector.query.rulefile import rules
from tests.query.sample import sample

DOCS = Path(__file__).parents[2] / "docs"


def test_filters_of_the_documentation() -> None:
    text = (DOCS / "filter.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert len(found) > 20
    for one in found:
        assert len(parse(one).mask(sample())) == len(sample())


def test_rules_of_the_documentation() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", (DOCS / "rules.md").read_text(encoding="utf-8"), re.DOTALL)
    assert [rule.name for rule in rules(tomllib.loads(block)["rules"])] == ["monitoring", "2", "3", "4", "5"]
