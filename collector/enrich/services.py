"""The operator's own services: names for ports, at an address, in a network or anywhere.

The file has a line a service: `address,port,protocol,name`. The innermost network that has the port holds, and a line
with a protocol before one without.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from collector import registry
from collector.enrich.addresses import Attribute
from collector.enrich.files import Row, Watched, entries, network, whole
from collector.enrich.prefixes import Network, Prefixes, halves
from collector.index import AddressIndex

Rows = npt.NDArray[np.int32]
"""Row numbers, -1 for none."""
Mask = npt.NDArray[np.bool_]
COLUMNS = ("port", "name", "address", "protocol")
ATTRIBUTE = "service_network"
APPLICATION = "network.application"
ANYWHERE, ANY_PROTOCOL, NONE = -1, -1, -1
LIMIT = 1 << 18
"""Answers kept. When there are more, they are forgotten."""


class Service(NamedTuple):
    """A line of the file; without a network it holds everywhere, without a protocol for all."""

    network: Network | None
    port: int
    protocol: int
    name: str


@dataclass(frozen=True)
class Found:
    """For each flow the rows of the services at its ends."""

    source: Rows
    destination: Rows

    def masks(self) -> tuple[Mask, Mask]:
        """Where the source is a service, and where the destination is: for the rule `application` of roles.py."""
        return self.source >= 0, self.destination >= 0


class Services:
    """The services of a file, read again when it changes. FileError where it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._file = Watched(path, lambda path: Book(_services(path)))

    def attributes(self) -> dict[str, Attribute]:
        """For the address book: the row of the innermost network of the file that each address is in."""
        return {ATTRIBUTE: partial(_networks, self._file.content)}

    def describe(self, addresses: pl.DataFrame) -> pl.DataFrame:
        """The table of addresses as it leaves, without what is of use here alone."""
        return addresses.drop(ATTRIBUTE)

    def refresh(self) -> bool:
        """Take a changed file; whether addresses are to be looked up anew."""
        return self._file.refresh()

    def find(self, frame: pl.DataFrame, addresses: pl.DataFrame) -> Found:
        """The services at both ends of flows, whose addresses are rows of `addresses`."""
        return Found(*(self._file.content.find(frame, addresses, end) for end in ("source", "destination")))

    def applications(self, found: Found, told: pl.Series | None) -> list[pl.Series]:
        """Names of applications where the exporter `told` none: of the destination's service, else of the source's."""
        rows = pl.Series(np.where(found.destination >= 0, found.destination, found.source))
        some = rows >= 0
        if not some.any():
            return []
        places = pl.DataFrame([rows.alias("row"), some.alias("some")]).select(pl.when("some").then("row")).to_series()
        ours = self._file.content.names.gather(places)
        names = ours if told is None else pl.select(pl.coalesce(told, ours)).to_series()
        return [names.alias(APPLICATION)]


