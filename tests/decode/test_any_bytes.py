"""Whatever comes to the port: no bytes raise, none loop, and none give more records than there are bytes.

tests/fuzz breaks datagrams set by set and in sequences.
"""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.datagram import Datagram
from collector.decode.decoder import Decoded, Decoder
from collector.receive.pcap import read_capture
from tests.builders import packets, sflow
from tests.builders.netflow import (
    VARIABLE,
    Field,
    Template,
    Value,
    flow_set,
    ipfix,
    netflow1,
    netflow5,
    netflow7,
    netflow9,
    record5,
    sent,
    withdrawal,
)
from tests.corpus import capture, manifest, needs_corpus
from tests.decode.templates_used import ONE, TWO, V4

OPTIONS = Template(300, [(1, 4), (48, 1), (50, 4), (84, 8)], scopes=1)
LISTS = Template(302, [(143, 4), (291, VARIABLE), (292, VARIABLE), (293, VARIABLE)], scopes=1)
CELLS: dict[Field, Value] = {
    (8, 4): "10.0.0.1",
    (12, 4): "10.0.0.2",
    (27, 16): "::",
    (7, 2): 5,
    (4, 1): 1,
    (6, 2): 2,
    (1, 3): 700,
    (22, 4): 1,
    (21, 4): 2,
    (56, 6): "02:00:00:00:00:01",
    (70, 3): 0x1230,
    (95, 4): b"\x0d\0\0\1",
    (96, VARIABLE): "http",
    (371, VARIABLE): "x" * 300,
    (5, 9, 65_000): b"123456789",
    (154, 8): 1 << 63,
    (233, 1): 1,
    (311, 8): 0.5,
    (48, 2): 1,
    (12235, VARIABLE, 9): b"\3\0\0\x50\x34\2host",
    (291, VARIABLE): b"\4\0\x0a\0\1\7\x08",
    (315, VARIABLE): packets.ethernet(packets.ipv4(packets.vxlan(packets.ethernet(b""), 1)), tags=(5,)),
}
RICH = Template(301, list(CELLS))
VALUES = tuple(CELLS.values())
SEEDS = [
    netflow1(record5()),
    netflow5(record5(), record5(), sampling=100),
    netflow7(record5()),
    netflow9(V4.define9(), V4.data(ONE, TWO), OPTIONS.define9(), OPTIONS.data((0, 1, 100, "every"))),
    ipfix(RICH.define(), RICH.data(VALUES, VALUES), withdrawal(301), V4.define()) + ipfix(V4.data(ONE), domain=1),
    ipfix(V4.data(ONE), OPTIONS.define(), OPTIONS.data((0, 1, 100, "every")), V4.define()),
    ipfix(V4.define(), LISTS.define(), LISTS.data((1, b"\4\0\x0a\0\1\7\x08", b"\xff\1\0" + V4.record(*ONE), b"\3"))),
    sflow.payload(sflow.flow_sample(sflow.header(bytes(64))), sflow.counters_sample()),
]
many = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def survive(payloads: list[bytes], decoder: Decoder | None = None) -> None:
    """Decode as one batch, and one by one."""
    bounded(payloads, (decoder or Decoder()).decode([sent(one) for one in payloads]))
    alone = Decoder()
    for payload in payloads:
        alone.decode([sent(payload)])


def bounded(payloads: list[bytes], decoded: Decoded) -> None:
    records = decoded.flows.height + len(decoded.options) + decoded.counters.height + decoded.discards.height
    assert records <= sum(map(len, payloads))


@many
@given(st.lists(st.binary(max_size=300), max_size=8))
def test_any_bytes(payloads: list[bytes]) -> None:
    survive(payloads)


@many
@given(st.sampled_from([b"\0\1", b"\0\5", b"\0\7", b"\0\x09", b"\0\x0a", b"\0\0\0\5"]), st.binary(max_size=600))
def test_any_bytes_behind_a_version(version: bytes, rest: bytes) -> None:
    survive([version + rest])


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_datagrams_cut_at_every_length(seed: int) -> None:
    payload = SEEDS[seed]
    survive([payload[:length] for length in range(len(payload))])


def flipped(payload: bytes, flips: list[tuple[int, int]]) -> bytes:
    out = bytearray(payload)
    for place, mask in flips:
        out[place % len(out)] ^= mask
    return bytes(out)


@needs_corpus
@pytest.mark.parametrize("name", sorted(manifest()))
def test_captures_cut_at_every_length(name: str) -> None:
    decoder = Decoder()
    for datagram in list(read_capture(capture(name)))[:4]:
        decoder.decode([datagram])  # so that cut data meets its templates
        size = len(datagram.payload)
        cuts = [datagram._replace(payload=datagram.payload[:length]) for length in range(0, size, 1 + size // 700)]
        bounded([one.payload for one in cuts], decoder.decode(cuts))


@needs_corpus
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
@pytest.mark.parametrize("name", sorted(manifest()))
def test_captures_with_bytes_flipped(name: str, random: Random) -> None:
    datagrams = list(read_capture(capture(name)))[:8]
    broken: list[Datagram] = []
    for datagram in datagrams:
        flips = [(random.randrange(1 << 16), random.randrange(1, 256)) for _ in range(random.randrange(1, 5))]
        broken.append(datagram._replace(payload=flipped(datagram.payload or b"\0", flips)))
    decoder = Decoder()
    bounded([one.payload for one in broken], decoder.decode(broken))
    decoder.decode(datagrams)


def test_the_cost_of_tiny_records_grows_with_their_bytes_alone() -> None:
    """A set of records of one byte each, zero-length strings, in the largest datagram."""
    tiny = Template(256, [(96, VARIABLE)])
    decoded = Decoder().decode([sent(ipfix(tiny.define(), flow_set(256, bytes(65_000))))])
    assert decoded.flows.height == 65_000


def test_many_streams_and_templates_of_one_datagram() -> None:
    messages = b"".join(ipfix(V4.define(), domain=number) for number in range(1000))
    decoder = Decoder()
    decoder.decode([sent(messages)])
    assert len(list(decoder.state())) == 1000
