"""What the collector would have noted about itself and the exporters, minute by minute."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.datagram import Datagram
from collector.demo import tables
from collector.demo.flows import ACCESS, BRANCH, CORE, Rows
from collector.demo.incidents import FLOOD_AT, FLOOD_LASTS, MINUTE, Span
from collector.demo.netflow import IPFIX, NETFLOW9, SAMPLING, Device
from collector.demo.switches import RATES
from collector.enrich.inventory import Inventory
from collector.flows import Flows
from collector.health.rows import made
from collector.registry import VALUE

NAMES = {NETFLOW9: "NetFlow v9", IPFIX: "IPFIX"}
UNITS = {NETFLOW9: "datagrams", IPFIX: "records"}
COLLECTOR = "collector.fra.example.net"
NANOSECONDS = 1_000_000
KERNEL_DROPS = 0.004
"""Of the datagrams of the flood's minutes, those that found the receive buffer full."""
UNKNOWN_EVERY, UNKNOWN_AT, UNKNOWN, UNKNOWN_RECORD = 60, 17, 3, "sflow-unknown-record"
"""In one of so many minutes an exporter sends so many records that nobody knows."""
CPU, CPU_A_FLOW = 0.6, 2.5e-4
"""Percent of a core: without flows, and for each in a minute."""
MEMORY, MEMORY_A_MINUTE = 310 << 20, 24_000
Counts = npt.NDArray[np.int64]


class Minutes:
    """Counts datagrams and flows by exporter and minute."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._first = span.start // MINUTE
        self._count = span.end // MINUTE - self._first + 2
        self._addresses = [row["exporter"] for row in tables.rows("exporters")]
        self._flows = np.zeros((len(self._addresses), self._count), np.int64)
        self._datagrams = np.zeros_like(self._flows)

    def add(self, flows: Rows, datagrams: Sequence[Datagram]) -> None:
        """Count some."""
        rows = {address: row for row, address in enumerate(self._addresses)}
        whose = np.array([rows[one.exporter] for one in datagrams], np.int64)
        when = np.array([one.received // NANOSECONDS for one in datagrams], np.int64)
        np.add.at(self._datagrams, (whose, when // MINUTE - self._first), 1)
        np.add.at(self._flows, (flows["exporter"].astype(np.int64), flows["end"] // MINUTE - self._first), 1)

    def rows(self, devices: Sequence[Device], silent: int) -> Flows:
        """Rows of the dataset HEALTH; the branch router told no templates in its first `silent` milliseconds."""
        last = self._span.end // MINUTE - self._first + 1
        rows = [row for minute in range(last) for row in self._minute(minute, devices, silent)]
        minutes = [self._first + minute for minute in range(last) for _ in range(len(self._addresses) + 1)]
        flows = made(rows, 0, MINUTE / 1000, _exporters)
        times = pl.Series("@timestamp", np.array(minutes, np.int64) * MINUTE).cast(pl.Datetime("ms"))
        return flows.over(flows.frame.with_columns(times, pl.lit(COLLECTOR).alias("health.collector")))

    def _minute(self, minute: int, devices: Sequence[Device], silent: int) -> Iterator[dict[str, Any]]:
        """A row an exporter, and one of the whole."""
        told = {device.row: self._of_device(device, minute, silent) for device in devices}
        for row, address in enumerate(self._addresses):
            yield {
                "host.ip": address,
                "health.scope": "exporter",
                "health.datagrams": int(self._datagrams[row, minute]),
                "health.flows": int(self._flows[row, minute]),
                "health.late": 0,
                **_problems(minute if row == ACCESS else None),
                "health.seconds_since_last": self._since(row, minute),
            } | told.get(row, _of_switch(row, int(self._datagrams[row, minute])))
        yield self._whole(minute)

    def _of_device(self, device: Device, minute: int, silent: int) -> dict[str, Any]:
        """What sequence numbers and templates tell of a router."""
        begin = (self._first + minute) * MINUTE
        lost = sum(begin <= time < begin + MINUTE for time in device.losses)
        came = int((self._datagrams if device.version == NETFLOW9 else self._flows)[device.row, minute])
        waits = device.row == BRANCH and begin + MINUTE < self._span.start + silent
        rate = SAMPLING if device.row == CORE else None
        return {
            "health.protocols": [NAMES[device.version]],
            "health.lost_unit": UNITS[device.version],
            "health.clock_skew": device.skew / 1000,
            "health.sampling_rate": rate,
            "health.templates": 0 if waits else len(device.templates) + len(device.options),
            "health.missing_templates": len(device.templates) if waits else 0,
            "health.sets_waiting": int(self._datagrams[device.row, : minute + 1].sum()) if waits else 0,
        } | _numbers(came, lost)

    def _since(self, row: int, minute: int) -> float:
        """Seconds since the last datagram at the end of a minute."""
        some = np.flatnonzero(self._datagrams[row, : minute + 1])
        return 60.0 * (minute - int(some[-1]) if len(some) else minute) + 1.0

    def _whole(self, minute: int) -> dict[str, Any]:
        begin, end = self._span.part(FLOOD_AT, FLOOD_LASTS)
        flooded = begin <= (self._first + minute) * MINUTE < end
        datagrams, flows = (int(counts[:, minute].sum()) for counts in (self._datagrams, self._flows))
        return {
            "health.scope": "collector",
            "health.datagrams": datagrams,
            "health.flows": flows,
            **_problems(minute),
            "health.kernel_drops": -(-datagrams * KERNEL_DROPS // 1) if flooded else 0,
            "health.queue_drops": 0,
            "health.failed_datagrams": 0,
            "health.stored": flows,
            "health.waiting": flows // 12,
            "health.rejected": 0,
            "health.exporters": len(self._addresses),
            "health.cpu_percent": round(CPU + CPU_A_FLOW * flows, 2),
            "health.memory_bytes": MEMORY + MEMORY_A_MINUTE * minute,
        }


def _problems(minute: int | None) -> dict[str, Any]:
    """Once an hour the access switch sends records that are unknown."""
    some = minute is not None and minute % UNKNOWN_EVERY == UNKNOWN_AT
    return {"health.problems": UNKNOWN if some else 0, "health.reasons": [UNKNOWN_RECORD] if some else None}


def _of_switch(row: int, datagrams: int) -> dict[str, Any]:
    return {
        "health.protocols": ["sFlow"],
        "health.lost_unit": "datagrams",
        "health.sampling_rate": RATES.get(row),
        "health.templates": 0,
        "health.missing_templates": 0,
        "health.sets_waiting": 0,
    } | _numbers(datagrams, 0)


def _numbers(came: int, lost: int) -> dict[str, Any]:
    share = round(100 * lost / (came + lost), 2) if came + lost else None
    return {"health.lost": lost, "health.expected": came + lost, "health.lost_percent": share}


def _exporters(addresses: Sequence[str]) -> pl.DataFrame:
    """The table of exporters with their names; each is there often, and looked up once."""
    some = pl.Series(VALUE, addresses, pl.String)
    distinct = some.unique(maintain_order=True)
    known = Inventory(tables.path("exporters")).describe(pl.DataFrame([distinct, distinct.alias("name")]))
    return some.to_frame().join(known, on=VALUE, how="left", maintain_order="left")
