"""A name server on loopback that says, or does not say, what a test wants."""

import socket
import struct
import threading
import time
from ipaddress import ip_address
from types import TracebackType
from typing import Self

NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME, REFUSED = 0, 2, 3, 5
PTR, IN = 12, 1


class NameServer:
    """Answers PTR queries over UDP; what it does not know does not exist."""

    def __init__(self) -> None:
        self.names: dict[str, tuple[int, list[bytes]]] = {}
        """Time to live and encoded names by address."""
        self.asked: list[str] = []
        """Names of queries, in order of arrival."""
        self.mute = False
        self.delay = 0.0
        self.code = NO_SUCH_NAME
        """For what it does not know."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def place(self) -> str:
        """ADDRESS:PORT."""
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def name(self, address: str, *names: str, ttl: int = 0) -> None:
        """Give an address names."""
        self.names[ip_address(address).reverse_pointer] = ttl, [encoded(one) for one in names]

    def times(self, address: str) -> int:
        """How often it was asked about an address."""
        return self.asked.count(ip_address(address).reverse_pointer)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(4096)
            if not query:
                return
            answer = self._answer(query)
            time.sleep(self.delay)
            if not self.mute:
                self._socket.sendto(answer, client)

    def _answer(self, query: bytes) -> bytes:
        end = query.index(0, 12) + 5
        name = decoded(query[12 : end - 4])
        self.asked.append(name)
        ttl, names = self.names.get(name, (0, []))
        records = b"".join(struct.pack("!HHHIH", 0xC00C, PTR, IN, ttl, len(one)) + one for one in names)
        code = NO_ERROR if names else self.code
        return query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(names), 0, 0) + query[12:end] + records


def encoded(name: str) -> bytes:
    """A name on the wire; its dots part labels."""
    labels = [label.encode("latin-1") for label in name.split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def decoded(wire: bytes) -> str:
    """A name from the wire, in lower case."""
    labels, place = [], 0
    while wire[place]:
        labels.append(wire[place + 1 : place + 1 + wire[place]].decode().lower())
        place += 1 + wire[place]
    return ".".join(labels)
