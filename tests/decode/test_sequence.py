"""Loss by sequence number: gaps, late and repeated datagrams, wraps, resets."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.decode import sequence
from collector.decode.sequence import UNKNOWN, Changes, SequenceTracker

TOP = 1 << 32


def feed(tracker: SequenceTracker, numbers: Sequence[int], units: int | Sequence[int] = 1, stream: int = 1) -> Changes:
    """What the tracker says of one stream."""
    keys = (np.full(len(numbers), stream, np.uint32),)
    sizes = np.full(len(numbers), units) if isinstance(units, int) else np.array(units)
    changes = tracker.update(keys, np.array(numbers, np.uint32), sizes.astype(np.int64))
    assert len(changes) <= 1
    return changes[0] if changes else Changes((stream,))


@pytest.fixture
def tracker() -> SequenceTracker:
    return SequenceTracker(ahead=1000, behind=100)


def test_an_unbroken_stream_says_nothing(tracker: SequenceTracker) -> None:
    assert tracker.update((np.zeros(0, np.uint32),), np.zeros(0, np.uint32), np.zeros(0, np.int64)) == []
    assert feed(tracker, [7, 8, 9]) == Changes((1,))
    assert feed(tracker, [10]) == Changes((1,))


def test_a_gap_is_loss_within_and_between_batches(tracker: SequenceTracker) -> None:
    assert feed(tracker, [1, 2, 5]).lost == 2
    assert feed(tracker, [9]).lost == 3


def test_units(tracker: SequenceTracker) -> None:
    assert feed(tracker, [100, 130, 157], [30, 27, 30]) == Changes((1,))
    assert feed(tracker, [247], 30).lost == 60
    assert feed(tracker, [277, 277, 280], [0, 3, 1]) == Changes((1,))


def test_the_number_wraps(tracker: SequenceTracker) -> None:
    assert feed(tracker, [TOP - 2, TOP - 1, 0, 1]) == Changes((1,))
    assert feed(tracker, [TOP - 30, 10], 30, stream=2).lost == 10


def test_a_late_datagram_takes_its_loss_back(tracker: SequenceTracker) -> None:
    assert feed(tracker, [1, 3, 2, 4]) == Changes((1,), lost=0, late=1)
    assert feed(tracker, [9]).lost == 4
    assert feed(tracker, [6]) == Changes((1,), lost=-1, late=1)
    assert feed(tracker, [5, 8, 7]) == Changes((1,), lost=-3, late=3)
    assert feed(tracker, [7]) == Changes((1,), repeated=1)


def test_a_late_datagram_of_many_units(tracker: SequenceTracker) -> None:
    assert feed(tracker, [0, 90, 30, 60], 30) == Changes((1,), lost=0, late=2)
    assert feed(tracker, [120], 30) == Changes((1,))


def test_late_across_the_wrap(tracker: SequenceTracker) -> None:
    assert feed(tracker, [TOP - 1, 1, 0]) == Changes((1,), late=1)


def test_duplicates_are_no_loss_and_no_reset(tracker: SequenceTracker) -> None:
    assert feed(tracker, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]) == Changes((1,), repeated=5)


def test_jumps_beyond_the_window_are_resets(tracker: SequenceTracker) -> None:
    assert feed(tracker, [5000, 5001, 1, 2, 3]) == Changes((1,), resets=1)
    assert feed(tracker, [4, 2000]) == Changes((1,), resets=1)
    assert feed(tracker, [2001]) == Changes((1,))


def test_an_exporter_that_restarts_soon_after_its_start(tracker: SequenceTracker) -> None:
    feed(tracker, range(50))
    changes = feed(tracker, range(50))
    assert changes == Changes((1,), repeated=sequence.RESTART - 1, resets=1)
    assert feed(tracker, [50, 51]) == Changes((1,))


def test_a_long_burst_of_late_datagrams_is_no_restart(tracker: SequenceTracker) -> None:
    assert feed(tracker, [0, 21, *range(1, 21), 22]) == Changes((1,), late=20)


def test_units_that_nobody_can_tell(tracker: SequenceTracker) -> None:
    assert feed(tracker, [1, 2, 77, 78], [1, UNKNOWN, 1, 1]) == Changes((1,))
    assert feed(tracker, [79, 80], [UNKNOWN, UNKNOWN]) == Changes((1,))
    assert feed(tracker, [500]) == Changes((1,))


def test_streams_are_told_apart_and_kept_in_order(tracker: SequenceTracker) -> None:
    keys = (np.array([1, 2, 1, 2, 1, 2], np.uint32), np.array([0, 9, 0, 9, 1, 9], np.uint64))
    changes = tracker.update(keys, np.array([5, 100, 6, 103, 50, 104], np.uint32), np.ones(6, np.int64))
    assert changes == [Changes((2, 9), lost=2)]


def test_the_stream_that_was_silent_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence, "MAX_STREAMS", 2)
    tracker = SequenceTracker()
    for stream in (1, 2, 1, 3):
        feed(tracker, [1], stream=stream)
    assert feed(tracker, [9], stream=3).lost == 7
    assert feed(tracker, [10], stream=1).lost == 8
    assert feed(tracker, [9], stream=2) == Changes((2,))


def test_a_stream_that_ended_begins_anew(tracker: SequenceTracker) -> None:
    feed(tracker, [1], stream=1)
    feed(tracker, [1], stream=2)
    tracker.forget([(1,)])
    assert feed(tracker, [9], stream=1) == Changes((1,))
    assert feed(tracker, [9], stream=2).lost == 7


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=40),
    st.lists(st.integers(1, 39), max_size=5),
    st.integers(0, TOP - 1),
)
def test_batches_may_be_cut_anywhere(parts: list[tuple[int, int]], cuts: list[int], first: int) -> None:
    numbers = [(first + number) % TOP for number, _ in parts]
    units = [size for _, size in parts]
    whole = feed(SequenceTracker(), numbers, units)
    tracker, total = SequenceTracker(), np.zeros(4, np.int64)
    bounds = [0, *sorted(set(cuts)), len(parts)]
    for start, end in pairwise(bounds):
        total += feed(tracker, numbers[start:end], units[start:end])[1:]
    assert total.tolist() == list(whole[1:])


@given(st.permutations(range(60)), st.integers(0, TOP - 1))
def test_what_arrives_in_any_order_is_not_lost(order: list[int], first: int) -> None:
    numbers = [first, *((first + 1 + number) % TOP for number in order)]
    changes = feed(SequenceTracker(), numbers)
    assert (changes.lost, changes.repeated, changes.resets) == (0, 0, 0)
