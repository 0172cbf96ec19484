"""Lean documents leave out what other fields say, and nothing else."""

import json
from datetime import datetime
from typing import Any

import polars as pl

from collector.flows import Flows
from collector.registry import VALUE
from collector.store.documents import documents

TIME = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - the columns hold naive times in UTC
TABLES = {
    "addresses": pl.DataFrame({VALUE: ["192.0.2.1", "192.0.2.2"], "domain": ["a.example", "192.0.2.2"]}),
    "interfaces": pl.DataFrame({VALUE: ["eth0", "index: 7"]}),
}


def lean(**columns: tuple[list[Any], Any]) -> list[Any]:
    """The documents of flows with these columns, `_` for the first `.`."""
    made = [pl.Series(name.replace("_", ".", 1), values, dtype) for name, (values, dtype) in columns.items()]
    return [json.loads(line) for line in documents(Flows(pl.DataFrame(made), TABLES), full=False)]


def test_an_address_is_no_domain() -> None:
    assert lean(source_ip=([0, 1], pl.UInt32)) == [
        {"source": {"ip": "192.0.2.1", "domain": "a.example"}},
        {"source": {"ip": "192.0.2.2"}},
    ]


def test_an_interface_is_told_once() -> None:
    numbers, names = ([3, 7], pl.UInt32), ([0, 1], pl.UInt32)
    assert lean(flow_input_snmp=numbers, flow_input_ifname=names, flow_output_snmp=numbers) == [
        {"flow": {"input_ifname": "eth0", "output_snmp": 3}},
        {"flow": {"input_ifname": "index: 7", "output_snmp": 7}},
    ]


def test_volumes_of_one_direction_are_told_once() -> None:
    counts = {"network_bytes": ([9, 8], pl.UInt64), "source_bytes": ([9, 5], pl.UInt64)}
    assert lean(**counts) == [{"network": {"bytes": 9}}, {"network": {"bytes": 8}}]
    assert lean(**counts, destination_bytes=([None, 3], pl.UInt64)) == [
        {"network": {"bytes": 9}},
        {"network": {"bytes": 8}, "source": {"bytes": 5}, "destination": {"bytes": 3}},
    ]
    assert lean(source_bytes=([9], pl.UInt64)) == [{"source": {"bytes": 9}}]


def test_the_end_is_told_where_the_timestamp_is_another() -> None:
    times, later = [TIME, TIME], [TIME, TIME.replace(second=6)]
    found = lean(**{"@timestamp": (times, pl.Datetime("ms")), "event_end": (later, pl.Datetime("ms"))})
    assert [document.get("event") for document in found] == [None, {"end": "2026-01-02T03:04:06.000Z"}]
