"""Organisations of MAC addresses."""

import pytest

from collector.enrich.vendors import vendor
from tests.builders.netflow import Template, ipfix
from tests.enrich.test_names import Place, one

NAMES = ("flow.src_mac_oui", "flow.dst_mac_oui")
TEMPLATE = Template(400, [(56, 6), (80, 6)])


@pytest.mark.parametrize(
    ("mac", "expected"),
    [
        pytest.param("00:00:0c:01:02:03", "Cisco Systems, Inc", id="registered"),
        pytest.param("02:00:0c:01:02:03", None, id="locally administered"),
        pytest.param("00:50:c2:00:0f:ff", "T.L.S. Corp.", id="a block of 4096"),
        pytest.param("40:d8:55:ff:ff:ff", None, id="a block that nobody has"),
        pytest.param("ff:ff:ff:ff:ff:ff", None, id="broadcast"),
        pytest.param("01:00:5e:00:00:01", None, id="multicast"),
        pytest.param("70:b3:d5:10:00:00", None, id="shared out in smaller blocks"),
    ],
)
def test_an_address_has_the_organisation_it_is_registered_to(mac: str, expected: str | None) -> None:
    assert vendor(mac) == expected


def test_flows_with_addresses_have_both_names() -> None:
    row = one(ipfix(TEMPLATE.define(), TEMPLATE.data(("00:00:0c:01:02:03", "08:00:20:01:02:03"), padding=0)))
    assert tuple(row.get(name) for name in NAMES) == ("Cisco Systems, Inc", "Oracle Corporation")


def test_both_ends_share_names_and_unknown_ones_have_none() -> None:
    data = TEMPLATE.data(
        ("02:00:00:00:00:01", "00:00:0c:01:02:03"), ("00:00:0c:99:02:03", "02:00:00:00:00:01"), padding=0
    )
    rows = Place().rows(ipfix(TEMPLATE.define(), data))
    assert [tuple(row.get(name) for name in NAMES) for row in rows] == [
        (None, "Cisco Systems, Inc"),
        ("Cisco Systems, Inc", None),
    ]


def test_where_no_address_is_registered_there_is_no_column() -> None:
    data = TEMPLATE.data(("02:00:00:00:00:01", "02:00:00:00:00:02"), padding=0)
    assert not {*NAMES} & set(Place().take(ipfix(TEMPLATE.define(), data)).names())
