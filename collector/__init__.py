"""A collector for NetFlow, IPFIX and sFlow that works on columns."""
