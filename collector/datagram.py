"""What a receiver hands to the decoder: one export datagram with its sender and its time of arrival."""

from typing import NamedTuple


class Datagram(NamedTuple):
    """One UDP payload, or one message of an IPFIX session."""

    payload: bytes
    exporter: str
    """Address of the sender as canonical text; an IPv4-mapped IPv6 address is written as IPv4."""
    port: int
    """UDP or TCP port of the sender."""
    received: int
    """Nanoseconds since 1970 UTC."""
