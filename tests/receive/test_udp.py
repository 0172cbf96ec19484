"""UDP sockets on uvloop, with real datagrams over loopback."""

import asyncio
import errno
import socket
import time
from collections.abc import Callable

import pytest

from collector.receive import batch, udp
from collector.receive.batch import BATCH, EMPTY, Batch, MultiReader, Reader, SingleReader, reader_for
from collector.receive.udp import READS, UdpReceiver
from tests.receive.sending import Receiving, run, true

LIST = BATCH * READS
MakeReader = Callable[[socket.socket], Reader]


@pytest.fixture(params=[MultiReader, SingleReader])
def make_reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> MakeReader:
    """Both ways of reading must do the same."""
    made: MakeReader = request.param
    monkeypatch.setattr(udp, "reader_for", made)
    return made


@pytest.mark.usefixtures("make_reader")
def test_one_socket_takes_ipv4_and_ipv6() -> None:
    async def scenario() -> None:
        async with Receiving("::") as receiving:
            begin = time.time_ns()
            ports = [
                receiving.send(b"four"),
                receiving.send(b"six", host="::1"),
                receiving.send(b"other", source="127.1.0.1"),
            ]
            datagrams = await receiving.until(3)
            sent = [(b"four", "127.0.0.1"), (b"six", "::1"), (b"other", "127.1.0.1")]
            assert [(one.payload, one.exporter) for one in datagrams] == sent
            assert [one.port for one in datagrams] == ports
            assert all(begin <= one.received <= time.time_ns() for one in datagrams)

    run(scenario)


@pytest.mark.usefixtures("make_reader")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_an_address_of_its_own(host: str) -> None:
    async def scenario() -> None:
        async with Receiving(host) as receiving:
            found = socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM)[0][4][0]
            port = receiving.send(b"payload", host=str(found))
            datagram = (await receiving.until(1))[0]
            assert (datagram.payload, datagram.exporter, datagram.port) == (b"payload", found, port)

    run(scenario)


@pytest.mark.usefixtures("make_reader")
def test_payloads_of_every_size_come_whole() -> None:
    largest4, largest6 = bytes(range(256)) * 255 + bytes(227), bytes(range(256)) * 255 + bytes(247)
    assert (len(largest4), len(largest6)) == (65_507, 65_527)

    async def scenario() -> None:
        async with Receiving("::") as receiving:
            receiving.send(b"", b"x", largest4, b"", b"y")
            receiving.send(largest6, b"", host="::1")
            payloads = [one.payload for one in await receiving.until(7)]
            assert payloads == [b"", b"x", largest4, b"", b"y", largest6, b""]
            receiver = receiving.receiver
            assert (receiver.datagrams, receiver.bytes) == (7, 2 + 65_507 + 65_527)
            assert (receiver.truncated, receiver.kernel_drops) == (0, 0)

    run(scenario)


@pytest.mark.usefixtures("make_reader")
def test_many_come_in_order_in_lists_of_bounded_length() -> None:
    payloads = [number.to_bytes(4, "big") * (number % 7) for number in range(LIST + 44)]

    async def scenario() -> None:
        async with Receiving() as receiving:
            for _ in range(2):  # the second time after the rest that follows an empty socket
                receiving.lists.clear()
                receiving.send(*payloads)
                assert [one.payload for one in await receiving.until(len(payloads))] == payloads
                assert [len(one) for one in receiving.lists] == [LIST, 44]
            assert receiving.receiver.datagrams == 2 * len(payloads)

    run(scenario)


def test_sockets_take_turns() -> None:
    async def scenario() -> None:
        async with Receiving() as first, Receiving() as second:
            second.lists = first.lists
            second.receiver._deliver = first.lists.append
            for receiving, payload in ((first, b"1"), (second, b"2")):
                receiving.send(*[payload] * (LIST + 44))
            await first.until(2 * (LIST + 44))
            told = [(one[0].payload, len(one)) for one in first.lists]
            assert sorted(told[:2]) == [(b"1", LIST), (b"2", LIST)]
            assert sorted(told[2:]) == [(b"1", 44), (b"2", 44)]

    run(scenario)


@pytest.mark.usefixtures("make_reader")
def test_closing_delivers_what_the_kernel_holds() -> None:
    async def scenario() -> None:
        async with Receiving() as receiving:
            receiving.send(b"before")
            await receiving.until(1)
            receiving.send(*[b"waiting"] * (LIST + 44))
        assert [one.payload for one in receiving.datagrams] == [b"before"] + [b"waiting"] * (LIST + 44)
        receiving.receiver.close()
        await asyncio.sleep(0.05)  # the timer of the rest is gone too

    run(scenario)
    UdpReceiver("::", 2055).close()


