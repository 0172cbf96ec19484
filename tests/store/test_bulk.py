import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.flows import Flows
from collector.store.bulk import Outcome, Request, days, outcome, requests
from collector.store.client import Answer
from collector.store.documents import lines
from tests.store.sample import flows

SEGMENT = "ABCDEFGHIJKL"


def made(batch: Flows, size: int = 10**9, zone: str = "UTC") -> list[Request]:
    return list(requests(batch, SEGMENT, zone, lambda: size))


def pairs(request: Request) -> list[tuple[str, Any]]:
    """Ids and documents of a request."""
    rows = bytes(request.body).splitlines()
    assert len(rows) == 2 * len(request)
    ids = [json.loads(row)["create"]["_id"] for row in rows[::2]]
    return list(zip(ids, map(json.loads, rows[1::2]), strict=True))


def documents(batch: Flows) -> list[Any]:
    return [json.loads(line) for some in lines(batch) for line in bytes(some.data).splitlines()]


def test_a_request_has_each_document_under_an_id_of_its_own() -> None:
    batch = flows(3000)
    (request,) = made(batch)
    assert request.target.startswith("/elastiflow-1-2026.03.01/_bulk?")
    found = pairs(request)
    assert [document for _, document in found] == documents(batch)
    ids = [name for name, _ in found]
    assert ids == sorted(set(ids))
    assert {(name[:12], len(name)) for name in ids} == {(SEGMENT, 16)}
    assert request.document(7).startswith('{"@timestamp":"2026-03-01T12:00:00.007')


def test_ids_and_documents_are_the_same_each_time() -> None:
    assert [pairs(one) for one in made(flows(500))] == [pairs(one) for one in made(flows(500))]


def test_requests_are_of_about_the_size_asked_for() -> None:
    batch = flows(2000)
    small = made(batch, size=50_000)
    assert max(len(one.body) for one in small) <= 50_000 < 2 * min(len(one.body) for one in small[:-1])
    assert [pair for one in small for pair in pairs(one)] == pairs(made(batch)[0])


def test_a_document_larger_than_a_request_goes_alone() -> None:
    assert [len(one) for one in made(flows(5), size=10)] == [1] * 5


def test_the_size_may_change_under_way() -> None:
    sizes = iter([50_000] * 2 + [10_000] * 1000)
    bodies = [len(one.body) for one in requests(flows(2000), SEGMENT, "UTC", lambda: next(sizes))]
    assert bodies[1] > 40_000
    assert max(bodies[2:]) <= 10_000


def test_each_day_has_its_index_and_rows_keep_their_ids() -> None:
    batch = flows(100, begin=datetime(2026, 2, 27, 12), step=timedelta(hours=1))  # noqa: DTZ001
    (whole,) = made(flows(100))
    names = [name for name, _ in pairs(whole)]
    parts = made(batch)
    assert [part.index for part in parts] == [
        f"elastiflow-1-2026.{day}" for day in ("02.27", "02.28", "03.01", "03.02", "03.03")
    ]
    assert [name for part in parts for name, _ in pairs(part)] == names
    for part in parts:
        assert {doc["@timestamp"][:10].replace("-", ".") for _, doc in pairs(part)} == {part.index[-10:]}


def test_days_in_a_time_zone() -> None:
    batch = flows(2, begin=datetime(2026, 3, 1, 22, 30), step=timedelta(hours=1))  # noqa: DTZ001
    assert [one.index[-5:] for one in made(batch)] == ["03.01"]
    assert [one.index[-5:] for one in made(batch, zone="Europe/Prague")] == ["03.01", "03.02"]
    assert [one.index[-5:] for one in made(batch, zone="Asia/Tokyo")] == ["03.02"]


@given(st.lists(st.none() | st.integers(-(2**31), 2**33), max_size=50), st.sampled_from(["UTC", "America/New_York"]))
def test_each_time_is_in_one_day(seconds: list[int | None], zone: str) -> None:
    times = pl.Series([None if one is None else one * 1000 for one in seconds], dtype=pl.Int64).cast(pl.Datetime("ms"))
    found = list(days(times, zone))
    assert [day for day, _ in found] == sorted({day for day, _ in found})
    whole = np.ones(len(times), dtype=np.int64)
    counts = sum(
        (whole if rows is None else rows.fill_null(False).to_numpy().astype(np.int64) for _, rows in found), whole * 0
    )
    assert counts.tolist() == times.is_not_null().cast(pl.Int64).to_list()


def test_flows_without_a_time_are_left_out() -> None:
    batch = flows(4)
    gone = batch.frame.with_columns(pl.when(pl.int_range(4) != 2).then("@timestamp").alias("@timestamp"))
    (request,) = made(Flows(gone, batch.tables))
    assert [name[-1] for name, _ in pairs(request)] == ["A", "B", "D"]


def test_parts_and_choices_of_a_request() -> None:
    (request,) = made(flows(10))
    all_pairs = pairs(request)
    assert pairs(request.part(3, 7)) == all_pairs[3:7]
    assert pairs(request.part(3, 7).part(1, 2)) == all_pairs[4:5]
    assert pairs(request.only([9, 0, 4])) == [all_pairs[row] for row in (9, 0, 4)]
    assert pairs(request.part(2, 9).only([0, 6])) == [all_pairs[2], all_pairs[8]]
    assert len(request.only([])) == 0


def answered(*items: tuple[int, str]) -> Outcome | None:
    """The outcome of a request by status and type of error of each document."""
    (request,) = made(flows(len(items)))
    body = {
        "errors": any(status >= 300 for status, _ in items),
        "items": [
            {"create": {"status": status} | ({"error": {"type": kind, "reason": f"because of {row}"}} if kind else {})}
            for row, (status, kind) in enumerate(items)
        ],
    }
    return outcome(request, Answer(200, {}, json.dumps(body).encode(), "http://es"))


def test_outcome_of_each_document() -> None:
    assert answered((201, ""), (201, "")) == Outcome(created=2)
    result = answered(
        (201, ""),
        (409, "version_conflict_engine_exception"),
        (400, "mapper_parsing_exception"),
        (429, "es_rejected_execution_exception"),
        (400, "mapper_parsing_exception"),
        (400, "document_parsing_exception"),
        (503, "unavailable_shards_exception"),
    )
    assert result is not None
    assert (result.created, result.repeated) == (1, 1)
    assert result.refused == {"mapper_parsing_exception": [2, 4], "document_parsing_exception": [5]}
    assert result.sample["mapper_parsing_exception"] == "mapper_parsing_exception: because of 2"
    assert (result.again, result.overload) == ([3, 6], True)
    assert result.reason == "status 429 (es_rejected_execution_exception: because of 3)"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, "cluster_block_exception"),
        (404, "index_not_found_exception"),
        (400, "validation_exception"),
        (400, "index_closed_exception"),
    ],
)
def test_what_an_operator_can_mend_is_sent_again(status: int, kind: str) -> None:
    result = answered((status, kind), (status, kind))
    assert result is not None
    assert (result.again, result.overload, result.refused) == ([0, 1], False, {})


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"errors":true,"items":[]}', b'{"errors":true,"items":{}}']
)
def test_what_is_no_answer_to_a_bulk_request(body: bytes) -> None:
    assert outcome(made(flows(1))[0], Answer(200, {}, body, "http://es")) is None
