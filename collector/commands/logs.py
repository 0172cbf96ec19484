"""Logs of commands that run for long."""

import logging


def configure_logging(level: str) -> None:
    """One line an event on stderr, with time and level."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)-7s %(message)s", force=True)
