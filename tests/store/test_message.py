"""Flows in a line of text."""

import json

import polars as pl
import pytest

from collector import registry
from collector.flows import Flows
from collector.store.documents import documents

ADDRESSES = ["10.0.0.1", "198.51.100.2", "2001:db8::1"]


def batch(**columns: list[int | None]) -> Flows:
    """Flows of one exporter; `_` for `.` in the names of columns."""
    count = len(next(iter(columns.values())))
    types = {"ip": pl.UInt32, "port": pl.UInt16, "number": pl.UInt8, "bytes": pl.UInt64, "packets": pl.UInt64}
    made = [
        pl.Series(name.replace("_", ".", 1), values, types[name.rpartition("_")[2]]) for name, values in columns.items()
    ]
    constant = [pl.Series("host.ip", [0] * count, pl.UInt32), pl.Series("event.dataset", [0] * count, pl.UInt8)]
    tables = {"addresses": pl.DataFrame({"value": ADDRESSES}), "exporters": pl.DataFrame({"value": ["192.0.2.1"]})}
    return Flows(pl.DataFrame([*constant, *made]), tables)


def messages(flows: Flows, full: bool = False) -> list[str]:
    return [json.loads(document)["message"] for document in documents(flows, full=full, message=True)]


def test_all_that_a_line_has() -> None:
    flows = batch(
        source_ip=[0], source_port=[51234], destination_ip=[1], destination_port=[443],
        network_iana_number=[registry.TCP], network_bytes=[1500], network_packets=[3],
    )  # fmt: skip
    rows, _ = registry.service_codes(*(pl.Series(one).to_numpy() for one in ([registry.TCP], [443])))
    flows = flows.over(flows.frame.with_columns(pl.Series("flow.service_name", rows)))
    line = "netflow 192.0.2.1: 10.0.0.1:51234 -> 198.51.100.2:443 tcp https 1500 bytes 3 packets"
    assert messages(flows) == [line]


def test_what_a_flow_does_not_tell_is_left_out() -> None:
    flows = batch(
        source_ip=[0, None, 2], source_port=[None, 1, 2], destination_ip=[1, 2, None], network_bytes=[None, 5, 6]
    )
    assert messages(flows) == [
        "netflow 192.0.2.1: 10.0.0.1 -> 198.51.100.2",
        "netflow 192.0.2.1: -> 2001:db8::1 5 bytes",
        "netflow 192.0.2.1: [2001:db8::1]:2 6 bytes",
    ]


@pytest.mark.parametrize("full", [True, False])
def test_there_is_none_unless_asked_for(full: bool) -> None:
    assert "message" not in json.loads(documents(batch(source_ip=[0]), full=full)[0])
