"""Flows as every decoder can tell them, and their comparison field by field."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from collector.datagram import Datagram
from collector.decode.decoder import Decoder
from tests.decode.flow_reading import Row, read

Record = dict[str, Any]
"""A flow: times in ms since 1970, flags as a number. What a decoder does not tell is not there."""
NAMES = {
    "source": "source.ip",
    "destination": "destination.ip",
    "source_port": "source.port",
    "destination_port": "destination.port",
    "protocol": "network.iana_number",
    "tos": "flow.tos",
    "input": "flow.input_snmp",
    "output": "flow.output_snmp",
    "source_as": "source.as.number",
    "destination_as": "destination.as.number",
    "source_mask": "flow.src_mask_len",
    "destination_mask": "flow.dst_mask_len",
    "next_hop": "flow.next_hop",
    "vlan": "flow.vlan",
    "post_vlan": "flow.post_vlan",
    "source_mac": "source.mac",
    "destination_mac": "destination.mac",
    "sampling": "flow.sampling_interval",
    "application": "network.application",
    "host": "flow.http_host",
    "query": "flow.dns_query",
}
KEY = ("source", "destination", "source_port", "destination_port", "protocol", "packets", "bytes")
"""By these a flow is found again among those of another decoder."""
ICMP = (1, 58)
HALF = 1 << 31
"""Of the milliseconds after which an uptime begins anew."""
FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
BASICS = {*KEY, "flags", "tos"}
TIMES = {"start", "end"}
INTERFACES = {"input", "output"}
SYSTEMS = {"source_as", "destination_as"}
ROUTES = {"source_mask", "destination_mask", "next_hop"}
VLANS = {"vlan", "post_vlan"}
MACS = {"source_mac", "destination_mac"}
STRINGS = {"application", "host", "query"}


def ours(datagrams: Sequence[Datagram], *, scaled: bool = False) -> list[Record]:
    """The flows as the collector decodes them, with counts as exported or scaled by the sampling rate."""
    return [_record(row, scaled) for row in read(Decoder().decode(datagrams).flows)]


def _record(row: Row, scaled: bool) -> Record:
    out = {name: row[field] for name, field in NAMES.items() if field in row}
    for name in ("bytes", "packets"):
        total = row[f"network.{name}"]
        out[name] = total if scaled else row.get(f"flow.{name}_unscaled", total)
    for name in ("start", "end"):
        if f"event.{name}" in row:
            out[name] = round(row[f"event.{name}"] * 1000)
    out["flags"] = sum(1 << FLAGS.index(one) for one in row.get("flow.tcp_flags", ()))
    return out


def moment(exported: int, now: int, uptime: int) -> int:
    """Milliseconds since 1970 of an uptime, from the time of export and the uptime then; uptimes wrap at 32 bits."""
    return exported - ((now - uptime + HALF) % (2 * HALF) - HALF)


def differences(mine: Iterable[Record], theirs: Iterable[Record]) -> Counter[str]:
    """How often each field differs, `missing` where another decoder tells what the collector lacks.

    A flow without its like counts under `only here` or `only there`.
    """
    found, left = Counter[str](), _by_key(mine)
    for record in map(_comparable, theirs):
        likes = left[_key(record)]
        if not likes:
            found["only there"] += 1
            continue
        like = min(likes, key=lambda one: len(_differing(one, record)))
        likes.remove(like)
        found.update(_differing(like, record))
    found["only here"] += sum(map(len, left.values()))
    return +found


def compared(mine: Iterable[Record], theirs: Iterable[Record]) -> set[str]:
    """The fields that both tell of any flow."""
    return _told(mine) & _told(theirs)


def _told(records: Iterable[Record]) -> set[str]:
    return {name for record in records for name in record}


def _by_key(records: Iterable[Record]) -> dict[tuple[Any, ...], list[Record]]:
    out = defaultdict[tuple[Any, ...], list[Record]](list)
    for record in map(_comparable, records):
        out[_key(record)].append(record)
    return out


def _key(record: Record) -> tuple[Any, ...]:
    return tuple(record.get(name) for name in KEY)


def _comparable(record: Record) -> Record:
    """Without ports of ICMP, for which each program has a convention of its own."""
    drop = ("source_port", "destination_port") if record["protocol"] in ICMP else ()
    return {name: value for name, value in record.items() if name not in drop}


def _differing(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> set[str]:
    """A zero, or an address of zeros, may also be left out."""
    return {
        name if name in mine else f"{name} missing"
        for name, value in theirs.items()
        if mine.get(name) != value and not (name not in mine and value in (0, "", "0.0.0.0", "::"))
    }
