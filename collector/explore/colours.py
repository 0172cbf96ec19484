"""A colour for each value (data/colours.yaml): the same on every panel, after a reload, and in another week."""

import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


def colour(field: str, value: object) -> str:
    """The colour of a field's value as #RRGGBB; None stands for the groups beyond the top ones.

    What has no colour of its own gets one by its text alone: a host has the same as client and as server.
    """
    if value is None:
        return other()
    own = known().get(field, {}).get(str(value))
    colours = palette()
    return own or colours[zlib.crc32(str(value).encode()) % len(colours)]


@cache
def palette() -> Sequence[str]:
    """The colours of what has none of its own."""
    return tuple(_given()["palette"])


@cache
def other() -> str:
    """The colour of the groups beyond the top ones."""
    return str(_given()["other"])


@cache
def known() -> Mapping[str, Mapping[str, str]]:
    """Colours by field and value, of the well-known values."""
    return {field: kind["values"] for kind in _given()["known"] for field in kind["fields"]}


@cache
def _given() -> Mapping[str, Any]:
    given: Mapping[str, Any] = yaml.safe_load(
        files("collector").joinpath("data/colours.yaml").read_text(encoding="utf-8")
    )
    return given
