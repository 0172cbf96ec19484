"""Rows of made-up flows, before an exporter sends them."""

import numpy as np
import numpy.typing as npt

from collector.demo.world import World

FLOW = np.dtype(
    [
        ("exporter", "u1"),  # row of data/exporters.csv
        ("incident", "u1"),  # row of INCIDENTS
        ("six", "?"),
        ("answer", "?"),  # from server to client
        ("source", "u4"),  # row of World.hosts
        ("destination", "u4"),
        ("sport", "u2"),
        ("dport", "u2"),
        ("protocol", "u1"),
        ("flags", "u1"),
        ("tos", "u1"),
        ("ttl", "u1"),
        ("icmp", "u2"),  # type and code
        ("packets", "u8"),  # as the exporter counts them, before scaling
        ("octets", "u8"),
        ("back_packets", "u8"),  # of connections that a firewall tells as one
        ("back_octets", "u8"),
        ("start", "i8"),  # milliseconds since 1970
        ("end", "i8"),
        ("input", "u4"),
        ("output", "u4"),
        ("vlan", "u2"),
        ("application", "u2"),  # row of data/applications.csv, 0 for none
        ("event", "u1"),  # firewallEvent or natEvent, 0 for none
        ("extended", "u2"),
        ("mapped_port", "u2"),  # 0: not translated
        ("id", "u4"),  # of a connection
    ]
)
Rows = npt.NDArray[np.void]
NOTHING, SCAN, FLOOD, BACKUP, INFECTION, DENIED = range(6)
INCIDENTS = ("", "scan", "flood", "backup", "infection", "denied")
CORE, EDGE, SPINE, FIREWALL, ACCESS, BRANCH = range(6)
"""Rows of data/exporters.csv."""
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
ECHO, ECHO_REPLY = {False: 8 << 8, True: 128 << 8}, {False: 0, True: 129 << 8}
UNREACHABLE = {False: 3 << 8 | 3, True: 1 << 8 | 4}
"""Type and code of ICMP, and of ICMPv6."""
REFUSED = 0.2
"""Of the answers, those that say that a port is unreachable."""
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
EPHEMERAL, LAST_PORT = 49152, 65535
FLOW_CREATE, FLOW_END, FLOW_DENIED = 1, 2, 3
"""firewallEvent."""
NAT_CREATE, NAT_DELETE = 4, 5
"""natEvent of a session of NAT44 (RFC 8158)."""


def blank(count: int) -> Rows:
    """Rows that say nothing yet."""
    return np.zeros(count, FLOW)


def turned(flows: Rows) -> Rows:
    """The same conversations the other way."""
    out = flows.copy()
    for one, other in (("source", "destination"), ("sport", "dport"), ("input", "output")):
        out[one], out[other] = flows[other], flows[one]
    out["answer"] = ~flows["answer"]
    return out


def settle(flows: Rows, world: World, rng: np.random.Generator) -> Rows:
    """Put in what follows from the rest: ICMP messages and protocol, VLAN, time to live."""
    six = flows["six"]
    for protocol, name in ((ICMP, False), (ICMPV6, True)):
        chosen = (flows["protocol"] == ICMP) & (six == name)
        answers = np.where(rng.random(chosen.sum()) < REFUSED, UNREACHABLE[name], ECHO_REPLY[name])
        flows["icmp"][chosen] = np.where(flows["answer"][chosen], answers, ECHO[name])
        flows["protocol"][chosen] = protocol
    ported = np.isin(flows["protocol"], (TCP, UDP))
    for port in ("sport", "dport"):
        flows[port][~ported] = 0
    vlans = world.hosts["vlan"]
    flows["vlan"] = np.where(flows["answer"], vlans[flows["destination"]], vlans[flows["source"]])
    far = world.hosts["as"][flows["source"]] > 0
    flows["ttl"] = np.where(far, rng.integers(44, 60, len(flows)), rng.choice((64, 128), len(flows)) - 1)
    return flows
