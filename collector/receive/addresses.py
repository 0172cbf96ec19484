"""Senders as the whole collector writes them."""

import socket
from collections.abc import Callable
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address
from typing import cast

from collector.datagram import Datagram
from collector.endpoints import Endpoint
from collector.receive.errors import ReceiveError

MAPPED_PREFIX = bytes(10) + b"\xff\xff"  # RFC 4291 section 2.5.5.2
new_datagram = cast("Callable[[tuple[bytes, str, int, int, int]], Datagram]", partial(tuple.__new__, Datagram))
"""A Datagram of its fields as one tuple, in a third of the time that Datagram(...) takes."""


@lru_cache(maxsize=65536)
def address_text(packed: bytes) -> str:
    """Text of an address of 4 or 16 bytes (RFC 5952); an IPv4-mapped IPv6 address is written as IPv4."""
    if packed.startswith(MAPPED_PREFIX) and len(packed) == 16:
        packed = packed[12:]
    return str(IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed))


def endpoint_text(host: str, port: int) -> str:
    """HOST:PORT as an operator writes it, with brackets around an IPv6 address."""
    return str(Endpoint(host, port))


SocketAddress = tuple[str, int] | tuple[str, int, int, int]


def resolve(what: str, host: str, port: int) -> tuple[socket.AddressFamily, SocketAddress]:
    """Family and socket address of an address, or the first of a name's.

    `what` begins the text of the ReceiveError that is raised where there is none, such as "send to".
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except (OSError, ValueError) as error:  # ValueError: no name could be so
        raise ReceiveError(
            f"cannot {what} {host!r}: it is neither an address nor a name that can be resolved"
        ) from error
    return found[0], cast("SocketAddress", found[4])
