"""Flow by flow and field by field as nfdump reads them: docs/oracles.md tells of what differs, and who is right."""

from pathlib import Path

import pytest

from tests.oracles import nfdump
from tests.oracles.records import (
    BASICS,
    INTERFACES,
    MACS,
    ROUTES,
    SYSTEMS,
    TIMES,
    VLANS,
    compared,
    differences,
    ours,
)
from tests.oracles.traffic import NETFLOW, SFLOW, exports

pytestmark = [pytest.mark.peer, nfdump.needs_nfdump]
AGREED = {
    "netflow5": {"source_mask", "destination_mask"},  # nfcapd 1.7.1 leaves those of v5 out
    "softflowd -v 10": {"start", "end"},  # nfcapd 1.7.1 takes elements 21 and 22 for each other
    "sflow": {"start missing", "end missing"},  # sfcapd's time of receipt: a sampled packet has no other
    "pmacct sflow": {"start missing", "end missing", "input missing", "output missing"},  # 0x3fffffff is no ifIndex
}
COMPARED = {
    "netflow5": INTERFACES | SYSTEMS | TIMES | {"next_hop"},
    "netflow9": INTERFACES | SYSTEMS | ROUTES | TIMES,
    "ipfix": INTERFACES | SYSTEMS | ROUTES | TIMES | {"vlan"},
    "ipfix-varlen": INTERFACES | SYSTEMS | TIMES | {"vlan"},
    "sflow": INTERFACES | ROUTES | VLANS | MACS,
    "pmacct 9": TIMES | MACS,
    "pmacct 10": TIMES | MACS,
    "pmacct sflow": MACS,
    "nprobe 9": INTERFACES | SYSTEMS | ROUTES | TIMES | VLANS | MACS,
    "nprobe 10": INTERFACES | SYSTEMS | ROUTES | TIMES | VLANS | MACS,
}
"""What both must tell beside the basics; by default the times."""


@pytest.mark.parametrize("name", NETFLOW)
def test_every_field_is_as_nfcapd_records_it(name: str, tmp_path: Path) -> None:
    datagrams = exports(name)
    mine, theirs = ours(datagrams), nfdump.netflow(datagrams, tmp_path)
    assert set(differences(mine, theirs)) <= AGREED.get(name, set())
    assert compared(mine, theirs) >= BASICS | COMPARED.get(name, TIMES)


@pytest.mark.parametrize("name", SFLOW)
def test_every_field_is_as_sfcapd_records_it(name: str, tmp_path: Path) -> None:
    """sfcapd scales by the sampling rate; nfcapd 1.7.1 does not scale NetFlow by what options data teaches it."""
    datagrams = exports(name)
    mine, theirs = ours(datagrams, scaled=True), nfdump.sflow(datagrams, tmp_path)
    assert set(differences(mine, theirs)) <= AGREED[name]
    assert compared(mine, theirs) >= BASICS | COMPARED[name]
