"""Datagrams with counter samples and dropped packets."""

from collector.datagram import Datagram
from collector.decode.sflow.structures import structures
from tests.builders import packets, sflow

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


def every_structure() -> list[Datagram]:
    """A sample for each structure that is read, all its fields 1 or something of that kind."""
    known = [one for one in structures("counter_record").values() if one.types]
    records = [sflow.part(one.tag & 0xFFF, b"\0\0\0\1" * 200, one.tag >> 12) for one in known]
    return [sflow.datagram(sflow.payload(sflow.counters_sample(record))) for record in records]


def dropped() -> Datagram:
    """A packet of DNS that a device dropped by an access list."""
    frame = packets.ethernet(packets.ipv4(packets.udp()))
    return sflow.datagram(sflow.payload(sflow.discarded(sflow.header(frame), reason=258)))
