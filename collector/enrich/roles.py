"""Client and server: which end of a flow asked and which answered, and the rule that told.

Exporters tell a source and a destination, and most of them export each direction as a flow of its own. The rules are
tried in order; the first that can tell, decides.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from collector import registry
from collector.decode.columns import Mask, filled
from collector.enrich import nat
from collector.registry import number_of

Numbers = npt.NDArray[np.unsignedinteger]
SYN, ACK = 0x02, 0x10
TYPE = "flow.icmp_type"
AT_SERVER = (
    ("flow.service_port", "source.port", "destination.port"),
    ("flow.service_name", "flow.src_port_name", "flow.dst_port_name"),
)
"""Fields of the server's end, and what they are at each end."""
WELL_KNOWN = 1024
"""Ports below are given to services by systems (RFC 6335 section 6); clients are not given them."""
EPHEMERAL = 32768
"""From here on systems give ports to clients (Linux; RFC 6335 says 49152), and a registered name means little."""
FROM_RESPONDER = 2
"""Value of biflowDirection (RFC 5103 section 6.3) of a flow whose source is the one that answered."""
REQUESTS = {registry.ICMP: (8, 10, 13, 15, 17), registry.ICMPV6: (128, 133, 135, 139)}
REPLIES = {registry.ICMP: (0, 9, 14, 16, 18), registry.ICMPV6: (129, 134, 136, 140)}
"""Types of ICMP messages that ask, and of those that answer them (RFC 792, RFC 950, RFC 4443, RFC 4861)."""


ENDS = ("source", "destination")
SOURCE, DESTINATION = (number_of("ends", end) for end in ENDS)
ORDER = number_of("client_server_rules", "order")


@dataclass(slots=True)
class Roles:
    """For each flow of a batch."""

    swapped: Mask
    """Whether the destination is the client."""
    rules: npt.NDArray[np.uint8]
    """Row numbers in the table `client_server_rules`."""
    _open: Mask

    @classmethod
    def of(cls, rows: int) -> "Roles":
        """Nothing known yet: the source is the client by its order alone."""
        return cls(np.zeros(rows, np.bool_), np.full(rows, ORDER, np.uint8), np.ones(rows, np.bool_))

    def tell(self, rule: str, source: Mask, destination: Mask) -> None:
        """Take a rule's word where none was had before; `source` marks where the source is the client."""
        told = self._open & (source | destination)
        self.swapped |= told & destination
        self.rules ^= _chosen(told, number_of("client_server_rules", rule) ^ ORDER, 0)
        self._open &= ~told


def roles(frame: pl.DataFrame, addresses: pl.DataFrame, services: tuple[Mask, Mask] | None = None) -> Roles:
    """Who is the client in each flow; `addresses` has `multicast` and `inside` of each that `frame` refers to.

    `services` mark where the source and where the destination is a service of the operator's (`services.Found.masks`).
    """
    out = Roles.of(frame.height)
    _by_exporter(out, frame)
    _by_multicast(out, frame, addresses["multicast"])
    if services:
        out.tell("application", *_one_of(*services))
    _by_translation(out, frame)
    protocol = filled(frame, "network.iana_number")
    _by_icmp(out, frame, protocol)
    _by_syn(out, frame, protocol)
    source, destination = _ports(frame)
    _by_services(out, protocol, source, destination)
    _by_hiding(out, frame, addresses)
    out.tell("lower-port", destination < source, source < destination)
    return out


def columns(frame: pl.DataFrame, addresses: pl.DataFrame, services: tuple[Mask, Mask] | None = None) -> list[pl.Series]:
    """Which end is the client, by which rule, and the service at the other end.

    `frame` has the ports' row numbers in the table of services, `addresses` and `services` are as in `roles`.
    """
    found = roles(frame, addresses, services)
    ends = _chosen(found.swapped, DESTINATION, SOURCE)
    out = [pl.Series("flow.client_end", ends), pl.Series("flow.client_server_by", found.rules)]
    swapped = pl.Series("swapped", found.swapped)
    for name, of_source, of_destination in AT_SERVER:
        have = [frame[one] if one in frame.columns else None for one in (of_source, of_destination)]
        if have[0] is not None and have[1] is not None:
            out.append(have[0].zip_with(swapped, have[1]).alias(name))
    return out


def _chosen(mask: Mask, one: int, other: int) -> npt.NDArray[np.uint8]:
    """`one` where `mask` is true, else `other`: without a branch for each flow, as np.where has it."""
    return mask.view(np.uint8) * np.uint8(one ^ other) ^ np.uint8(other)


