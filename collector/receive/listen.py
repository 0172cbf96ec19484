"""Open a TCP socket for sessions, or say in one line why not."""

import logging
import socket

from collector.receive.addresses import endpoint_text, resolve
from collector.receive.bind import ANY_IPV4, ANY_IPV6, NO_IPV6, reason
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
            raise ReceiveError(f"cannot receive on {place}: {reason(error, port, 't')}") from error
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
