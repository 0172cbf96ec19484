"""Open a TCP socket for sessions, or say in one line why not."""

import errno
import logging
import os
import socket

from collector.receive.addresses import endpoint_text, resolve
from collector.receive.bind import ANY_IPV4, ANY_IPV6, NO_IPV6, UNPRIVILEGED
from collector.receive.errors import ReceiveError

BACKLOG = 256  # connections that wait to be accepted: all exporters come at once after a restart

log = logging.getLogger(__name__)


def listening(host: str, port: int) -> socket.socket:
    """A non-blocking listening socket at an address or the first address of a name.

    `::` takes IPv4 too, and becomes 0.0.0.0 where the machine has no IPv6. Raises ReceiveError.
    """
    place = f"TCP {endpoint_text(host, port)}"
    if not 0 <= port <= 65535:
        raise ReceiveError(f"cannot receive on {place}: a port is a number from 1 to 65535")
    try:
        return _listening(host, port)
    except OSError as error:
        if host != ANY_IPV6 or error.errno not in NO_IPV6:
            raise ReceiveError(f"cannot receive on {place}: {_reason(error, port)}") from error
    log.warning("IPv6 is off on this machine: receiving on TCP %s instead", endpoint_text(ANY_IPV4, port))
    return listening(ANY_IPV4, port)


def _listening(host: str, port: int) -> socket.socket:
    family, address = resolve("receive on", host, port)
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # Sessions of a collector that ended a moment ago keep the port in TIME_WAIT
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _reason(error: OSError, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"another program has the port (ss -ltnp 'sport = :{port}' names it); end it or choose another port"
        case errno.EACCES | errno.EPERM:
            first = UNPRIVILEGED.read_text().strip() if UNPRIVILEGED.exists() else "1024"
            return f"ports below {first} need root or CAP_NET_BIND_SERVICE; choose a higher port"
        case errno.EADDRNOTAVAIL:
            return "this machine does not have that address (ip address lists those it has); [::] stands for all"
        case errno.EAFNOSUPPORT:
            return "IPv6 is off on this machine; give an IPv4 address"
    return os.strerror(error.errno or 0)
