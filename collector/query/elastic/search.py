"""Searches sent together, and their answers; what goes wrong is said in words for an analyst."""

import json
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

from collector.query.elastic.abilities import Abilities
from collector.query.elastic.dsl import Dsl
from collector.query.model import Patience, QueryError, QueryStoppedError
from collector.store import reasons
from collector.store.client import Client
from collector.store.errors import StoreError

LOOK = 0.05
"""Seconds between two looks at whether the asker gave up."""
GRACE = 2.0
"""Seconds that a request may take longer than the engine was given."""
AT_ONCE = 16
WORDS = {
    "too_many_buckets_exception": "too many groups or intervals for the engine (its setting search.max_buckets): "
    "choose a longer interval or fewer groups",
    "circuit_breaking_exception": "the engine has not enough memory for this question: choose a shorter time range "
    "or a narrower filter",
    "es_rejected_execution_exception": "the engine is overloaded",
    "rejected_execution_exception": "the engine is overloaded",
    "too_many_clauses": "the filter has too many parts for the engine",
    "security_exception": "the user or API key may not read these indices",
}
"""By the type of an engine's error; what it says itself follows in parentheses."""
T = TypeVar("T")


class LearntError(QueryError):
    """The engine refused something that it need not be asked again."""


@dataclass(frozen=True)
class Search:
    """One search: the indices, which need not exist, and the body."""

    indices: Sequence[str]
    body: Dsl


@dataclass(frozen=True)
class Reply:
    """The answer to a search."""

    content: Dsl

    @property
    def aggregations(self) -> Dsl:
        """Empty where no index was there."""
        found: Dsl = self.content.get("aggregations", {})
        return found

    @property
    def hits(self) -> list[Dsl]:
        """The documents."""
        found: list[Dsl] = self.content["hits"]["hits"]
        return found

    @property
    def total(self) -> int:
        """How many documents the query holds for."""
        return int(self.content["hits"]["total"]["value"])

    @property
    def shards(self) -> int:
        """How many were asked."""
        return int(self.content["_shards"]["total"])

    @property
    def notes(self) -> tuple[str, ...]:
        """That some shards did not answer."""
        shards = self.content["_shards"]
        if not shards.get("failed"):
            return ()
        failures = [one.get("reason") for one in shards.get("failures", ())]
        reason = reasons.of_engine(failures[0]) if failures else "no reason given"
        return (f"{shards['failed']} of {shards['total']} shards did not answer ({reason}): figures are too low.",)


class Searcher:
    """Sends searches. Any thread may; a thread of its own waits for the engine, so that the asker can give up."""

    def __init__(self, client: Client) -> None:
        self.abilities = Abilities()
        self._client = client
        self._threads = ThreadPoolExecutor(AT_ONCE, "search")

    def ask(self, searches: Iterable[Search], patience: Patience) -> list[Reply]:
        """The replies to searches. QueryError; LearntError where they may be put in another way."""
        patience.check()
        tag = uuid4().hex
        timeout = f"{max(1, int(1000 * patience.left))}ms"
        body = b"".join(_lines(search, timeout) for search in searches)
        future = self._threads.submit(self._client.search, body, patience.left + GRACE, tag)
        self._wait(future, patience, tag)
        try:
            contents = future.result()["responses"]
        except StoreError as error:
            if self.abilities.learn(str(error)):
                raise LearntError(_of_request(error)) from error
            patience.check()
            raise QueryError(_of_request(error)) from error
        return [self._reply(content, patience) for content in contents]

    def close(self) -> None:
        """Ends without waiting for what is under way."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _wait(self, future: Future[Any], patience: Patience, tag: str) -> None:
        while not wait([future], LOOK).done:
            try:
                patience.check()
            except QueryStoppedError:
                if not future.cancel():
                    self._threads.submit(self._client.cancel, tag)
                raise

    def _reply(self, content: Dsl, patience: Patience) -> Reply:
        if "error" in content:
            error = _innermost(content["error"])
            text = reasons.of_engine(error) or str(content["error"])
            if self.abilities.learn(text):
                raise LearntError(_in_words(error, text))
            patience.check()
            raise QueryError(_in_words(error, text))
        if content.get("timed_out"):
            raise QueryStoppedError(
                f"no answer within {patience.seconds:g} s: choose a shorter time range or a narrower filter"
            )
        return Reply(content)


def _lines(search: Search, timeout: str) -> bytes:
    head = {"index": list(search.indices), "ignore_unavailable": True, "allow_no_indices": True}
    body = {"track_total_hits": True, "timeout": timeout, **search.body}
    return b"".join(json.dumps(line).encode() + b"\n" for line in (head, body))


def _innermost(error: Any) -> Any:
    """What a shard said, where one did."""
    failed = error.get("failed_shards") if isinstance(error, dict) else None
    return failed[0].get("reason", error) if failed else error


def _in_words(error: Any, text: str) -> str:
    kinds = []
    while isinstance(error, dict):
        kinds.append(error.get("type"))
        error = error.get("caused_by")
    words = next((WORDS[kind] for kind in kinds if kind in WORDS), None)
    return f"the engine refuses the question: {text}" if words is None else f"{words} ({text})"


def _of_request(error: StoreError) -> str:
    return f"{error}; to be asked, it takes the privilege read on elastiflow-*" if error.status == 403 else str(error)


Asked: TypeAlias = Generator[Sequence[Search], list[Reply], T]
"""A question that gives searches, takes their replies, and returns its answer."""


def rounds(asked: Sequence[Asked[T]], ask: Callable[[list[Search]], list[Reply]]) -> list[T]:
    """What questions come to that each need some searches one after another: those of all are sent together."""
    answers: dict[int, T] = {}
    wanted: dict[int, Sequence[Search]] = {}

    def go_on(place: int, replies: list[Reply] | None) -> None:
        try:
            wanted[place] = next(asked[place]) if replies is None else asked[place].send(replies)
        except StopIteration as stop:
            answers[place] = stop.value

    for place in range(len(asked)):
        go_on(place, None)
    while wanted:
        now, wanted = wanted, {}
        replies = iter(ask([search for searches in now.values() for search in searches]))
        for place, searches in now.items():
            go_on(place, [next(replies) for _ in searches])
    return [answers[place] for place in range(len(asked))]
