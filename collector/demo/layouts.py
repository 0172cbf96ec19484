"""What the routers and the firewall tell of a flow: their templates, and the values for them."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import numpy as np

from collector.demo import tables
from collector.demo.flows import FLOW_DENIED, Rows
from collector.demo.wire import Column, Item, Template, Values
from collector.demo.world import World

PUBLISHED_PORT = 8443
"""Of the servers that the firewall publishes."""
OWN_AS = 65551
"""Of the operator: for documentation (RFC 5398)."""
NEXT_HOPS = (IPv4Address("192.0.2.129"), IPv6Address("2001:db8:ffff::129"))
TRANSLATED = {3: IPv4Address("203.0.113.2"), 5: IPv4Address("203.0.113.130")}
"""What clients of the firewall and of the branch router look like from the internet, by the exporter's row."""
HTTP, DNS = 80, 53
ACTIVE, IDLE, ENDED = 2, 1, 3
"""flowEndReason."""
FORWARDED = 0x40
VRFS = {1: "internet", 2: "office"}
RULE_BYTES, USER_BYTES, USERS = 12, 20, 180
LABELS = 20
"""Bits of an IPv6 flow label."""
SIX = {8: 27, 12: 28, 15: 62, 18: 63, 9: 29, 13: 30, 32: 139, 225: 281, 226: 282}
"""The elements for IPv6, by those for IPv4 that they take the place of."""
SIX_BYTES = 16
CORE = """
    8:4:source 12:4:destination 15:4:hop 18:4:hop 7:2:sport 11:2:dport 4:1:protocol 6:1:flags 5:1:tos 52:1:ttl
    1:4:octets 2:4:packets 22:4:first 21:4:last 10:4:input 14:4:output 16:4:source_as 17:4:destination_as
    9:1:source_mask 13:1:destination_mask 128:4:next_as 129:4:previous_as 61:1:direction 48:1:sampler
    89:1:forwarding 32:2:icmp
"""
EDGE = """
    8:4:source 12:4:destination 7:2:sport 11:2:dport 4:1:protocol 6:1:flags 5:1:tos 52:1:ttl 1:8:octets 2:8:packets
    152:8:start 153:8:end 10:4:input 14:4:output 58:2:vlan 95:4:application 136:1:reason 32:2:icmp 56:6:source_mac
    80:6:destination_mac 234:4:vrf_in 235:4:vrf_out 61:1:direction 51:1:class
"""
BRANCH = """
    8:4:source 12:4:destination 7:2:sport 11:2:dport 4:1:protocol 6:1:flags 5:1:tos 1:4:octets 2:4:packets 22:4:first
    21:4:last 10:4:input 14:4:output 56:6:source_mac 80:6:destination_mac 58:2:vlan 32:2:icmp 225:4:mapped
    227:2:mapped_port
"""
TRANSLATION = """
    230:1:event 323:8:end 8:4:source 12:4:destination 7:2:sport 11:2:dport 4:1:protocol 225:4:mapped
    227:2:mapped_port 234:4:vrf_in 10:4:input 14:4:output
"""
CONNECTION = """
    148:4:id 8:4:source 7:2:sport 12:4:destination 11:2:dport 10:2:input 14:2:output 4:1:protocol 32:2:icmp
    225:4:mapped 226:4:mapped_destination 227:2:mapped_port 228:2:mapped_destination_port 233:1:event
    33002:2:extended 323:8:end 152:8:start 231:8:octets 232:8:back_octets 298:8:packets 299:8:back_packets 33000:12:rule
    33001:12:rule_out 40000:20:user
"""
FLOW_LABEL = Item(31, 4, "label")
NTOP, TEXT_BYTES = 35632, 32
WORDS = (Item(187, TEXT_BYTES, "http_host", NTOP), Item(205, TEXT_BYTES, "dns_query", NTOP))
"""What the edge router reads in requests: the host asked for by HTTP, and the name by DNS."""
CLASS_POINTS = (18, 34, 46)
"""Code points from which on packets are of a better class."""
CLASSES = {1: "voice", 2: "video", 3: "business", 4: "best-effort"}
HEADS = ("www", "cdn", "login", "api")
SITES = tuple(f"{head}.example.{top}" for head in HEADS for top in ("com", "net", "org"))
CARRIERS = (65536, 65537)
"""Autonomous systems next to the operator's."""


def template(number: int, layout: str, more: Sequence[Item] = ()) -> Template:
    """For IPv4; `layout` has `element:bytes:name`."""
    items = (Item(int(element), int(size), name) for element, size, name in (one.split(":") for one in layout.split()))
    return Template(number, (*items, *more))


def six(number: int, layout: str, more: Sequence[Item] = ()) -> Template:
    """The same for IPv6."""
    items = template(number, layout, more).items
    return Template(number, tuple(_six(item) for item in items))


def _six(item: Item) -> Item:
    if item.element not in SIX:
        return item
    size = SIX_BYTES if item.size == 4 else item.size
    return Item(SIX[item.element], size, item.name + "_six" if size == SIX_BYTES else item.name)


def values(flows: Rows, world: World, boot: int) -> Values:
    """What flows of one exporter, at least one, are in the names of the layouts; `boot` in milliseconds since 1970."""
    own = {name: flows[name] for name in flows.dtype.names or ()}
    ends = _ends(flows, world) | _neighbours(flows, world)
    return (
        own
        | ends
        | _times(flows, boot)
        | _constants(flows)
        | _words(flows)
        | _mapped(flows, world)
        | _rules(flows, world)
    )


