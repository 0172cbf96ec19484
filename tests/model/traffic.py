"""Flows of every kind, in groups; each group has an exporter of its own, 192.0.2.1 and so on."""

from collections.abc import Iterator, Mapping, Sequence

from collector.datagram import Datagram
from tests.builders import packets as p
from tests.builders import sflow as s
from tests.builders.netflow import NOW, Field, Template, Value, ipfix, netflow5, netflow9, record5, sent
from tests.model.world import BERLIN, CLIENT, INFECTED, OSLO, PARIS, SCANNER, SERVER

Record = Mapping[Field, Value]
BYTES, PACKETS, PROTOCOL = (1, 4), (2, 4), (4, 1)
TCP, UDP, ICMP = 6, 17, 1
MILLISECONDS = NOW * 1000
DROPPED = 1 << 30
"""In the word of an interface: the rest is the reason why the packet was dropped."""


def flow(source: str = CLIENT, destination: str = SERVER, **more: Value) -> dict[Field, Value]:
    """A record of IPv4; `_ELEMENT_LENGTH=value` or `_ELEMENT_LENGTH_ENTERPRISE=value` are further fields."""
    return {(8, 4): source, (12, 4): destination, **told(**more)}


def told(**fields: Value) -> dict[Field, Value]:
    """A record of fields named `_ELEMENT_LENGTH`."""
    out: dict[Field, Value] = {}
    for name, value in fields.items():
        element, length, *enterprise = map(int, name[1:].split("_"))
        out[(element, length, *enterprise) if enterprise else (element, length)] = value  # type: ignore[index]
    return out


def tcp(source: int, destination: int, **more: Value) -> dict[Field, Value]:
    """A record of ten packets between these ports."""
    return transport(TCP, source, destination, **more)


def udp(source: int, destination: int, **more: Value) -> dict[Field, Value]:
    return transport(UDP, source, destination, **more)


def transport(protocol: int, source: int, destination: int, **more: Value) -> dict[Field, Value]:
    return {PROTOCOL: protocol, (7, 2): source, (11, 2): destination, BYTES: 1000, PACKETS: 10, **told(**more)}


def templates(records: Sequence[Record]) -> list[tuple[Template, Record]]:
    return [(Template(256 + number, list(record)), record) for number, record in enumerate(records)]


def nine(*records: Record) -> bytes:
    """A datagram of NetFlow v9 with a template for each record."""
    sets = [part for one, record in templates(records) for part in (one.define9(), one.data(list(record.values())))]
    return netflow9(*sets, count=2 * len(records))


def ten(*records: Record) -> bytes:
    """A message of IPFIX with a template for each record."""
    return ipfix(
        *[part for one, record in templates(records) for part in (one.define(), one.data(list(record.values())))]
    )


def names9(number: int, key: Field, name: Field, *pairs: tuple[Value, str], scope: Field = (1, 4)) -> list[bytes]:
    """The sets of a v9 options table of names by number."""
    template = Template(number, [scope, key, name], scopes=1)
    return [template.define9(), template.data(*[template.record(0, one, text) for one, text in pairs])]


def sample(*records: bytes, egress: int = 4) -> bytes:
    """An sFlow datagram of one flow sample, 1 packet of 1000."""
    return s.payload(s.flow_sample(*records, egress=egress))


