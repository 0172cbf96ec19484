"""How datagrams break: bit by bit, set by set, sample by sample, and as a sequence."""

import struct
from collections.abc import Callable
from itertools import pairwise
from random import Random

from collector.datagram import Datagram
from tests.builders.netflow import sent
from tests.fuzz.exporters import EDGES, field, payloads

Story = list[Datagram]
"""Datagrams in order of arrival; those of equal time are decoded together."""
HEADERS = {b"\0\x09": 20, b"\0\x0a": 16}
"""Bytes before the first set."""
EXPORTERS = ("192.0.2.1", "192.0.2.1", "192.0.2.1", "198.51.100.2", "2001:db8::7")
STEPS = (0, 0, 0, 1, 1, 60, 3600, -1)
"""Seconds from one datagram to the next."""


def story(draw: Random) -> Story:
    """What some exporters send, broken on its way."""
    parts = [payload for _ in range(draw.randrange(1, 4)) for payload in payloads(draw)]
    for _ in range(draw.choice((0, 1, 1, 2, 3, 6))):
        parts = draw.choice(SEQUENCE)(draw, parts)
    for _ in range(draw.choice((0, 1, 2, 4, 8))):
        place = draw.randrange(len(parts))
        parts[place] = draw.choice(MUTATIONS)(draw, parts[place])
    return _told(draw, parts)


def _told(draw: Random, parts: list[bytes]) -> Story:
    """Each with an exporter and a time."""
    home, time, out = draw.choice(EXPORTERS), 1_735_732_800, []
    for payload in parts:
        time += draw.choice(STEPS)
        out.append(sent(payload[:65_507], home if draw.random() < 0.9 else draw.choice(EXPORTERS), time))
    return out


def flip(draw: Random, payload: bytes) -> bytes:
    out = bytearray(payload)
    for _ in range(draw.randrange(1, 6) if out else 0):
        out[draw.randrange(len(out))] ^= 1 << draw.randrange(8)
    return bytes(out)


def edge(draw: Random, payload: bytes) -> bytes:
    """A number at the edge of what fits."""
    size = draw.choice((1, 2, 4))
    place = draw.randrange(0, max(1, len(payload) - size), draw.choice((1, 2, 4)))
    return payload[:place] + draw.choice(EDGES).to_bytes(4, "big")[-size:] + payload[place + size :]


def cut(draw: Random, payload: bytes) -> bytes:
    return payload[: draw.randrange(len(payload) + 1)]


def grown(draw: Random, payload: bytes) -> bytes:
    place = draw.choice((len(payload), draw.randrange(len(payload) + 1)))
    return payload[:place] + draw.randbytes(draw.choice((1, 2, 4, 30))) + payload[place:]


def hole(draw: Random, payload: bytes) -> bytes:
    place = draw.randrange(len(payload) + 1)
    return payload[:place] + payload[place + draw.choice((1, 2, 4, 8)) :]


def bounds(payload: bytes) -> list[int]:
    """Where the sets of NetFlow v9 and IPFIX, or the samples of sFlow, begin and end; [] where there are none."""
    if payload[:4] == b"\0\0\0\5":
        return _walked(payload, 28 if payload[7:8] == b"\1" else 40, 8)
    begin = HEADERS.get(payload[:2])
    return [] if begin is None else _walked(payload, begin, 4)


def _walked(payload: bytes, begin: int, head: int) -> list[int]:
    out = [begin]
    while out[-1] + head <= len(payload):
        size = struct.unpack_from("!H" if head == 4 else "!I", payload, out[-1] + head // 2)[0]
        end = out[-1] + (size if head == 4 else 8 + size)
        if end < out[-1] + head or end > len(payload):
            break
        out.append(end)
    return out if len(out) > 1 else []


def shuffled(draw: Random, payload: bytes) -> bytes:
    """Sets or samples repeated, left out and in another order."""
    places = bounds(payload)
    if not places:
        return flip(draw, payload)
    parts = [payload[begin:end] for begin, end in pairwise(places)]
    chosen = [draw.choice(parts) for _ in range(draw.randrange(len(parts) + 3))]
    return _measured(payload[: places[0]] + b"".join(chosen) + payload[places[-1] :])


def lying(draw: Random, payload: bytes) -> bytes:
    """A set or sample with another length, or of another kind."""
    places = bounds(payload)
    if not places:
        return edge(draw, payload)
    wide = payload[:4] == b"\0\0\0\5"
    size, place = (4, draw.choice(places[:-1])) if wide else (2, draw.choice(places[:-1]))
    place += size * draw.randrange(2)
    old = int.from_bytes(payload[place : place + size], "big")
    value = draw.choice((old + 1, old - 1, old + 4, old - 4, draw.choice(EDGES))) % (1 << 8 * size)
    return payload[:place] + value.to_bytes(size, "big") + payload[place + size :]


def redefined(draw: Random, payload: bytes) -> bytes:
    """A field of the first template with another length or element."""
    begin = HEADERS.get(payload[:2])
    if begin is None or len(payload) < begin + 16:
        return edge(draw, payload)
    place = begin + 8 + 4 * draw.randrange(0, max(1, min(12, (len(payload) - begin - 12) // 4)))
    number, length, *_ = field(draw, nine=payload[1] == 9)
    return payload[:place] + struct.pack("!HH", number, length) + payload[place + 4 :]


def _measured(payload: bytes) -> bytes:
    """With the length that IPFIX has in its header."""
    if payload[:2] != b"\0\x0a" or len(payload) > 0xFFFF:
        return payload
    return payload[:2] + len(payload).to_bytes(2, "big") + payload[4:]


def repeated(draw: Random, parts: list[bytes]) -> list[bytes]:
    place = draw.randrange(len(parts) + 1)
    return [*parts[:place], draw.choice(parts), *parts[place:]]


def reordered(draw: Random, parts: list[bytes]) -> list[bytes]:
    return draw.sample(parts, len(parts))


def lost(draw: Random, parts: list[bytes]) -> list[bytes]:
    place = draw.randrange(len(parts))
    return [*parts[:place], *parts[place + 1 :]] or parts


def redefined_between(draw: Random, parts: list[bytes]) -> list[bytes]:
    """Data, another definition of its template, and the data again."""
    place = draw.randrange(len(parts))
    again = parts[draw.randrange(place, len(parts)) :][:1]
    return [*parts[: place + 1], redefined(draw, parts[place]), *again, *parts[place + 1 :]]


def joined(draw: Random, parts: list[bytes]) -> list[bytes]:
    """Two messages in a datagram."""
    return [*parts, draw.choice(parts) + draw.choice(parts)]


def crowded(draw: Random, parts: list[bytes]) -> list[bytes]:
    """One datagram many times over, or nearly so: many sets of a layout are read in another way than few."""
    one = draw.choice(parts)
    return [*parts, *(one if draw.random() < 0.5 else flip(draw, one) for _ in range(40))]


MUTATIONS: tuple[Callable[[Random, bytes], bytes], ...] = (
    *(flip, edge, edge, cut, grown, hole),
    *(shuffled, shuffled, lying, lying, redefined, redefined),
)
SEQUENCE: tuple[Callable[[Random, list[bytes]], list[bytes]], ...] = (
    *(repeated, reordered, lost),
    *(redefined_between, redefined_between, joined, crowded),
)
