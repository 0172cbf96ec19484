"""Whatever a file holds, reading it ends, with datagrams or with CaptureError."""

import contextlib
import gzip
import io
import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from collector.datagram import Datagram
from collector.receive.errors import CaptureError
from collector.receive.link import LINKS
from collector.receive.outcome import Outcome
from collector.receive.pcap import read_capture
from tests.builders import packets, pcap
from tests.receive.test_fragments import PAYLOAD, fragments4, fragments6

FRAMES = [
    pcap.frame(b"payload"),
    pcap.frame(b"payload", packets.SOURCE6),
    packets.ethernet(pcap.datagram(b"payload"), tags=(1, 2)),
    *[packets.ethernet(piece) for piece in fragments4(PAYLOAD)],
    *[packets.ethernet(piece, packets.IPV6) for piece in fragments6(PAYLOAD)],
]
CAPTURES = [
    make([pcap.Packet(pcap.START, frame) for frame in FRAMES], order=order)
    for make, order in itertools.product((pcap.classic, pcap.pcapng), pcap.ORDERS)
]
CAPTURES.append(gzip.compress(CAPTURES[0]))
edits = st.lists(st.tuples(st.integers(min_value=0), st.binary(min_size=1, max_size=8)), max_size=6)


def edited(data: bytes, changes: list[tuple[int, bytes]]) -> bytes:
    """Bytes overwritten at some places."""
    out = bytearray(data)
    for place, value in changes:
        start = place % len(out)
        out[start : start + len(value)] = value
    return bytes(out)


def read(data: bytes) -> tuple[list[Datagram], Outcome | None]:
    """What a file yields up to its end or damage."""
    found: list[Datagram] = []
    outcome = None
    with contextlib.suppress(CaptureError):
        capture = read_capture(io.BytesIO(data))
        outcome = capture.outcome
        found.extend(capture)
    return found, outcome


def check(data: bytes) -> None:
    found, outcome = read(data)
    assert sum(len(one.payload) for one in found) <= max(len(data), 1 << 20)
    assert all(0 <= one.received < 2**63 and 0 <= one.port < 65536 for one in found)
    if outcome is not None:
        assert outcome.packets <= len(data) or data.startswith(b"\x1f\x8b")
        counted = outcome.not_udp + outcome.other_port + outcome.snapped + outcome.malformed + outcome.fragments
        assert outcome.datagrams <= outcome.packets <= counted + outcome.datagrams


@given(st.binary(max_size=2000))
@example(b"")
def test_any_bytes(data: bytes) -> None:
    for magic in (b"", *[capture[:24] for capture in CAPTURES]):
        check(magic + data)


@given(st.sampled_from(CAPTURES), edits, st.integers(min_value=0))
def test_captures_with_other_bytes_and_cut(capture: bytes, changes: list[tuple[int, bytes]], kept: int) -> None:
    data = edited(capture, changes)
    check(data)
    check(data[: kept % len(data)])


def test_each_bit_flipped() -> None:
    small = [
        pcap.Packet(pcap.START, pcap.frame(b"payload")),
        pcap.Packet(pcap.START, pcap.frame(b"payload", "fd00::1")),
    ]
    for data in (pcap.classic(small), pcap.pcapng(small)):
        for place, bit in itertools.product(range(len(data)), range(8)):
            check(data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :])


@given(st.sampled_from(list(LINKS)), st.lists(st.binary(max_size=200), max_size=5), st.integers(0, 3000))
def test_any_frames_of_any_link(link: int, frames: list[bytes], size: int) -> None:
    """An error of a frame never ends a capture."""
    captured = [pcap.Packet(pcap.START, frame, size) for frame in frames]
    capture = read_capture(io.BytesIO(pcap.classic(captured, link)))
    list(capture)
    assert capture.outcome.packets == len(frames)


@given(st.sampled_from(FRAMES), edits, st.integers(min_value=0), st.integers(0, 3000))
def test_frames_with_other_bytes_and_cut(frame: bytes, changes: list[tuple[int, bytes]], kept: int, size: int) -> None:
    """The packets around it are read as if it were not there."""
    odd = pcap.Packet(pcap.START, edited(frame, changes)[: kept % len(frame)], size)
    good = pcap.Packet(pcap.START, FRAMES[0])
    capture = read_capture(io.BytesIO(pcap.classic([good, odd, good])))
    payloads = [datagram.payload for datagram in capture]
    assert (payloads[0], payloads[-1]) == (b"payload", b"payload")
    assert capture.outcome.packets == 3
