"""Memory and CPU time of many exporters, each with many templates.

    python -m benchmarks.exporters [--exporters 10000] [--templates 20] [--rounds 3] [--distinct]

Every exporter defines its templates, of 20 fields each, names a sampler in options data, and then sends one datagram
of 24 flows in each round, by another of its templates each time. Prints how much memory the decoder took for all of
them, and the CPU microseconds a datagram, beside those for as many datagrams of one exporter. Exporters of one make
have the same templates; with `--distinct` each has its fields in an order of its own, which no network does.
"""

import argparse
import time
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address
from itertools import islice
from pathlib import Path
from random import Random
from struct import pack

from collector.datagram import Datagram
from collector.decode.decoder import Decoder
from collector.inbox import BATCH

NOW = 1_735_732_800
FIRST = IPv4Address("10.0.0.1")
FIELDS = ((8, 4), (12, 4), (15, 4), (7, 2), (11, 2), (4, 1), (6, 1), (5, 1), (1, 8), (2, 8), (22, 4), (21, 4))
FIELDS += ((10, 4), (14, 4), (16, 4), (17, 4), (9, 1), (13, 1), (48, 1))
EXTRA = (56, 58, 60, 61, 80, 81, 89, 90, 128, 129, 136, 148, 152, 153, 160, 176, 177, 192, 225, 226)
"""One more field for each template, so that no two of an exporter are alike."""
RECORDS = 24
SAMPLER = 999


@lru_cache(maxsize=1)
def templates(count: int, order: int = 0) -> bytes:
    """The sets that define flow templates 256, 257, ... and the sampler; `order` stands for an order of the fields."""
    fields = Random(order).sample(FIELDS, len(FIELDS)) if order else FIELDS
    records = b"".join(_template(256 + number, ((*fields, _extra(number)))) for number in range(count))
    options = pack("!10H", SAMPLER, 4, 8, 1, 4, 48, 1, 50, 4, 0)[:-2]
    return _set(0, records) + _set(1, options) + _set(SAMPLER, pack("!IBI", 0, 1, 100))


def data(number: int) -> bytes:
    """The set of flows by a template."""
    size = sum(length for _, length in FIELDS) + _extra(number)[1]
    record = bytes(range(1, size)) + b"\1"
    return _set(256 + number, record * RECORDS)


def _extra(number: int) -> tuple[int, int]:
    return EXTRA[number % len(EXTRA)], 4 + number // len(EXTRA)


def _template(number: int, fields: tuple[tuple[int, int], ...]) -> bytes:
    return pack("!HH", number, len(fields)) + b"".join(pack("!HH", *field) for field in fields)


def _set(number: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return pack("!HH", number, 4 + len(body)) + body


def datagram(exporter: int, sequence: int, sets: bytes) -> Datagram:
    """NetFlow v9 of the exporter of that number."""
    header = pack("!HHIIII", 9, 1, 1_000_000, NOW + sequence, sequence, 0)
    return Datagram(header + sets, str(FIRST + exporter), 50_000, (NOW + sequence) * 1_000_000_000)


def definitions(exporters: int, count: int, *, distinct: bool) -> Iterator[Datagram]:
    """The templates of all exporters."""
    return (datagram(exporter, 0, templates(count, exporter * distinct)) for exporter in range(exporters))


def traffic(exporters: int, count: int, rounds: int, datagrams: int) -> Iterator[Datagram]:
    """So many datagrams of flows in each round, the exporters in turn."""
    for number in range(rounds):
        sets = data(number % count)
        yield from (datagram(one % exporters, 1 + number + one // exporters, sets) for one in range(datagrams))


def learn(decoder: Decoder, datagrams: Iterator[Datagram]) -> tuple[float, int]:
    """Decode in batches as a busy collector makes them: CPU seconds, flows."""
    spent, flows = 0.0, 0
    while batch := list(islice(datagrams, BATCH)):
        start = time.process_time()
        flows += decoder.decode(batch).flows.height
        spent += time.process_time() - start
    return spent, flows


def peak() -> float:
    """MB of memory that the process had at most; ru_maxrss would begin with that of the process which started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def measure(exporters: int, count: int, rounds: int, datagrams: int, *, distinct: bool = False) -> tuple[float, float]:
    """CPU microseconds a datagram: to define the templates, and of flows."""
    decoder = Decoder()
    defined, _ = learn(decoder, definitions(exporters, count, distinct=distinct))
    spent, flows = learn(decoder, traffic(exporters, count, rounds, datagrams))
    assert flows == rounds * datagrams * RECORDS
    return defined / exporters * 1e6, spent / (rounds * datagrams) * 1e6


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exporters", type=int, default=10_000)
    parser.add_argument("--templates", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--distinct", action="store_true", help="no two exporters with equal templates")
    args = parser.parse_args()
    _, alone = measure(1, args.templates, args.rounds, args.exporters)
    before = peak()
    defined, many = measure(args.exporters, args.templates, args.rounds, args.exporters, distinct=args.distinct)
    print(f"{args.exporters:,} exporters with {args.templates} templates each")
    print(f"memory: {peak() - before:,.0f} MB more than for one exporter, {peak():,.0f} MB in all")
    print(f"templates: {defined:,.0f} µs for those of one exporter")
    print(f"flows: {many:,.1f} µs a datagram, of one exporter {alone:,.1f} µs: {many / alone:.1f} times as much")


if __name__ == "__main__":
    main()
