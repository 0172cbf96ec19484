"""Open a UDP socket for receiving, or say in one line why not."""

import errno
import logging
import os
import socket
from pathlib import Path

from collector.receive.addresses import endpoint_text, resolve
from collector.receive.batch import SO_RXQ_OVFL
from collector.receive.errors import ReceiveError

SO_RCVBUFFORCE = 33  # asm-generic/socket.h; the socket module does not name it
ANY_IPV6, ANY_IPV4 = "::", "0.0.0.0"  # noqa: S104 - a collector listens to its network
NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)  # socket(2) and bind(2) where IPv6 is switched off
UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")

log = logging.getLogger(__name__)


def bind(host: str, port: int, buffer: int, share: bool) -> socket.socket:
    """A non-blocking socket bound to an address or the first address of a name.

    `::` takes IPv4 too, and becomes 0.0.0.0 where the machine has no IPv6. Raises ReceiveError.
    """
    if not 0 <= port <= 65535:
        raise ReceiveError(f"cannot receive on {endpoint_text(host, port)}: a UDP port is a number from 1 to 65535")
    try:
        return _bound(host, port, buffer, share)
    except OSError as error:
        if host != ANY_IPV6 or error.errno not in NO_IPV6:
            raise ReceiveError(f"cannot receive on {endpoint_text(host, port)}: {reason(error, port, 'u')}") from error
    log.warning("IPv6 is off on this machine: receiving on %s instead of [::]:%d", endpoint_text(ANY_IPV4, port), port)
    return bind(ANY_IPV4, port, buffer, share)


def granted_buffer(sock: socket.socket) -> int:
    """Receive buffer of a socket in bytes; Linux reports twice that, for its own bookkeeping (socket(7))."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2


def _bound(host: str, port: int, buffer: int, share: bool) -> socket.socket:
    family, address = resolve("receive on", host, port)
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if share:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
        _ask_for_buffer(sock, buffer)
        sock.setblocking(False)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def _ask_for_buffer(sock: socket.socket, size: int) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, size)
    except PermissionError:  # without CAP_NET_ADMIN, net.core.rmem_max is the limit
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def reason(error: OSError, port: int, listed: str) -> str:
    """Why a port cannot be had, and what to do; `listed` are the letters that make ss list its protocol."""
    match error.errno:
        case errno.EADDRINUSE:
            listing = f"ss -l{listed}np 'sport = :{port}'"
            return f"another program has the port ({listing} names it); end it or choose another port"
        case errno.EACCES | errno.EPERM:
            return f"ports below {_first_free_port()} need root or CAP_NET_BIND_SERVICE; choose a higher port"
        case errno.EADDRNOTAVAIL:
            return "this machine does not have that address (ip address lists those it has); [::] stands for all"
        case errno.EAFNOSUPPORT:
            return "IPv6 is off on this machine; give an IPv4 address"
    return os.strerror(error.errno or 0)


def _first_free_port() -> str:
    return UNPRIVILEGED.read_text().strip() if UNPRIVILEGED.exists() else "1024"
