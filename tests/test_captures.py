"""Captures as a source of flows."""

from pathlib import Path

import pytest

import collector
from collector.captures import batches
from collector.datagram import Datagram
from collector.receive.errors import CaptureError
from collector.receive.pcap import read_capture
from tests.sample import FLOWS, capture


def test_what_came_before_the_damage_is_given(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.pcap"
    one = capture()
    damaged.write_bytes(one + one[24:] + b"\xff" * 64)
    taken: list[list[Datagram]] = []
    with pytest.raises(CaptureError):
        taken.extend(batches(read_capture(damaged)))
    assert [len(batch) for batch in taken] == [2]


@pytest.mark.parametrize(("size", "expected"), [(1, [1, 1]), (2, [2]), (3, [2])])
def test_batches_are_of_the_size_asked_for(size: int, expected: list[int], tmp_path: Path) -> None:
    path = tmp_path / "two.pcap"
    path.write_bytes(capture() + capture()[24:])
    assert [len(batch) for batch in batches(read_capture(path), size)] == expected


def test_a_capture_is_a_data_frame(tmp_path: Path) -> None:
    path = tmp_path / "one.pcap"
    path.write_bytes(capture())
    frame = collector.read_pcap(path)
    assert frame.height == FLOWS
    assert frame["destination.port"].to_list() == [443] * FLOWS
    assert frame["network.transport"].to_list() == ["tcp"] * FLOWS


def test_an_empty_capture_is_an_empty_data_frame(tmp_path: Path) -> None:
    path = tmp_path / "none.pcap"
    path.write_bytes(capture()[:24])
    assert collector.read_pcap(path).is_empty()
