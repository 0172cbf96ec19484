"""Ten thousand exporters with twenty templates each fit into a gigabyte."""

import re
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_ten_thousand_exporters_with_twenty_templates_each() -> None:
    """In a process of their own, whose peak is theirs."""
    command = [sys.executable, "-m", "benchmarks.exporters", "--rounds", "1"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert told.startswith("10,000 exporters with 20 templates each\n")
    peak = re.search(r", ([\d,]+) MB in all", told)
    assert peak is not None
    assert int(peak[1].replace(",", "")) < 1000, told
