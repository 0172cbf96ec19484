"""Every field of the data model is filled, in its type, by some flow."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import pytest

from collector import schema
from tests.model.documents import Document, leaves
from tests.model.table import expanded, names, needs_table, types

LEFT_OUT = {
    "network.community_id": "a hash of each flow's ends is made on request only",
}
"""Fields of the model that no flow has by default, and why."""


def _location(value: str) -> bool:
    latitude, longitude = map(float, value.split(","))
    return abs(latitude) <= 90 and abs(longitude) <= 180


CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str) and value != "",
    "ip": lambda value: str(ip_address(value)) == value,
    "keyword": lambda value: isinstance(value, str) and value != "",
    "long": lambda value: type(value) is int and 0 <= value < 1 << 63,
    "date": lambda value: isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None,
    "geo_point": _location,
}
"""Whether a search engine takes a value for what the index template says of its field."""


@pytest.fixture(scope="module")
def found(groups: Mapping[str, list[Document]]) -> Mapping[str, list[Any]]:
    """The values of each field in all documents."""
    out = defaultdict[str, list[Any]](list)
    for documents in groups.values():
        for document in documents:
            for name, value in leaves(document):
                out[name].append(value)
    return out


@needs_table
def test_every_field_of_the_model_is_filled(found: Mapping[str, list[Any]]) -> None:
    model = names()
    assert len(model) > 120
    assert sorted(model - found.keys()) == sorted(LEFT_OUT)


@needs_table
def test_fields_of_the_model_have_its_types() -> None:
    for name, said in types():
        assert {str(schema.field(name).elasticsearch["type"])} <= said, name


def test_every_field_of_the_schema_is_filled(found: Mapping[str, list[Any]]) -> None:
    known = schema.fields().keys() | schema.copies().keys()
    assert sorted(known - found.keys()) == sorted(LEFT_OUT.keys() & known)
    assert found.keys() <= known


def test_values_are_of_the_types_of_the_index_template(found: Mapping[str, list[Any]]) -> None:
    for name, values in found.items():
        check = CHECKS.get(str(schema.field(name).elasticsearch["type"]), lambda _: True)
        assert [value for value in values if not check(value)] == [], name


def test_names_of_a_cell() -> None:
    assert list(expanded("{a,b}.as.name (and .as.number), x.{y,z.w}")) == [
        *("a.as.name", "b.as.name", "a.as.number", "b.as.number"),
        *("x.y", "x.z.w"),
    ]
