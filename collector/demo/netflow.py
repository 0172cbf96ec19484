"""The routers and the firewall: flows in, datagrams of NetFlow v9 and IPFIX out."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from collector.datagram import Datagram
from collector.demo import layouts, tables
from collector.demo.flows import BRANCH, CORE, EDGE, FIREWALL, Rows
from collector.demo.layouts import CLASSES, FLOW_LABEL, VRFS, WORDS, six, template, values
from collector.demo.wire import ROOM, Template, cuts, flow_set, options9, options10
from collector.demo.world import World

NETFLOW9, IPFIX = 9, 10
PORTS = {NETFLOW9: 2055, IPFIX: 4739}
HEADS = {NETFLOW9: 20, IPFIX: 16}
SAMPLING = 1000
"""Of the core router: one packet of so many."""
RANDOM = 2
"""samplerMode."""
NAME_BYTES, ALIAS_BYTES, SAMPLER_BYTES = 32, 48, 16
SAMPLER, INTERFACES, APPLICATIONS, OF_VRFS, OF_CLASSES = 300, 301, 302, 303, 304
FOUR, FOR_SIX, EVENT = 256, 257, 258
NANOSECONDS = 1_000_000
LOST_EVERY = 7
DELAY = 900
"""Milliseconds from the end of a flow to its datagram."""


@dataclass(frozen=True, slots=True)
class Message:
    """A datagram without its header."""

    time: int
    """Milliseconds since 1970."""
    sets: bytes
    records: int
    """Of flows and options data."""
    count: int
    """As the header of NetFlow v9 has it: templates too."""


@dataclass
class Device:
    """An exporter of flows; it has sent nothing yet."""

    row: int
    """Of data/exporters.csv."""
    address: str
    version: int
    boot: int
    """When it started, in milliseconds since 1970."""
    templates: Sequence[Template]
    """For IPv4, for IPv6, and for events of translations where it tells any."""
    domain: int = 0
    options: Sequence[tuple[bytes, int]] = ()
    """Sets of options, each with its template, and how many records they have."""
    skew: int = 0
    """Milliseconds by which its clock is ahead."""
    trouble: tuple[int, int] = (0, 0)
    """Between these times one datagram of LOST_EVERY is lost."""
    losses: list[int] = field(default_factory=list)
    """When datagrams were lost."""
    _sequence: int = field(default=0, init=False)

    def datagrams(self, flows: Rows, world: World, told: int) -> list[Datagram]:
        """Of flows in order of their ends, after templates and options at the time `told`."""
        messages = [self._templates(told), *self._options(told)]
        for number, chosen in enumerate(self._chosen(flows)):
            messages += _data(flows[chosen], self.templates[number], world, self)
        messages.sort(key=lambda message: message.time)
        return [self._datagram(message) for message in messages]

    def _chosen(self, flows: Rows) -> list[np.ndarray]:
        event = (flows["event"] > 0) if len(self.templates) > EVENT - FOUR else np.zeros(len(flows), np.bool_)
        return [~event & ~flows["six"], ~event & flows["six"], event][: len(self.templates)]

    def _templates(self, time: int) -> Message:
        body = b"".join(one.declaration() for one in self.templates)
        return Message(time, flow_set(0 if self.version == NETFLOW9 else 2, body), 0, len(self.templates))

    def _options(self, time: int) -> Iterator[Message]:
        for sets, records in self.options:
            yield Message(time, sets, records, records + 1)

    def _datagram(self, message: Message) -> Datagram:
        self._lose(message.time)
        seconds = (message.time + self.skew) // 1000
        if self.version == NETFLOW9:
            uptime = message.time + self.skew - self.boot & 0xFFFFFFFF
            head = struct.pack("!HHIIII", NETFLOW9, message.count, uptime, seconds, self._sequence, self.domain)
            self._sequence += 1
        else:
            size = HEADS[IPFIX] + len(message.sets)
            head = struct.pack("!HHIII", IPFIX, size, seconds, self._sequence & 0xFFFFFFFF, self.domain)
            self._sequence += message.records
        return Datagram(head + message.sets, self.address, PORTS[self.version], message.time * NANOSECONDS)

    def _lose(self, time: int) -> None:
        """Now and then one more datagram has been sent before."""
        if self.trouble[0] <= time < self.trouble[1] and self._sequence % LOST_EVERY == 0:
            self._sequence += 1
            self.losses.append(time)


def _data(flows: Rows, layout: Template, world: World, device: Device) -> Iterator[Message]:
    """Flows of one template."""
    if not len(flows):
        return
    records = layout.encode(values(_as_seen(flows, device.skew), world, device.boot), len(flows))
    size = records.shape[1]
    edges, data = cuts(flows["end"], ROOM // size), records.tobytes()
    for first, last in pairwise(edges):
        time = int(flows["end"][last - 1]) + DELAY
        body = flow_set(layout.number, data[first * size : last * size])
        yield Message(time, body, last - first, last - first)


def _as_seen(flows: Rows, skew: int) -> Rows:
    """With the times of a clock that is ahead by so much."""
    if not skew:
        return flows
    out = flows.copy()
    out["start"] += skew
    out["end"] += skew
    return out


def devices(start: int) -> list[Device]:
    """Those that tell flows, at a time in milliseconds since 1970; they have been up for some days."""
    addresses = [row["exporter"] for row in tables.rows("exporters")]
    made = {
        CORE: (NETFLOW9, _pair(layouts.CORE)),
        EDGE: (IPFIX, [template(FOUR, layouts.EDGE, WORDS), six(FOR_SIX, layouts.EDGE, [*WORDS, FLOW_LABEL])]),
        FIREWALL: (NETFLOW9, _pair(layouts.CONNECTION)),
        BRANCH: (NETFLOW9, [*_pair(layouts.BRANCH), template(EVENT, layouts.TRANSLATION)]),
    }
    out = []
    for row, (version, templates) in made.items():
        boot = start - (3 + 5 * row) * 86_400_000
        device = Device(row, addresses[row], version, boot, templates, options=_options(row, addresses[row], version))
        out.append(device)
    return out


def _pair(layout: str) -> list[Template]:
    return [template(FOUR, layout), six(FOR_SIX, layout)]


def _options(row: int, address: str, version: int) -> list[tuple[bytes, int]]:
    """What each tells of itself: names of interfaces; the core its sampling, the edge its applications and VRFs."""
    known = [one for one in tables.rows("interfaces") if one["exporter"] == address]
    names = [_named(int(one["ifindex"]).to_bytes(4), one["name"], one["alias"]) for one in known]
    fields = ((82, NAME_BYTES), (83, ALIAS_BYTES))
    if version == IPFIX:
        return [(options10(INTERFACES, (10, 4), fields, names), len(names)), *_of_edge()]
    system = [bytes(4) + one for one in names]
    out = [(options9(INTERFACES, ((10, 4), *fields), system), len(names))]
    return [*out, _sampler()] if row == CORE else out


def _sampler() -> tuple[bytes, int]:
    record = struct.pack(f"!4sBBI{SAMPLER_BYTES}s", bytes(4), 1, RANDOM, SAMPLING, b"core-sampler")
    return options9(SAMPLER, ((48, 1), (49, 1), (50, 4), (84, SAMPLER_BYTES)), [record]), 1


def _of_edge() -> Iterator[tuple[bytes, int]]:
    applications = [*tables.rows("applications")]
    records = [layouts.application(one["id"]) + _text(one["name"], NAME_BYTES) for one in applications]
    yield options10(APPLICATIONS, (95, 4), ((96, NAME_BYTES),), records), len(records)
    vrfs = [number.to_bytes(4) + _text(name, NAME_BYTES) for number, name in VRFS.items()]
    yield options10(OF_VRFS, (234, 4), ((236, NAME_BYTES),), vrfs), len(vrfs)
    classes = [number.to_bytes() + _text(name, NAME_BYTES) for number, name in CLASSES.items()]
    yield options10(OF_CLASSES, (51, 1), ((100, NAME_BYTES),), classes), len(classes)


def _named(number: bytes, name: str, alias: str) -> bytes:
    return number + _text(name, NAME_BYTES) + _text(alias, ALIAS_BYTES)


def _text(text: str, size: int) -> bytes:
    return text.encode()[:size].ljust(size, b"\0")
