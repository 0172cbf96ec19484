"""A view and its address."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import CollectorError
from collector.explore.page import times
from collector.explore.page.chips import Chip, added, condition, quoted
from collector.explore.page.state import REFRESH, View, address, read, strange
from collector.query import ranges
from collector.query.filter import parse

BOARDS = ("overview", "talkers")
NOW = datetime(2026, 3, 29, 12, 30, 15, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
chips = st.builds(Chip, st.sampled_from(["client.domain", "flow.service_port"]), texts, st.booleans())
views = st.builds(
    View,
    st.sampled_from(BOARDS),
    st.sampled_from(["now-24h", "now-1d/d", "2026-03-01T12:00:00+01:00"]),
    st.just("now"),
    texts.map(str.strip),
    st.lists(chips, max_size=4, unique=True).map(tuple),
    st.sampled_from(REFRESH),
    st.booleans(),
    st.dictionaries(st.sampled_from(["newest", "records"]), st.integers(1, 99)).map(lambda d: tuple(d.items())),
    st.sampled_from([(), (("records", "network.bytes", True),), (("records", "@timestamp", False),)]),
)


@given(views)
def test_an_address_gives_the_view_that_it_was_made_of(view: View) -> None:
    assert read(address(view), BOARDS) == (view, [])


def test_an_address_can_be_read_by_people() -> None:
    view = View("overview", filter="flow.service_name:https", chips=(Chip("client.domain", "a.example", out=True),))
    assert address(view) == "/d/overview?from=now-24h&to=now&filter=flow.service_name:https&not=client.domain:a.example"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/d/nothing", "there is no dashboard nothing"),
        ("/d/overview?from=yesterday", "'yesterday' is not a time"),
        ("/d/overview?from=now&to=now-1h", "ends (now-1h) before it begins (now)"),
        ("/d/overview?refresh=7", "refresh is one of 0, 10, 30, 60, 300"),
        ("/d/overview?frm=now-1h", "'frm' in the address means nothing"),
        ("/d/overview?spread=yes", "spread is 0 or 1"),
        ("/d/overview?is=client.domain", "not of the form FIELD:VALUE"),
        ("/d/overview?page=records:0", "not of the form PANEL:PAGE"),
        ("/d/overview?page=records:²", "not of the form PANEL:PAGE"),
        ("/d/overview?sort=records:network.bytes", "not of the form PANEL:FIELD:up"),
        (f"/d/overview?filter={'a' * 5000}", "longer than 4000"),
        ("/d/overview?" + "&".join(["is=a:b"] * 300), "too many parts"),
    ],
)
def test_what_makes_no_sense_is_left_out_and_said(target: str, said: str) -> None:
    view, faults = read(target, BOARDS)
    assert view == View("overview")
    assert len(faults) == 1
    assert said in faults[0]


def test_a_panel_that_is_paged_or_sorted_and_has_no_records_is_said() -> None:
    view = View("overview").ordered("volume", "network.bytes", True).turned("volume", 1).turned("records", 1)
    assert strange(view, ["records"]) == ["there is no panel of records volume here"]


def test_another_filter_begins_at_the_first_page() -> None:
    view = View("overview").turned("records", 3)
    assert (view.page("records"), view.page("other")) == (3, 0)
    assert view.narrowed(filter="x").pages == ()
    assert view.turned("records", 0) == View("overview")


def test_a_chip_takes_the_place_of_its_opposite() -> None:
    wanted, unwanted = Chip("client.domain", "a"), Chip("client.domain", "a", out=True)
    assert added((wanted,), unwanted) == (unwanted,)
    assert added((unwanted,), unwanted) == (unwanted,)


def test_chips_of_a_field_are_alternatives_and_what_is_left_out_is_left_out() -> None:
    given_ = (Chip("client.domain", "a"), Chip("client.domain", "b"), Chip("server.port", "443", out=True))
    assert condition(given_) == '(client.domain:"a" OR client.domain:"b") AND NOT server.port:"443"'
    assert condition(()) == ""


@given(texts.filter(bool))
def test_any_value_can_be_filtered_for(value: str) -> None:
    from collector import schema

    tree = parse(f"client.domain:{quoted(value)}", schema.copies()).tree
    assert tree.condition.text == value  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "up", "expected"),
    [
        ("now", False, "2026-03-29T12:30:15Z"),
        ("now-90m", False, "2026-03-29T11:00:15Z"),
        ("now/h", False, "2026-03-29T12:00:00Z"),
        ("now/d", False, "2026-03-28T23:00:00Z"),  # midnight in Berlin, before the clocks go forward
        ("now/d", True, "2026-03-29T22:00:00Z"),  # and after it
        ("now-1d/d", True, "2026-03-28T23:00:00Z"),
        ("2026-03-01", False, "2026-02-28T23:00:00Z"),
        ("2026-03-01", True, "2026-03-01T23:00:00Z"),
        ("2026-03-01T12:00:00Z", True, "2026-03-01T12:00:00Z"),
    ],
)
def test_times(text: str, up: bool, expected: str) -> None:
    found = ranges.moment(text, NOW, BERLIN, up=up)
    assert times.written(ranges.milliseconds(found), UTC) == expected


@pytest.mark.parametrize("text", ["", "now-", "now-1y", "now-999999w", "2026-13-01", "12:00", "now/w"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(CollectorError, match="not a time such as"):
        ranges.moment(text, NOW, UTC)


def test_a_time_in_an_address_means_the_same_everywhere() -> None:
    since = ranges.milliseconds(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert times.written(since, BERLIN) == "2026-10-25T02:30:00+02:00"
    assert times.written(since + 3_600_000, BERLIN) == "2026-10-25T02:30:00+01:00"


def test_a_range_in_words() -> None:
    assert times.title("now-1d/d", "now-1d/d", BERLIN) == "Yesterday"
    assert times.title("2026-03-01T11:00:00Z", "now", BERLIN) == "1 Mar 2026 12:00 – now"
