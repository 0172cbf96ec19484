"""Flow by flow and field by field as tshark reads them: docs/oracles.md tells of what differs, and who is right."""

from pathlib import Path

import pytest

from tests.oracles import tshark
from tests.oracles.records import (
    BASICS,
    INTERFACES,
    MACS,
    ROUTES,
    STRINGS,
    SYSTEMS,
    TIMES,
    VLANS,
    compared,
    differences,
    ours,
)
from tests.oracles.traffic import NETFLOW, SFLOW, exports

pytestmark = [pytest.mark.peer, tshark.needs_tshark]
AGREED = {
    "pmacct sflow": {"input missing", "output missing"},  # 0x3fffffff is no ifIndex
}
COMPARED = {
    "netflow5": INTERFACES | SYSTEMS | ROUTES | TIMES,
    "netflow9": INTERFACES | SYSTEMS | ROUTES | TIMES,
    "ipfix": INTERFACES | SYSTEMS | ROUTES | TIMES | {"vlan"},
    "ipfix-varlen": INTERFACES | SYSTEMS | TIMES | STRINGS | {"vlan"},
    "sflow": INTERFACES | ROUTES | VLANS | MACS | {"sampling"},
    "softflowd -v 10": INTERFACES,  # tshark tells no times: IPFIX has no uptime in its header
    "pmacct 9": TIMES | MACS,
    "pmacct 10": TIMES | MACS,
    "pmacct sflow": MACS | {"sampling"},
    "nprobe 9": INTERFACES | SYSTEMS | ROUTES | TIMES | VLANS | MACS | STRINGS,
    "nprobe 10": INTERFACES | SYSTEMS | ROUTES | TIMES | VLANS | MACS | STRINGS,
}
"""What both must tell beside the basics; by default the times."""


@pytest.mark.parametrize("name", [*NETFLOW, *SFLOW])
def test_every_field_is_as_tshark_reads_it(name: str, tmp_path: Path) -> None:
    datagrams = exports(name)
    mine, theirs = ours(datagrams), (tshark.sflow if name in SFLOW else tshark.netflow)(datagrams, tmp_path)
    assert set(differences(mine, theirs)) <= AGREED.get(name, set())
    assert compared(mine, theirs) >= BASICS | COMPARED.get(name, TIMES)
