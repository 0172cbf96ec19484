"""Type of service, code points, congestion and ICMP messages by name."""

from typing import Any

import pytest

from collector import registry
from collector.store.parquet.joining import joined
from tests.builders.netflow import Template, ipfix, netflow9
from tests.enrich.test_names import Place, one

MARKS = ("flow.tos", "flow.dscp", "flow.dscp_name", "flow.ecn")
MESSAGE = ("flow.icmp_type_name", "flow.icmp_code_name")


def told(fields: list[tuple[int, int]], *values: int) -> dict[str, Any]:
    """The flow of a record of such fields."""
    template = Template(400, fields)
    return one(ipfix(template.define(), template.data(values, padding=0)))


@pytest.mark.parametrize(
    ("byte", "marks"),
    [
        (0xB8, (0xB8, 46, "EF", "Not-ECT")),
        (0x29, (0x29, 10, "AF11", "ECT(1)")),
        (0x02, (0x02, 0, "CS0", "ECT(0)")),
        (0x0F, (0x0F, 3, "3", "CE")),
    ],
)
def test_the_byte_gives_code_point_and_congestion(byte: int, marks: tuple[Any, ...]) -> None:
    row = told([(5, 1)], byte)
    assert tuple(row.get(name) for name in MARKS) == marks


@pytest.mark.parametrize(("point", "marks"), [(46, (None, 46, "EF", None)), (64, (None,) * 4)])
def test_a_code_point_alone_has_a_name_and_says_nothing_of_the_rest(point: int, marks: tuple[Any, ...]) -> None:
    row = told([(195, 1), (1, 1)], point, 1)
    assert tuple(row.get(name) for name in MARKS) == marks


def test_flows_with_the_byte_and_flows_with_the_code_point_share_a_batch() -> None:
    whole, point = Template(400, [(8, 4), (5, 1)]), Template(401, [(8, 4), (195, 1)])
    rows = Place().rows(
        ipfix(whole.define(), whole.data(("10.0.0.1", 0xB8))),
        ipfix(point.define(), point.data(("10.0.0.2", 8)), sequence=1),
    )
    found = {row["source.ip"]: tuple(row.get(name) for name in MARKS) for row in rows}
    assert found == {"10.0.0.1": (0xB8, 46, "EF", "Not-ECT"), "10.0.0.2": (None, 8, "CS1", None)}


def test_batches_with_the_byte_and_batches_with_the_code_point_can_be_joined() -> None:
    whole, point = Template(400, [(5, 1)]), Template(401, [(195, 1)])
    parts = [Place().take(ipfix(one.define(), one.data((8,), padding=0))) for one in (whole, point)]
    assert joined(parts).column("flow.dscp").to_list() == [2, 8]


@pytest.mark.parametrize(
    ("protocol", "message", "names"),
    [
        (1, (8, 0), ("echo-request", None)),
        (1, (3, 3), ("destination-unreachable", "port-unreachable")),
        (1, (3, 99), ("destination-unreachable", None)),
        (1, (200, 0), ("200", None)),
        (58, (1, 4), ("destination-unreachable", "port-unreachable")),
        (58, (135, 0), ("neighbor-solicitation", None)),
        (17, (8, 0), (None, None)),
    ],
)
def test_messages_of_icmp_have_names(protocol: int, message: tuple[int, int], names: tuple[str | None, ...]) -> None:
    template = Template(400, [(4, 1), (139 if protocol == 58 else 32, 2)])
    row = one(netflow9(template.define9(), template.data((protocol, message[0] << 8 | message[1]), padding=0)))
    assert tuple(row.get(name) for name in MESSAGE) == names


def test_every_row_of_messages_is_reached() -> None:
    assert set(registry.icmp_rows().ravel()) == set(range(registry.table("icmp_messages").height))