ADDRESSES = [
    nine(
        flow(CLIENT, BERLIN) | tcp(50000, 443),
        flow(BERLIN, PARIS) | tcp(50001, 443),
        flow(CLIENT, SERVER) | tcp(50002, 443),
        told(_27_16=OSLO, _28_16="2001:db8::7") | udp(50003, 53),
        told(_12_4=PARIS) | udp(50004, 53),
        flow(CLIENT, "224.0.0.5") | {PROTOCOL: 89, BYTES: 100, PACKETS: 1},
    )
]
ROLES = [
    ten(
        flow(_231_8=700, _232_8=9000, _298_8=7, _299_8=9) | {PROTOCOL: TCP, (7, 2): 40000, (11, 2): 40001},
        flow(CLIENT, "239.255.255.250") | udp(1900, 1900),
        flow(SERVER, CLIENT) | tcp(50443, 50444),
        flow(SERVER, CLIENT, _32_2=0x0000) | {PROTOCOL: ICMP, BYTES: 84, PACKETS: 1},
        flow() | tcp(50443, 50442, _6_1=2),
        flow(BERLIN, CLIENT) | tcp(443, 50000, _6_1=0x1B),
        flow() | udp(40000, 4789),
        flow(BERLIN, CLIENT) | tcp(40000, 40001),
        flow() | tcp(40000, 40000),
    )
]
VOLUMES = [
    nine(flow(_34_4=100) | tcp(50000, 443)),
    nine(flow(_48_1=7) | udp(50000, 53)),
    netflow5(record5(packets=3, octets=300), sampling=0x4000 | 10),
    ten(flow(_231_8=700, _232_8=9000, _298_8=7, _299_8=9, _34_4=2) | {PROTOCOL: TCP, (7, 2): 40000, (11, 2): 443}),
    sample(s.header(p.ethernet(p.ipv4(p.tcp(), p.TCP)), frame_length=1500)),
    sample(s.header(p.ethernet(p.ipv4(p.tcp(), p.TCP)), frame_length=100), egress=DROPPED | 258),
]
SAMPLER = Template(300, [(1, 4), (48, 1), (49, 1), (50, 4), (84, 16)], scopes=1)
SAMPLING_OPTIONS = netflow9(SAMPLER.define9(), SAMPLER.data((0, 7, 2, 200, "one-of-200")))
TIMES = [
    nine(flow(_22_4=940_000, _21_4=995_500) | tcp(50000, 443)),
    ten(
        flow(_152_8=MILLISECONDS - 60_000, _153_8=MILLISECONDS - 1500, _136_1=2) | tcp(50001, 443),
        flow(_150_4=NOW - 60, _151_4=NOW - 1, _136_1=3) | tcp(50002, 443),
        flow() | tcp(50003, 443),
    ),
]
INTERFACES = [
    netflow9(*names9(300, (10, 4), (82, 16), (4, "core-4"))),
    netflow9(*names9(301, (234, 4), (236, 16), (1, "red"), (2, "blue"))),
    netflow9(*names9(302, (51, 1), (100, 16), (9, "voice")), *names9(303, (41004, 4), (41005, 16), (77, "shape"))),
    nine(
        flow(_10_4=3, _14_4=4, _61_1=0, _234_4=1, _235_4=2) | tcp(50000, 443),
        flow(_10_4=3, _14_4=99, _61_1=1, _51_1=9, _41004_4=77) | tcp(50001, 443),
    ),
]
QOS = [
    nine(flow(_5_1=0xB9) | tcp(50000, 443, _6_1=0xFF), flow(_32_2=0x0303) | {PROTOCOL: ICMP, BYTES: 56, PACKETS: 1}),
    ten(
        flow(_195_1=10, _192_1=63, _60_1=4, _54_4=1234, _88_2=185, _89_1=0x40) | udp(50000, 53),
        told(_27_16=OSLO, _28_16="2001:db8::7", _31_4=0xABCDE) | udp(50001, 53),
    ),
]
LINK = [
    ten(
        flow(_56_6="00:00:0c:00:00:01", _80_6="00:00:5e:00:53:02", _58_2=100, _59_2=200, _256_2=0x0800)
        | tcp(50000, 443),
        flow(_243_2=300, _254_2=400, _245_2=301, _70_3=b"\x00\x10\x01", _351_8=5001) | tcp(50001, 443),
        flow(_147_32="campus", _365_6="02:00:00:00:00:05", _366_4=CLIENT, _367_6="00:00:0c:00:00:09") | tcp(50002, 443),
    )
]
_INNER = p.ethernet(p.ipv4(p.udp(1111, 2222), source="10.1.0.1", destination="10.1.0.2"))
_TUNNEL = s.words(100, 47) + s.address("192.0.2.77")[4:] + s.address("192.0.2.78")[4:] + s.words(0, 0, 0, 0)
TUNNELS = [
    sample(s.header(p.ethernet(p.ipv4(p.vxlan(_INNER, 5001)), tags=(10,)), frame_length=200)),
    sample(s.header(p.ethernet(p.ipv4(p.tcp(), p.TCP)), frame_length=100), s.part(1024, _TUNNEL)),
]
NAT = [
    ten(
        flow(CLIENT, BERLIN, _225_4=PARIS, _226_4=BERLIN, _227_2=61000, _228_2=443, _230_1=4) | tcp(50000, 443),
        flow(CLIENT, BERLIN, _225_4=PARIS, _227_2=61000, _230_1=5) | {PROTOCOL: TCP, (7, 2): 50000, (11, 2): 443},
    )
]
EVENT: dict[Field, Value] = {
    (148, 4): 99,
    PROTOCOL: TCP,
    (7, 2): 50000,
    (11, 2): 443,
    (323, 8): MILLISECONDS - 500,
    (33000, 12): bytes.fromhex("0f8e7ff3fc1a030f00000000"),
    (33001, 12): bytes.fromhex("00112233445566778899aabb"),
    (40000, 20): "LOCAL\\me",
}
FIREWALL = [
    nine(
        flow(CLIENT, BERLIN, _233_1=1, _33002_2=0) | EVENT,
        flow(CLIENT, BERLIN, _233_1=3, _33002_2=1001) | EVENT,
        flow(CLIENT, BERLIN, _233_1=2, _231_4=700, _232_4=9000) | EVENT,
    )
]
_PATH = s.words(3, 2, 2, 64501, 64502, 1, 0, 2, 1, 64503)
_GATEWAY = s.part(1003, s.address("192.0.2.253") + s.words(1, 64499, 64500) + _PATH + s.words(2, 1, 2, 100))
BGP = [
    nine(
        flow(_16_4=65001, _17_4=65002, _9_1=24, _13_1=16, _15_4="192.0.2.254", _18_4="192.0.2.253")
        | tcp(50000, 443, _128_4=65003, _129_4=65004)
    ),
    ten(flow(CLIENT, BERLIN, _294_1=1, _16_4=65001, _17_4=65002) | tcp(50001, 443)),
    sample(s.header(p.ethernet(p.ipv4(p.tcp(), p.TCP)), frame_length=100), _GATEWAY),
]
_USERS = s.part(1004, s.words(106) + s.opaque("zoe") + s.words(106) + s.opaque("bob"))
NAMED = [
    netflow9(*names9(300, (95, 4), (96, 24), (b"\x0d\0\0\x31", "skype"))),
    nine(flow(_95_4=b"\x0d\0\0\x31") | udp(50000, 50001)),
    ten(
        flow(_96_16="web", _371_8="alice", _460_16="www.example.org", _461_8="/index") | tcp(50000, 80),
        flow(_239_1=2, _205_16_35632="example.org") | udp(53, 50002),
    ),
    sample(s.header(p.ethernet(p.ipv4(p.tcp(), p.TCP)), frame_length=100), _USERS),
]
REPUTATION = [nine(flow(SCANNER, INFECTED) | tcp(50000, 22), flow(INFECTED, CLIENT) | tcp(50001, 50002))]
UNKNOWN = [ten(flow(_999_4_64512=5) | tcp(50000, 443))]
GROUPS: Mapping[str, Sequence[bytes]] = {
    "addresses": ADDRESSES,
    "roles": ROLES,
    "volumes": [SAMPLING_OPTIONS, *VOLUMES],
    "times": TIMES,
    "interfaces": INTERFACES,
    "qos": QOS,
    "link": LINK,
    "tunnels": TUNNELS,
    "nat": NAT,
    "firewall": FIREWALL,
    "bgp": BGP,
    "names": NAMED,
    "reputation": REPUTATION,
    "unknown": UNKNOWN,
}


def datagrams() -> Iterator[tuple[str, list[Datagram]]]:
    """Each group's name and datagrams, all received at noon."""
    for number, (name, payloads) in enumerate(GROUPS.items(), 1):
        yield name, [sent(payload, f"192.0.2.{number}") for payload in payloads]
