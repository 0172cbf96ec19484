"""Fixtures for all tests."""

import hypothesis
import pytest

pytest_plugins = ["tests.engines.fixtures"]

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run side by side (`-n 2 --dist loadgroup`), those of one engine or image stay in one process."""
    for item in items:
        for shared in ("engine", "container"):
            if item.get_closest_marker(shared):
                item.add_marker(pytest.mark.xdist_group(shared))
