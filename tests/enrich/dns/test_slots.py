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
