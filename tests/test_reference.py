"""docs/settings.md and docs/commands.md are what the program says."""

from pathlib import Path

import pytest

from collector.commands import reference

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize(
    ("name", "text"), [("settings.md", reference.settings()), ("commands.md", reference.commands())]
)
def test_reference_is_current(name: str, text: str) -> None:
    current = (DOCS / name).read_text(encoding="utf-8")
    assert current == text, "run python -m collector.commands.reference docs"
