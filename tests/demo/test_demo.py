"""What a demo says it made is what is found in its store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from collector.datagram import Datagram
from collector.demo import tables
from collector.demo.fill import Demo, Wish, fill, pipeline
from collector.demo.flows import INCIDENTS
from collector.demo.made import Made
from collector.pipeline import Tallies
from collector.store.parquet.store import ParquetStore

FLOWS = 5_000
END = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
DATASETS = {"flows": "", "counters": "counters", "discards": "discards", "health": "health"}
INFECTED, SINKHOLE, SCANNER = "10.10.11.77", "192.88.99.66", "192.88.99.13"


@dataclass(frozen=True)
class Found:
    """A demo in a folder."""

    made: Made
    tallies: Tallies
    rows: Mapping[str, pl.DataFrame]

    @property
    def flows(self) -> pl.DataFrame:
        return self.rows["flows"]


def filled(folder: Path, wish: Wish) -> Found:
    into = pipeline(ParquetStore(folder))
    made = fill(into, wish)
    into.store.close(60.0)
    into.enricher.close()
    rows = {name: pl.read_parquet(folder / place / "date=*/*.parquet") for name, place in DATASETS.items()}
    return Found(made, into.tallies, rows)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return filled(tmp_path_factory.mktemp("demo"), Wish(FLOWS, end=END.timestamp()))


def volume(flows: pl.DataFrame) -> tuple[int, int, int]:
    return flows.height, int(flows["network.bytes"].sum()), int(flows["network.packets"].sum())


def incident(demo: Found, name: str) -> pl.DataFrame:
    own = {
        "scan": pl.col("source.ip") == SCANNER,
        "flood": pl.col("destination.port") == 27015,
        "backup": pl.col("flow.service_name") == "rsync",
        "infection": pl.col("destination.ip") == SINKHOLE,
        "denied": pl.col("event.action") == "flow-denied",
    }
    return demo.flows.filter(own[name])


def test_totals_are_those_of_the_store(demo: Found) -> None:
    assert demo.made.total.flows == FLOWS
    total = demo.made.total
    assert volume(demo.flows) == (total.flows, total.bytes, total.packets)


def test_every_exporter_has_its_share(demo: Found) -> None:
    told = {row["exporter"]: row["name"] for row in tables.rows("exporters")}
    assert demo.made.exporters.keys() == told.keys()
    for address, share in demo.made.exporters.items():
        flows = demo.flows.filter(pl.col("host.ip") == address)
        assert volume(flows) == (share.flows, share.bytes, share.packets)
        assert flows["host.name"].unique().to_list() == [told[address]]
    assert set(demo.flows["event.dataset"]) == {"netflow", "ipfix", "sflow"}


@pytest.mark.parametrize("name", INCIDENTS[1:])
def test_incidents_are_there(demo: Found, name: str) -> None:
    share = demo.made.incidents[name]
    assert share.flows > 10
    assert volume(incident(demo, name)) == (share.flows, share.bytes, share.packets)


def test_incidents_look_like_what_they_are(demo: Found) -> None:
    scan = incident(demo, "scan")
    assert set(scan["flow.tcp_flags"].list.join(" ")) == {"SYN"}
    assert scan["destination.ip"].n_unique() == scan.height
    flood = incident(demo, "flood")
    times = flood["@timestamp"]
    assert times.max() - times.min() <= pl.Series([600_000]).cast(pl.Duration("ms"))[0]  # type: ignore[operator]
    assert flood["destination.domain"].n_unique() == 1
    assert flood["source.ip"].n_unique() > flood.height / 2
    assert set(incident(demo, "backup")["event.end"].dt.hour()) <= {1, 2, 3}
    assert set(incident(demo, "infection")["source.ip"]) == {INFECTED}


def test_bad_company_has_tags(demo: Found) -> None:
    tagged = demo.flows.filter(pl.col("flow.rep_tags").is_not_null())
    assert set(tagged["flow.rep_tags"].explode()) == {"scanner", "bruteforce", "malware", "c2"}
    assert set(incident(demo, "infection")["flow.dst_rep_tags"].list.join(" ")) == {"c2 malware"}


def test_ipv6_has_names_and_places(demo: Found) -> None:
    six = demo.flows.filter((pl.col("network.type") == "ipv6") & (pl.col("network.direction") == "inbound"))
    assert six.height > FLOWS / 50
    for name in ("source.geo.country_name", "source.geo.location", "source.as.organization.name", "source.as.number"):
        assert not six[name].null_count()


def test_nothing_is_later_than_the_end(demo: Found) -> None:
    end = END.replace(tzinfo=None)
    for name, rows in demo.rows.items():
        last = rows["@timestamp"].dt.replace_time_zone(None).max()
        assert isinstance(last, datetime), name
        assert last <= end, name
    assert demo.flows["event.ingested"].dt.replace_time_zone(None).max() <= end  # type: ignore[operator]


def test_nights_are_quiet(demo: Found) -> None:
    office = demo.flows.filter(
        (pl.col("source.network.name") == "Office LAN") & (pl.col("flow.service_name") == "https")
    )
    hours = office["@timestamp"].dt.hour()
    assert (hours == 10).sum() > 5 * (hours == 3).sum()


def test_sampling_is_learned_and_told(demo: Found) -> None:
    rates = demo.flows.select("host.ip", "flow.sampling_interval", "flow.sampling_from").unique().drop_nulls()
    assert sorted(rates.iter_rows()) == [
        ("192.0.2.1", 1000, "options"),
        ("192.0.2.3", 10_000, "record"),
        ("192.0.2.5", 8192, "record"),
    ]


def test_the_decoder_finds_no_fault(demo: Found) -> None:
    assert not demo.tallies.reasons


def test_interfaces_are_counted(demo: Found) -> None:
    counters = demo.rows["counters"]
    assert counters.height == demo.made.counters == demo.tallies.counters
    assert set(counters["host.name"]) == {"access-1.vie.example.net", "spine-1.fra.example.net"}
    busy = counters.group_by("interface.name").agg(pl.col("interface.in.utilization").max())
    assert busy.height == 15
    assert busy["interface.in.utilization"].is_between(0, 100, closed="right").all()


def test_counters_and_sampled_packets_of_an_interface_agree(demo: Found) -> None:
    moved = pl.col("interface.in.bits_per_second") * pl.col("interface.interval") / 8
    counted = demo.rows["counters"].group_by("interface.name").agg(moved.sum().alias("counted"))
    sampled = demo.flows.group_by(pl.col("flow.input_ifname").alias("interface.name")).agg(
        pl.col("network.bytes").sum()
    )
    both = counted.join(sampled, on="interface.name").filter(pl.col("network.bytes") > 5e8)
    assert both.height >= 3
    assert (both["counted"] / both["network.bytes"]).is_between(0.7, 1.3).all()


def test_the_firewall_translates_both_ways(demo: Found) -> None:
    flows = demo.flows.filter(pl.col("host.ip") == "192.0.2.4")
    hidden = flows.filter(pl.col("source.nat.ip").is_not_null())
    assert hidden["source.nat.ip"].unique().to_list() == ["203.0.113.2"]
    assert set(hidden["network.direction"]) == {"outbound"}
    published = flows.filter(pl.col("destination.nat.ip").is_not_null())
    assert set(published["destination.nat.port"]) == {8443}
    assert set(published["network.direction"]) == {"inbound"}


def test_dropped_packets_have_reasons(demo: Found) -> None:
    discards = demo.rows["discards"]
    assert discards.height == demo.made.discards > 100
    assert discards["flow.drop_reason_name"].n_unique() == 5


def test_health_tells_the_troubles(demo: Found) -> None:
    health = demo.rows["health"]
    assert health.height == demo.made.health
    whole = health.filter(pl.col("health.scope") == "collector")
    exporters = health.filter(pl.col("health.scope") == "exporter")
    assert whole["health.flows"].sum() == exporters["health.flows"].sum() == FLOWS
    lost = exporters.group_by("host.ip").agg(pl.col("health.lost").sum()).filter(pl.col("health.lost") > 0)
    assert lost.rows() == [("192.0.2.1", demo.tallies.lost["NetFlow v9"])]
    of = {
        name: exporters.filter(pl.col("host.ip") == f"192.0.2.{row}") for row, name in ((4, "firewall"), (6, "branch"))
    }
    assert of["firewall"]["health.clock_skew"].unique().to_list() == [-40.0]
    assert of["branch"]["health.missing_templates"].max() == 3
    assert whole["health.kernel_drops"].sum() > 0
    assert exporters["health.reasons"].explode().drop_nulls().unique().to_list() == ["sflow-unknown-record"]


GROUPED = """
    network.application flow.service_name flow.src_port_name network.transport network.type network.direction
    flow.traffic_locality flow.client_end flow.client_server_by source.domain destination.domain source.network.name
    source.network.site source.network.role source.network.tags source.as.number source.as.organization.name
    source.geo.city_name source.geo.region_name source.geo.country_iso_code source.geo.location flow.next_as
    flow.previous_as flow.as_path flow.bgp_communities flow.next_hop host.geo.name host.type tags flow.input_ifname
    flow.input_ifalias flow.input_ifspeed flow.input_ifrole flow.output_ifname flow.output_ifspeed flow.direction
    flow.tcp_flags flow.tos flow.dscp_name flow.ecn flow.vlan source.mac flow.src_mac_oui flow.ttl flow.flow_label
    flow.icmp_type_name flow.icmp_code_name flow.end_reason flow.forwarding_status flow.application_id flow.input_vrf
    flow.output_vrf flow.class_name flow.sampler_name flow.user_name flow.http_host flow.dns_query event.action
    flow.extended_event flow.ingress_acl source.nat.ip source.nat.port flow.rep_tags flow.src_mask_len event.severity
"""


def test_fields_of_dashboards_are_filled(demo: Found) -> None:
    assert [name for name in GROUPED.split() if demo.flows[name].drop_nulls().n_unique() < 1] == []


def sent(seed: int) -> tuple[list[Datagram], Made]:
    demo = Demo(Wish(1_000, hours=1, seed=seed, end=END.timestamp()))
    return [datagram for part in range(demo.parts) for datagram in demo.datagrams(part)], demo.made


def test_same_seed_same_datagrams() -> None:
    first, again, other = sent(7), sent(7), sent(8)
    assert first == again
    assert first[1].total.flows == other[1].total.flows == 1_000
    assert first[1].total.bytes != other[1].total.bytes
