"""IPFIX files: messages one after another (RFC 5655)."""

from collections.abc import Iterator

from collector.datagram import Datagram, session_numbers
from collector.receive.messages import PREFIX, is_message, told
from collector.receive.outcome import Outcome
from collector.receive.source import Source

EXPORTER, PORT = "127.0.0.1", 0  # a file does not tell who sent its messages
HEAD_BYTES = PREFIX.size
EXPORT_TIME = slice(4, 8)
SECOND = 1_000_000_000


def is_ipfix_file(head: bytes) -> bool:
    """Whether a file that begins with these four bytes is one."""
    return len(head) == HEAD_BYTES and is_message(*PREFIX.unpack(head))


def messages(source: Source, head: bytes, outcome: Outcome) -> Iterator[Datagram]:
    """The messages after the first four bytes, which were read already, and the end of the file as that of a session.

    `received` is the message's export time. Where no message follows, reading ends with a warning. Raises CaptureError.
    """
    number, received = next(session_numbers), 0
    for message in _messages(source, head, outcome):
        received = int.from_bytes(message[EXPORT_TIME], "big") * SECOND
        outcome.packets += 1
        outcome.datagrams += 1
        yield Datagram(message, EXPORTER, PORT, received, number)
    yield Datagram(b"", EXPORTER, PORT, received, number)


def _messages(source: Source, head: bytes, outcome: Outcome) -> Iterator[bytes]:
    offset = 0
    while head:
        if len(head) == HEAD_BYTES and not is_ipfix_file(head):
            outcome.warn(f"no IPFIX message begins at byte {offset} ({told(head)}); the messages before it were read")
            return
        message = _whole(source, head)
        if message is None:
            outcome.warn(f"ends within the message at byte {offset}; the messages before it were read")
            return
        yield message
        offset += len(message)
        head = source.read(HEAD_BYTES)


def _whole(source: Source, head: bytes) -> bytes | None:
    """The message that begins with these bytes; None where the file ends within it."""
    if len(head) < HEAD_BYTES:
        return None
    length = PREFIX.unpack(head)[1]
    message = head + source.read(length - HEAD_BYTES)
    return message if len(message) == length else None
