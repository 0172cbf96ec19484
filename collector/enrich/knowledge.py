"""The shape of what knows something about addresses."""

from collections.abc import Mapping
from typing import Protocol

import polars as pl

from collector.enrich.addresses import Attribute


class Knowledge(Protocol):
    """Gives each new address a code, and puts what the codes stand for in when a batch leaves."""

    def attributes(self) -> Mapping[str, Attribute]:
        """For the address book."""

    def describe(self, addresses: pl.DataFrame) -> pl.DataFrame:
        """Put columns of the table `addresses` in for the codes of `attributes`; only what any address has."""

    def refresh(self) -> bool:
        """Look for changed files; whether addresses are to be looked up anew, with new `attributes`."""
