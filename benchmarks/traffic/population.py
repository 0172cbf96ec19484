"""Who talks to whom, and how much: flows with realistic distributions, one row a flow.

Private clients talk to public servers. Both are picked by a Zipf-like law, services by their usual
share, and packets by a heavy-tailed law. A conversation gives two flows, one in each direction.
"""

import numpy as np

FLOW = np.dtype(
    [
        ("v6", "?"),
        ("src4", "u4"), ("dst4", "u4"), ("hop4", "u4"),
        ("src6", "V16"), ("dst6", "V16"), ("hop6", "V16"),
        ("sport", "u2"), ("dport", "u2"), ("proto", "u1"), ("flags", "u1"), ("tos", "u1"),
        ("packets", "u8"), ("octets", "u8"),
        ("duration", "u4"),  # milliseconds between first and last packet
        ("lag", "u4"),  # milliseconds between last packet and export
        ("src_as", "u4"), ("dst_as", "u4"), ("src_mask", "u1"), ("dst_mask", "u1"),
        ("input", "u4"), ("output", "u4"), ("direction", "u1"), ("vlan", "u2"),
        ("application", "u2"), ("host", "u2"), ("query", "u2"),  # rows of the string tables below
    ]
)  # fmt: skip

CLIENTS, SERVERS, HOSTS, INTERFACES = 15_000, 35_000, 5_000, 12
LOCAL_AS = 64_500
CLIENT_PREFIXES = ("fd123456", "2a020900")
SERVER_PREFIXES = ("26064700", "2a001450", "262001ec", "2a032880", "20014860")
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58

# protocol, port (0: none, -1: any), share of conversations, application
SERVICES = (
    (TCP, 443, 0.37, "TLS"), (UDP, 53, 0.17, "DNS"), (UDP, 443, 0.14, "QUIC"), (TCP, 80, 0.07, "HTTP"),
    (UDP, -1, 0.04, "BitTorrent"), (UDP, 123, 0.03, "NTP"), (ICMP, 0, 0.03, "ICMP"), (TCP, 5223, 0.02, "ApplePush"),
    (TCP, 8080, 0.015, "HTTP.Proxy"), (TCP, 993, 0.015, "IMAPS"), (UDP, 3478, 0.015, "STUN"),
    (TCP, 22, 0.01, "SSH"), (TCP, 25, 0.01, "SMTP"), (TCP, 445, 0.01, "SMB"), (UDP, 51820, 0.01, "WireGuard"),
    (UDP, 5060, 0.01, "SIP"), (TCP, 3389, 0.01, "RDP"), (UDP, 161, 0.01, "SNMP"), (TCP, 587, 0.005, "SMTPS"),
    (TCP, 3306, 0.005, "MySQL"), (TCP, 5432, 0.005, "PostgreSQL"), (UDP, 4500, 0.005, "IPsec.NAT"),
    (50, 0, 0.003, "IPsec"), (47, 0, 0.002, "GRE"),
)  # fmt: skip
APPLICATIONS = [service[3] for service in SERVICES]

# A conversation's TCP flags over its life: complete, still open, only data, refused, scanned, reset
TCP_FLAGS, TCP_FLAG_SHARES = (0x1B, 0x1A, 0x18, 0x10, 0x02, 0x14), (0.55, 0.15, 0.12, 0.08, 0.06, 0.04)
TOS, TOS_SHARES = (0x00, 0xB8, 0x88, 0x28, 0x48, 0x20, 0x02), (0.82, 0.05, 0.03, 0.03, 0.03, 0.02, 0.02)


def zipf(rng: np.random.Generator, items: int, exponent: float, count: int) -> np.ndarray:
    """`count` picks among 0..items-1, item i with a probability that falls as (i + 10) ** -exponent."""
    weights = (np.arange(items) + 10.0) ** -exponent
    return np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(count)).astype(np.int64)


