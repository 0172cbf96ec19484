"""Fixtures for all tests, and their order where they run side by side."""

import logging
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

from tests.engines.kinds import KINDS

pytest_plugins = ["tests.engines.fixtures"]

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

HOMES = {
    "endtoend/test_dashboards.py": "elasticsearch7",
    "endtoend/test_demo.py": "opensearch3",
    "test_report_engines.py": "opensearch3",
}
"""Tests whose names do not say which engine they ask."""
LONG = ("container", "engine", "browser", "slow")
"""Marks of tests that are begun first, for nobody to wait for them alone at the end."""


class Scheduling(LoadFileScheduling):  # type: ignore[misc]
    """Where tests run side by side (`-n 2 --dist loadfile`), those of an engine share a process and it."""

    def _split_scope(self, nodeid: str) -> str:
        named = [name for name in KINDS if name in nodeid.rpartition("[")[2]]
        home = next((engine for part, engine in HOMES.items() if part in nodeid), None)
        file: str = super()._split_scope(nodeid)
        return named[0] if named else home or file


@pytest.fixture(autouse=True)
def _log_as_it_was() -> None:
    """A command that ran in the process of the tests, also for a whole module, has set up the log, with a stream that
    ended with its test.
    """
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    root.handlers[:] = [one for one in root.handlers if type(one) is not logging.StreamHandler]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """The scheduling above, where files are distributed, in the order of the tests."""
    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that take long come first."""
    items.sort(key=lambda item: next((at for at, name in enumerate(LONG) if item.get_closest_marker(name)), len(LONG)))
