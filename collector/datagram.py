"""What a receiver hands to the decoder: one export datagram with its sender and its time of arrival."""

import itertools
from typing import NamedTuple


class Datagram(NamedTuple):
    """One UDP payload, or one message of an IPFIX session.

    A session ends with a datagram that has its number and an empty payload: what it defined ends with it.
    """

    payload: bytes
    exporter: str
    """Address of the sender as canonical text; an IPv4-mapped IPv6 address is written as IPv4."""
    port: int
    """UDP or TCP port of the sender."""
    received: int
    """Nanoseconds since 1970 UTC."""
    session: int = 0
    """0 over UDP; else the number of the TCP session or IPFIX file, which this process has for no other."""


session_numbers = itertools.count(1)
"""Gives each session its number."""