def public_addresses(rng: np.random.Generator, count: int) -> np.ndarray:
    """Distinct IPv4 addresses from routable space, many of them in the same few thousand /16 networks."""
    reserved = {0, 10, 100, 127, 169, 172, 192, 198, 203}
    first = np.array([octet for octet in range(1, 224) if octet not in reserved])
    networks = rng.choice(first, 3000) << 24 | rng.integers(0, 256, 3000) << 16
    found = networks[zipf(rng, networks.size, 0.7, count * 2)] | rng.integers(1, 65535, count * 2)
    return rng.permutation(np.unique(found))[:count].astype("u4")


def private_addresses(rng: np.random.Generator, count: int) -> np.ndarray:
    """Distinct IPv4 addresses from 10/8, 172.16/12 and 192.168/16, /24 networks well filled."""
    networks = np.concatenate(
        [
            0x0A000000 | rng.integers(0, 65536, count // 100) << 8,
            0xAC100000 | rng.integers(0, 4096, count // 400) << 8,
            0xC0A80000 | rng.integers(0, 256, count // 400) << 8,
        ]
    )
    found = rng.choice(networks, count * 2) | rng.integers(1, 255, count * 2)
    return rng.permutation(np.unique(found))[:count].astype("u4")


def addresses6(rng: np.random.Generator, count: int, prefixes: list[bytes]) -> np.ndarray:
    """IPv6 addresses under the given four-byte prefixes, as rows of 16 bytes."""
    rows = rng.integers(0, 256, (count, 16), dtype="u1")
    rows[:, :4] = np.frombuffer(b"".join(prefixes), "u1").reshape(-1, 4)[rng.integers(0, len(prefixes), count)]
    rows[:, 6:8] &= 0x0F
    return np.ascontiguousarray(rows).view("V16").ravel()


def host_names(rng: np.random.Generator) -> list[bytes]:
    """Names of servers, 8 to 40 characters."""
    syllables = "ka lo mi ren tos ver dan cal net web api cdn img sta tic pro mar tel sol nova line hub zen arc".split()  # noqa: SIM905
    tops = ("com", "com", "com", "net", "org", "io", "de", "cz", "example", "co.uk")
    heads = ("www", "api", "cdn", "static", "img", "edge-a7", "login", "push", "m", "telemetry", "update")
    names: set[bytes] = set()
    while len(names) < HOSTS:
        domain = "".join(rng.choice(syllables, rng.integers(2, 6)))
        names.add(f"{rng.choice(heads)}.{domain}.{rng.choice(tops)}".encode())
    return sorted(names)


class Population:
    """The addresses, names and networks of one made-up world; `draw` returns its flows."""

    def __init__(self, seed: int) -> None:
        """Draw the world; the same seed gives the same world."""
        rng = np.random.default_rng((seed, 1))
        self.clients4, self.servers4 = private_addresses(rng, CLIENTS), public_addresses(rng, SERVERS)
        self.clients6 = addresses6(rng, CLIENTS // 3, [bytes.fromhex(prefix) for prefix in CLIENT_PREFIXES])
        self.servers6 = addresses6(rng, SERVERS // 3, [bytes.fromhex(prefix) for prefix in SERVER_PREFIXES])
        self.as_numbers = zipf(rng, 60_000, 0.9, SERVERS) + 100
        self.masks = rng.choice([16, 19, 20, 21, 22, 23, 24], SERVERS, p=[0.1, 0.1, 0.15, 0.1, 0.2, 0.1, 0.25])
        self.names = [b"", *host_names(rng)]

    def draw(self, rng: np.random.Generator, count: int, v6_share: float) -> np.ndarray:
        """`count` flows (rows of FLOW) in the order in which they end."""
        half = (count + 1) // 2
        client, server = zipf(rng, CLIENTS, 0.8, half), zipf(rng, SERVERS, 1.0, half)
        service = rng.choice(len(SERVICES), half, p=np.array([s[2] for s in SERVICES]) / sum(s[2] for s in SERVICES))
        forward = self._conversations(rng, client, server, service, rng.random(half) < v6_share)
        flows = np.empty(half * 2, FLOW)
        flows[0::2], flows[1::2] = forward, reverse(forward)
        self._volumes(rng, flows, np.repeat(service, 2))
        order = np.argsort(np.arange(flows.size) + rng.random(flows.size) * 200)
        return flows[order][:count]

    def _conversations(
        self, rng: np.random.Generator, client: np.ndarray, server: np.ndarray, service: np.ndarray, v6: np.ndarray
    ) -> np.ndarray:
        """One flow from client to server for each conversation, without its volume."""
        flows = np.zeros(client.size, FLOW)
        protocol, port = (np.array([s[i] for s in SERVICES])[service] for i in (0, 1))
        flows["v6"] = v6
        flows["src4"], flows["dst4"] = self.clients4[client], self.servers4[server]
        flows["src6"], flows["dst6"] = self.clients6[client // 3], self.servers6[server // 4]
        flows["hop4"], flows["hop6"] = 0x0A000001 + server % 4, self.clients6[server % 4]
        flows["proto"] = np.where(v6 & (protocol == ICMP), ICMP6, protocol)
        ported = (protocol == TCP) | (protocol == UDP)
        ephemeral = rng.integers(32768, 61000, client.size)
        flows["sport"] = np.where(ported, ephemeral, 0)
        flows["dport"] = np.where(port < 0, rng.integers(1024, 65535, client.size), port)
        echo = np.where(v6, 128 << 8, 8 << 8)  # ICMP type and code travel in the destination port
        flows["dport"] = np.where(protocol == ICMP, echo, flows["dport"])
        flows["flags"] = np.where(protocol == TCP, rng.choice(TCP_FLAGS, client.size, p=TCP_FLAG_SHARES), 0)
        flows["tos"] = rng.choice(TOS, client.size, p=TOS_SHARES)
        flows["src_as"], flows["dst_as"] = LOCAL_AS, self.as_numbers[server]
        flows["src_mask"], flows["dst_mask"] = np.where(v6, 64, 24), np.where(v6, 48, self.masks[server])
        flows["input"], flows["output"] = 3 + client % (INTERFACES - 2), 1 + server % 2
        flows["vlan"] = 100 + client % 20
        flows["application"] = service
        named = np.isin(port, (80, 443, 8080))
        flows["host"] = np.where(named, 1 + server % HOSTS, 0)
        flows["query"] = np.where(port == 53, 1 + zipf(rng, HOSTS, 0.9, client.size), 0)
        return flows

    def _volumes(self, rng: np.random.Generator, flows: np.ndarray, service: np.ndarray) -> None:
        """Fill packets, octets, duration and lag: many small flows, few that carry most bytes."""
        count = flows.size
        small = np.isin(np.array([s[1] for s in SERVICES])[service], (53, 123, 161, 0))
        packets = np.minimum(1 + rng.pareto(1.05, count) * 4, 2_000_000)
        packets = np.where(small, rng.integers(1, 4, count), packets).astype("u8")
        down = flows["direction"] == 1
        size = np.clip(rng.lognormal(np.where(down, 6.5, 4.9), 0.7), 46, 1460)
        flows["packets"], flows["octets"] = packets, np.maximum(packets * size, packets * 46).astype("u8")
        duration = np.minimum(rng.pareto(0.9, count) * 200, 60_000)
        flows["duration"] = np.where(packets == 1, 0, duration)
        flows["lag"] = rng.integers(10, 5_000, count)


def reverse(flows: np.ndarray) -> np.ndarray:
    """The answer to each flow: its ends swapped."""
    swapped = flows.copy()
    for one, other in (("src4", "dst4"), ("src6", "dst6"), ("sport", "dport"), ("src_as", "dst_as"),
                       ("src_mask", "dst_mask"), ("input", "output")):  # fmt: skip
        swapped[one], swapped[other] = flows[other], flows[one]
    swapped["direction"] = 1
    icmp = (flows["proto"] == ICMP) | (flows["proto"] == ICMP6)
    swapped["sport"] = np.where(icmp, 0, swapped["sport"])
    swapped["dport"] = np.where(icmp, np.where(flows["proto"] == ICMP6, 129 << 8, 0), swapped["dport"])
    return swapped
