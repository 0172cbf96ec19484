"""Where the page may be reached from."""

import pytest

from collector.web import loopback


@pytest.mark.parametrize(
    ("host", "alone"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)]
)
def test_whether_only_this_machine_reaches_a_place(host: str, alone: bool) -> None:
    assert loopback(host) is alone
