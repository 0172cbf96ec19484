"""What became of the packets of a capture."""

import logging
from dataclasses import dataclass, field
from enum import Enum

log = logging.getLogger(__name__)


Record = tuple[int, int, int, bytes]
"""One packet of a capture file: LINKTYPE_ value (see link.py), nanoseconds since 1970 UTC, bytes on the wire, and its
frame, shorter than that where the capture was snapped. A plain tuple: there are many of them."""


class Skip(Enum):
    """Why a packet yields no datagram; the value is its counter in Outcome."""

    NOT_UDP = "not_udp"
    OTHER_PORT = "other_port"
    SNAPPED = "snapped"
    MALFORMED = "malformed"
    FRAGMENT = "fragments"


@dataclass
class Outcome:
    """Counters, and what an operator should know of a capture once it is read."""

    name: str
    packets: int = 0
    datagrams: int = 0
    not_udp: int = 0
    other_port: int = 0
    """UDP to a port that was not asked for."""
    snapped: int = 0
    """Packets that the capture holds only the beginning of; none of them yields a datagram."""
    malformed: int = 0
    """Packets whose lengths contradict each other."""
    fragments: int = 0
    """IP fragments, whether or not they made up a datagram."""
    fragments_incomplete: int = 0
    """Datagrams whose fragments are not all there."""
    warnings: list[str] = field(default_factory=list)
    """One line each; they are logged too."""

    def skip(self, reason: Skip) -> None:
        """Count a packet that yields nothing."""
        setattr(self, reason.value, getattr(self, reason.value) + 1)

    def warn(self, text: str) -> None:
        """Keep and log a line, once."""
        line = f"{self.name}: {text}"
        if line not in self.warnings:
            self.warnings.append(line)
            log.warning("%s", line)

    def conclude(self) -> None:
        """Warn of what the counters show."""
        if self.snapped:
            self.warn(f"{self.snapped} packets were cut by the capture and left out; capture whole ones (tcpdump -s 0)")
        if self.fragments_incomplete:
            self.warn(
                f"{self.fragments_incomplete} datagrams were left out because some of their fragments are missing"
            )
        if self.malformed:
            self.warn(f"{self.malformed} packets were left out because their lengths contradict each other")
