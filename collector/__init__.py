"""A collector for NetFlow, IPFIX and sFlow that works on columns."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collector.captures import read_pcap

__all__ = ["read_pcap"]


def __getattr__(name: str) -> Any:
    """`read_pcap`, once somebody wants it: most of the commands decode nothing."""
    if name != "read_pcap":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from collector.captures import read_pcap  # noqa: PLC0415

    return read_pcap
