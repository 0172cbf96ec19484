"""What the operator lets be known beside what exporters tell: files and SNMP agents, each where it is configured."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from collector.enrich.addresses import Attribute
from collector.enrich.interfaces import InterfaceFile, Source
from collector.enrich.inventory import Inventory
from collector.enrich.services import Found, Services
from collector.enrich.snmp import Agents


@dataclass(frozen=True)
class Sources:
    """Used by one thread, that of the enrichment."""

    inventory: Inventory | None = None
    services: Services | None = None
    interface_file: InterfaceFile | None = None
    agents: Agents | None = None

    @property
    def interfaces(self) -> tuple[Source, ...]:
        """In order of preference."""
        return tuple(one for one in (self.agents, self.interface_file) if one is not None)

    def refresh(self) -> bool:
        """Take changed files; whether addresses are to be looked up anew. That of interfaces looks after itself."""
        if self.inventory:
            self.inventory.refresh()
        return self.services is not None and self.services.refresh()

    def see(self, exporters: Iterable[str]) -> None:
        """Exporters from which flows came."""
        if self.agents:
            self.agents.see(exporters)

    def attributes(self) -> dict[str, Attribute]:
        """For the address book."""
        return self.services.attributes() if self.services else {}

    def find(self, frame: pl.DataFrame, addresses: pl.DataFrame) -> Found | None:
        """The operator's services at the ends of flows."""
        return self.services.find(frame, addresses) if self.services else None

    def applications(self, found: Found | None, told: pl.Series | None) -> list[pl.Series]:
        """Names of applications, where the exporters `told` none."""
        return self.services.applications(found, told) if self.services and found else []

    def describe(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table of addresses as it leaves."""
        return self.services.describe(table) if self.services else table

    def exporters(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table of exporters with what is known of them."""
        return self.inventory.describe(table) if self.inventory else table

    def close(self) -> None:
        """Ask agents no more."""
        if self.agents:
            self.agents.close()
