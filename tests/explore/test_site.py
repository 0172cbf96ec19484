"""What all visits of the page share."""

import logging
from pathlib import Path

import pytest

from collector.explore.load import dashboards
from collector.explore.page.site import Site
from collector.settings import Settings


def test_a_dashboard_of_ones_own_that_is_wrong_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "voice.yaml").write_text("title: Voice\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        shown = Site(Settings(dashboards=tmp_path)).dashboards
    assert shown.keys() == dashboards().keys()
    assert caplog.messages[0].startswith(f"a dashboard is left out: {tmp_path / 'voice.yaml'}:1:1: ")
