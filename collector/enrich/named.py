"""Names beside the numbers of flows, as their exporters told them."""

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from collector.enrich.interfaces import ATTRIBUTES, Interfaces, Source
from collector.enrich.names import APPLICATIONS, INTERFACES, Names
from collector.enrich.numbered import NumberBook
from collector.registry import VALUE

COLUMNS: Mapping[str, Mapping[str, str]] = {
    INTERFACES: {"flow.input_ifname": "flow.input_snmp", "flow.output_ifname": "flow.output_snmp"},
    "vrfs": {"flow.input_vrf": "flow.vrf_in", "flow.output_vrf": "flow.vrf_out"},
    "classes": {"flow.class_name": "flow.class_id"},
    "policies": {"flow.policy_name": "flow.policy_id"},
    "samplers": {"flow.sampler_name": "flow.sampler_id"},
}
"""The column of names for each column of numbers, by the table that the names are in."""
UNNAMED = {INTERFACES: "index: "}
INTERFACE = "interface.name"
APPLICATION, APPLICATION_ID = "network.application", "flow.application_id"


class ExporterNames:
    """Adds names to flows; what they are made from is `names`, for interfaces also `sources`."""

    def __init__(self, sources: Sequence[Source] = ()) -> None:
        self.names = Names()
        self._books = {kind: NumberBook(kind, self.names, UNNAMED.get(kind)) for kind in COLUMNS}
        if sources:
            interfaces = Interfaces(self.names, sources)
            self._books[INTERFACES] = NumberBook(INTERFACES, interfaces, UNNAMED[INTERFACES], attributes=ATTRIBUTES)

    def enrich(self, frame: pl.DataFrame, exporters: Sequence[str]) -> tuple[list[pl.Series], dict[str, pl.DataFrame]]:
        """New columns for flows whose `host.ip` refers to `exporters`, and the tables that they point into."""
        columns, tables = self._applications(frame, exporters), {}
        for kind, book in self._books.items():
            numbers = {name: frame[number] for name, number in COLUMNS[kind].items() if number in frame.columns}
            if numbers and (kind in UNNAMED or self.names.any(kind)):
                codes, table = book.intern(frame["host.ip"], numbers, exporters)
                if table[VALUE].null_count() < table.height:
                    columns, tables[kind] = [*columns, *codes], table
        return columns, tables

    def interfaces(self, samples: pl.DataFrame, exporters: Sequence[str]) -> pl.Expr:
        """Names of interfaces for counter samples that bring none, by `interface.index`, in the words of flows."""
        numbers = {INTERFACE: samples["interface.index"]}
        (codes,), table = self._books[INTERFACES].intern(samples["host.ip"], numbers, exporters)
        own = [pl.col(INTERFACE)] if INTERFACE in samples.columns else []
        return pl.coalesce(*own, table[VALUE].gather(codes)).alias(INTERFACE)

    def forget(self, addresses: Iterable[str]) -> None:
        """Forget exporters, whose row numbers may be others' from now on."""
        for address in addresses:
            self.names.forget(address)
        for book in self._books.values():
            book.begin()

    def _applications(self, frame: pl.DataFrame, exporters: Sequence[str]) -> list[pl.Series]:
        """The names of application ids, where the record has no name itself."""
        if APPLICATION_ID not in frame.columns or not self.names.any(APPLICATIONS):
            return []
        keys = ["host.ip", APPLICATION_ID]
        pairs = frame.select(keys).unique()
        words = [self._application(exporters[row], key) for row, key in pairs.iter_rows()]
        named = pairs.with_columns(pl.Series("name", words, pl.String))
        names = frame.select(keys).join(named, on=keys, how="left", maintain_order="left")["name"]
        if APPLICATION in frame.columns:
            names = pl.select(pl.coalesce(frame[APPLICATION], names)).to_series()
        return [names.alias(APPLICATION)] if names.null_count() < len(names) else []

    def _application(self, address: str, key: str | None) -> str | None:
        entry = None if key is None else self.names.of(APPLICATIONS, address).get(key)
        return entry.name if entry else None
