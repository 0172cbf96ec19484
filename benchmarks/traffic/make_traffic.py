"""Make flow-export traffic as a pcap file: NetFlow v5 and v9, IPFIX and sFlow, the same for the same seed.

    python make_traffic.py netflow9 traffic.pcap --flows 1000000 --exporters 4 --seed 1

Beside the pcap goes a `.json` with what is in it, for a test to compare with.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from heapq import merge
from ipaddress import IPv4Address
from pathlib import Path

import numpy as np
import pcap
from exports import Exporter, ipfix, netflow5, netflow9
from population import Population
from sections import sections
from sflow import SAMPLING_RATE, sflow

Export = Callable[[np.ndarray, Exporter], Iterator[pcap.Datagram]]
PROFILES: dict[str, tuple[Export, float]] = {  # profile: how it exports, its share of IPv6 flows
    "netflow5": (netflow5, 0.0),
    "netflow9": (netflow9, 0.1),
    "ipfix": (ipfix, 0.25),
    "ipfix-varlen": (partial(ipfix, varlen=True), 0.25),
    "ipfix-sections": (sections, 0.2),
    "sflow": (sflow, 0.2),
}
MIXED = {"netflow5": 0.15, "netflow9": 0.40, "ipfix": 0.20, "ipfix-varlen": 0.10, "sflow": 0.15}
START = 1_735_732_800  # 2025-01-01 12:00 UTC


def split(total: int, weights: list[float]) -> list[int]:
    """Whole numbers in proportion to weights that sum to the total."""
    bounds = np.round(np.cumsum([0.0, *weights]) / sum(weights) * total).astype(int)
    return np.diff(bounds).tolist()


def make(
    profile: str, flows: int, exporters: int, seed: int, rate: float, start: float, first: IPv4Address
) -> tuple[Iterator[pcap.Datagram], dict]:
    """The datagrams of all exporters in order of time, and a summary that is complete once they are consumed."""
    shares = MIXED if profile == "mixed" else {profile: 1.0}
    if exporters < len(shares):
        raise ValueError(f"{profile} needs at least {len(shares)} exporters")
    world, streams, number = Population(seed), [], 0
    summary = {"profile": profile, "seed": seed, "flows": 0, "datagrams": 0, "octets": 0, "packets": 0}
    summary |= {"rate": rate, "start": start, "exporters": {}, "ports": Counter()}
    extras = split(exporters - len(shares), [1.0] * len(shares))
    counts = split(flows, list(shares.values()))
    for (name, share), extra, count in zip(shares.items(), extras, counts, strict=True):
        export, v6_share = PROFILES[name]
        weights = [(i + 1) ** -0.5 for i in range(1 + extra)]
        for part, weight in zip(split(count, weights), weights, strict=True):
            if not part:
                continue
            rng = np.random.default_rng((seed, 2, number))
            device = Exporter(
                address=first + number,
                boot=start - rng.integers(86_400, 40 * 86_400),
                start=start + rng.uniform(0, 0.05),
                rate=rate * share * weight / sum(weights),
                rng=rng,
                world=world,
            )
            drawn = world.draw(rng, part, v6_share)
            _add(summary, drawn, name, device)
            streams.append(export(drawn, device))
            number += 1
    return _counted(merge(*streams, key=lambda datagram: datagram.time), summary), summary


def _add(summary: dict, flows: np.ndarray, profile: str, device: Exporter) -> None:
    octets, packets = flows["octets"], flows["packets"]
    if profile in ("sflow", "ipfix-sections"):
        octets, packets = np.zeros(1, "u8"), np.full(1, flows.size * SAMPLING_RATE)
    elif profile in ("netflow5", "netflow9"):
        octets = np.minimum(octets, 0xFFFFFFFF)
    summary["flows"] += flows.size
    summary["octets"] += int(octets.sum())  # unscaled; sampled packets not counted
    summary["packets"] += int(packets.sum())
    summary["exporters"][str(device.address)] = {"profile": profile, "flows": flows.size, "v6": int(flows["v6"].sum())}


def _counted(datagrams: Iterator[pcap.Datagram], summary: dict) -> Iterator[pcap.Datagram]:
    for datagram in datagrams:
        summary["datagrams"] += 1
        summary["ports"][datagram.port] += 1
        yield datagram


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profile", choices=[*PROFILES, "mixed"])
    parser.add_argument("pcap", type=Path)
    parser.add_argument("--flows", type=int, default=1_000_000)
    parser.add_argument("--exporters", type=int, help="how many devices (default: 4, mixed: 10)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=5_000, help="flows a second of the capture (default: 5000)")
    parser.add_argument("--start", type=float, default=START, help="time of the first datagram, seconds since 1970")
    parser.add_argument(
        "--first",
        type=IPv4Address,
        default=IPv4Address("127.1.0.1"),
        help="address of the first exporter, the others follow (default: 127.1.0.1; or 10.1.0.1)",
    )
    args = parser.parse_args()
    exporters = args.exporters or (10 if args.profile == "mixed" else 4)
    datagrams, summary = make(args.profile, args.flows, exporters, args.seed, args.rate, args.start, args.first)
    destination = IPv4Address("127.0.0.1" if args.first.is_loopback else "10.255.255.254")
    pcap.write(args.pcap, datagrams, destination)
    text = json.dumps(summary, indent=1)
    args.pcap.with_suffix(".json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
