"""Sessions over TCP: real sockets, on uvloop."""

import asyncio
import logging
import os
import resource
import socket
import time

import pytest

from collector.datagram import Datagram
from collector.receive import tcp
from collector.receive.tcp import TcpReceiver
from tests.receive.sending import run, true
from tests.receive.sessions import Serving, message


def told(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= level]


@pytest.mark.parametrize(("host", "source"), [("127.0.0.1", ""), ("::1", ""), ("127.0.0.1", "127.1.0.1")])
def test_a_session_gives_its_messages_and_its_end(host: str, source: str) -> None:
    async def scenario() -> None:
        async with Serving("::") as serving:
            begin = time.time_ns()
            with serving.exporter(host, source) as exporter:
                exporter.send(message(20, 1) + message(30, 2))
            first, second, end = await serving.until(3)
            assert [one.payload for one in (first, second, end)] == [message(20, 1), message(30, 2), b""]
            assert {one.exporter for one in (first, second, end)} == {source or host}
            assert {one.port for one in (first, second, end)} == {exporter.port}
            assert begin <= first.received <= end.received <= time.time_ns()
            assert {one.session for one in (first, second, end)} == {first.session}
            assert first.session > 0
            receiver = serving.receiver
            assert (receiver.total, receiver.messages, receiver.bytes, receiver.sessions) == (1, 2, 50, 0)
            assert (receiver.refused, receiver.failed) == (0, 0)

    run(scenario)


def test_a_message_byte_by_byte() -> None:
    sent = [message(17, 1), message(23, 2)]

    async def scenario() -> None:
        async with Serving() as serving:
            with serving.exporter() as exporter:
                for byte in b"".join(sent):
                    exporter.send(bytes([byte]))
                    await asyncio.sleep(0.001)
                await serving.until(2)
            assert serving.payloads == sent

    run(scenario)


def test_many_messages_in_order() -> None:
    sent = [message(16 + number % 3000, number) for number in range(3000)] + [message(65_535, 1)] * 3

    async def scenario() -> None:
        async with Serving() as serving:
            data = b"".join(sent)
            with serving.exporter() as exporter:
                await asyncio.to_thread(exporter.send, data)
            await serving.until(len(sent) + 1)
            assert serving.payloads == [*sent, b""]
            assert (serving.receiver.messages, serving.receiver.bytes) == (len(sent), len(data))

    run(scenario)


def test_the_loop_of_the_standard_library_does_as_well() -> None:
    async def scenario() -> None:
        async with Serving() as serving:
            with serving.exporter() as exporter:
                exporter.send(message(100) + message(50)[:20])
                await serving.until(1)
                exporter.send(message(50)[20:])
            await serving.until(3)
            assert serving.payloads == [message(100), message(50), b""]

    asyncio.run(scenario())


def test_sessions_of_one_address_are_told_apart() -> None:
    async def scenario() -> None:
        async with Serving() as serving:
            with serving.exporter() as first, serving.exporter() as second:
                for number, exporter in enumerate((first, second, first)):
                    exporter.send(message(20, number))
                    await serving.until(number + 1)
            await serving.until(5)
            one, two, again, *ends = serving.datagrams
            assert one.session == again.session != two.session
            assert sorted(end.session for end in ends) == sorted((one.session, two.session))
            with serving.exporter() as third:
                third.send(message())
                datagrams = await serving.until(6)
            assert datagrams[-1].session > max(one.session, two.session)

    run(scenario)


def test_a_session_without_a_message_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> None:
        async with Serving() as serving:
            with serving.exporter():
                await serving.sessions(1)
            await serving.sessions(0)
            assert (serving.lists, serving.receiver.total, serving.receiver.failed) == ([], 1, 0)

    run(scenario)
    assert told(caplog, logging.INFO) == []


