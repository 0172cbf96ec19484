"""Samples of the counters of one interface, 20 seconds apart."""

from collector.datagram import Datagram
from tests.builders import sflow

GIGABIT = 10**9
SECOND = 10**9


def sample(
    second: float,
    octets: int = 0,
    packets: int = 0,
    *,
    sequence: int | None = None,
    uptime: int | None = None,
    speed: int = GIGABIT,
    out: int = 0,
    errors: int = 0,
    multicast: int = 0,
    source: int = 3,
    agent: str = "192.0.2.9",
) -> Datagram:
    """A sample of an interface, taken so many seconds after a start an hour after the agent's own."""
    record = sflow.words(3, 6) + speed.to_bytes(8) + sflow.words(1, 3)
    record += octets.to_bytes(8) + sflow.words(packets, multicast, 0, 0, errors, 0)
    record += out.to_bytes(8) + sflow.words(0, 0, 0, 0, 0, 0, 0)
    number = int(second // 20) + 100 if sequence is None else sequence
    body = sflow.counters_sample(sflow.part(1, record), source=source, sequence=number)
    ticks = round(3_600_000 + 1000 * second) if uptime is None else uptime
    sent = sflow.datagram(sflow.payload(body, uptime=ticks, agent=agent))
    return sent._replace(received=sent.received + int(second * SECOND))


def temperature() -> Datagram:
    """A sample that has nothing to do with interfaces."""
    record = sflow.part(3001, sflow.words(200, 250, 0))
    return sflow.datagram(sflow.payload(sflow.counters_sample(record, source=2 << 24)))


def dropped() -> Datagram:
    """A packet of UDP from 198.51.100.1 to 203.0.113.80 that a device dropped, and its reason: 5."""
    ip = bytes.fromhex("4500001c000100004011000067640001c6336401cb0071500035003500080000")
    ip = ip[:12] + bytes((198, 51, 100, 1, 203, 0, 113, 80)) + ip[-8:]
    frame = bytes.fromhex("0200000000020200000000010800") + ip
    return sflow.datagram(sflow.payload(sflow.discarded(sflow.header(frame), reason=5)))