class Book:
    """Services by port and network."""

    def __init__(self, services: Sequence[Service]) -> None:
        self.names = pl.Series([one.name for one in services], dtype=pl.String)
        self._listed = np.zeros(registry.PORTS, np.bool_)
        self._listed[[one.port for one in services]] = True
        networks = list({one.network for one in services if one.network is not None})
        self.prefixes = Prefixes.of((one, place) for place, one in enumerate(networks))
        self._networks = [halves(one) for one in networks]
        self._rows = {(*_key(one.network), one.port, one.protocol): row for row, one in enumerate(services)}
        self._lengths = sorted({bits for _, bits, _, _ in self._rows}, reverse=True)
        self._index = AddressIndex()
        self._answers: Rows = np.zeros(0, np.int32)

    def find(self, frame: pl.DataFrame, addresses: pl.DataFrame, end: str) -> Rows:
        """The row of the service at one end of each flow."""
        out = np.full(frame.height, NONE, np.int32)
        if f"{end}.port" not in frame.columns:
            return out
        ports = frame[f"{end}.port"].fill_null(0).to_numpy()
        some = np.flatnonzero(self._listed[ports])
        if some.size:
            out[some] = self._answer(_networks_of(frame, addresses, end, some), ports[some], _protocols(frame, some))
        return out

    def _answer(self, networks: Rows, ports: npt.NDArray[np.uint16], protocols: npt.NDArray[np.uint8]) -> Rows:
        """Each distinct question is asked once, and its answer kept."""
        if self._index.count > LIMIT:
            self._forget()
        hi = (networks + 1).astype(np.uint64)
        lo = ports.astype(np.uint64) << np.uint64(8) | protocols
        rows, known = self._index.rows(hi, lo)
        new = slice(known, self._index.count)
        asked = zip(self._index.hi[new].tolist(), self._index.lo[new].tolist(), strict=True)
        answers = [self._look_up(place - 1, word >> 8, word & 0xFF) for place, word in asked]
        self._answers = np.concatenate([self._answers, np.array(answers, np.int32)])
        return self._answers[rows]

    def _look_up(self, place: int, port: int, protocol: int) -> int:
        """By the networks around one of them, the smallest first."""
        hi, lo, bits = self._networks[place] if place >= 0 else (0, 0, ANYWHERE)
        for length in (one for one in self._lengths if one <= bits):
            around = _around(hi << 64 | lo, length)
            for which in (protocol, ANY_PROTOCOL):
                row = self._rows.get((around, length, port, which))
                if row is not None:
                    return row
        return NONE

    def _forget(self) -> None:
        self._index, self._answers = AddressIndex(), self._answers[:0]


def _around(number: int, bits: int) -> int:
    """The first address of the network of that length."""
    return number >> (128 - bits) << (128 - bits) if bits >= 0 else 0


def _key(network: Network | None) -> tuple[int, int]:
    if network is None:
        return 0, ANYWHERE
    hi, lo, bits = halves(network)
    return hi << 64 | lo, bits


def _networks(book: Book, new: pl.DataFrame) -> pl.Series:
    return pl.Series(book.prefixes.find(new["hi"].to_numpy(), new["lo"].to_numpy()))


def _networks_of(frame: pl.DataFrame, addresses: pl.DataFrame, end: str, some: npt.NDArray[np.intp]) -> Rows:
    """The network of the address at one end of some of the flows."""
    if f"{end}.ip" not in frame.columns:
        return np.full(len(some), NONE, np.int32)
    return addresses[ATTRIBUTE].gather(frame[f"{end}.ip"].gather(some)).fill_null(NONE).to_numpy()


def _protocols(frame: pl.DataFrame, some: npt.NDArray[np.intp]) -> npt.NDArray[np.uint8]:
    if "network.iana_number" not in frame.columns:
        return np.zeros(len(some), np.uint8)
    return frame["network.iana_number"].fill_null(0).to_numpy()[some]


def _services(path: Path) -> list[Service]:
    return entries(path, COLUMNS, 2, _service)


def _service(row: Row) -> Service:
    where = network(row["address"]) if row["address"] else None
    return Service(where, _port(row["port"]), _protocol(row["protocol"]), row["name"])


def _port(text: str) -> int:
    return whole(text, 1, registry.PORTS - 1)


def _protocol(text: str) -> int:
    """By name or number."""
    names: list[str] = registry.table("protocols")["name"].to_list()
    if not text:
        return ANY_PROTOCOL
    if text.lower() in names:
        return names.index(text.lower())
    try:
        return whole(text, 0, 255)
    except ValueError:
        wrong = f"{text!r} is neither the name of a protocol nor a number from 0 to 255"
        raise ValueError(wrong + _near(text.lower(), filter(None, names))) from None


def _near(text: str, names: Iterable[str]) -> str:
    """What may have been meant: before all others what has the same letters in another order."""
    near = difflib.get_close_matches(text, names, 5)
    meant = sorted(near, key=lambda name: sorted(name) != sorted(text))
    return f"; did you mean {meant[0]}?" if meant else ""
