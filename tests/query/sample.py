"""A few flows that differ in every kind of field, and filters for them."""

from datetime import datetime, timedelta

import polars as pl

from collector.flows import Flows
from collector.registry import number_of

BEGIN = datetime(2026, 3, 1, 22, 30)  # noqa: DTZ001 - the columns hold naive times in UTC
APPLICATIONS = [
    "dns", "DNS", "web mail", 'quo"ted', "back\\slash", "wild*card", "wildXcard", "a/b", "žluť", "", None, "AND",
]  # fmt: skip
ADDRESSES = [
    "10.0.0.0", "10.255.255.255", "11.0.0.0", "192.0.2.1", "0.0.0.0", "255.255.255.255",
    "::", "2001:db8::", "2001:db8:0:ffff::1", "2001:db9::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
]  # fmt: skip


def sample() -> Flows:
    """24 flows, an hour and a bit apart."""
    count = 24
    rows = range(count)
    frame = {
        "@timestamp": pl.Series(
            [BEGIN + row * timedelta(minutes=61, milliseconds=7) for row in rows], dtype=pl.Datetime("ms")
        ),
        "event.dataset": pl.Series([number_of("datasets", "ipfix")] * count, dtype=pl.UInt8),
        "host.ip": pl.Series([row % 2 for row in rows], dtype=pl.UInt32),
        "network.application": pl.Series([APPLICATIONS[row % 12] for row in rows]),
        "network.bytes": pl.Series([10**row if row < 19 else None for row in rows], dtype=pl.UInt64),
        "source.bytes": pl.Series([10**row if row < 19 else None for row in rows], dtype=pl.UInt64),
        "network.iana_number": pl.Series([(6, 17, 1, None)[row % 4] for row in rows], dtype=pl.UInt8),
        "source.ip": pl.Series([row % 11 if row != 20 else None for row in rows], dtype=pl.UInt32),
        "source.port": pl.Series([(80, 443, 65535, 0)[row % 4] if row % 5 else None for row in rows], dtype=pl.UInt16),
        "flow.src_port_name": pl.Series([443 if row % 3 else None for row in rows], dtype=pl.UInt32),
        "flow.tcp_flags": pl.Series([(0, 2, 18, None, 255)[row % 5] for row in rows], dtype=pl.UInt8),
        "flow.mpls_labels": pl.Series(
            [(["16", "17"], [], None, ["17"])[row % 4] for row in rows], dtype=pl.List(pl.String)
        ),
        "flow.id": pl.Series([2**64 - 1 - row for row in rows], dtype=pl.UInt64),
        "flow.input_ifname": pl.Series([(0, 1, None)[row % 3] for row in rows], dtype=pl.UInt32),
        "source.mac": pl.Series(["02:00:00:00:00:01" if row % 2 else None for row in rows]),
    }
    tables = {
        "addresses": pl.DataFrame(
            {
                "value": ADDRESSES,
                "domain": [f"host-{row}.example.net" if row % 2 else None for row in range(11)],
                "geo.location": ["50.08,14.42", *[None] * 10],
            }
        ),
        "exporters": pl.DataFrame({"value": ["192.0.2.1", "2001:db8::2"], "name": ["core-1", "edge-1"]}),
        "interfaces": pl.DataFrame({"value": ["eth0", "index: 7"], "alias": ["to the core", None]}),
    }
    return Flows(pl.DataFrame(frame), tables)


