"""A collector for NetFlow, IPFIX and sFlow that works on columns."""

from collector.captures import read_pcap

__all__ = ["read_pcap"]
