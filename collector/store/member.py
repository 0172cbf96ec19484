"""Members of JSON objects.

A *member* is `"key":value`. Members that every row has are *inline*: their pieces go into the document as they are.
Members that some rows lack are *optional*: pieces with a comma in front, null or empty where the row lacks it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

import polars as pl

from collector import registry, schema
from collector.registry import VALUE
from collector.store import texts
from collector.store.assembly import series
from collector.store.joint import FEW
from collector.store.pieces import Coded, Dictionary, Piece, wrapped
from collector.store.plan import Node, place
from collector.store.views import Views

Text = tuple[str, pl.Series | Views, str]


@dataclass(frozen=True, slots=True)
class Member:
    """Either inline pieces or optional ones."""

    inline: tuple[Piece, ...] = ()
    optional: tuple[pl.Series | Coded, ...] = ()


@dataclass(frozen=True)
class Fragments:
    """Members for each entry of a table; null where an entry has none."""

    plain: pl.Series

    @cached_property
    def optional(self) -> pl.Series:
        """With a comma in front."""
        return wrapped(",", self.plain, "")

    @cached_property
    def inline_texts(self) -> Dictionary:
        """To be looked up by number, where each flow has an entry and each entry members."""
        return Dictionary(self.plain)

    @cached_property
    def optional_texts(self) -> Dictionary:
        """To be looked up by number, with a comma in front."""
        return Dictionary(self.optional)


def named(node: Node, values: Dictionary, rows: pl.Series) -> Member:
    """A member with the texts of a large table, apart from its key."""
    key, found = f'"{node.key}":', Coded.of(values, rows)
    if not rows.null_count():
        return Member((key, found))
    keys = Dictionary(pl.Series(["", "," + key]))
    return Member(optional=(Coded(keys, rows.is_not_null().cast(pl.UInt8).to_numpy()), found))


def looked_up(rows: pl.Series, fragments: Fragments) -> Member:
    """What an entry has for each of `rows`, which are null where there is none."""
    if uniform(rows):
        return Member((text,) if (text := fragments.plain[rows[0]]) else ())
    if rows.null_count() or fragments.plain.null_count():
        return Member(optional=(Coded.of(fragments.optional_texts, rows),))
    return Member((Coded.of(fragments.inline_texts, rows),))


def leaf(node: Node, values: pl.Series, text: Callable[[str, pl.Series], Text] = texts.rendered) -> Member:
    """The member of a field that has values of its own; `text` renders them by kind."""
    kind = schema.field(node.name).kind
    if len(values) > 1 and uniform(values):
        return _once(leaf(node, values[:1]))
    if texts.small(kind):
        return _small(node.key, kind, values)
    if limit := texts.low(kind, values):
        return Member((f'"{node.key}":', Coded(_low_numbers(limit), values.to_numpy())))
    before, column, after = text(kind, values)
    before = f'"{node.key}":{before}'
    if isinstance(column, pl.Series) and column.null_count():
        return Member(optional=(wrapped("," + before, column, after),))
    return Member((before, column, after) if after else (before, column))


def _once(member: Member) -> Member:
    """The member of a single row as constant text; none where it lacks it."""
    text = "".join(piece if isinstance(piece, str) else series(piece, 1)[0] for piece in member.inline)
    return Member((text,) if text else ())


def uniform(values: pl.Series) -> bool:
    """Whether all rows have the same value, as those of one exporter often do."""
    if not len(values) or values.dtype.is_nested():
        return False
    first = values[0]
    looked = first is not None and first == values[-1] == values[len(values) // 2]
    return looked and not values.null_count() and bool((values == first).all())


def values_of(table: str, nodes: list[Node]) -> Dictionary | None:
    """The texts of one of the large constant tables that has nothing else; most of them are short enough to be in
    their views, where they would not be with their keys.
    """
    (node, *more), entries = nodes, registry.table(table)
    alone = node.name and not more and place(node.name)[1] == VALUE and entries.height > FEW
    return _quoted(table) if alone and not entries.get_column(VALUE).null_count() else None


@cache
def _quoted(table: str) -> Dictionary:
    return Dictionary(wrapped('"', texts.escaped(registry.table(table).get_column(VALUE)), '"'))


def _small(key: str, kind: str, values: pl.Series) -> Member:
    if values.null_count():
        return Member(optional=(Coded.of(_numbers(f',"{key}":', kind), values),))
    return Member((Coded.of(_numbers(f'"{key}":', kind), values),))


@cache
def _low_numbers(limit: int) -> Dictionary:
    return Dictionary(texts.low_numbers(limit))


@lru_cache(maxsize=1024)
def _numbers(before: str, kind: str) -> Dictionary:
    return Dictionary(texts.numbers(before, kind))
