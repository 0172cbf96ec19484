"""Made-up flows as they come to a store: NetFlow v9 of four routers, enriched, with realistic distributions.

Private clients talk to public servers, both picked by a Zipf-like law; a conversation gives two flows. Packets, sizes
and durations have heavy tails. Two thirds of the addresses have a host name, the public ones an AS and a place.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from collector import schema
from collector.flows import Flows
from collector.registry import VALUE

CLIENTS, SERVERS, ROUTERS = 15_000, 35_000, 4
NETFLOW, OPTIONS, PUBLIC, INBOUND, OUTBOUND = 0, 2, 1, 1, 2
SERVICES = ((6, 443, 0.4), (17, 53, 0.2), (17, 443, 0.15), (6, 80, 0.1), (17, 123, 0.05), (6, 22, 0.05), (6, 993, 0.05))
FLAGS, FLAG_SHARES = (0x1B, 0x1A, 0x18, 0x10, 0x02, 0x14), (0.55, 0.15, 0.12, 0.08, 0.06, 0.04)
START = 1_767_268_800_000
PER_SECOND = 5000

Numbers = npt.NDArray[np.int64]


def enriched(count: int, seed: int = 1) -> Flows:
    """Flows in the order in which they end, 25 a datagram, with 57 fields of the schema."""
    rng = np.random.default_rng(seed)
    half = -(-count // 2)
    client, server = _zipf(rng, CLIENTS, 0.8, half), CLIENTS + _zipf(rng, SERVERS, 1.0, half)
    service = rng.choice(len(SERVICES), half, p=np.array([share for _, _, share in SERVICES]))
    back = np.tile([False, True], half)[rng.permutation(2 * half)[:count]]
    pair = rng.permutation(np.repeat(np.arange(half), 2))[:count]
    shuffled = np.argsort(pair + rng.random(count) * 200)
    pair, back = pair[shuffled], back[shuffled]
    protocol, port = (np.array([one[place] for one in SERVICES])[service][pair] for place in (0, 1))
    ends = {"client": (client[pair], rng.integers(32_768, 61_000, half)[pair]), "server": (server[pair], port)}
    return _flows(rng, count, back, protocol, ends)


def _flows(
    rng: np.random.Generator,
    count: int,
    back: npt.NDArray[np.bool_],
    protocol: Numbers,
    ends: dict[str, tuple[Numbers, Numbers]],
) -> Flows:
    (client, client_port), (server, server_port) = ends["client"], ends["server"]
    source, destination = np.where(back, server, client), np.where(back, client, server)
    source_port, destination_port = np.where(back, server_port, client_port), np.where(back, client_port, server_port)
    sent = START + np.cumsum(rng.exponential(25_000 / PER_SECOND, -(-count // 25))).repeat(25)[:count].astype(np.int64)
    packets = np.minimum(1 + rng.pareto(1.05, count) * 4, 2e6).astype(np.int64)
    octets = np.maximum(packets * np.clip(rng.lognormal(np.where(back, 6.5, 4.9), 0.7), 46, 1460), 46).astype(np.int64)
    end = sent - rng.integers(10, 5000, count)
    start = end - np.where(packets == 1, 0, np.minimum(rng.pareto(0.9, count) * 200, 60_000)).astype(np.int64)
    next_hop = CLIENTS + SERVERS + server % 4
    codes, rows = np.unique(np.concatenate([source, destination, next_hop]), return_inverse=True)
    source_row, destination_row, hop_row = rows[:count], rows[count : 2 * count], rows[2 * count :]
    inside, outside = 3 + client % 10, 1 + server % 2
    block = np.where(protocol == 6, 0, 65_536)
    tos = rng.choice([0, 0xB8, 0x88, 0x28, 0x48], count, p=[0.84, 0.05, 0.04, 0.04, 0.03])
    columns: dict[str, Numbers | pl.Series] = {
        "@timestamp": end,
        "event.dataset": np.full(count, NETFLOW),
        "event.ingested": sent,
        "event.start": start,
        "event.end": end,
        "event.duration": (end - start) * 1_000_000,
        "host.ip": rng.integers(0, ROUTERS, -(-count // 25)).repeat(25)[:count],
        "flow.version": np.full(count, 9),
        "flow.observation_domain": np.zeros(count, np.int64),
        "flow.sampling_interval": np.full(count, 100),
        "flow.sampling_from": np.full(count, OPTIONS),
        "flow.bytes_unscaled": octets,
        "flow.packets_unscaled": packets,
        "network.bytes": octets * 100,
        "network.packets": packets * 100,
        "network.iana_number": protocol,
        "network.type": np.zeros(count, np.int64),
        "network.direction": np.where(back, INBOUND, OUTBOUND),
        "source.ip": source_row,
        "source.port": source_port,
        "source.bytes": octets * 100,
        "source.packets": packets * 100,
        "source.as.number": _as_number(source),
        "destination.ip": destination_row,
        "destination.port": destination_port,
        "destination.as.number": _as_number(destination),
        "flow.traffic_locality": np.full(count, PUBLIC),
        "flow.service_name": block + server_port,
        "flow.service_port": server_port,
        "flow.src_port_name": block + source_port,
        "flow.dst_port_name": block + destination_port,
        "flow.input_snmp": np.where(back, outside, inside),
        "flow.output_snmp": np.where(back, inside, outside),
        "flow.input_ifname": np.where(back, outside, inside),
        "flow.output_ifname": np.where(back, inside, outside),
        "flow.direction": back.astype(np.int64),
        "flow.tcp_flags": np.where(protocol == 6, rng.choice(FLAGS, count, p=FLAG_SHARES), 0),
        "flow.tos": tos,
        "flow.dscp": tos >> 2,
        "flow.src_mask_len": np.where(back, 16 + server % 9, 24),
        "flow.dst_mask_len": np.where(back, 24, 16 + server % 9),
        "flow.next_hop": hop_row,
        "flow.forwarding_status": np.full(count, 64),
    }
    frame = pl.DataFrame([_column(name, values) for name, values in columns.items()])
    exporters = {VALUE: [f"192.0.2.{number}" for number in range(ROUTERS)]}
    exporters["name"] = [f"router-{number}" for number in range(ROUTERS)]
    tables = {"exporters": pl.DataFrame(exporters), "interfaces": pl.DataFrame({VALUE: _interfaces()})}
    return Flows(frame, {"addresses": _addresses(codes.tolist()), **tables})


def _column(name: str, values: Numbers | pl.Series) -> pl.Series:
    if isinstance(values, pl.Series):
        return values.alias(name)
    return pl.Series(name, values).cast(pl.UInt32 if schema.table_of(name) else schema.field(name).dtype)


def _text(words: Sequence[str], rows: Numbers) -> pl.Series:
    return pl.Series(words).gather(pl.Series(rows))


def _interfaces() -> list[str]:
    return [f"GigabitEthernet0/0/{number}" for number in range(16)]


def _zipf(rng: np.random.Generator, items: int, exponent: float, count: int) -> Numbers:
    """Picks among 0..items-1, item i with a probability that falls as (i + 10) ** -exponent."""
    weights = (np.arange(items) + 10.0) ** -exponent
    return np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(count)).astype(np.int64)


def _as_number(addresses: Numbers) -> Numbers:
    return np.where(addresses < CLIENTS, 64_500, 100 + addresses * 7919 % 60_000)


def _addresses(numbers: Sequence[int]) -> pl.DataFrame:
    """Clients first, then servers, then next hops."""
    rows = [_address(number) for number in numbers]
    names = (VALUE, "domain", "as.organization.name", "geo.city_name", "geo.country_name", "geo.country_iso_code")
    return pl.DataFrame(rows, schema=dict.fromkeys([*names, "geo.location"], pl.String), orient="row")


def _address(number: int) -> tuple[str | None, ...]:
    mixed = number * 2_654_435_761 & 0xFFFFFFFF
    if number < CLIENTS:
        address = f"10.{number >> 12}.{number >> 4 & 255}.{mixed >> 8 & 255}"
        return address, f"pc-{mixed:x}.example.net" if number % 3 else address, None, None, None, None, None
    address = f"{20 + (mixed >> 24) % 180}.{mixed >> 16 & 255}.{mixed >> 8 & 255}.{mixed & 255}"
    domain = f"edge-{mixed:x}.cdn{number % 700}.example.com" if number % 3 else address
    city = f"City {mixed % 900}" if number % 2 else None
    country = mixed % 80 * (mixed >> 8 & 3) // 3
    code = chr(65 + country // 26) + chr(65 + country % 26)
    place = f"{mixed % 900 / 9 - 50:.4f},{mixed % 1800 / 9 - 90:.4f}"
    return address, domain, f"Organisation {mixed % 6000} Networks", city, f"Country {country}", code, place
