"""Batches through an enricher that asks a name server."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path

import polars as pl

from collector.enrich.dns.asking import Manners
from collector.enrich.dns.file import NAME, AnswersFile
from collector.enrich.dns.hostnames import HostNames, Wanted
from collector.enrich.dns.resolver import Resolver
from collector.enrich.dns.servers import Groups, name_servers
from collector.enrich.enricher import Choices, Enricher
from collector.flows import Flows

EXPORTER = "203.0.114.1"
USUAL = Choices()
QUICK = Manners(timeout=5.0, pause=0.0, silent_pause=0.05, failures=4, first_failures=2)
IMPATIENT = replace(QUICK, timeout=0.25, tries=1)
"""For servers that do not answer."""
PATIENCE = 30.0


@dataclass
class Naming:
    """An enricher, and the time that it goes by."""

    enricher: Enricher
    hosts: HostNames
    shift: list[float] = field(default_factory=lambda: [0.0])

    def flows(self, sources: Sequence[str], exporter: str = EXPORTER) -> Flows:
        """One batch of a flow from each address."""
        halves = [divmod(number(one), 1 << 64) for one in sources]
        frame = pl.DataFrame(
            {
                "host.ip": pl.Series([0] * len(sources), dtype=pl.UInt32),
                "source.ip.hi": pl.Series([hi for hi, _ in halves], dtype=pl.UInt64),
                "source.ip.lo": pl.Series([lo for _, lo in halves], dtype=pl.UInt64),
            }
        )
        return self.enricher.enrich(frame, [exporter])

    def domains(self, *sources: str) -> list[str]:
        """`source.domain` of a batch."""
        return self.flows(sources).column("source.domain").to_list()

    def exporter(self, address: str, source: str = "10.9.9.9") -> str:
        """`host.name` of a batch."""
        return str(self.flows([source], address).column("host.name")[0])

    def settled(self, *sources: str) -> list[str]:
        """The same as `domains` once nothing is being asked for any more."""
        self.domains(*sources)
        self.rest()
        return self.domains(*sources)

    def rest(self) -> None:
        """Wait until nothing is being asked for."""
        wait_for(lambda: len(self.hosts.resolver.done) == len(self.hosts._waiting))

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.shift[0] += seconds


def ended(naming: Naming) -> tuple[int, int, int]:
    """Queries that ended: with a name, without one, without an answer."""
    counts = naming.hosts.resolver.counts()
    return counts.named, counts.absent, counts.failed


@contextmanager
def naming(
    servers: str,
    wanted: Wanted = Wanted.BOTH,
    folder: Path | None = None,
    manners: Manners = QUICK,
    choices: Choices = USUAL,
) -> Iterator[Naming]:
    """An enricher with `--dns-servers`, `--dns` and `--folder`, ended with the `with`."""
    groups, shift = Groups.of(name_servers(servers)), [0.0]

    def clock() -> float:
        return time.time() + shift[0]

    file = AnswersFile(folder / NAME) if folder else None
    hosts = HostNames(wanted, groups, Resolver(groups.servers, file, clock, manners), clock, turn=0.0)
    hosts.resolver.start()
    try:
        yield Naming(Enricher(hosts=hosts, choices=choices), hosts, shift)
    finally:
        hosts.resolver.close()


def wait_for(condition: Callable[[], bool]) -> None:
    """AssertionError where it does not come about."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def number(address: str) -> int:
    """An address as the decoder has it."""
    one = ip_address(address)
    return int(one) | 0xFFFF << 32 if one.version == 4 else int(one)
