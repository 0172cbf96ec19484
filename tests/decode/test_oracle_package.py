"""Flow by flow and field by field as the `netflow` package reads them: docs/oracles.md tells what it cannot read."""

import netflow.ipfix
import pytest

from tests.oracles import package
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
from tests.oracles.traffic import NETFLOW, exports

VARIABLE = ("ipfix-varlen", "nprobe 10")
"""Of these the package reads no set that is padded."""
COMPARED = {
    "netflow5": INTERFACES | SYSTEMS | ROUTES | TIMES,
    "netflow9": INTERFACES | SYSTEMS | ROUTES | TIMES,
    "ipfix": INTERFACES | SYSTEMS | ROUTES | TIMES | {"vlan"},
    "softflowd -v 10": INTERFACES,
    "pmacct 9": MACS,
    "pmacct 10": TIMES | MACS,
    "nprobe 9": INTERFACES | SYSTEMS | ROUTES | VLANS | MACS,
}
"""What both must tell beside the basics; by default the times."""


@pytest.mark.parametrize("name", [name for name in NETFLOW if name not in VARIABLE])
def test_every_field_is_as_the_package_reads_it(name: str) -> None:
    datagrams = exports(name)
    mine, theirs = ours(datagrams), package.netflow(datagrams)
    assert differences(mine, theirs) == {}
    assert compared(mine, theirs) >= BASICS | COMPARED.get(name, TIMES)


@pytest.mark.parametrize("name", VARIABLE)
def test_sets_of_variable_length_that_the_package_refuses(name: str) -> None:
    """It takes the padding that RFC 7011 section 3.3.1 allows for a broken record."""
    with pytest.raises(netflow.ipfix.PaddingCalculationError):
        package.netflow(exports(name))
    assert len(ours(exports(name))) == {"ipfix-varlen": 300, "nprobe 10": 4}[name]
