"""Rows of the page of exporters, and of the panel with every field of a record."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from collector.explore.page.exporters import COLUMNS, row
from collector.explore.page.record import entries
from tests.builders.netflow import EXPORTER, NOW, ipfix, netflow9, sent
from tests.decode.templates_used import ONE, V4
from tests.test_exporters_view import one

RECORD = {
    "@timestamp": datetime(2026, 11, 28, 9, 30, 5, 123_000, UTC).replace(tzinfo=None),
    "source.ip": "192.0.2.1",
    "source.port": 443,
    "source.bytes": 1_234_567,
    "destination.ip": None,
    "network.bytes": 999,
    "flow.tcp_flags": ["SYN", None, "ACK"],
    "source.geo.location": "52.5,13.4",
}


def fields(search: str = "", zone: str = "UTC") -> dict[str, dict[str, object]]:
    return {one["name"]: one for one in entries(RECORD, ZoneInfo(zone), search) if "name" in one}


class TestRecord:
    def test_fields_stand_below_the_first_part_of_their_names(self) -> None:
        rows = [one.get("heading") or one["name"] for one in entries(RECORD, UTC)]
        assert rows == [
            *("General", "@timestamp"),
            *("Source", "source.ip", "source.port", "source.bytes", "source.geo.location"),
            *("Network", "network.bytes"),
            *("Flow", "flow.tcp_flags"),
        ]

    def test_values_are_in_words_and_amounts_also_in_full(self) -> None:
        found = fields(zone="Asia/Kolkata")
        assert found["@timestamp"]["values"] == ["2026-11-28 15:00:05.123 IST"]
        assert found["source.bytes"]["values"] == ["1.2 MB (1,234,567)"]
        assert found["network.bytes"]["values"] == ["999 B"]
        assert found["source.port"]["values"] == ["443"]
        assert found["flow.tcp_flags"]["values"] == ["SYN", "ACK"]

    def test_labels_and_descriptions_are_those_of_the_schema(self) -> None:
        source = fields()["source.ip"]
        assert source["label"] == "Source address"
        assert source["description"] == "Address of the sender"

    def test_what_a_filter_cannot_name_cannot_be_filtered_for(self) -> None:
        assert fields()["source.ip"]["asked"]
        assert fields()["source.geo.location"]["asked"]
        extra = [one for one in entries({"flow.extra": '{"57590": 1}'}, UTC, "") if one.get("name") == "flow.extra"]
        assert [one["asked"] for one in extra] == [False]

    def test_a_field_is_found_by_name_label_and_value(self) -> None:
        assert [*fields("source.PORT")] == ["source.port"]
        assert [*fields("192.0.2")] == ["source.ip"]
        assert [*fields("syn")] == ["flow.tcp_flags"]
        assert entries(RECORD, UTC, "nothing has this") == []


class TestExporters:
    def test_a_row_sums_up_the_streams_which_unfold(self) -> None:
        nine = [netflow9(V4.define9(), V4.data(ONE, ONE), domain=7, sequence=number) for number in (1, 2, 4)]
        waits = sent(ipfix(V4.data(ONE), seconds=NOW - 5), received=NOW + 9)
        found = row(one(*nine, waits, after=30), datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=30))
        assert found["cells"] == {
            "exporter": EXPORTER,
            "protocol": "NetFlow v9, IPFIX",
            "datagrams": "4",
            "flows": "6",
            "templates": "1/2",
            "rate": "-",
            "lost": "25%",
            "clock": "-14s",
            "seen": "21s",
            "notes": "",
        }
        assert set(found["cells"]) == {name for name, _, _ in COLUMNS}
        assert [cells[:2] for cells in found["streams"]] == [["NetFlow v9", "7"], ["IPFIX", "0"]]
        assert found["streams"][0][6] == "25% (1 datagram)"
        assert "Missing: template 256 of domain 0, 1 data sets wait" in found["facts"]
