"""Addresses by number."""

import numpy as np

from collector.enrich.dns.answers import Answer
from collector.enrich.dns.slots import SPARE, Slots

COUNT = 3 * SPARE


def test_names_stay_while_others_come_and_old_ones_are_left_behind() -> None:
    slots, all_, none = Slots(), np.ones(COUNT, np.bool_), np.zeros(COUNT, np.bool_)
    numbers = slots.add(all_, none, np.zeros(COUNT, np.int32))
    named, unnamed = numbers[: COUNT // 2], numbers[COUNT // 2 :]
    for turn in range(8):
        slots.tell(named.tolist(), [Answer(f"{turn}-{slot}.example", float(turn)) for slot in named])
    (new,) = slots.add(all_[:1], none[:1], np.zeros(1, np.int32))
    assert slots.names(named).to_list() == [f"7-{slot}.example" for slot in named]
    assert slots.names(unnamed).null_count() == len(unnamed)
    assert slots.names(np.array([new])).to_list() == [None]
    assert slots.due[named].tolist() == [7.0] * len(named)
    assert len(slots._names) <= 2 * COUNT + SPARE + 1 + len(named)


def test_released_numbers_are_given_again_and_know_nothing() -> None:
    slots, wanted, tentative = Slots(), np.ones(3, np.bool_), np.zeros(3, np.bool_)
    numbers = slots.add(wanted, tentative, np.zeros(3, np.int32))
    slots.tell(numbers.tolist(), [Answer(f"{slot}.example", 5.0) for slot in numbers])
    slots.release(numbers[:2])
    again = slots.add(wanted, tentative, np.ones(3, np.int32))
    assert sorted(again.tolist()) == [0, 1, 3]
    assert slots.count == 4
    assert slots.names(np.arange(4)).to_list() == [None, None, "2.example", None]
    assert slots.due[again].tolist() == [0.0] * 3
