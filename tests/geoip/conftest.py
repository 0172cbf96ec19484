"""A server with files, as those that offer databases are."""

from collections.abc import Iterator

import pytest

from collector.geoip import download
from tests.geoip.server import Server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(download, "PAUSE", 0.01)
    with Server() as running:
        yield running
