"""IP fragments."""

import io
import itertools
import random
from collections.abc import Callable

import pytest

from collector.receive.fragments import OPEN_PACKETS, PATIENCE
from collector.receive.outcome import Outcome
from collector.receive.pcap import read_capture
from tests.builders import packets, pcap

PAYLOAD = bytes(range(256)) * 12
OTHER = bytes(reversed(PAYLOAD))


def fragments4(payload: bytes, size: int = 1480, identification: int = 7, source: str = packets.SOURCE4) -> list[bytes]:
    """IPv4 packets of `size` bytes of data at most."""
    udp = packets.udp(50_000, 2055, payload)
    return [
        packets.ipv4(
            udp[start : start + size],
            source=source,
            identification=identification,
            fragment=(0x2000 if start + size < len(udp) else 0) | start // 8,
        )
        for start in range(0, len(udp), size)
    ]


def fragments6(payload: bytes, size: int = 1432, identification: int = 7, before: bytes = b"") -> list[bytes]:
    """IPv6 packets; `before` is an extension header that is fragmented together with the UDP datagram."""
    data, kind = before + packets.udp(50_000, 2055, payload), 60 if before else packets.UDP
    out = []
    for start in range(0, len(data), size):
        more = start + size < len(data)
        piece = packets.fragment6(data[start : start + size], kind, start // 8, more, identification)
        out.append(packets.ipv6(packets.extension(piece, 44), 0))
    return out


def read(frames: list[bytes], times: list[int] | None = None) -> tuple[list[tuple[str, int, int, bytes]], Outcome]:
    """Exporter, port, time and payload of what packets make up."""
    captured = list(map(pcap.Packet, times or itertools.count(), frames))
    capture = read_capture(io.BytesIO(pcap.classic(captured, pcap.RAW, nanoseconds=True)))
    return [(one.exporter, one.port, one.received, one.payload) for one in capture], capture.outcome


def payloads(frames: list[bytes], times: list[int] | None = None) -> list[bytes]:
    return [found[3] for found in read(frames, times)[0]]


@pytest.mark.parametrize(
    ("make", "source"), [(fragments4, packets.SOURCE4), (fragments6, packets.SOURCE6)], ids=["IPv4", "IPv6"]
)
def test_in_any_order(make: Callable[[bytes], list[bytes]], source: str) -> None:
    frames = make(PAYLOAD)
    assert len(frames) == 3
    for order in itertools.permutations(frames):
        found, outcome = read(list(order))
        assert found == [(source, 50_000, 2, PAYLOAD)]
        assert (outcome.packets, outcome.datagrams, outcome.fragments, outcome.fragments_incomplete) == (3, 1, 3, 0)


def test_extension_headers_within_the_fragments() -> None:
    assert payloads(fragments6(PAYLOAD, before=packets.extension(b"", packets.UDP, 16))) == [PAYLOAD]


def test_the_largest_datagram_in_small_pieces_among_others() -> None:
    largest = random.Random(1).randbytes(65_507)
    first, second = fragments4(largest, 576), fragments4(OTHER, 576, identification=8)
    third, fourth = fragments4(PAYLOAD, 576, source="10.0.0.9"), fragments6(PAYLOAD, 576)
    mixed = first + second + third + fourth
    random.Random(2).shuffle(mixed)
    assert sorted(payloads(mixed)) == sorted([largest, OTHER, PAYLOAD, PAYLOAD])


def test_repeated_fragments() -> None:
    frames = fragments4(PAYLOAD)
    assert payloads([frames[0], frames[0], frames[2], frames[2], frames[1]]) == [PAYLOAD]


@pytest.mark.parametrize("missing", range(3))
def test_missing_fragments(missing: int) -> None:
    frames = fragments4(PAYLOAD)
    del frames[missing]
    found, outcome = read(frames)
    assert (found, outcome.fragments, outcome.fragments_incomplete) == ([], 2, 1)


def test_an_identification_used_again() -> None:
    """The first packet lost its end; the second has other bytes at the same place."""
    found, outcome = read(fragments4(PAYLOAD)[:2] + fragments4(OTHER))
    assert [one[3] for one in found] == [OTHER]
    assert outcome.fragments_incomplete == 1


def test_two_ends() -> None:
    start, end = fragments4(OTHER[:1600])
    found, outcome = read([fragments4(PAYLOAD)[2], end, start])
    assert [one[3] for one in found] == [OTHER[:1600]]
    assert outcome.fragments_incomplete == 1


def test_fragments_that_overlap_are_refused() -> None:
    udp = packets.udp(50_000, 2055, bytes(56))
    frames = [
        packets.ipv4(udp[:32], fragment=0x2000, identification=7),
        packets.ipv4(udp[24:40], fragment=0x2000 | 3, identification=7),
        packets.ipv4(udp[48:], fragment=6, identification=7),
    ]
    found, outcome = read(frames)
    assert (found, outcome.fragments_incomplete) == ([], 1)


def test_more_than_a_packet_can_hold_is_given_up() -> None:
    """Overlapping pieces without an end."""
    frames = [packets.ipv4(bytes(60_000), fragment=0x2000 | number, identification=7) for number in range(8)]
    found, outcome = read(frames)
    assert (found, outcome.fragments_incomplete) == ([], 4)


def test_too_many_at_once_give_up_the_oldest() -> None:
    starts = [fragments4(PAYLOAD, identification=number)[0] for number in range(OPEN_PACKETS + 1)]
    oldest, next_oldest = fragments4(PAYLOAD, identification=0)[1:], fragments4(PAYLOAD, identification=1)[1:]
    found, outcome = read(starts + next_oldest + oldest)
    assert [one[3] for one in found] == [PAYLOAD]
    assert outcome.fragments_incomplete == OPEN_PACKETS + 1


def test_patience_ends() -> None:
    frames = fragments4(PAYLOAD)
    assert payloads(frames, [0, 0, PATIENCE]) == [PAYLOAD]
    found, outcome = read(frames, [0, 0, PATIENCE + 1])
    assert (found, outcome.fragments_incomplete) == ([], 2)


@pytest.mark.parametrize(
    "frame",
    [
        packets.ipv4(bytes(12), fragment=0x2000),
        packets.ipv4(b"", fragment=0x2000),
        packets.ipv4(bytes(16), fragment=0x1FFF),
        packets.ipv6(packets.fragment6(bytes(12), packets.UDP, 0, more=True), 44),
    ],
)
def test_fragments_that_cannot_be(frame: bytes) -> None:
    found, outcome = read([frame])
    assert (found, outcome.malformed, outcome.fragments) == ([], 1, 0)


def test_fragments_of_something_else() -> None:
    frames = [
        packets.ipv4(bytes(16), packets.TCP, fragment=0x2000),
        packets.ipv6(packets.fragment6(bytes(16), packets.TCP, 0, more=True), 44),
    ]
    found, outcome = read(frames)
    assert (found, outcome.not_udp, outcome.fragments) == ([], 2, 0)


def test_a_fragment_cut_by_the_capture() -> None:
    for frames in (fragments4(PAYLOAD), fragments6(PAYLOAD)):
        captured = [pcap.Packet(0, frames[0]), pcap.Packet(0, frames[1]).cut(100), pcap.Packet(0, frames[2])]
        capture = read_capture(io.BytesIO(pcap.classic(captured, pcap.RAW)))
        assert list(capture) == []
        assert (capture.outcome.snapped, capture.outcome.fragments_incomplete) == (1, 1)


def test_fragments_that_turn_out_to_be_something_else() -> None:
    frames = fragments6(PAYLOAD, before=packets.extension(b"", packets.TCP))
    found, outcome = read(frames)
    assert (found, outcome.not_udp, outcome.fragments_incomplete) == ([], 1, 0)


def test_a_fragment_header_within_fragments() -> None:
    nested = packets.fragment6(packets.udp(inner=bytes(16)), packets.UDP, 0, more=True)
    frames = fragments6(bytes(100), 64, before=packets.extension(nested, 44))
    found, outcome = read(frames)
    assert (found, outcome.malformed) == ([], 1)
