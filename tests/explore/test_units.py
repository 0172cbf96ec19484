"""Numbers with units as text."""

import math

import pytest

from collector.explore.units import NOTHING, text


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1_234_567_890, "bits/s", "1.2 Gbit/s"),
        (1_500, "bytes", "1.5 kB"),
        (999.4, "bytes", "999 B"),
        (3_400_000, "packets", "3.4 M"),
        (3_400_000, "packets/s", "3.4 M/s"),
        (12, "packets/s", "12/s"),
        (512, "bytes", "512 B"),
        (7, "flows", "7"),
        (0, "bits/s", "0 bit/s"),
        (0.5, "flows/s", "0.50/s"),
        (0.0123, "", "0.012"),
        (999, "", "999"),
        (999.4, "", "999"),
        (999.95, "", "1.0 k"),
        (999_499, "", "999 k"),
        (999_950, "", "1.0 M"),
        (1e30, "bytes", "1000000000000 EB"),
        (-1_500, "bytes", "-1.5 kB"),
        (12.345, "percent", "12.3 %"),
        (100.0, "percent", "100 %"),
        (0.0, "percent", "0 %"),
        (8192, "exact", "8,192"),
        (1_500_000_000, "ns/s", "1.5 s/s"),
        (1_500, "bits/s/s", "1.5 kbit/s/s"),
    ],
)
def test_numbers_have_si_prefixes(value: float, unit: str, shown: str) -> None:
    assert text(value, unit) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0, "ns", "0 s"),
        (40, "ns", "40.0 ns"),
        (999_999, "ns", "1.0 ms"),
        (1_500_000, "ns", "1.5 ms"),
        (59_400_000_000, "ns", "59.4 s"),
        (59_960_000_000, "ns", "1 min"),
        (125, "s", "2 min 5 s"),
        (3_599.8, "s", "1 h"),
        (12_000, "s", "3 h 20 min"),
        (187_200, "s", "2 d 4 h"),
        (-2.5, "s", "-2.5 s"),
        (250, "ms", "250 ms"),
    ],
)
def test_times_are_told_in_words(value: float, unit: str, shown: str) -> None:
    assert text(value, unit) == shown


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_no_number_is_a_dash(value: float | None) -> None:
    assert text(value, "bytes") == NOTHING
