"""The tables of the made-up network: data/*.csv of this package."""

import csv
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent / "data"


def path(name: str) -> Path:
    """Where a table lies."""
    return FOLDER / f"{name}.csv"


def rows(name: str) -> Iterator[dict[str, str]]:
    """The lines of a table by the names of its columns."""
    return csv.DictReader(path(name).read_text(encoding="utf-8").splitlines())
