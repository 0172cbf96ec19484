"""Draws stories and judges them, until the time is over or one is found that the collector does not stand."""

import resource
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from collector.datagram import Datagram
from collector.receive.pcap import read_capture
from tests.builders import pcap
from tests.fuzz.judging import judge
from tests.fuzz.mutations import Story, story

FOUND = Path(__file__).with_name("found")
MEMORY_KIB = 512 * 1024
"""How much the process may grow."""


class FoundError(AssertionError):
    """An input that broke something; its cause says what."""

    def __init__(self, seed: int, path: Path) -> None:
        super().__init__(f"story {seed} breaks the collector; it is kept as {path}")


def run(seconds: float, seed: int, folder: Path = FOUND) -> int:
    """Judge stories `seed`, `seed` + 1, ... for so long; how many there were. Raises FoundError."""
    end, before, number = time.monotonic() + seconds, _peak(), seed
    while time.monotonic() < end:
        told = story(Random(number))
        try:
            judge(told)
            assert _peak() - before < MEMORY_KIB, "the process has grown"
        except Exception as error:
            raise FoundError(number, save(smallest(told), folder / f"{type(error).__name__}-{number}.pcap")) from error
        number += 1
    return number - seed


def smallest(told: Story) -> Story:
    """The same without the datagrams that are not needed to break the collector."""
    fewer = [told[:place] + told[place + 1 :] for place in range(len(told) if len(told) > 1 else 0)]
    return next((smallest(one) for one in fewer if breaks(one)), told)


def breaks(told: Story) -> bool:
    """Whether the collector does not stand it."""
    try:
        judge(told)
    except Exception:  # noqa: BLE001 - whatever it is
        return True
    return False


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def save(told: Sequence[Datagram], path: Path) -> Path:
    """Keep a story as a capture: times are those of receipt."""
    captured = [pcap.Packet(one.received, pcap.frame(one.payload, one.exporter)) for one in told]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pcap.classic(captured))
    return path


def kept() -> list[Path]:
    """The stories that broke the collector once."""
    return sorted(FOUND.glob("*.pcap"))


def load(path: Path) -> Story:
    """A story that was kept."""
    return list(read_capture(path))
