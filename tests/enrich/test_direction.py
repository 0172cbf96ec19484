"""Where flows go, seen from the operator's networks."""

from ipaddress import ip_network

import polars as pl
import pytest

from collector.enrich.direction import traffic
from collector.enrich.enricher import Enricher
from collector.enrich.networks import Networks
from collector.registry import table
from tests.enrich.lookups import flows

OWN, OWN_6, OTHER, OTHER_6 = "9.9.9.9", "2a00:1::1", "8.8.8.8", "2606:4700::1"
LOCAL = (ip_network("9.9.9.0/24"), ip_network("2a00:1::/32"))
INSIDE, OUTSIDE = ["10.0.0.1", "100.64.0.1", "fe80::1", "fd00::1", OWN, OWN_6], [OTHER, OTHER_6, "9.9.8.9"]
GROUPS = ["224.0.0.251", "255.255.255.255", "ff02::fb"]
GOLDEN = [
    *(((source, "10.9.9.9"), "private", "internal") for source in INSIDE),
    *((("10.9.9.9", destination), "private", "internal") for destination in [*INSIDE, *GROUPS]),
    *(((OWN, group), "private", "internal") for group in GROUPS),
    *(((source, OTHER), "public", "outbound") for source in INSIDE),
    *(((source, OTHER), "public", "external") for source in OUTSIDE),
    *(((source, OWN), "public", "inbound") for source in OUTSIDE),
    *(((OTHER, destination), "public", "inbound") for destination in [*INSIDE, *GROUPS]),
]


def told(frame: pl.DataFrame, networks: Networks | None = None) -> list[tuple[str | None, str | None]]:
    """Locality and direction of each flow."""
    enriched = Enricher(networks=networks).enrich(frame, ["192.0.2.1"])
    return enriched.wide(["flow.traffic_locality", "network.direction"]).rows()


def test_locality_and_direction_follow_from_who_is_inside() -> None:
    found = told(flows(*(pair for pair, _, _ in GOLDEN)), Networks(local=LOCAL))
    assert [(pair, *cells) for (pair, _, _), cells in zip(GOLDEN, found, strict=True)] == GOLDEN


def test_without_own_networks_private_addresses_are_inside() -> None:
    assert told(flows(("10.0.0.1", OWN), (OWN, "10.0.0.1"), (OWN, OTHER))) == [
        ("public", "outbound"),
        ("public", "inbound"),
        ("public", "external"),
    ]


@pytest.mark.parametrize(("side", "expected"), [(0, "inbound"), (1, "outbound"), (None, None)])
def test_where_an_address_is_missing_the_side_of_the_interface_tells(side: int | None, expected: str | None) -> None:
    sides = pl.Series([side, side], dtype=pl.UInt8)
    frame = flows((None, "10.0.0.1"), ("10.0.0.1", OTHER), **{"flow.direction": sides})
    assert [direction for _, direction in told(frame)] == [expected, "outbound"]


def test_flows_without_addresses_have_the_direction_of_the_interface() -> None:
    frame = pl.DataFrame({"host.ip": pl.Series([0], dtype=pl.UInt32), "flow.direction": pl.Series([1], dtype=pl.UInt8)})
    assert Enricher().enrich(frame, ["192.0.2.1"]).column("network.direction").to_list() == ["outbound"]


def test_interfaces_that_lead_outside_tell_what_crosses_them() -> None:
    roles = ["internal", "external", "uplink", None]
    pairs = {
        ("internal", "external"): "outbound",
        ("external", "internal"): "inbound",
        ("external", "external"): "external",
        ("internal", "internal"): "addresses",
        ("external", "uplink"): "addresses",
        (None, "external"): "addresses",
    }
    codes = {
        "flow.input_ifname": pl.Series([roles.index(ingress) for ingress, _ in pairs], dtype=pl.UInt32),
        "flow.output_ifname": pl.Series([roles.index(egress) for _, egress in pairs], dtype=pl.UInt32),
        **{end: pl.Series([0] * len(pairs), dtype=pl.UInt32) for end in ("source.ip", "destination.ip")},
    }
    addresses = pl.DataFrame({"inside": [True], "multicast": [False]})
    _, direction = traffic(pl.DataFrame(codes), addresses, pl.DataFrame({"role": roles}))
    found = table("network_directions")["value"].gather(direction).to_list()
    assert found == ["internal" if expected == "addresses" else expected for expected in pairs.values()]
