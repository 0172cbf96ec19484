"""Elasticsearch and OpenSearch behind the query model."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar
from zoneinfo import ZoneInfo

from collector.datasets import FLOWS, Dataset
from collector.query.elastic import completion, metrics, records
from collector.query.elastic.abilities import REFUSALS
from collector.query.elastic.dsl import Look
from collector.query.elastic.indices import indices
from collector.query.elastic.question import Question
from collector.query.elastic.search import Asked, LearntError, Search, Searcher, rounds
from collector.query.elastic.view import View
from collector.query.model import (
    MOST_BUCKETS,
    MOST_GROUPS,
    MOST_TOP,
    TIME,
    Answer,
    Patience,
    Query,
    QueryError,
    Range,
    Records,
)
from collector.query.syntax import unknown
from collector.store.access import Access
from collector.store.client import Client
from collector.store.errors import StoreError

T = TypeVar("T")


class ElasticEngine:
    """Answers questions about daily indices, whose days are those of a time zone. See `model.Engine`.

    `lean`: documents may lack what other fields say, which is then asked instead.

    QueryError where the access makes no sense.
    """

    def __init__(self, access: Access, zone: str = "UTC", lean: bool = False) -> None:
        self._lean = lean
        self._zone = ZoneInfo(zone)
        try:
            self._searcher = Searcher(Client(access))
        except StoreError as error:
            raise QueryError(str(error)) from error

    def ask(self, queries: Sequence[Query], patience: Patience | None = None) -> list[Answer]:
        """See `Engine`: each round of searches is one request for all questions."""
        for query in queries:
            _check(query)
        return self._answers(lambda look: [self._question(query, look) for query in queries], patience)

    def records(self, records_: Records, patience: Patience | None = None) -> Answer:
        """See `Engine`."""
        view = View(records_.dataset, self._lean)
        records.check(records_, view)
        within = indices(records_.dataset, records_.range, self._zone)
        (answer,) = self._answers(lambda look: [records.asked(records_, within, view, look)], patience)
        return answer

    def values(self, name: str, prefix: str, within: Range, limit: int = 20, dataset: Dataset = FLOWS) -> list[str]:
        """See `Engine`."""
        days = indices(dataset, within, self._zone)
        view = View(dataset, self._lean)
        (found,) = self._answers(lambda _: [completion.asked(name, prefix, within, days, limit, view)], None)
        return found

    def newest(self, dataset: Dataset = FLOWS) -> int | None:
        """See `Engine`."""
        body = {"size": 0, "aggs": {"newest": {"max": {"field": TIME}}}}
        (reply,) = self._searcher.ask([Search((f"{dataset.prefix}*",), body)], Patience())
        found = reply.aggregations.get("newest", {}).get("value")
        return None if found is None else int(found)

    def close(self) -> None:
        """See `Engine`."""
        self._searcher.close()

    def _question(self, query: Query, look: Look) -> Asked[Answer]:
        days = indices(query.dataset, query.range, self._zone)
        return Question(query, days, look, self._searcher.abilities, View(query.dataset, self._lean)).asked()

    def _answers(self, make: Callable[[Look], list[Asked[T]]], patience: Patience | None) -> list[T]:
        """Begins anew where the engine refuses what it need not be asked."""
        waits = patience or Patience()
        now = time.time_ns() // 1_000_000
        for _ in REFUSALS:
            with suppress(LearntError):
                return self._once(make, now, waits)
        return self._once(make, now, waits)

    def _once(self, make: Callable[[Look], list[Asked[T]]], now: int, patience: Patience) -> list[T]:
        look = Look(now, self._searcher.abilities.unindexed)
        return rounds(make(look), lambda searches: self._searcher.ask(searches, patience))


def _check(query: Query) -> None:
    """QueryError where a question makes no sense."""
    metrics.check(query.measures, query.dataset)
    for name in query.by:
        if name not in query.dataset.asked:
            raise QueryError(unknown(name, query.dataset.asked))
        if query.dataset.asked[name].kind == "object":
            raise QueryError(f"{name} has no single value that rows could be grouped by")
    if len(query.by) > MOST_GROUPS or not 1 <= query.top <= MOST_TOP:
        raise QueryError(f"groups are of at most {MOST_GROUPS} fields, and at most {MOST_TOP} of them are named")
    length = query.range.end - query.range.start
    if query.interval is not None and length / query.interval > MOST_BUCKETS:
        raise QueryError(f"that makes more than {MOST_BUCKETS} intervals: choose a longer one")