FILTERS = [
    "*",
    "*:*",
    "source.port:443",
    "source.port:(80 OR 443)",
    "source.port:*",
    "_exists_:source.port",
    "NOT source.port:443",
    "NOT _exists_:source.port",
    "source.port:(NOT 443)",
    "source.port:>443",
    "source.port:>=443",
    "source.port:<443",
    "source.port:<=443",
    "source.port:(>=80 AND <65535)",
    "source.port:[80 TO 443]",
    "source.port:{80 TO 443}",
    "source.port:[80 TO 443}",
    "source.port:{80 TO *]",
    "source.port:[* TO *]",
    "source.port:[-5 TO 80]",
    "source.port:70000",
    "network.bytes:>1000",
    "network.bytes:1000000000000000000",
    "network.bytes:[0 TO 9000000000000000000]",
    "network.iana_number:6",
    "network.transport:tcp",
    "network.transport:TCP",
    "network.transport:*",
    "network.transport:(tcp OR udp)",
    'source.ip:"10.0.0.0/8"',
    'source.ip:"10.1.2.3/8"',
    "source.ip:10.0.0.0",
    'source.ip:"0.0.0.0/0"',
    'source.ip:"::/0"',
    'source.ip:"2001:db8::/32"',
    'source.ip:"2001:DB8:0::"',
    "source.ip:[10.0.0.0 TO 192.0.2.1]",
    "source.ip:{10.0.0.0 TO 192.0.2.1}",
    r"source.ip:>2001\:db8\:\:",
    "source.ip:<10.0.0.1",
    r"source.ip:>ffff\:ffff\:ffff\:ffff\:ffff\:ffff\:ffff\:fffe",
    "source.ip:*",
    "NOT source.ip:*",
    "destination.ip:*",
    "host.ip:192.0.2.1",
    'host.ip:("192.0.2.1" OR "2001:db8::2")',
    "host.name:core-1",
    "host.name:core*",
    "host.name:?ore-1",
    'host.name:"core*"',
    "host.name:c*1",
    "host.name:(core-1 OR edge-1)",
    "host.name:[core TO d]",
    "host.name:>core-1",
    "host.name:{core-1 TO *}",
    "source.domain:host-?.example.net",
    "source.geo.location:*",
    "flow.input_ifname:eth0",
    'flow.input_ifname:"index: 7"',
    r"flow.input_ifname:index\:\ 7",
    "flow.input_ifalias:*",
    'flow.input_ifalias:"to the core"',
    "flow.tcp_flags:SYN",
    "flow.tcp_flags:(SYN AND ACK)",
    "flow.tcp_flags:(SYN AND NOT ACK)",
    "flow.tcp_flags:S*",
    "flow.tcp_flags:*",
    "flow.tcp_flags:[R TO T]",
    "NOT flow.tcp_flags:SYN",
    "flow.mpls_labels:17",
    "flow.mpls_labels:1?",
    "flow.mpls_labels:*",
    "flow.mpls_labels:[17 TO 18]",
    "flow.src_port_name:https",
    "flow.id:18446744073709551615",
    "flow.id:184467440737095516*",
    'source.mac:"02:00:00:00:00:01"',
    r"source.mac:02\:*",
    "event.dataset:ipfix",
    "event.dataset:(netflow OR ipfix)",
    "network.application:dns",
    "network.application:DNS",
    'network.application:"web mail"',
    r"network.application:web\ mail",
    r'network.application:"quo\"ted"',
    r'network.application:"back\\slash"',
    r"network.application:wild\*card",
    "network.application:wild*card",
    'network.application:"wild*card"',
    'network.application:"a/b"',
    "network.application:žluť",
    "network.application:?luť",
    'network.application:""',
    'network.application:"AND"',
    "network.application:*",
    "network.application:[a TO wildX]",
    "NOT network.application:[a TO *]",
    '@timestamp:"2026-03-02"',
    "@timestamp:2026-03-02",
    "@timestamp:>2026-03-01",
    "@timestamp:>=2026-03-02",
    "@timestamp:<2026-03-02",
    "@timestamp:<=2026-03-01",
    "@timestamp:[2026-03-01 TO 2026-03-01]",
    "@timestamp:{2026-03-01 TO 2026-03-02}",
    r"@timestamp:[2026-03-02T02\:34\:00Z TO 2026-03-02T05\:37\:00Z]",
    r'@timestamp:"2026-03-01T23:31:00.007Z"',
    r'@timestamp:"2026-03-01T23:31:00Z"',
    r'@timestamp:"2026-03-01T23:31Z"',
    r'@timestamp:"2026-03-02T00:31:00.007+01:00"',
    "@timestamp:>1772407860007",
    "@timestamp:<now-1h",
    '@timestamp:["now+100000d" TO *]',
    'source.ip:"10.0.0.0/8" AND source.port:443',
    "source.port:443 OR host.name:core-1",
    "(source.port:443 OR source.port:80) AND NOT (host.name:core-1 OR flow.tcp_flags:SYN)",
    "source.port:443 OR (NOT host.name:core-1)",
    "NOT (source.port:443 AND host.name:core-1)",
    "NOT source.port:443 AND NOT host.name:core-1",
    "-source.port:443",
    "(-source.port:443) OR source.ip:*",
    "source.ip:* AND (network.transport:udp OR (flow.mpls_labels:17 AND NOT flow.input_ifname:eth0))",
]
"""All of them mean the same to a search engine."""

UNINDEXED = [
    'source.geo.location:"50.08,14.42"',
    'NOT source.geo.location:"50.0800,14.42003"',
    'source.geo.location:"50.0801,14.42"',
    "source.bytes:1000",
    "source.bytes:[10 TO 1000000000000000000]",
    "NOT source.bytes:>=1000",
    "source.bytes:*",
    "source.bytes:18446744073709551615",
    'source.nat.ip:* OR source.bytes:<100 OR source.mac:"02:00:00:00:00:01"',
    r"source.port:[-5 TO 80] AND network.application:(*\"* OR *\\\\* OR *\*?ard)",
]
"""Filters for fields without an inverted index, and some that engines read otherwise."""
