"""Captures sent again, over loopback."""

import asyncio
import math
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.receive.errors import CaptureError, ReceiveError
from collector.receive.replay import Replayed, replay
from tests.builders import pcap
from tests.receive.sending import Receiving, run

EXPORTERS = ("10.1.0.1", "192.1.0.1", "2001:db8::5", "10.1.0.1", "10.255.255.255", "10.0.0.0")
MAPPED = ("127.1.0.1", "127.1.0.2", "127.0.0.5", "127.1.0.1", "127.0.0.1", "127.0.0.2")


def written(path: Path, *frames: bytes, step: int = 0) -> Path:
    """A capture with so many nanoseconds between its packets."""
    file = path / "capture.pcapng"
    file.write_bytes(pcap.pcapng([pcap.Packet(pcap.START + number * step, one) for number, one in enumerate(frames)]))
    return file


def test_each_exporter_sends_from_an_address_of_its_own(tmp_path: Path) -> None:
    payloads = [f"{number} from {exporter}".encode() for number, exporter in enumerate(EXPORTERS)]
    file = written(tmp_path, *map(pcap.frame, payloads, EXPORTERS))

    async def scenario() -> None:
        async with Receiving("::") as receiving:
            sent = await asyncio.to_thread(replay, file, "127.0.0.1", receiving.receiver.port)
            datagrams = await receiving.until(len(payloads))
            assert [(one.payload, one.exporter) for one in datagrams] == list(zip(payloads, MAPPED, strict=True))
            assert sent == Replayed(len(payloads), sum(map(len, payloads)), sent.seconds)
            assert sent.seconds > 0

    run(scenario)


def test_ports_of_the_capture(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Receiving() as first, Receiving() as second:
            largest = bytes(65_507)
            one, other = first.receiver.port, second.receiver.port
            frames = (pcap.frame(b"1", port=one), pcap.frame(largest, port=other), pcap.frame(b"", port=one))
            sent = await asyncio.to_thread(replay, written(tmp_path, *frames), "localhost")
            assert [datagram.payload for datagram in await first.until(2)] == [b"1", b""]
            assert [datagram.payload for datagram in await second.until(1)] == [largest]
            assert (sent.datagrams, sent.bytes) == (3, 1 + 65_507)

    run(scenario)


def test_ipv6_has_one_loopback_address(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = written(tmp_path, *[pcap.frame(b"x", exporter) for exporter in EXPORTERS])

    async def scenario() -> None:
        async with Receiving("::1") as receiving:
            await asyncio.to_thread(replay, file, "::1", receiving.receiver.port)
            assert {datagram.exporter for datagram in await receiving.until(len(EXPORTERS))} == {"::1"}

    run(scenario)
    assert [record.getMessage() for record in caplog.records] == [
        "all exporters of the capture are sent from one address: only 127.x.x.x keeps them apart"
    ]


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is slept, while the clock stands still."""
    slept: list[float] = []
    monkeypatch.setattr(time, "perf_counter", lambda: 100.0)
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


@pytest.fixture
def port() -> Iterator[int]:
    """A port of a socket that nobody reads."""
    receiving = Receiving()
    loop = asyncio.new_event_loop()
    receiving.receiver.open(loop, receiving.lists.append)
    yield receiving.receiver.port
    receiving.receiver.close()
    loop.close()


FRAMES = tuple(pcap.frame(bytes([number])) for number in range(4))


def test_the_captures_own_pace(tmp_path: Path, sleeps: list[float], port: int) -> None:
    replay(written(tmp_path, *FRAMES, step=250_000_000), "127.0.0.1", port)
    assert sleeps == [0.25, 0.5, 0.75]


def test_a_rate(tmp_path: Path, sleeps: list[float], port: int) -> None:
    file = written(tmp_path, *FRAMES, step=10**12)
    replay(file, "127.0.0.1", port, rate=10)
    assert sleeps == pytest.approx([0.1, 0.2, 0.3])
    sleeps.clear()
    assert replay(file, "127.0.0.1", port, rate=math.inf).datagrams == 4
    assert sleeps == []


def test_a_capture_that_goes_back_in_time_does_not_wait(tmp_path: Path, sleeps: list[float], port: int) -> None:
    assert replay(written(tmp_path, *FRAMES, step=-(10**9)), "127.0.0.1", port).datagrams == 4
    assert sleeps == []


def test_a_loop_ends_with_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    left = iter(range(9))  # each pass sleeps three times
    monkeypatch.setattr(time, "sleep", lambda _: None if next(left, None) is not None else interrupt())

    def interrupt() -> None:
        signal.raise_signal(signal.SIGINT)

    sent = replay(written(tmp_path, *FRAMES, step=10**12), "127.0.0.1", port, loop=True)
    assert (sent.datagrams, sent.bytes) == (3 * 4 + 1, 3 * 4 + 1)


def test_a_loop_of_nothing_ends(tmp_path: Path) -> None:
    assert replay(written(tmp_path), "127.0.0.1", 2055, loop=True).datagrams == 0


def test_what_the_system_does_not_send_is_counted(tmp_path: Path, port: int, caplog: pytest.LogCaptureFixture) -> None:
    longer = pcap.frame(bytes(65_520), "2001:db8::1")
    sent = replay(written(tmp_path, longer, FRAMES[0], longer), "127.0.0.1", port)
    assert (sent.datagrams, sent.refused) == (1, 2)
    assert [record.getMessage() for record in caplog.records] == [
        f"a datagram of 65520 bytes to 127.0.0.1:{port} was left out: Message too long"
    ]
    to_port_0 = pcap.frame(b"x", port=0)
    assert replay(written(tmp_path, to_port_0), "127.0.0.1").refused == 1


def test_what_cannot_be_replayed(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"^cannot repeat standard input: it can be read only once, give a file$"):
        replay("-", "127.0.0.1", 2055, loop=True)
    with pytest.raises(CaptureError, match="No such file or directory"):
        replay(tmp_path / "none.pcap", "127.0.0.1", 2055)
    with pytest.raises(ReceiveError, match=r"^cannot send to 'no such name': it is neither an address nor a name"):
        replay(written(tmp_path, FRAMES[0]), "no such name", 2055)
    with pytest.raises(ReceiveError, match=r"^cannot send to 255\.255\.255\.255:2055: Permission denied$"):
        replay(written(tmp_path, FRAMES[0]), "255.255.255.255", 2055)
