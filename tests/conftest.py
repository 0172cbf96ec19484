"""Fixtures for all tests."""

import hypothesis

pytest_plugins = ["tests.engines.fixtures"]

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
