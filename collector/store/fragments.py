"""Text fragments of JSON documents: the members of objects (see member.py), of flows and of entries of tables."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import polars as pl

from collector import registry, schema
from collector.flows import Flows
from collector.placed import ATTRIBUTES, PLACE, places
from collector.store import texts
from collector.store.assembly import concat, series
from collector.store.joint import FEW, LEAST_FLOWS, Small, joint
from collector.store.member import Fragments, Member, Text, leaf, looked_up, named, uniform, values_of
from collector.store.message import message
from collector.store.pieces import Piece, merged, some, wrapped
from collector.store.plan import Node, place, plan

REPEATED = {"time": "times", "counter": "counts", "u64": "counts"}
"""Kinds whose columns often equal others, and what the texts of those that are rendered alike are called."""


class Members:
    """Renders the members of documents of one batch."""

    def __init__(self, flows: Flows, line: bool = False) -> None:
        """With `line`, documents have each flow in a line of text as well."""
        self._flows = flows
        self._line = line
        self._rendered: dict[str, list[tuple[pl.Series, Text]]] = {}
        """Columns of times and of counts with their texts: some are the same under several names."""
        self._entries: dict[Any, Any] = flows.shared
        """Fragments of this batch's own tables, by table and members relative to the coded column."""

    def object(self, node: Node) -> list[Piece]:
        """The pieces between the braces of the document itself."""
        return self.joined([*self._members(node), *self._message()])

    def join(self, pieces: list[Piece]) -> pl.Series:
        """One String column out of pieces; nulls are skipped."""
        return concat(merged(pieces), len(self._flows))

    def joined(self, members: list[Member]) -> list[Piece]:
        """Members with commas between them, an inline one first."""
        inline = [member.inline for member in members if member.inline]
        optional = [piece for member in members for piece in member.optional]
        if not inline:
            return [concat(list(optional), len(self._flows)).str.strip_prefix(",")] if optional else []
        pieces: list[Piece] = [*inline[0]]
        for more in inline[1:]:
            pieces += [",", *more]
        return [*pieces, *optional]

    def _message(self) -> list[Member]:
        return [Member(tuple(message(self._flows, self._count)))] if self._line else []

    def _count(self, values: pl.Series) -> pl.Series:
        """The texts of counts."""
        return series(self._text("counter", values)[1], len(values))

    def _members(self, node: Node) -> list[Member]:
        out, done, few = list[Member](), set[str](), list[Small]()
        for member in node.members.values():
            code = self._code(member)
            if code in done:
                continue
            same = [member] if code is None else [m for m in node.members.values() if m.code == code]
            small = self._small(code, same)
            if small is not None:
                few.append(small)
            elif code is None:
                out.append(self._leaf(member) if member.name else self._nested(member))
            else:
                out += self._gathered(code, same)
            if code is not None:
                done.add(code)
        return [*out, *(Member(optional=(text,)) for text in joint(few))]

    def _small(self, code: str | None, nodes: list[Node]) -> Small | None:
        """Members of one of a few texts; None for others, and where a constant or a short batch is cheaper."""
        name = code or nodes[0].name
        if len(self._flows) < LEAST_FLOWS or not name:
            return None
        values = self._flows.frame.get_column(name)
        if code is None:
            if schema.field(name).kind != "u8" or uniform(values):
                return None
            return Small(values, texts.numbers(f',"{nodes[0].key}":', "u8"))
        table = schema.table_of(code) or ""
        if table in self._flows.tables or registry.table(table).height > FEW or uniform(values):
            return None
        return Small(values, self._fragments(table, nodes).optional)

    def _code(self, node: Node) -> str | None:
        """The coded column through which everything below is reached at once, if it is."""
        return node.code

    def _nested(self, node: Node) -> Member:
        return self._wrapped(node.key, self._members(node))

    def _wrapped(self, key: str, members: list[Member]) -> Member:
        """An object with these members."""
        pieces = self.joined(members)
        if any(member.inline for member in members):
            return Member((f'"{key}":{{', *pieces, "}"))
        return Member(optional=(wrapped(f',"{key}":{{', some(self.join(pieces)), "}"),))

    def _leaf(self, node: Node) -> Member:
        values = self._flows.frame.get_column(node.name)
        return leaf(node, values, self._text)

    def _text(self, kind: str, values: pl.Series) -> Text:
        """`texts.rendered`, once for equal columns of times or counts."""
        if kind not in REPEATED:
            return texts.rendered(kind, values)
        known = self._rendered.setdefault(REPEATED[kind], [])
        for other, text in known:
            if other.equals(values):
                return text
        known.append((values, texts.rendered(kind, values)))
        return known[-1][1]

    def _gathered(self, code: str, nodes: list[Node]) -> Iterator[Member]:
        """Members that are the same for all flows with the same row number."""
        rows, table = self._flows.frame.get_column(code), schema.table_of(code) or ""
        placed = [node for node in nodes if all(place(name)[1] in ATTRIBUTES for name in node.leaves)]
        codes = self._places(table) if placed else None
        if codes is None:
            values = None if table in self._flows.tables or uniform(rows) else values_of(table, nodes)
            yield looked_up(rows, self._fragments(table, nodes)) if values is None else named(nodes[0], values, rows)
            return
        if len(placed) < len(nodes):
            yield looked_up(rows, self._fragments(table, [node for node in nodes if node not in placed]))
        yield looked_up(codes.gather(rows), self._fragments(table, placed, by_place=True))

    def _places(self, table: str) -> pl.Series | None:
        """Which of the places each entry of a table is at; None where that is not known."""
        if (table, PLACE) not in self._entries:
            found = places(self._flows.tables[table]) if table in self._flows.tables else None
            self._entries[table, PLACE] = None if found is None else (found[0], pl.Series(found[1]))
        found = self._entries[table, PLACE]
        return None if found is None else found[1]

    def _fragments(self, table: str, nodes: list[Node], by_place: bool = False) -> Fragments:
        """Members for each entry of a table, or for each of the places of its entries."""
        names = tuple(name for node in nodes for name in node.leaves)
        if table not in self._flows.tables:
            return _constant(table, nodes[0].depth, names)
        depth = nodes[0].depth
        key = table, tuple(".".join([*name.split(".")[depth:], place(name)[1]]) for name in names)
        if key not in self._entries:
            entries = self._flows.tables[table]
            entries = entries[self._entries[table, PLACE][0]] if by_place else entries
            self._entries[key] = Fragments(entry_fragments(entries, nodes))
        found: Fragments = self._entries[key]
        return found


def entry_fragments(table: pl.DataFrame, nodes: list[Node]) -> pl.Series:
    """The members for each entry of a table as one String column; null where an entry has none of them."""
    columns = {name: table.get_column(place(name)[1]).alias(name) for node in nodes for name in node.leaves}
    rows = Flows(pl.DataFrame(list(columns.values())))
    root = Node("", members={node.key: node for node in nodes})
    members = _Entries(rows).members(root)
    text = concat(merged(Members(rows).joined(members)), table.height)
    return text if any(member.inline for member in members) else some(text)


class _Entries(Members):
    """Members of table entries: every field has values of its own there."""

    def members(self, node: Node) -> list[Member]:
        """The members below `node`."""
        return [self._leaf(m) if m.name else self._nested(m) for m in node.members.values()]

    _members = members


@lru_cache(maxsize=256)
def _constant(table: str, depth: int, names: tuple[str, ...]) -> Fragments:
    """Fragments of one of the constant tables, made once: the members below `depth` objects."""
    node = plan(names)
    for step in names[0].split(".")[:depth]:
        node = node.members[step]
    return Fragments(entry_fragments(registry.table(table), list(node.members.values())).rechunk())
