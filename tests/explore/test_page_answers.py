"""What a dashboard asks, and what becomes of it when something is wrong."""

from collections.abc import Sequence

import polars as pl
import pytest

from collector.datasets import FLOWS, Dataset
from collector.errors import CollectorError
from collector.explore.dashboard import Dashboard
from collector.explore.page.answers import Request, answers, empty, page_filter
from collector.explore.page.chips import Chip
from collector.explore.page.state import View
from collector.query.errors import FilterError
from collector.query.model import Answer, Patience, Query, QueryError, QueryStoppedError, Range, Records

BOARD = Dashboard.model_validate(
    {
        "title": "Board",
        "group": "Test",
        "position": 1,
        "description": "",
        "rows": [
            {
                "panels": [
                    {"id": "volume", "title": "", "kind": "metric", "width": 12, "measures": ["bytes"]},
                    {
                        "id": "drops",
                        "title": "",
                        "kind": "metric",
                        "width": 12,
                        "measures": ["rows"],
                        "dataset": "counters",
                    },
                    {"id": "words", "title": "", "kind": "text", "width": 12, "text": "Words"},
                    {"id": "newest", "title": "", "kind": "records", "width": 12, "fields": ["source.ip"], "top": 5},
                ]
            }
        ],
    }
)


class Fake:
    """Answers each question with a number, and refuses some."""

    def __init__(self, *, refuses: str = "") -> None:
        self.refuses = refuses
        self.asked: list[Sequence[Query]] = []
        self.paged: list[Records] = []

    def ask(self, queries: Sequence[Query], patience: Patience | None = None) -> list[Answer]:
        self.asked.append(queries)
        if patience:
            patience.check()
        if any(query.dataset.name == self.refuses for query in queries):
            raise QueryError("refused")
        return [Answer(pl.DataFrame({query.measures[0].text: [1.0]})) for query in queries]

    def records(self, records: Records, patience: Patience | None = None) -> Answer:  # noqa: ARG002
        self.paged.append(records)
        return Answer(pl.DataFrame({"source.ip": ["192.0.2.1"]}), total=1)

    def values(self, name: str, prefix: str, within: Range, limit: int = 20, dataset: Dataset = FLOWS) -> list[str]:
        raise NotImplementedError

    def newest(self, dataset: Dataset = FLOWS) -> int | None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def request(view: View) -> Request:
    return Request(BOARD, view, Range(0, 1000))


def test_all_panels_of_a_dashboard_are_one_question() -> None:
    engine = Fake()
    found = answers(engine, request(View("board").turned("newest", 2)), Patience())
    assert [len(queries) for queries in engine.asked] == [2]
    assert [*found] == ["volume", "drops", "newest"]
    assert (engine.paged[0].offset, engine.paged[0].limit) == (10, 5)


def test_a_question_that_is_refused_costs_its_panel_alone() -> None:
    found = answers(Fake(refuses="counters"), request(View("board")), Patience())
    assert found["drops"] == "refused"
    assert isinstance(found["volume"], Answer)


def test_a_filter_that_does_not_fit_some_rows_is_said_in_their_panels() -> None:
    found = answers(Fake(), request(View("board", chips=(Chip("client.domain", "a"),))), Patience())
    assert "there is no field client.domain" in str(found["drops"])
    assert isinstance(found["volume"], Answer)


def test_who_has_given_up_gets_no_answers() -> None:
    patience = Patience()
    patience.stop()
    with pytest.raises(QueryStoppedError):
        answers(Fake(), request(View("board")), patience)


def test_what_was_written_and_what_was_clicked_both_hold() -> None:
    view = View("board", filter="source.port:1 OR source.port:2", chips=(Chip("network.type", "ipv4"),))
    found = page_filter(view, FLOWS)
    assert found
    assert found.text == '(source.port:1 OR source.port:2) AND (network.type:"ipv4")'
    assert page_filter(View("board"), FLOWS) is None


def test_a_fault_has_its_place_in_what_was_written() -> None:
    with pytest.raises(FilterError) as caught:
        page_filter(View("board", filter="sourc.port:1", chips=(Chip("network.type", "ipv4"),)), FLOWS)
    assert caught.value.position == 1


def test_a_fault_of_what_was_clicked_has_no_place_in_what_was_written() -> None:
    with pytest.raises(CollectorError) as caught:
        page_filter(View("board", filter="source.port:1", chips=(Chip("nofield", "1"),)), FLOWS)
    assert str(caught.value) == 'the filter nofield:"1": there is no field nofield'


def test_an_answer_without_rows_is_empty_and_a_fault_is_not() -> None:
    assert empty(Answer(pl.DataFrame({"x": []})))
    assert empty(Answer(pl.DataFrame({"bytes": [0]}), total=0))
    assert not empty("refused")
