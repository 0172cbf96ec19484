"""What all visits of the page share."""

import logging
import shutil
from pathlib import Path

import pytest

from collector.explore import load
from collector.explore.load import dashboards
from collector.explore.page.site import Site
from collector.settings import Settings


def test_a_dashboard_of_ones_own_that_is_wrong_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "voice.yaml").write_text("title: Voice\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        shown = Site(Settings(dashboards=tmp_path)).dashboards
    assert shown.keys() == dashboards().keys()
    assert caplog.messages[0].startswith(f"a dashboard is left out: {tmp_path / 'voice.yaml'}:1:1: ")


def test_one_that_comes_along_and_was_made_wrong_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(load.folder_coming_along(), tmp_path / "dashboards")
    (tmp_path / "dashboards" / "threats.yaml").write_text("title: Threats\n", encoding="utf-8")
    monkeypatch.setattr(load, "folder_coming_along", lambda: tmp_path / "dashboards")
    load._coming_along.cache_clear()
    try:
        assert Site(Settings()).dashboards.keys() == {path.stem for path in _shipped()} - {"threats"}
    finally:
        load._coming_along.cache_clear()


def _shipped() -> list[Path]:
    return [*(Path(__file__).parents[2] / "dashboards").glob("*.yaml")]
