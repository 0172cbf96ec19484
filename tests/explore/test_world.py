"""The outline of the world."""

import csv
import json
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest

NOT_DRAWN = {"AQ", "UM"}
"""Antarctica, and islands of which none is one place."""


@pytest.fixture(scope="module")
def world() -> dict[str, list[list[list[float]]]]:
    """Rings by country code."""
    text = files("collector").joinpath("data/world.json").read_text()
    features: list[dict[str, Any]] = json.loads(text)["features"]
    return {
        one["properties"]["name"]: [ring for polygon in one["geometry"]["coordinates"] for ring in polygon]
        for one in features
    }


def test_every_country_that_can_be_named_is_drawn(world: dict[str, Any]) -> None:
    table = files("collector").joinpath("data/countries.csv").read_text()
    assert {row["code"] for row in csv.DictReader(table.splitlines())} - set(world) == NOT_DRAWN


def test_rings_are_closed_and_do_not_cross_the_edge(world: dict[str, list[list[list[float]]]]) -> None:
    for rings in world.values():
        for ring in rings:
            assert ring[0] == ring[-1]
            assert all(-180 <= x <= 180 and -60 <= y <= 84 for x, y in ring)
            assert max(abs(one[0] - two[0]) for one, two in pairwise(ring)) < 60


def test_what_lies_inside_another_is_drawn_after_it(world: dict[str, Any]) -> None:
    order = [*world]
    for inner, outer in (("LS", "ZA"), ("SM", "IT"), ("VA", "IT")):
        assert order.index(inner) > order.index(outer)