def _by_exporter(out: Roles, frame: pl.DataFrame) -> None:
    """A biflow's source is who began it (RFC 5103, ASA's initiator, AVC's client), unless its direction says else."""
    both = np.zeros(frame.height, np.bool_)
    for name in ("destination.bytes", "destination.packets"):
        if name in frame.columns:
            both |= frame[name].is_not_null().to_numpy()
    begun = filled(frame, "flow.biflow_direction")
    if both.any() or begun.any():
        out.tell("exporter", (both | (begun == 1)) & (begun != FROM_RESPONDER), begun == FROM_RESPONDER)


def _by_multicast(out: Roles, frame: pl.DataFrame, multicast: pl.Series) -> None:
    """Nobody sends from a group's address: its sender is the client of the group."""
    if "destination.ip" in frame.columns and multicast.any():
        group = multicast.gather(frame["destination.ip"]).fill_null(False).to_numpy()
        out.tell("multicast", group, np.zeros(frame.height, np.bool_))


def _by_translation(out: Roles, frame: pl.DataFrame) -> None:
    """An event of a translation names the end that began as its source."""
    began = nat.began(frame)
    if began is not None:
        out.tell("nat", began, np.zeros(frame.height, np.bool_))


def _by_hiding(out: Roles, frame: pl.DataFrame, addresses: pl.DataFrame) -> None:
    """A hidden end is rarely a server, and one that is has a port that tells before."""
    hidden = nat.hidden(frame, addresses)
    if hidden is not None:
        out.tell("nat", *_one_of(*reversed(hidden)))


def _by_icmp(out: Roles, frame: pl.DataFrame, protocol: Numbers) -> None:
    there = np.flatnonzero(np.logical_or.reduce([protocol == one for one in REQUESTS]))
    if TYPE not in frame.columns or not len(there):
        return
    types = frame[TYPE].gather(there)
    there, kind = there[types.is_not_null().to_numpy()], types.drop_nulls().to_numpy()
    whose = protocol[there]
    asks, answers = (np.zeros(frame.height, np.bool_) for _ in range(2))
    for told, table in ((asks, REQUESTS), (answers, REPLIES)):
        told[there] = np.logical_or.reduce([(whose == one) & np.isin(kind, told_by) for one, told_by in table.items()])
    out.tell("icmp", asks, answers)


def _by_syn(out: Roles, frame: pl.DataFrame, protocol: Numbers) -> None:
    """SYN without ACK is a client's first word. Exporters join the flags of all packets: SYN with ACK tells nothing."""
    flags = filled(frame, "flow.tcp_flags")
    out.tell("syn", (protocol == registry.TCP) & (flags & (SYN | ACK) == SYN), np.zeros(len(flags), np.bool_))


def _ports(frame: pl.DataFrame) -> tuple[Numbers, Numbers]:
    """Those of source and destination, 0 where a flow lacks one of them."""
    source, destination = (filled(frame, f"{end}.port") for end in ENDS)
    if any(f"{end}.port" not in frame.columns or frame[f"{end}.port"].null_count() for end in ENDS):
        both = (source > 0) & (destination > 0)
        source, destination = source * both, destination * both
    return source, destination


def _by_services(out: Roles, protocol: Numbers, source: Numbers, destination: Numbers) -> None:
    """A well-known port against another, a registered service against none."""
    out.tell("port", *_one_of(_well_known(source), _well_known(destination)))
    out.tell("service", *_one_of(_registered(protocol, source), _registered(protocol, destination)))


def _one_of(source: Mask, destination: Mask) -> tuple[Mask, Mask]:
    """Where the source is the client, and where the destination is: exactly one of them has a server's port."""
    return destination & ~source, source & ~destination


def _well_known(ports: Numbers) -> Mask:
    known: Mask = (ports > 0) & (ports < WELL_KNOWN)
    return known


def _registered(protocols: Numbers, ports: Numbers) -> Mask:
    rows, transport = registry.service_codes(protocols, ports)
    known: Mask = transport & _servers().take(rows)
    return known


@cache
def _servers() -> Mask:
    """Which rows of the table of services have a name of IANA's for a port that systems do not give to clients."""
    ports = np.arange(registry.PORTS)
    return registry.named_services() & np.tile((ports > 0) & (ports < EPHEMERAL), len(registry.TRANSPORTS))