def _ends(flows: Rows, world: World) -> dict[str, Column]:
    out: dict[str, Column] = {}
    for end in ("source", "destination"):
        hosts = world.hosts[flows[end]]
        out |= {end: hosts["four"], f"{end}_six": hosts["six"], f"{end}_mac": hosts["mac"]}
        out |= {f"{end}_as": np.where(hosts["as"] > 0, hosts["as"], OWN_AS)}
        out |= {f"{end}_mask": np.where(flows["six"], 48, hosts["mask"])}
    return out


def _neighbours(flows: Rows, world: World) -> dict[str, Column]:
    """The carriers through which traffic comes and goes; 0 within the operator's network."""
    carrier = np.array(CARRIERS)[flows["id"] % len(CARRIERS)]
    ways = {"next_as": "destination", "previous_as": "source"}
    return {name: np.where(world.hosts["as"][flows[end]] > 0, carrier, 0) for name, end in ways.items()}


def _words(flows: Rows) -> dict[str, Column]:
    """Classes of traffic, and names in requests."""
    sites = [bytes(TEXT_BYTES), *(one.encode().ljust(TEXT_BYTES, b"\0") for one in SITES)]
    site = 1 + (len(SITES) * (flows["id"] % 997 / 997) ** 2).astype(np.int64)
    asked = ~flows["answer"]
    return {
        "class": np.array([4, 3, 2, 1])[
            np.searchsorted((18 << 2, 34 << 2, 46 << 2), flows["tos"] & 0xFC, side="right")
        ],
        "http_host": np.array(sites, f"V{TEXT_BYTES}")[np.where(asked & (flows["dport"] == HTTP), site, 0)],
        "dns_query": np.array(sites, f"V{TEXT_BYTES}")[np.where(asked & (flows["dport"] == DNS), site, 0)],
    }


def _times(flows: Rows, boot: int) -> dict[str, Column]:
    return {"first": (flows["start"] - boot) & 0xFFFFFFFF, "last": (flows["end"] - boot) & 0xFFFFFFFF}


def _constants(flows: Rows) -> dict[str, Column]:
    count = len(flows)
    reason = np.where(flows["end"] - flows["start"] >= 60_000, ACTIVE, np.where(flows["flags"] & 1, ENDED, IDLE))
    applications = [bytes(4), *(application(row["id"]) for row in tables.rows("applications"))]
    return {
        "hop": np.full(count, int(NEXT_HOPS[0])),
        "hop_six": np.full(count, np.void(NEXT_HOPS[1].packed)),
        "direction": np.zeros(count, np.uint8),
        "sampler": np.ones(count, np.uint8),
        "forwarding": np.full(count, FORWARDED),
        "reason": reason,
        "application": np.array(applications, "V4").view(">u4")[flows["application"]],
        "vrf_in": np.where(flows["input"] == 1, 1, 2),
        "vrf_out": np.where(flows["output"] == 1, 1, 2),
        "label": (flows["id"].astype(np.int64) * 2654435761) & ((1 << LABELS) - 1),
    }


def _mapped(flows: Rows, world: World) -> dict[str, Column]:
    """Addresses and ports after translation; none where nothing is translated."""
    address = int(TRANSLATED.get(int(flows["exporter"][0]), IPv4Address(0)))
    published, inside = world.pool("published"), world.pool("applications")
    place = flows["destination"].astype(np.int64) - published.first
    inward = (place >= 0) & (place < published.count) & ~flows["six"]
    servers = world.hosts["four"][inside.first + np.clip(place, 0, inside.count - 1)]
    nobody = np.zeros(len(flows), f"V{SIX_BYTES}")
    return {
        "mapped": np.where(flows["mapped_port"] > 0, address, 0),
        "mapped_six": nobody,
        "mapped_destination": np.where(inward, servers, 0),
        "mapped_destination_six": nobody,
        "mapped_destination_port": np.where(inward, PUBLISHED_PORT, 0),
    }


def _rules(flows: Rows, world: World) -> dict[str, Column]:
    """The firewall's rules and users."""
    asked, none = bytes(range(RULE_BYTES)), bytes(RULE_BYTES)
    rules = [bytes.fromhex(f"0f8e7a1{n}{n}c41d99e0000000{n}") for n in range(4)]
    rule = np.where(flows["event"] == FLOW_DENIED, 3, flows["dport"] % 3)
    users = [bytes(USER_BYTES), *(f"user{n:03}".encode().ljust(USER_BYTES, b"\0") for n in range(USERS))]
    inside = (world.hosts["as"][flows["source"]] == 0) & (flows["event"] != FLOW_DENIED)
    return {
        "rule": np.array(rules, f"V{RULE_BYTES}")[rule],
        "rule_out": np.array([asked, none], f"V{RULE_BYTES}")[inside.astype(np.intp)],
        "user": np.array(users, f"V{USER_BYTES}")[np.where(inside, 1 + flows["source"] % USERS, 0)],
    }


def application(text: str) -> bytes:
    """The id `engine:selector` as it is sent."""
    engine, _, selector = text.partition(":")
    return bytes([int(engine)]) + int(selector).to_bytes(3)
