"""The order of groups that have equal measures: that of their own values."""

from collections.abc import Mapping

import polars as pl

from collector.datasets import Dataset
from collector.query.columns import packed
from collector.query.parquet import fields
from collector.query.parquet.texts import Texts


def sortables(dataset: Dataset, names: Mapping[str, str], groups: pl.DataFrame, texts: Texts) -> list[pl.Series]:
    """Columns `sort0` and so on that groups are sorted by; `names`: the fields of columns of `groups`."""
    made = (_sortable(dataset, name, groups.get_column(key), texts) for key, name in names.items())
    return [one.alias(f"sort{place}") for place, one in enumerate(made)]


def candidates(ranked: pl.DataFrame, name: str, top: int, *, ascending: bool) -> pl.DataFrame:
    """All groups that may be among the top ones by a column: also those that are equal to the last of them."""
    if ranked.height <= top:
        return ranked
    values = ranked.get_column(name).drop_nulls()
    if len(values) < top:
        return ranked
    best = values.bottom_k(top) if ascending else values.top_k(top)
    last = best.max() if ascending else best.min()
    return ranked.filter(pl.col(name) <= last if ascending else pl.col(name) >= last)


def _sortable(dataset: Dataset, name: str, keys: pl.Series, texts: Texts) -> pl.Series:
    """Values in the order of the field: of addresses that of their numbers, of ids that of their texts."""
    field = fields.known(dataset, name)
    if fields.is_text(field):
        keys = texts.words(keys)
    if field.kind == "ip":
        return pl.Series([packed(one) for one in keys.to_list()], dtype=pl.Binary)
    return keys.cast(pl.String) if field.kind == "id" else keys
