"""Templates that many tests share."""

from tests.builders.netflow import Template

V4 = Template(256, [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, 4), (2, 4)])
"""Addresses, ports, protocol, octets, packets: 21 bytes, so that sets need padding."""
ONE = ("10.0.0.1", "10.0.0.2", 1000, 443, 6, 1500, 3)
TWO = ("10.0.0.3", "10.0.0.4", 2000, 53, 17, 80, 1)
READ_ONE = {
    "source.ip": "10.0.0.1",
    "destination.ip": "10.0.0.2",
    "source.port": 1000,
    "destination.port": 443,
    "network.iana_number": 6,
    "network.bytes": 1500,
    "network.packets": 3,
}
READ_TWO = {
    "source.ip": "10.0.0.3",
    "destination.ip": "10.0.0.4",
    "source.port": 2000,
    "destination.port": 53,
    "network.iana_number": 17,
    "network.bytes": 80,
    "network.packets": 1,
}
TUPLE = tuple(READ_ONE)
