import base64
import threading

from hypothesis import given
from hypothesis import strategies as st

from collector.store.ids import LENGTH, Ids, letters


def test_ids_sort_by_the_time_they_were_made() -> None:
    now = iter(range(1_700_000_000_000_000_000, 1_700_000_100_000_000_000, 7_000_000))
    ids = Ids(lambda: next(now))
    made = [ids() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert {len(one) for one in made} == {LENGTH}


def test_a_clock_that_stands_or_goes_back_turns_nothing_round() -> None:
    now = iter([5_000_000_000] * 1000 + [1_000_000_000] * 1000)
    ids = Ids(lambda: next(now))
    made = [ids() for _ in range(2000)]
    assert made == sorted(set(made))


def test_two_processes_give_different_ids_in_the_same_millisecond() -> None:
    one, other = Ids(lambda: 10**18), Ids(lambda: 10**18)
    assert not {one() for _ in range(100)} & {other() for _ in range(100)}


def test_threads_get_different_ids() -> None:
    ids = Ids()
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend(ids() for _ in range(1000))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


@given(st.lists(st.integers(0, 52**4 - 1), min_size=2, max_size=50))
def test_letters_sort_as_numbers_in_ascii_and_in_base64(numbers: list[int]) -> None:
    in_order = sorted(numbers)
    texts = [letters(number, 4) for number in in_order]
    assert texts == sorted(texts)
    stored = [base64.urlsafe_b64decode(text) for text in texts]
    assert stored == sorted(stored)


def test_letters_of_a_number_too_big() -> None:
    try:
        letters(52**2, 2)
    except OverflowError:
        return
    raise AssertionError
