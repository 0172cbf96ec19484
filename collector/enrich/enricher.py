"""From the decoder's columns to enriched flows: addresses interned, names beside numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from collector import registry
from collector.datasets import COUNTERS, DISCARDS
from collector.decode import columns
from collector.decode.options import Options
from collector.enrich import counters, discards, roles
from collector.enrich.addresses import LIMIT, AddressBook, Attribute, is_ipv4
from collector.enrich.community import community_ids
from collector.enrich.direction import traffic
from collector.enrich.dns.hostnames import HostNames
from collector.enrich.geo import NUMBER
from collector.enrich.knowledge import Knowledge
from collector.enrich.locality import multicast, private
from collector.enrich.marks import icmp_names, one_byte
from collector.enrich.named import APPLICATION, ExporterNames
from collector.enrich.names import INTERFACES
from collector.enrich.networks import Networks
from collector.enrich.rates import Rates
from collector.enrich.reputation import Reputation
from collector.enrich.sources import Sources
from collector.enrich.vendors import mac_vendors
from collector.flows import Flows
from collector.index import compacted
from collector.registry import VALUE

IPV4, IPV6 = 0, 1
TAGS = "tags"
UNNAMED = ("private", "family", "multicast", NUMBER)
"""Attributes of addresses that no field is looked up in."""


@dataclass(frozen=True)
class Choices:
    """What the operator chooses."""

    exporters_as: bool = False
    """The AS numbers that exporters tell are preferred to those of databases."""
    community_seed: int | None = None
    """Flows have Community IDs of that seed."""
    addresses: int = LIMIT
    """So many addresses are kept in the book."""


class Enricher:
    """Turns decoded flows into `Flows`; its state is the books."""

    def __init__(
        self,
        names: bool = True,
        sources: Sources | None = None,
        networks: Networks | None = None,
        reputation: Reputation | None = None,
        geo: Knowledge | None = None,
        hosts: HostNames | None = None,
        choices: Choices = Choices(),
    ) -> None:
        """Without `names`, flows carry what the record said and nothing beside it.

        `sources` and `networks` are the operator's, `geo` has the databases of places and autonomous systems, `hosts`
        are asked for host names.
        """
        self._beside = names
        self._choices = choices
        self._sources = sources or Sources()
        self._told = ExporterNames(self._sources.interfaces)
        self.names = self._told.names
        """What exporters call their interfaces, applications and so on."""
        self.hosts = hosts if names else None
        self._reputation = reputation if names else None
        known = (networks or Networks(), self._reputation, geo, self.hosts, self._sources)
        self._knowledge: list[Knowledge] = [one for one in known if one] if names else []
        self._rates = Rates()
        self.addresses = self._book()

    def learn(
        self,
        options: Iterable[Options],
        counters: pl.DataFrame,
        exporters: Sequence[str],
        forgotten: Mapping[int, str] | None = None,
    ) -> None:
        """Take what exporters tell about themselves (see `Decoded`); it holds for all flows enriched from now on."""
        if forgotten:
            self._told.forget(forgotten.values())
            self._rates.forget(forgotten)
        if self._beside:
            self.names.learn(options, exporters)
            self.names.learn_ports(counters, exporters)

    def refresh(self) -> None:
        """Look for changed files of what is known about addresses."""
        changed = [one.refresh() for one in self._knowledge]
        if any(changed):
            self.addresses = self._book()

    def enrich(self, decoded: pl.DataFrame, exporters: Sequence[str]) -> Flows:
        """`exporters` are the addresses that `host.ip` refers to by row number."""
        if decoded.is_empty():
            return Flows(decoded)
        if self._sources.refresh():
            self.addresses = self._book()
        frame, addresses = self.addresses.intern(one_byte(decoded))
        added = _network_type(frame, addresses)
        if self._choices.community_seed is not None:
            added += community_ids(decoded, self._choices.community_seed)
        codes, known = self._exporters(frame, exporters)
        tables = {"addresses": addresses, "exporters": known}
        if self._beside:
            frame = frame.with_columns(_services(frame))
            self._sources.see(known[VALUE])
            more, beside = self._more(frame, addresses, exporters)
            named = self._sources.exporters(known)
            if TAGS in named.columns:
                more.append(named[TAGS].gather(codes).alias(TAGS))
                named = named.drop(TAGS)
            added, tables = [*added, *more], {"exporters": named, **beside}
        return Flows(frame.with_columns(codes, *{one.name: one for one in added}.values()), tables)

    def close(self) -> None:
        """Ask nobody any more."""
        self._sources.close()
        if self.hosts:
            self.hosts.resolver.close()

    def counters(self, decoded: pl.DataFrame, exporters: Sequence[str]) -> Flows:
        """`Decoded.counters` as rows of the dataset COUNTERS, with the rates since the samples before."""
        frame, addresses = self.addresses.intern(counters.described(decoded).hstack(self._rates.update(decoded)))
        if self._beside:
            frame = frame.with_columns(self._told.interfaces(frame, exporters))
        codes, known = _exporters(frame, exporters)
        named = self.exporters(known[VALUE].to_list()).select(pl.col(VALUE, "^name$"))
        return Flows(frame.with_columns(codes), {"addresses": addresses, "exporters": named}, COUNTERS)

    def discards(self, decoded: pl.DataFrame, exporters: Sequence[str]) -> Flows:
        """`Decoded.discards` as rows of the dataset DISCARDS."""
        flows = self.enrich(decoded, exporters)
        return Flows(discards.described(flows.frame), flows.tables, DISCARDS)

    def exporters(self, addresses: Sequence[str]) -> pl.DataFrame:
        """The table of exporters with these addresses, as it is beside flows."""
        known = pl.DataFrame({VALUE: pl.Series(addresses, dtype=pl.String)})
        if not self._beside:
            return known
        return self._sources.exporters(known.with_columns(self._exporter_names(known[VALUE])))

    def _book(self) -> AddressBook:
        """An empty one; in it addresses are described by what is known now."""
        attributes: dict[str, Attribute] = {"private": private, "multicast": multicast, "family": _family}
        if self._beside:
            attributes["domain"] = _domain
        for one in self._knowledge:
            attributes |= one.attributes()
        return AddressBook(attributes, self._choices.addresses, self.hosts.forget if self.hosts else None)

    def _more(
        self, frame: pl.DataFrame, addresses: pl.DataFrame, exporters: Sequence[str]
    ) -> tuple[list[pl.Series], dict[str, pl.DataFrame]]:
        """What is known beside the records, as columns and tables."""
        told, tables = self._told.enrich(frame, exporters)
        vendors, organisations = mac_vendors(frame)
        services = self._sources.find(frame, addresses)
        applications = self._sources.applications(services, _last(APPLICATION, frame, told))
        directions = traffic(frame.with_columns(told), addresses, tables.get(INTERFACES))
        tags, tagged = self._reputation.enrich(frame, addresses) if self._reputation else ([], {})
        ends = roles.columns(frame, addresses, None if services is None else services.masks())
        for one in self._knowledge:
            addresses = one.describe(addresses)
        systems = _systems(frame, addresses, self._choices.exporters_as)
        tables |= tagged | organisations | {"addresses": addresses.drop(UNNAMED, strict=False)}
        beside = [*icmp_names(frame), *vendors, *applications]
        return [*told, *directions, *tags, *ends, *systems, *beside], tables

    def _exporters(self, frame: pl.DataFrame, exporters: Sequence[str]) -> tuple[pl.Series, pl.DataFrame]:
        codes, known = _exporters(frame, exporters)
        return codes, known.with_columns(self._exporter_names(known[VALUE])) if self._beside else known

    def _exporter_names(self, addresses: pl.Series) -> pl.Series:
        return (self.hosts.of(addresses) if self.hosts else addresses).alias("name")


def _last(name: str, frame: pl.DataFrame, added: Sequence[pl.Series]) -> pl.Series | None:
    """A column as it will be in the end."""
    new = [one for one in added if one.name == name]
    return new[-1] if new else frame[name] if name in frame.columns else None


def _exporters(frame: pl.DataFrame, exporters: Sequence[str]) -> tuple[pl.Series, pl.DataFrame]:
    """The exporters of this batch alone, and the column of row numbers in that table."""
    codes, used = compacted(frame["host.ip"].to_numpy(), len(exporters))
    return pl.Series("host.ip", codes), pl.DataFrame({VALUE: [exporters[row] for row in used.tolist()]})


def _domain(new: pl.DataFrame) -> pl.Series:
    """The address itself where no name is known: dashboards group on it."""
    return new[VALUE]


def _family(new: pl.DataFrame) -> pl.Series:
    four = is_ipv4(new["hi"].to_numpy(), new["lo"].to_numpy())
    return pl.Series("family", np.where(four, IPV4, IPV6).astype(np.uint8))


def _network_type(frame: pl.DataFrame, addresses: pl.DataFrame) -> list[pl.Series]:
    """That of the addresses, whichever of the two a flow has."""
    ends = [end for end in ("source.ip", "destination.ip") if end in frame.columns]
    if not ends:
        return []
    codes = frame[ends[0]] if not frame[ends[0]].null_count() else frame.select(pl.coalesce(ends)).to_series()
    return [addresses["family"].gather(codes).alias("network.type")]


def _systems(frame: pl.DataFrame, addresses: pl.DataFrame, exporters_first: bool) -> list[pl.Series]:
    """AS numbers of both ends, by the databases and by the exporter."""
    out = []
    for end in ("source", "destination"):
        told = frame.get_column(f"{end}.as.number", default=None)
        if NUMBER in addresses.columns and f"{end}.ip" in frame.columns:
            found = _present(addresses[NUMBER], frame[f"{end}.ip"])
            both = [found] if told is None else [told, found] if exporters_first else [found, told]
            out.append(pl.select(pl.coalesce(both)).to_series().alias(f"{end}.as.number"))
    return out


def _present(numbers: pl.Series, codes: pl.Series) -> pl.Series:
    """The numbers of addresses, of which none is 0: gathering those that may be null takes several times as long."""
    found = numbers.fill_null(0).gather(codes)
    return columns.nulled(found, (found > 0).fill_null(False).to_numpy())


def _services(frame: pl.DataFrame) -> list[pl.Series]:
    """Row numbers in the table of services for both ports."""
    if "network.iana_number" not in frame.columns:
        return []
    protocols = frame["network.iana_number"].fill_null(0).to_numpy()
    out = []
    for name, port in (("flow.src_port_name", "source.port"), ("flow.dst_port_name", "destination.port")):
        if port in frame.columns:
            ports = frame[port]
            rows, some = registry.service_codes(protocols, ports.fill_null(0).to_numpy())
            out.append(columns.codes(name, rows, some & ports.is_not_null().to_numpy()))
    return out
