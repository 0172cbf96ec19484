"""What a full document has beyond its columns: copies by which existing dashboards and searches find flows.

Client and server are copies of source and destination, which are rendered once and used twice. `as` and `geo` have the
systems and places of both ends as lists of objects, which a search engine reads as lists of values; what both ends have
alike is there once.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import version
from socket import gethostname
from typing import TypeAlias
from uuid import NAMESPACE_DNS, uuid5

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.flows import Flows
from collector.placed import places
from collector.registry import VALUE, number_of
from collector.store import texts
from collector.store.assembly import series
from collector.store.fragments import Members, entry_fragments
from collector.store.member import Member
from collector.store.pair import Pair
from collector.store.pieces import Chosen, Coded, Dictionary, Joined, Piece, some, wrapped
from collector.store.plan import Node, plan

END = "flow.client_end"
ENDS = ("source", "destination")
ROLES = ("client", "server")
CORE = ("ip", "domain", "port", "mac", "bytes", "packets", "as", "geo", "network")
"""Members of an end that its copy has."""
PAIRS = {
    "as": ("source.as.organization.name",),
    "geo": ("source.geo.city_name", "source.geo.country_name", "source.geo.country_iso_code"),
}
"""Objects of which there is one for each end, and their fields."""
TRANSLATED = tuple(f"{end}.nat.ip" for end in ENDS)
TAGS, RELATED = "rep_tags", "related"
Text: TypeAlias = pl.Series | Joined
"""A text for each flow; null where it has none, in a Series alone."""
EVENT = '"kind":"event","category":"network","module":"flow-collector"'
ECS_VERSION = "8.17"
DATASET, TYPE = "event.dataset", "type"


class FullMembers(Members):
    """Renders the members of full documents of one batch of enriched flows."""

    def __init__(self, flows: Flows, line: bool = False) -> None:
        super().__init__(flows, line)
        self._cores: dict[str, Text] = {}
        """The members of each end that its copy has."""
        self._found: dict[str, npt.NDArray[np.uint32]] = {}
        """What `_rows` has found."""

    def object(self, node: Node) -> list[Piece]:
        """The pieces between the braces of the document itself."""
        members = self._members(node)
        beside = [*self._roles(), *self._related(), *self._pairs(), *self._type(), Member((constants(),))]
        return self.joined([*members, *beside, *self._message()])

    def _members(self, node: Node) -> list[Member]:
        members = super()._members(node)
        if _is(node, "event"):
            return [*members, Member((EVENT,))]
        return [*members, *self._tags()] if _is(node, "flow") else members

    def _code(self, node: Node) -> str | None:
        return None if _is(node, "event", *ENDS) else super()._code(node)

    def _nested(self, node: Node) -> Member:
        if not _is(node, *ENDS):
            return super()._nested(node)
        core, rest = (
            self._members(replace(node, members={key: one for key, one in node.members.items() if (key in CORE) == of}))
            for of in (True, False)
        )
        text = self._cores[node.key] = self._core(core)
        return self._wrapped(node.key, [_member(text), *rest])

    def _core(self, members: list[Member]) -> Text:
        """Members as one text, which is joined with the documents where every flow has some."""
        pieces = self.joined(members)
        if any(member.inline for member in members) and not all(isinstance(piece, str) for piece in pieces):
            return Joined(pieces)
        return some(self.join(pieces))

    def _series(self, text: Text | Chosen) -> pl.Series:
        return series(text, len(self._flows))

    def _roles(self) -> Iterator[Member]:
        """Client and server: the ends as they are, or the other way round."""
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(self._flows))
        for role, text in self._turned(*(self._cores.get(end, nothing) for end in ENDS)):
            yield self._wrapped(role, [_member(text)])

    def _turned(self, source: Text, destination: Text) -> Iterator[tuple[str, pl.Series | Chosen]]:
        """What client and server have of what both ends have; nothing for a role that has it in no flow."""
        straight = self._flows.frame.get_column(END) == number_of("ends", ENDS[0])
        for role, one, other in zip(ROLES, (source, destination), (destination, source), strict=True):
            if isinstance(one, pl.Series) or isinstance(other, pl.Series):
                text = self._series(one).zip_with(straight, self._series(other))
                if text.null_count() < len(text):
                    yield role, text
            else:
                yield role, Chosen(straight.to_numpy(), one, other)

    def _tags(self) -> Iterator[Member]:
        """Reputation tags of client and server."""
        if TAGS not in self._addresses().columns:
            return
        if TAGS not in self._entries:
            self._entries[TAGS] = texts.lists(self._addresses().get_column(TAGS)).extend_constant(None, 1)
        tags: pl.Series = self._entries[TAGS]
        source, destination = (tags.gather(self._rows(f"{end}.ip")) for end in ENDS)
        for role, text in self._turned(source, destination):
            yield Member(optional=(wrapped(f',"{role}_rep_tags":', self._series(text), ""),))

    def _related(self) -> Iterator[Member]:
        """The addresses of a flow, each once."""
        before, after = f'"{RELATED}":{{"ip":[', "]}"
        if not self._has_both_alone():
            yield Member(optional=(wrapped("," + before, self._all(self._quoted().texts.head(-1)), after),))
            return
        quoted, (one, other) = self._quoted(), (self._rows(f"{end}.ip") for end in ENDS)
        apart, none = one != other, np.uint32(len(quoted) - 1)
        second = Coded(quoted, none - apart * (none - other))
        yield Member((before, Coded(quoted, one), Coded(_comma(), apart.view(np.uint8)), second, after))

    def _has_both_alone(self) -> bool:
        """Whether all flows have the addresses of both ends, and no translated ones."""
        columns = self._flows.frame.columns
        if any(name in columns for name in TRANSLATED):
            return False
        ends = [f"{end}.ip" for end in ENDS]
        return all(end in columns and not self._flows.frame.get_column(end).null_count() for end in ends)

    def _quoted(self) -> Dictionary:
        if RELATED not in self._entries:
            self._entries[RELATED] = Dictionary(wrapped('"', self._addresses().get_column(VALUE), '"'))
        found: Dictionary = self._entries[RELATED]
        return found

    def _each(self) -> npt.NDArray[np.uint32]:
        return np.arange(self._addresses().height, dtype=np.uint32)

    def _all(self, fragments: pl.Series) -> pl.Series:
        """Those of both ends before and after translation, each once, with commas between them; null where none is."""
        missing = len(fragments)
        rows: list[npt.NDArray[np.integer]] = []
        for name in (*(f"{end}.ip" for end in ENDS), *TRANSLATED):
            row = self._rows(name)
            rows.append(np.where(np.any([row == other for other in rows], axis=0), missing, row))
        fragments = fragments.extend_constant(None, 1)
        texts = pl.DataFrame([fragments.gather(row).alias(str(place)) for place, row in enumerate(rows)])
        joined = pl.concat_str(pl.all(), separator=",", ignore_nulls=True)
        return texts.select(pl.when(pl.any_horizontal(pl.all().is_not_null())).then(joined)).to_series()

    def _type(self) -> list[Member]:
        return self._members(plan((TYPE,))) if DATASET in self._flows.frame.columns else []

    def _pairs(self) -> Iterator[Member]:
        have = self._addresses().columns
        for key, names in PAIRS.items():
            nodes = plan(tuple(name for name in names if name.removeprefix("source.") in have)).members
            if nodes:
                yield from self._both(f',"{key}":[', partial(self._objects, nodes["source"].members[key]), "]")

    def _objects(self, node: Node) -> tuple[pl.Series, npt.NDArray[np.uint32]]:
        table, rows = self._addresses(), self._each()
        found = places(table)
        if found is not None:
            table, rows = table[found[0]], found[1]
        return wrapped("{", entry_fragments(table, list(node.members.values())), "}"), rows

    def _addresses(self) -> pl.DataFrame:
        return self._flows.tables["addresses"]

    def _both(
        self, before: str, make: Callable[[], tuple[pl.Series, npt.NDArray[np.uint32]]], after: str
    ) -> Iterator[Member]:
        """A list of what both ends have of fragments for addresses, once where it is the same; or nothing."""
        if before not in self._entries:
            self._entries[before] = Pair.of(before, make(), after)
        pair: Pair = self._entries[before]
        count, last = np.uint32(len(pair.second)), np.uint32(len(pair.second) - 1)
        first, second = (pair.rows.take(self._rows(f"{end}.ip")) for end in ENDS)
        followed = pair.there.take(second) & (pair.hashes.take(first) != pair.hashes.take(second))
        # Multiplied by the truth values, since np.where takes several times as long.
        one = Coded(pair.first, first + followed * count)
        yield Member(optional=(one, Coded(pair.second, last - followed * (last - second))))

    def _rows(self, name: str) -> npt.NDArray[np.uint32]:
        """The row of each flow's address, the one behind the last where it has none."""
        if name not in self._found:
            frame, missing = self._flows.frame, self._addresses().height
            if name in frame.columns:
                rows = frame.get_column(name)
                self._found[name] = (rows.fill_null(missing) if rows.null_count() else rows).to_numpy()
            else:
                self._found[name] = np.full(len(self._flows), missing, np.uint32)
        return self._found[name]


def _member(text: Text | Chosen) -> Member:
    """Members of an object that are text already."""
    if isinstance(text, pl.Series) and text.null_count():
        return Member(optional=(wrapped(",", text, ""),))
    return Member((text,))


def _is(node: Node, *keys: str) -> bool:
    """Whether it is one of those objects of the document itself."""
    return node.key in keys and not node.name and node.depth == 0


@cache
def _comma() -> Dictionary:
    return Dictionary(pl.Series(["", ","]))


@cache
def constants() -> str:
    """Members that are the same in all documents, without the braces around them."""
    constants = {"ecs": {"version": ECS_VERSION}, "agent": _agent(), "@version": "1"}
    return json.dumps(constants, ensure_ascii=False, separators=(",", ":"))[1:-1]


def _agent() -> dict[str, str]:
    """This program on this machine."""
    host = gethostname()
    known = {"type": "flow-collector", "version": version("flow-collector"), "id": str(uuid5(NAMESPACE_DNS, host))}
    return {**known, "hostname": host, "name": host}
