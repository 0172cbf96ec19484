"""Fixtures for all tests."""

from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

pytest_plugins = ["tests.engines.fixtures"]

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


WITH_ENGINES = ("engines", "endtoend/test_counters.py")


class Scheduling(LoadFileScheduling):  # type: ignore[misc]
    """Where tests run side by side (`-n 2 --dist loadfile`), those of search engines share a process and engines."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "engines" if any(part in file for part in WITH_ENGINES) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """The scheduling above, where files are distributed."""
    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None
