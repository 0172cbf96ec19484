"""No sequence of broken datagrams breaks the collector; `python -m tests.fuzz` looks for longer."""

from pathlib import Path
from random import Random, SystemRandom

import pytest

from collector.datagram import Datagram
from tests.builders.netflow import sent
from tests.fuzz import running
from tests.fuzz.judging import check, judge
from tests.fuzz.mutations import Story, story

SECONDS = 15


@pytest.mark.slow
def test_stories_of_broken_datagrams() -> None:
    """Other ones each time; the message of a failure names the capture that repeats it."""
    assert running.run(SECONDS, SystemRandom().randrange(1 << 48))


@pytest.mark.parametrize("path", running.kept(), ids=lambda path: path.stem)
def test_what_once_broke_it(path: Path) -> None:
    judge(running.load(path))


def test_what_breaks_it_is_kept_without_the_datagrams_that_are_not_to_blame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(told: Story) -> None:
        if any(len(one.payload) > 200 for one in told):
            raise ValueError(told)

    monkeypatch.setattr(running, "judge", fault)
    with pytest.raises(running.FoundError, match="ValueError"):
        running.run(600, 1, tmp_path)
    (path,) = tmp_path.iterdir()
    (blamed,) = running.load(path)
    seed = int(path.stem.partition("-")[2])
    assert len(blamed.payload) > 200
    assert blamed.payload in [one.payload for one in story(Random(seed))]


def test_a_story_is_kept_as_it_is(tmp_path: Path) -> None:
    told = [sent(b"\0\x0a" + bytes(50), "2001:db8::7", 1_735_732_800), sent(b"", "192.0.2.1", 1_735_732_801)]
    kept: list[Datagram] = running.load(running.save(told, tmp_path / "kept.pcap"))
    assert kept == told


@pytest.mark.parametrize(
    "line",
    [
        b'{"source":{"port":65536}}',
        b'{"source":{"ip":"10.0.0.256"}}',
        b'{"network":{"bytes":9223372036854775808}}',
        b'{"event":{"end":"10000-01-01T00:00:00.000Z"}}',
        b'{"flow":{"vlan":NaN}}',
        b'{"flow":{"vlan":1,"vlan":2}}',
        b'{"flow":{"not_in_the_schema":1}}',
    ],
)
def test_what_a_search_engine_would_refuse_is_noticed(line: bytes) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(line + b"\n")
