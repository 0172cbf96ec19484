"""Messages out of a stream of bytes, without any socket."""

import itertools
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.receive.messages import CAPACITY, MessageStream
from tests.receive.sessions import message

PAIR = [message(16, 1), message(37, 2)]


def fed(stream: MessageStream, chunks: Iterable[bytes]) -> list[bytes]:
    """What comes out when these go in one after another, each as far as there is room at a time."""
    out = []
    for chunk in chunks:
        left = memoryview(chunk)
        while left:
            room = stream.room()
            part = left[: len(room)]
            assert part, "a stream must always have room"
            room[: len(part)] = part
            stream.filled(len(part))
            out += stream.take()
            left = left[len(part) :]
    return out


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Data in pieces of these sizes, again and again."""
    for size in itertools.cycle(sizes):
        if not data:
            return
        yield data[:size]
        data = data[size:]


def test_messages_split_at_every_byte() -> None:
    data = b"".join(PAIR)
    for first in range(len(data) + 1):
        for second in range(first, len(data) + 1):
            stream = MessageStream()
            assert fed(stream, [data[:first], data[first:second], data[second:]]) == PAIR
            assert (stream.rest, stream.fault) == (0, None)


def test_messages_byte_by_byte() -> None:
    stream = MessageStream()
    assert fed(stream, [bytes([one]) for one in b"".join(PAIR * 3)]) == PAIR * 3


@given(st.lists(st.integers(16, 65_535), min_size=1, max_size=6), st.lists(st.integers(1, 70_000), min_size=1))
def test_messages_of_every_size_in_pieces_of_every_size(sizes: list[int], pieces: list[int]) -> None:
    sent = [message(size, mark) for mark, size in enumerate(sizes)]
    assert fed(MessageStream(), cut(b"".join(sent), pieces)) == sent


def test_the_largest_message_behind_the_beginning_of_another() -> None:
    sent = [message(20, 1), message(65_535, 2), message(65_535, 3)]
    data = b"".join(sent)
    assert fed(MessageStream(), [data[:30], data[30 : 30 + CAPACITY], data[30 + CAPACITY :]]) == sent


@pytest.mark.parametrize(
    ("garbage", "told"),
    [
        (bytes.fromhex("16030100c8010000c4"), "TLS, which has a port of its own (--tcp-tls)"),
        (
            bytes.fromhex("0009001400000001"),
            "NetFlow v9, which is for UDP: set the exporter to UDP or to IPFIX",
        ),
        (bytes.fromhex("0005001e00000001"), "NetFlow v5, which is for UDP"),
        (bytes.fromhex("0000000500000001"), "sFlow, which is for UDP"),
        (b"GET / HTTP/1.1\r\n", "an HTTP request"),
        (b"SSH-2.0-OpenSSH", "the greeting of SSH"),
        (bytes.fromhex("000a000f"), "an IPFIX message of 15 bytes, fewer than its header has"),
        (bytes.fromhex("000a0000"), "an IPFIX message of 0 bytes, fewer than its header has"),
        (bytes.fromhex("deadbeef0102030405"), "the bytes de ad be ef 01 02 03 04"),
    ],
)
def test_what_is_no_message_is_told_and_ends_the_stream(garbage: bytes, told: str) -> None:
    stream = MessageStream()
    assert fed(stream, [message(20, 1) + garbage]) == [message(20, 1)]
    assert stream.fault == told
    assert fed(stream, PAIR) == []
    assert (stream.fault, stream.rest) == (told, 0)


@given(st.lists(st.binary(min_size=1, max_size=300)))
def test_any_bytes(chunks: list[bytes]) -> None:
    stream = MessageStream()
    assert all(one.startswith(b"\0\x0a") and len(one) >= 16 for one in fed(stream, chunks))
