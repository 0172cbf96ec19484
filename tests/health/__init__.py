"""Rows about the health of the collector."""
