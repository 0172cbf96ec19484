"""Names beside numbers, for the flows of a batch."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from collector.enrich.enricher import Choices, Enricher
from collector.enrich.geo import Geo
from collector.flows import Flows
from tests.builders.mmdb import write

EXPORTERS = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
MAPPED = 0xFFFF << 32
PRIVATE, PUBLIC = MAPPED | 0x0A000001, MAPPED | 0x08080808


def enriched(names: bool = True, **columns: Sequence[int | None]) -> Flows:
    """One batch through a new enricher; addresses are lower halves."""
    types = {"port": pl.UInt16, "iana_number": pl.UInt8}
    made = {"host.ip": pl.Series(columns.pop("exporter", [2]), dtype=pl.UInt32)}
    for key, cells in columns.items():
        name = key.replace("_", ".", 1)
        if name.endswith(".ip"):
            made[f"{name}.hi"] = pl.Series([None if cell is None else 0 for cell in cells], dtype=pl.UInt64)
            made[f"{name}.lo"] = pl.Series(cells, dtype=pl.UInt64)
        else:
            made[name] = pl.Series(cells, dtype=types[name.partition(".")[2]])
    return Enricher(names).enrich(pl.DataFrame(made), EXPORTERS)


def test_a_batch_knows_only_its_own_exporters() -> None:
    flows = enriched(exporter=[2, 0, 2], source_ip=[PRIVATE] * 3)
    assert flows.tables["exporters"]["value"].to_list() == ["192.0.2.1", "192.0.2.3"]
    assert flows.column("host.ip").to_list() == ["192.0.2.3", "192.0.2.1", "192.0.2.3"]
    assert flows.column("host.name").to_list() == ["192.0.2.3", "192.0.2.1", "192.0.2.3"]


def test_the_network_type_is_that_of_the_address_there_is() -> None:
    flows = enriched(exporter=[0] * 4, source_ip=[PRIVATE, None, 1, None], destination_ip=[PRIVATE, 1, 1, None])
    assert flows.column("network.type").to_list() == ["ipv4", "ipv6", "ipv6", None]


def test_traffic_is_private_where_both_ends_are() -> None:
    ends = [PRIVATE, PRIVATE, PUBLIC], [PRIVATE, PUBLIC, PUBLIC]
    flows = enriched(exporter=[0] * 3, source_ip=ends[0], destination_ip=ends[1])
    assert flows.column("flow.traffic_locality").to_list() == ["private", "public", "public"]


def test_ports_and_protocols_have_names() -> None:
    flows = enriched(
        exporter=[0] * 4,
        network_iana_number=[6, 17, 6, 1],
        source_port=[443, 53, 1, None],
        destination_port=[50000, 123, None, None],
    )
    assert flows.column("network.transport").to_list() == ["tcp", "udp", "tcp", "icmp"]
    assert flows.column("flow.src_port_name").to_list() == ["https", "domain", "tcpmux", None]
    assert flows.column("flow.dst_port_name").to_list() == ["tcp/50000", "ntp", None, None]


def test_a_domain_is_the_address_where_no_name_is_known() -> None:
    assert enriched(source_ip=[PRIVATE]).column("source.domain").to_list() == ["10.0.0.1"]


def test_without_names_flows_have_what_the_exporter_said() -> None:
    names = enriched(names=False, source_ip=[PRIVATE], network_iana_number=[6], source_port=[443]).names()
    assert "source.domain" not in names
    assert "host.name" not in names
    assert "flow.src_port_name" not in names


def test_no_flows_are_no_flows() -> None:
    assert len(Enricher().enrich(pl.DataFrame(), EXPORTERS)) == 0


def test_the_client_and_the_service_are_told_apart() -> None:
    flows = enriched(
        exporter=[0] * 4,
        source_ip=[PRIVATE, PUBLIC, PRIVATE, PRIVATE],
        destination_ip=[PUBLIC, PRIVATE, MAPPED | 0xE0000001, PUBLIC],
        network_iana_number=[6, 6, 17, 1],
        source_port=[50000, 443, 5353, None],
        destination_port=[443, 50000, 5353, None],
    )
    assert flows.column("flow.client_end").to_list() == ["source", "destination", "source", "source"]
    assert flows.column("flow.client_server_by").to_list() == ["port", "port", "multicast", "order"]
    assert flows.column("flow.service_port").to_list() == [443, 443, 5353, None]
    assert flows.column("flow.service_name").to_list() == ["https", "https", "mdns", None]


@pytest.mark.parametrize(("exporters_as", "expected"), [(False, [64496, 65001, None]), (True, [65000, 65001, None])])
def test_as_numbers_come_from_the_database_or_the_exporter(
    tmp_path: Path, exporters_as: bool, expected: list[int | None]
) -> None:
    geo = Geo([write(tmp_path / "as.mmdb", {"8.8.8.0/24": {"asn": "AS64496", "as_name": "Example"}})])
    frame = pl.DataFrame(
        {
            "host.ip": pl.Series([0, 0, 0], dtype=pl.UInt32),
            "source.ip.hi": pl.Series([0, 0, 0], dtype=pl.UInt64),
            "source.ip.lo": pl.Series([PUBLIC, PRIVATE, PRIVATE], dtype=pl.UInt64),
            "source.as.number": pl.Series([65000, 65001, None], dtype=pl.UInt32),
        }
    )
    flows = Enricher(geo=geo, choices=Choices(exporters_as=exporters_as)).enrich(frame, EXPORTERS)
    assert flows.column("source.as.number").to_list() == expected
    assert flows.column("source.as.organization.name").to_list() == ["Example", "private", "private"]


def test_a_changed_database_holds_from_the_next_batch_on(tmp_path: Path) -> None:
    path = tmp_path / "place.mmdb"
    enricher = Enricher(geo=Geo([write(path, {"8.8.8.0/24": {"city": "Here"}})]))
    frame = pl.DataFrame(
        {
            "host.ip": pl.Series([0], dtype=pl.UInt32),
            "source.ip.hi": pl.Series([0], dtype=pl.UInt64),
            "source.ip.lo": pl.Series([PUBLIC], dtype=pl.UInt64),
        }
    )
    assert enricher.enrich(frame, EXPORTERS).column("source.geo.city_name").to_list() == ["Here"]
    write(path, {"8.8.8.0/24": {"city": "Elsewhere"}})
    enricher.refresh()
    assert enricher.enrich(frame, EXPORTERS).column("source.geo.city_name").to_list() == ["Elsewhere"]
