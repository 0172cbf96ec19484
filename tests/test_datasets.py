"""Kinds of rows that are kept apart, and the names in them."""

from pathlib import Path

from collector import schema
from collector.datasets import COUNTERS, DATASETS, DISCARDS
from collector.decode.sflow.structures import structures


def test_a_name_means_the_same_in_all_of_them() -> None:
    for dataset in DATASETS.values():
        for name, field in dataset.fields.items():
            known = schema.field(name)
            assert (field.kind, field.table, field.code, field.attribute) == (
                known.kind,
                known.table,
                known.code,
                known.attribute,
            ), name


def test_all_that_is_read_of_the_structures_of_counters_has_a_field() -> None:
    known = structures("counter_record").values()
    read = {f"{one.name}.{field}" for one in known for field in one.types}
    names = {one.name for one in known}
    assert {name for name in COUNTERS.fields if name.partition(".")[0] in names} == read


def test_dropped_packets_are_in_no_sum_of_traffic() -> None:
    sums = {field.name for field in schema.fields().values() if field.name.endswith((".bytes", ".packets"))}
    assert sums
    assert not sums & DISCARDS.fields.keys()


def test_a_search_engine_takes_so_many_fields_in_an_index() -> None:
    """Its limit of 1000 counts objects as well."""
    objects = {name.rpartition(".")[0] for name in COUNTERS.fields}
    assert len(COUNTERS.fields) + len(objects) + 10 < 1000


def test_the_page_about_counters_names_all_fields_and_structures() -> None:
    page = (Path(__file__).parents[1] / "docs" / "interface-counters.md").read_text(encoding="utf-8")
    known = structures("counter_record").values()
    names = {one.name for one in known}
    missing = {name for name in COUNTERS.fields if name.partition(".")[0] not in names and f"`{name}`" not in page}
    missing |= {one.name for one in known if one.types and f"`{one.name}`" not in page}
    missing |= {name for name in DISCARDS.fields.keys() - schema.fields().keys() if f"`{name}`" not in page}
    assert not missing
