"""Questions for measures of groups, as one or two rounds of searches.

The first round finds the largest groups of the whole range, with the measure that they are ranked by. Where that is not
all that is wanted, or not exact, the second asks for each of them by a filter, together with the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from collector.datasets import FLOWS
from collector.query.conditions import Exists
from collector.query.elastic import frames, metrics, others
from collector.query.elastic.abilities import Abilities
from collector.query.elastic.dsl import Dsl, Look, between, dsl
from collector.query.elastic.groups import GROUPS, MOST_PAGES, PAGE, Ranking, ScriptsError, key, page, paged, ranked
from collector.query.elastic.keys import Key, is_, rank
from collector.query.elastic.search import Asked, Reply, Search
from collector.query.elastic.view import View
from collector.query.model import TIME, Answer, Query
from collector.query.parquet.answers import AT_END
from collector.query.tree import Has

ALL = "all"
TIES = 20
"""Groups asked for beyond the top, which may be as large as the last of it and come first by their key."""
MOST_GROUPS_TOLD, LEAST_GROUPS_TOLD, OF_ALL_SHARDS = 10_000, 1000, 100_000
"""Groups that a shard tells, so that those of several days add up to the right ones; fewer of each where many are."""
BUCKETS = "buckets"
MOST_BUCKETS_ASKED = 50_000
"""Of one search: engines refuse more than 65,535."""
UNSPREAD = f"{AT_END} A search engine cannot spread them."
ONCE = "A flow that is in several of the other groups counts once among them."
DOUBTFUL = "There are so many groups that the smallest of the top ones may not be the right ones."
UNREAD = (
    f"There are more than {PAGE * MOST_PAGES:,} groups: the top ones are of the first, in the order of their names."
)


class Ranked(NamedTuple):
    """A group of the first round."""

    key: Key
    bucket: Dsl


@dataclass(frozen=True)
class Question:
    """A query to be asked of some indices."""

    query: Query
    indices: Sequence[str]
    look: Look
    able: Abilities
    view: View
    notes: list[str] = field(default_factory=list)

    def asked(self) -> Asked[Answer]:
        """The answer, after the replies to some searches; an empty one where this engine cannot give it."""
        try:
            return (yield from self._grouped() if self.query.by else self._whole())
        except ScriptsError as error:
            return Answer(frames.frame(self.query, ()), None, (f"No answer: {error}.",))

    def _whole(self) -> Asked[Answer]:
        (reply,) = yield [self._search(self._query, self._inner())]
        self._note(reply)
        rows = list(self._rows((), False, {"doc_count": reply.total, **reply.aggregations}))
        return self._answer(rows, reply.total)

    def _grouped(self) -> Asked[Answer]:
        found, reply, exact = yield from self._first()
        self._note(reply)
        ranking = sorted(found, key=self._order)
        best, beyond = ranking[: self.query.top], ranking[self.query.top :]
        if self._suffices(exact):
            rows = [row for one in best for row in self._rows(one.key, False, one.bucket)]
            if self.query.other and reply.aggregations:
                rows += self._rows(self._nobody, True, self._rest_of(reply, best, beyond))
        else:
            rows = yield from self._second([one.key for one in best])
        return self._answer(rows, reply.total)

    def _rest_of(self, reply: Reply, best: Sequence[Ranked], beyond: Sequence[Ranked]) -> Dsl:
        """The bucket of the others, after the first round."""
        if self._paged:
            return others.added(self.query.measures, [one.bucket for one in beyond])
        return self._rest(reply.aggregations[ALL], [one.bucket for one in best])

    def _first(self) -> Asked[tuple[list[Ranked], Reply, bool]]:
        """The largest groups and some more, and whether they are surely these."""
        if self._paged:
            return (yield from self._pages())
        inner = self._measures(self._light, metrics.RANKING)
        beside = {ALL: {"filter": self._grouped_rows, **_aggs(self._of_all)}} if self._left else {}
        (reply,) = yield [
            self._search(self._query, {GROUPS: ranked(self._ranking, self.view, self.able, inner), **beside})
        ]
        answer = reply.aggregations.get(GROUPS, {"buckets": ()})
        error = answer.get("doc_count_error_upper_bound", 0) if reply.shards > 1 else 0
        if error:
            self.notes.append(
                DOUBTFUL if error < 0 else f"{DOUBTFUL} One that is missing has at most {error:,} rows more."
            )
        return list(self._read(answer["buckets"])), reply, not error

    def _pages(self) -> Asked[tuple[list[Ranked], Reply, bool]]:
        """All groups, or those of the first pages."""
        inner, after = self._measures(self._light, metrics.RANKING), None
        found: list[Ranked] = []
        for _ in range(MOST_PAGES):
            (reply,) = yield [self._search(self._query, {GROUPS: page(self.query.by, self.view, inner, after)})]
            answer = reply.aggregations.get(GROUPS, {"buckets": ()})
            found += self._read(answer["buckets"])
            after = answer.get("after_key")
            if after is None or len(answer["buckets"]) < PAGE:
                return found, reply, True
        self.notes.append(UNREAD)
        return found, reply, False

    def _second(self, keys: list[Key]) -> Asked[list[frames.Row]]:
        """What is wanted of these groups, and of the others."""
        numbered, step = list(enumerate(keys)), self._groups_at_once
        parts = [numbered[begin : begin + step] for begin in range(0, len(keys), step)]
        beyond = [self._beyond(keys)] if self.query.other else []
        replies = yield [*(self._search(self._grouped_query, self._filters(part)) for part in parts), *beyond]
        buckets = [one for part, reply in zip(parts, replies, strict=False) for one in _parted(part, reply)]
        rows = [row for one, bucket in zip(keys, buckets, strict=False) for row in self._rows(one, False, bucket)]
        if self.query.other:
            rows += self._others(replies[-1], buckets)
        return rows

    def _filters(self, part: Sequence[tuple[int, Key]]) -> Dsl:
        filters = {str(place): is_(self.query.by, one, self.view, self.look) for place, one in part}
        return {GROUPS: {"filters": {"filters": filters}, **_aggs(self._inner())}}

    def _beyond(self, keys: list[Key]) -> Search:
        """All rows where what is left of them is wanted, else the rows of no group that is named."""
        if self._left:
            return self._search(self._grouped_query, self._in_time(self._of_all))
        if self._lists:
            self.notes.append(ONCE)
        named = [is_(self.query.by, one, self.view, self.look) for one in keys]
        return self._search({"bool": {"filter": [self._grouped_query], "must_not": named}}, self._inner())

    def _others(self, reply: Reply, top: Sequence[Dsl]) -> Iterator[frames.Row]:
        found: Dsl = {"doc_count": reply.total, **reply.aggregations}
        if self._left and reply.aggregations:
            found = self._rest(found, top)
        yield from self._rows(self._nobody, True, found)

    def _rest(self, whole: Dsl, top: Sequence[Dsl]) -> Dsl:
        """The bucket of the others, as what all have more than the top."""
        measures = self.query.measures
        if self.query.interval is None:
            return others.rest(measures, whole, top)
        series = [one[BUCKETS]["buckets"] for one in top]
        return {BUCKETS: {"buckets": list(others.rests(measures, whole[BUCKETS]["buckets"], series))}}

    def _rows(self, key: Key, other: bool, bucket: Dsl) -> Iterator[frames.Row]:
        """The rows of an answer that a group makes: one, or one a bucket of time."""
        query = self.query
        parts = [bucket] if query.interval is None else bucket.get(BUCKETS, {"buckets": []})["buckets"]
        for one in parts:
            if one["doc_count"]:
                begin = one.get("key") if query.interval else None
                seconds = query.seconds(begin)
                values = [metrics.value(measure, place, one, seconds) for place, measure in enumerate(query.measures)]
                yield frames.Row(key, begin, other, values)

    def _inner(self) -> Dsl:
        """The aggregations of all measures, by time where that is asked."""
        return self._in_time(self._measures(range(len(self.query.measures)), metrics.EXACT))

    def _in_time(self, aggregations: Dsl) -> Dsl:
        if self.query.interval is None:
            return aggregations
        step = {"field": TIME, "fixed_interval": f"{self.query.interval}ms", "min_doc_count": 1}
        return {BUCKETS: {"date_histogram": step, **_aggs(aggregations)}}

    def _measures(self, places: Sequence[int], threshold: int) -> Dsl:
        return metrics.aggregations(self.query.measures, places, self.view, threshold)

    @cached_property
    def _light(self) -> list[int]:
        """Places of the measures of the first round: that of the rank, and others that take little memory."""
        kinds = enumerate(one.kind for one in self.query.measures)
        return [place for place, kind in kinds if kind not in metrics.HEAVY or place == self.query.order]

    @cached_property
    def _lists(self) -> list[str]:
        """Fields for which a row may be in several groups."""
        return [name for name in self.query.by if others.listed(name)]

    @property
    def _left(self) -> bool:
        """Whether the others are what is left of all."""
        return self.query.other and others.add_up(self.query.measures) and (self.able.scripts or not self._lists)

    @property
    def _of_all(self) -> Dsl:
        """The measures of all groups together."""
        query = self.query
        return (
            others.weighed(query.measures, self._lists, self.view)
            if self._lists
            else self._measures(self._light, metrics.EXACT)
        )

    @property
    def _nobody(self) -> Key:
        """The key of the others."""
        return (None,) * len(self.query.by)

    def _suffices(self, exact: bool) -> bool:
        """Whether the first round has all that is wanted."""
        query = self.query
        easy = all(one.kind not in metrics.HEAVY for one in query.measures) and query.interval is None
        return easy and exact and (not query.other or self._left or (self._paged and others.add_up(query.measures)))

    @property
    def _paged(self) -> bool:
        """Whether the first round has all groups: without scripts nothing else tells how often a row is in one."""
        counted = self.query.other and self.query.interval is None and others.add_up(self.query.measures)
        return paged(self.query.by, self.view, self.able) or (counted and bool(self._lists) and not self.able.scripts)

    @cached_property
    def _ranking(self) -> Ranking:
        query = self.query
        size = query.top + TIES
        told = min(MOST_GROUPS_TOLD, max(LEAST_GROUPS_TOLD, OF_ALL_SHARDS // len(self.indices)))
        path = metrics.path(query.measures[query.order], query.order)
        return Ranking(query.by, size, max(told, 10 * size), path, query.ascending)

    @cached_property
    def _query(self) -> Dsl:
        """The rows of the range that the filter holds for."""
        within = self.query.range
        time = between(TIME, {"gte": within.start, "lt": within.end}, format="epoch_millis")
        given = [] if self.query.filter is None else [dsl(self.view.tree(self.query.filter.tree), self.look)]
        return {"bool": {"filter": [time, *given]}}

    @cached_property
    def _grouped_rows(self) -> Dsl:
        there = (self.view.tree(Has(name, Exists())) for name in self.query.by)
        return {"bool": {"filter": [dsl(one, self.look) for one in there]}}

    @cached_property
    def _grouped_query(self) -> Dsl:
        return {"bool": {"filter": [self._query, self._grouped_rows]}}

    @property
    def _groups_at_once(self) -> int:
        """Of one search of the second round."""
        query = self.query
        buckets = 1 if query.interval is None else (query.range.end - query.range.start) // query.interval + 2
        return max(1, MOST_BUCKETS_ASKED // buckets)

    def _search(self, query: Dsl, aggregations: Dsl) -> Search:
        return Search(self.indices, {"size": 0, "query": query, **_aggs(aggregations)})

    def _read(self, buckets: Sequence[Dsl]) -> Iterator[Ranked]:
        return (Ranked(key(self.query.by, bucket["key"]), bucket) for bucket in buckets)

    def _order(self, group: Ranked) -> tuple[Any, ...]:
        """The first by the measure, then by the key; those without a value last."""
        query = self.query
        value = metrics.value(query.measures[query.order], query.order, group.bucket, 1)
        if value is None:
            return True, 0, rank(query.by, group.key)
        return False, value if query.ascending else -value, rank(query.by, group.key)

    def _note(self, reply: Reply) -> None:
        self.notes.extend(reply.notes)

    def _answer(self, rows: list[frames.Row], total: int) -> Answer:
        query = self.query
        sums = any(one.kind == "sum" for one in query.measures)
        if query.interval is not None and sums and query.dataset is FLOWS:
            self.notes.append(UNSPREAD if query.spread else AT_END)
        if any(one.kind == "percentile" for one in query.measures):
            self.notes.append(metrics.APPROXIMATE)
        return Answer(frames.frame(query, rows), total, tuple(dict.fromkeys(self.notes)))


def _aggs(inner: Dsl) -> Dsl:
    """As part of an aggregation or of a search."""
    return {"aggs": inner} if inner else {}


def _parted(part: Sequence[tuple[int, Key]], reply: Reply) -> list[Dsl]:
    """The buckets of some groups; none where the indices are gone."""
    found = reply.aggregations.get(GROUPS)
    return [found["buckets"][str(place)] for place, _ in part] if found else []
