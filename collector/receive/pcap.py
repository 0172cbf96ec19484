"""Capture files as a source of datagrams: pcap, pcapng and IPFIX files, also in gzip."""

from collections.abc import Collection, Iterator
from operator import itemgetter
from typing import Self

from collector.datagram import Datagram
from collector.receive import classic, ipfixfile, pcapng
from collector.receive.errors import CaptureError
from collector.receive.frames import Addressed, datagrams
from collector.receive.outcome import Outcome, Record
from collector.receive.source import Readable, Source

IPFIX_PORT = 4739
"""Where the messages of an IPFIX file would be sent to."""


class Capture(Iterator[Datagram]):
    """The UDP payloads of a capture in the order of the file, each datagram once; IP fragments are put together.

    Iterating raises CaptureError where the file is damaged, after what came before. A file that ends too early is
    read up to there, and a warning is kept in `outcome.warnings` and logged.
    """

    def __init__(self, readable: Readable, ports: Collection[int] | None = None) -> None:
        """Open a file (see read_capture). Raises CaptureError."""
        self._source = Source(readable)
        self.outcome = Outcome(self._source.name)
        """Counters and warnings so far."""
        try:
            found = _addressed(self._source, self.outcome, ports)
        except CaptureError:
            self._source.close()
            raise
        self._addressed = self._read(found)
        self._datagrams: Iterator[Datagram] = map(itemgetter(0), self._addressed)

    def __iter__(self) -> Iterator[Datagram]:
        return self._datagrams  # quicker than a call of __next__ for each

    def __next__(self) -> Datagram:
        return next(self._datagrams)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def addressed(self) -> Iterator[Addressed]:
        """The datagrams, each with the port that it was sent to; the end of an IPFIX file is none."""
        return (one for one in self._addressed if one[0].payload or not one[0].session)

    def close(self) -> None:
        """Close the file; not needed once the end is reached."""
        self._source.close()

    def _read(self, found: Iterator[Addressed]) -> Iterator[Addressed]:
        try:
            yield from found
            if self._source.broken:
                self.outcome.warn("the gzip stream breaks off; the packets before that were read")
        finally:
            self._source.close()
            self.outcome.conclude()


def read_capture(readable: Readable, ports: Collection[int] | None = None) -> Capture:
    """Read a pcap, pcapng or IPFIX file, in gzip or not, from a path, a binary stream, or `-` for standard input.

    Takes the datagrams to the given UDP ports, or to all. `received` is the packet's time. Packets that the capture
    holds only the beginning of are counted and left out. Of an IPFIX file all messages are taken, as one session (see
    ipfixfile.py). Raises CaptureError where the file cannot be read.
    """
    return Capture(readable, ports)


def _addressed(source: Source, outcome: Outcome, ports: Collection[int] | None) -> Iterator[Addressed]:
    magic = source.start(4)
    if ipfixfile.is_ipfix_file(magic):
        return ((message, IPFIX_PORT) for message in ipfixfile.messages(source, magic, outcome))
    return datagrams(_records(source, magic, outcome), outcome, ports)


def _records(source: Source, magic: bytes, outcome: Outcome) -> Iterator[Record]:
    if magic == pcapng.SECTION_MAGIC:
        return pcapng.records(source, outcome)
    order = classic.byte_order(magic) if len(magic) == 4 else None
    if order is not None:
        return classic.records(source, magic, order, outcome)
    found = f"begins with the bytes {magic.hex(' ')}" if magic else "is empty"
    raise source.error(f"it {found}, a capture in pcap or pcapng form or an IPFIX file (also in gzip) is expected")