@pytest.mark.usefixtures("make_reader")
def test_datagrams_that_the_kernel_dropped_are_counted() -> None:
    async def scenario() -> None:
        async with Receiving(buffer=4096) as receiving:
            receiver, sent = receiving.receiver, 0
            for lost in (200, 50):
                receiving.send(*[bytes(1000)] * lost)  # the loop does not run meanwhile
                await receiving.until(receiver.datagrams + 1)
                await asyncio.sleep(0.05)
                receiving.send(b"the kernel tells with this one")
                sent += lost + 1
                await true(lambda: receiver.datagrams + receiver.kernel_drops >= sent)  # noqa: B023 - not kept
                assert receiver.datagrams + receiver.kernel_drops == sent
                assert receiver.datagrams == len(receiving.datagrams)
            assert receiver.kernel_drops > 200

    run(scenario)


def test_drops_are_known_without_another_datagram() -> None:
    async def scenario() -> None:
        async with Receiving(buffer=4096) as receiving:
            receiver = receiving.receiver
            receiving.send(*[bytes(1000)] * 200)  # the loop does not run meanwhile
            await receiving.until(receiver.datagrams + 1)
            await asyncio.sleep(0.05)
            receiver.count_drops()
            assert receiver.datagrams + receiver.kernel_drops == 200

    run(scenario)


class Script:
    """A reader of which a test knows what it reads: what the kernel does not do at will."""

    def __init__(self, *results: Batch | OSError) -> None:
        self.results = list(results)

    def read(self) -> Batch:
        result = self.results.pop(0) if self.results else EMPTY
        if isinstance(result, OSError):
            raise result
        return result


def test_the_kernels_count_wraps() -> None:
    receiver = UdpReceiver("127.0.0.1", 0)
    receiver._deliver = lambda _: None
    receiver._reader = Script(*[Batch([], 0, 0, drops) for drops in (2**32 - 2, None, 2**32 - 1, 4, 4)])
    for counted in (2**32 - 2, 2**32 - 2, 2**32 - 1, 2**32 + 4, 2**32 + 4):
        receiver._take()
        assert receiver.kernel_drops == counted


def test_an_error_of_the_network_is_told_once_and_passes(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with Receiving() as receiving:
            down = OSError(errno.ENETDOWN, "Network is down")
            real = receiving.receiver._reader
            receiving.receiver._reader = script = Script(down, down)
            receiving.send(b"payload")
            await true(lambda: not script.results)
            receiving.receiver._reader = real
            assert [one.payload for one in await receiving.until(1)] == [b"payload"]
            line = f"reading from 127.0.0.1:{receiving.receiver.port} failed, going on: Network is down"
            assert [record.getMessage() for record in caplog.records] == [line]

    run(scenario)


@pytest.mark.parametrize("make", [MultiReader, SingleReader])
def test_datagrams_longer_than_the_buffer_are_counted(make: MakeReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "PAYLOAD_BYTES", 100)
    with _pair() as (receiving, sending):
        reader = make(receiving)
        for size in (99, 101, 3000):
            sending.send(bytes(size))
        read = reader.read()
    assert ([len(one.payload) for one in read.datagrams], read.truncated) == ([99, 100, 100], 2)


@pytest.mark.parametrize("make", [MultiReader, SingleReader])
def test_reading_from_a_closed_socket_is_an_error(make: MakeReader) -> None:
    with _pair() as (receiving, _):
        reader = make(receiving)
        assert reader.read() in (EMPTY, Batch([], 0, 0, None))
    with pytest.raises(OSError, match="Bad file descriptor"):
        reader.read()


def test_forged_senders_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "KNOWN_SENDERS", 5)

    async def scenario() -> None:
        async with Receiving() as receiving:
            sources = [f"127.0.1.{number}" for number in range(1, 40)]
            for count, source in enumerate(sources, 1):
                receiving.send(b"x", source=source)
                await receiving.until(count)
            assert [one.exporter for one in receiving.datagrams] == sources
            assert isinstance(receiving.receiver._reader, MultiReader)
            assert len(receiving.receiver._reader._senders) <= 6

    run(scenario)


def test_the_system_decides_how_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with _pair() as (receiving, _):
        assert isinstance(reader_for(receiving), MultiReader)
        monkeypatch.setattr("sys.platform", "darwin")
        assert isinstance(reader_for(receiving), SingleReader)


class _pair:  # noqa: N801 - used like a function
    """A bound socket and one connected to it."""

    def __enter__(self) -> tuple[socket.socket, socket.socket]:
        self.receiving, self.sending = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.receiving.bind(("127.0.0.1", 0))
        self.receiving.setblocking(False)
        self.sending.connect(self.receiving.getsockname())
        return self.receiving, self.sending

    def __exit__(self, *_: object) -> None:
        self.receiving.close()
        self.sending.close()
