"""Name servers as the operator names them: for all addresses, or for those of a network."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple, Self

from collector.endpoints import endpoint
from collector.enrich.prefixes import Network, Prefixes

DNS_PORT = 53


class NameServer(NamedTuple):
    """A name server, and the network whose addresses it is asked about; None for all that no other has."""

    network: Network | None
    server: str
    """`ADDRESS:PORT`, an IPv6 address in brackets."""


def name_servers(given: Any) -> tuple[NameServer, ...]:
    """Read `10.0.0.53,10.0.0.0/8=10.0.0.53:5353`; a list may have them one by one. ValueError where one is none."""
    parts = given if isinstance(given, list | tuple) else [part for part in str(given).split(",") if part.strip()]
    return tuple(part if isinstance(part, NameServer) else _read(str(part)) for part in parts)


def _read(part: str) -> NameServer:
    network, equals, server = part.rpartition("=")
    return NameServer(_network(network.strip()) if equals else None, _server(server.strip()))


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an address or network such as 10.0.0.0/8 ({error})") from error


def _server(text: str) -> str:
    try:
        return f"[{text}]:{DNS_PORT}" if ip_address(text).version == 6 else f"{text}:{DNS_PORT}"
    except ValueError:
        pass
    try:
        place = endpoint(text)
        ip_address(place.host)
    except ValueError as error:
        raise ValueError(f"{text!r} is not the address of a name server: ADDRESS or ADDRESS:PORT") from error
    return str(place)


@dataclass(frozen=True)
class Groups:
    """Name servers by what they are asked about: group 0 is for addresses that no network has."""

    servers: Sequence[Sequence[str]]
    """Of each group; an empty first one stands for those of the system."""
    networks: Prefixes
    """Entry n is the network of group n + 1."""

    @classmethod
    def of(cls, given: Iterable[NameServer]) -> Self:
        """All servers of one network are a group."""
        groups: dict[Network | None, list[str]] = {None: []}
        for network, server in given:
            groups.setdefault(network, []).append(server)
        networks = [network for network in groups if network is not None]
        return cls(list(groups.values()), Prefixes.of((network, row) for row, network in enumerate(networks)))
