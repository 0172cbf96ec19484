"""IPFIX messages in a stream of bytes: each begins with its version and its length (RFC 7011 section 3.1)."""

import struct

VERSION = 10
HEADER_BYTES = 16
PREFIX = struct.Struct("!HH")
"""Version and length."""
CAPACITY = 1 << 16
"""A message has at most 65,535 bytes, so a buffer of these is never full once the whole ones are out of it."""
OTHERS = (
    (b"\x16\x03", "TLS, which has a port of its own (--tcp-tls)"),
    (b"\0\0\0\5", "sFlow, which is for UDP"),
    (b"\0\x05", "NetFlow v5, which is for UDP"),
    (b"\0\x09", "NetFlow v9, which is for UDP: set the exporter to UDP or to IPFIX"),
    (b"GET ", "an HTTP request"),
    (b"POST", "an HTTP request"),
    (b"SSH-", "the greeting of SSH"),
)
"""How the other things begin that are sent to such a port."""


def is_message(version: int, length: int) -> bool:
    """Whether a message can begin with these."""
    return version == VERSION and length >= HEADER_BYTES


def told(head: bytes) -> str:
    """What begins with these bytes (at least four), which are not the beginning of a message."""
    for start, text in OTHERS:
        if head.startswith(start):
            return text
    version, length = PREFIX.unpack_from(head)
    if version == VERSION:
        return f"an IPFIX message of {length} bytes, fewer than its header has"
    return f"the bytes {head[:8].hex(' ')}"


class MessageStream:
    """Cuts what a session sends into messages, in a buffer of 64 KiB."""

    def __init__(self) -> None:
        self.fault: str | None = None
        """What came in the place of a message: nothing behind it can be read any more."""
        self._buffer = memoryview(bytearray(CAPACITY))
        self._end = 0
        self._needed = PREFIX.size
        """Bytes that must be there before anything can be cut off."""

    def room(self) -> memoryview:
        """Where the next bytes go."""
        return self._buffer[self._end :]

    def filled(self, size: int) -> None:
        """So many bytes were put there."""
        self._end += size

    @property
    def rest(self) -> int:
        """Bytes that belong to no whole message yet."""
        return self._end

    def take(self) -> list[bytes]:
        """Take out the whole messages. Those before a `fault` are still given, what follows it is dropped."""
        if self.fault is not None:
            self._end = 0
        if self._end < self._needed:
            return []
        found: list[bytes] = []
        data, start, needed = self._buffer[: self._end].tobytes(), 0, PREFIX.size
        while len(data) - start >= needed:
            version, length = PREFIX.unpack_from(data, start)
            if not is_message(version, length):
                self.fault = told(data[start : start + 8])
                start = len(data)
            elif length <= len(data) - start:
                found.append(data[start : start + length])
                start += length
            else:
                needed = length
        self._keep(data[start:], needed)
        return found

    def _keep(self, rest: bytes, needed: int) -> None:
        self._buffer[: len(rest)] = rest
        self._end, self._needed = len(rest), needed