@pytest.mark.parametrize(
    ("garbage", "what"),
    [
        (bytes.fromhex("0009001400000001"), "NetFlow v9, which is for UDP: set the exporter to UDP or to IPFIX"),
        (bytes.fromhex("16030100c8010000c4"), "TLS, which has a port of its own (--tcp-tls)"),
        (bytes.fromhex("deadbeef01020304"), "the bytes de ad be ef 01 02 03 04"),
    ],
)
def test_garbage_ends_its_session_and_is_told_once_an_address(
    garbage: bytes, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with Serving() as serving:
            with serving.exporter() as other:
                for count in (1, 2):
                    with serving.exporter() as exporter:
                        exporter.send(message(20, 1) + garbage + message(20, 2))
                        await exporter.ended()
                    assert serving.payloads == [message(20, 1), b""] * count
                    assert serving.receiver.failed == count
                    if count == 1:
                        port = exporter.port
                other.send(message(20, 3))
                await serving.until(5)
            line = f"the session of 127.0.0.1:{port} on {serving.receiver} failed after 1 messages: it sent {what}"
            assert told(caplog) == [line]

    run(scenario)


def test_what_was_cut_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with Serving() as serving:
            with serving.exporter() as exporter:
                exporter.send(message(20) + message(50)[:49])
            await serving.until(2)
            assert (serving.payloads, serving.receiver.failed) == ([message(20), b""], 1)
            assert told(caplog)[0].endswith("after 1 messages: it ended within a message, 49 bytes were dropped")

    run(scenario)


def test_a_reset_ends_a_session_like_any_other(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with Serving() as serving:
            exporter = serving.exporter()
            exporter.send(message(20))
            await serving.until(1)
            exporter.reset()
            await serving.until(2)
            assert (serving.payloads, serving.receiver.failed) == ([message(20), b""], 1)
            assert "Connection reset by peer" in told(caplog)[0]

    run(scenario)


def test_sessions_are_limited_for_each_address_and_in_all(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with Serving("::", sessions=3, sessions_per_address=2) as serving:
            sources = ("", "", "", "127.1.0.1", "127.1.0.2")
            exporters = [serving.exporter(source=source) for source in sources]
            await true(lambda: serving.receiver.refused == 2)
            assert (serving.receiver.sessions, serving.receiver.total) == (3, 3)
            for refused in (exporters[2], exporters[4]):
                await refused.ended()
            exporters[0].socket.close()
            await serving.sessions(2)
            with serving.exporter() as again:
                again.send(message(20))
                await serving.until(1)
            for exporter in exporters:
                exporter.socket.close()
            await serving.sessions(0)
            place = serving.receiver
            assert told(caplog) == [
                f"a session of 127.0.0.1 on {place} was refused: 2 sessions of this address are open",
                f"a session of 127.1.0.2 on {place} was refused: 3 sessions are open",
            ]

    run(scenario)


def test_a_silent_session_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> None:
        async with Serving(idle=0.2) as serving:
            with serving.exporter() as silent, serving.exporter() as said:
                said.send(message(20))
                await silent.ended()
                await said.ended()
            await serving.sessions(0)
            assert (serving.payloads, serving.receiver.failed) == ([message(20), b""], 0)
            assert sum("nothing came for 0 s" in line for line in told(caplog, logging.INFO)) == 2

    run(scenario)


def test_exporters_wait_while_there_is_no_room() -> None:
    crowded, sent = [True], [message(60_000, number) for number in range(200)]

    async def scenario() -> None:
        async with Serving(full=lambda: crowded[0]) as serving:
            with serving.exporter() as exporter, serving.exporter() as short:
                short.send(message(20, 1))
                short.socket.close()
                sending = asyncio.create_task(asyncio.to_thread(exporter.send, b"".join(sent)))
                await true(lambda: len(serving.receiver._held) == 2)
                await asyncio.sleep(0.2)
                assert not sending.done()
                assert (serving.lists, serving.receiver.sessions) == ([], 2)
                crowded[0] = False
                await sending
            datagrams = await serving.until(len(sent) + 3)
            long, other = ([one.payload for one in datagrams if one.port == e.port] for e in (exporter, short))
            assert (long, other) == ([*sent, b""], [message(20, 1), b""])
            assert serving.receiver.sessions == 0

    run(scenario)


def test_a_session_that_breaks_while_it_waits_keeps_its_messages() -> None:
    crowded = [True]

    async def scenario() -> None:
        async with Serving(full=lambda: crowded[0]) as serving:
            exporter = serving.exporter()
            exporter.send(message(20, 1) + message(30, 2))
            await true(lambda: len(serving.receiver._held) == 1)
            exporter.reset()
            await asyncio.sleep(0.1)
            assert serving.lists == []
            crowded[0] = False
            await serving.until(3)
            assert serving.payloads == [message(20, 1), message(30, 2), b""]

    run(scenario)


def test_closing_ends_all_sessions_and_frees_the_port() -> None:
    crowded = [False]

    async def scenario() -> None:
        async with Serving(full=lambda: crowded[0]) as serving:
            with serving.exporter() as first, serving.exporter() as second:
                first.send(message(20, 1) + message(40, 2)[:39])
                await serving.until(1)
                crowded[0] = True
                second.send(message(20, 3))
                await true(lambda: len(serving.receiver._held) == 1)
                serving.receiver.close()
                assert sorted(serving.payloads) == [b"", b"", message(20, 1), message(20, 3)]
                assert (serving.receiver.sessions, serving.receiver.failed) == (0, 0)
                await first.ended()
                await second.ended()
            again = TcpReceiver("127.0.0.1", serving.receiver.port)
            again.open(asyncio.get_running_loop(), serving.lists.append)
            again.close()
            again.close()

    run(scenario)
    TcpReceiver("::", 4739).close()


def test_a_receiver_can_be_opened_and_closed_without_a_running_loop() -> None:
    loop = asyncio.new_event_loop()
    receiver = TcpReceiver("127.0.0.1", 0)
    receiver.open(loop, lambda _: None)
    receiver.close()
    loop.close()


def test_a_process_without_descriptors_goes_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "ACCEPT_REST", 0.02)

    async def scenario() -> None:
        async with Serving() as serving:
            with socket.socket() as client:
                client.setblocking(True)
                limits = resource.getrlimit(resource.RLIMIT_NOFILE)
                lowest = os.dup(0)
                os.close(lowest)
                resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
                try:
                    client.connect(serving.address)
                    await true(lambda: bool(told(caplog)))
                    assert serving.receiver.sessions == 0
                finally:
                    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
                client.sendall(message(20))
                await serving.until(1)
            assert told(caplog) == [f"accepting on {serving.receiver} failed, going on: Too many open files"]

    run(scenario)


def test_many_troubles_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "MOST_TOLD", 5)

    async def scenario() -> None:
        async with Serving() as serving:
            for number in range(1, 20):
                with serving.exporter(source=f"127.0.1.{number}") as exporter:
                    exporter.send(b"nonsense")
                    await exporter.ended()
            assert serving.receiver.failed == 19
            assert len(serving.receiver._told) <= 5

    run(scenario)


def test_numbers_of_sessions_are_the_process_own() -> None:
    async def scenario() -> None:
        async with Serving() as one, Serving() as other:
            for serving in (one, other, one):
                with serving.exporter() as exporter:
                    exporter.send(message())
                await serving.until(len(serving.datagrams) + 2)
            numbers = [datagram.session for datagram in one.datagrams + other.datagrams]
            assert len(set(numbers)) == 3

    run(scenario)


def test_a_datagram_of_udp_has_no_session() -> None:
    assert Datagram(b"", "192.0.2.1", 1, 2).session == 0
