"""Counter samples and dropped packets, as rows to be stored."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from collector.datagram import Datagram
from collector.datasets import COUNTERS, DISCARDS
from collector.decode.decoder import Decoder
from collector.decode.sflow.structures import structures
from collector.enrich.enricher import Enricher
from collector.enrich.inventory import Inventory
from collector.enrich.sources import Sources
from collector.flows import Flows
from collector.store.documents import lines
from tests.builders import packets, sflow
from tests.builders.counters import dropped, every_structure, sample, temperature


def counters(*datagrams: Datagram) -> Flows:
    decoder = Decoder()
    return Enricher().counters(decoder.decode(datagrams).counters, decoder.exporters)


def documents(rows: Flows) -> list[dict[str, Any]]:
    return [json.loads(line) for some in lines(rows) for line in bytes(some.data).splitlines()]


def of(*records: bytes, source: int = 3) -> dict[str, Any]:
    """The document of one sample."""
    (document,) = documents(counters(sflow.datagram(sflow.payload(sflow.counters_sample(*records, source=source)))))
    return document


def generic(direction: int, status: int) -> bytes:
    return sflow.part(1, sflow.words(7, 6, 0, 10**9, direction, status) + bytes(64))


def test_an_interface_in_words() -> None:
    found = of(generic(direction=2, status=1), sflow.part(1005, sflow.opaque("eth0")))
    assert found["interface"] == {
        "index": 7,
        "name": "eth0",
        "direction": "half-duplex",
        "admin_status": "up",
        "oper_status": "down",
    }
    assert found["if_counters"]["ifDirection"] == 2


def test_the_file_of_exporters_names_the_exporter(tmp_path: Path) -> None:
    path = tmp_path / "exporters.csv"
    path.write_text("exporter,name,site,tags\n192.0.2.1,switch-1,Lab,a;b\n")
    decoder = Decoder()
    enricher = Enricher(sources=Sources(Inventory(path)))
    decoded = decoder.decode([sample(0)])
    (document,) = documents(enricher.counters(decoded.counters, decoder.exporters))
    assert document["host"] == {"ip": "192.0.2.1", "name": "switch-1"}
    assert "tags" not in document


def test_an_unknown_direction_and_status_are_left_out() -> None:
    assert of(generic(direction=0, status=0xFFFFFFFF))["interface"] == {"index": 7, "name": "index: 7"}


def test_an_interface_has_the_name_that_was_told_before() -> None:
    decoder, enricher = Decoder(), Enricher()
    named = sflow.counters_sample(sflow.part(1005, sflow.opaque("eth0")), source=7)
    bare = sflow.counters_sample(generic(direction=1, status=3))
    told = decoder.decode([sflow.datagram(sflow.payload(named))])
    enricher.learn(told.options, told.counters, decoder.exporters)
    later = decoder.decode([sflow.datagram(sflow.payload(bare))])
    (document,) = documents(enricher.counters(later.counters, decoder.exporters))
    assert document["interface"]["name"] == "eth0"


def test_without_names_an_interface_is_told_by_its_number() -> None:
    decoder = Decoder()
    decoded = decoder.decode([sflow.datagram(sflow.payload(sflow.counters_sample(generic(direction=1, status=3))))])
    (document,) = documents(Enricher(names=False).counters(decoded.counters, decoder.exporters))
    assert "name" not in document["interface"]


def test_the_source_tells_the_interface_where_no_counter_does() -> None:
    record = sflow.part(1005, sflow.opaque("eth0"))
    assert of(record)["interface"] == {"index": 3, "name": "eth0"}
    assert "index" not in of(record, source=2 << 24 | 3)["interface"]


def test_whose_counters_they_are() -> None:
    (document,) = documents(counters(temperature()))
    assert {name: document[name] for name in ("event", "host", "flow", "temperature")} == {
        "event": {"dataset": "sflow-counters"},
        "host": {"ip": "192.0.2.1", "name": "192.0.2.1"},
        "flow": {"agent_ip": "192.0.2.9", "observation_domain": 0},
        "temperature": {"minimum": 200.0, "maximum": 250.0, "errors": 0},
    }
    assert document["@timestamp"] == "2025-01-01T12:00:00.000Z"


def test_percentages_are_sent_in_hundredths() -> None:
    assert of(sflow.part(1001, sflow.words(1450, 0xFFFFFFFF, 0)))["processor"] == {"cpu_5s": 14.5, "cpu_5m": 0.0}


def test_every_structure_is_kept_in_the_types_of_the_schema() -> None:
    known = [one for one in structures("counter_record").values() if one.types]
    rows = counters(*every_structure())
    wide = rows.wide()
    assert wide.schema == {name: COUNTERS.fields[name].dtype for name in wide.columns}
    assert len(documents(rows)) == len(known)
    for number, (one, document) in enumerate(zip(known, documents(rows), strict=True)):
        row, kept = wide.row(number, named=True), document.get(one.name, {}).keys()
        assert kept == {name for name in one.types if row.get(f"{one.name}.{name}") is not None}
        assert kept >= {name for name, kind in one.types.items() if kind == "u32"}


def test_rates_follow_one_another_from_batch_to_batch() -> None:
    decoder, enricher = Decoder(), Enricher()
    batches = [decoder.decode([sample(20 * number, 2500 * number)]).counters for number in range(3)]
    rates = [enricher.counters(batch, decoder.exporters).wide().to_dicts()[0] for batch in batches]
    assert [row.get("interface.in.bits_per_second") for row in rates] == [None, 1000, 1000]


def test_a_dropped_packet_has_the_fields_of_a_flow_but_no_volume() -> None:
    decoder = Decoder()
    rows = Enricher().discards(decoder.decode([dropped()]).discards, decoder.exporters)
    (document,) = documents(rows)
    assert rows.dataset is DISCARDS
    assert document["event"]["dataset"] == "sflow-discards"
    told = {name: document["flow"][name] for name in ("drop_reason", "drop_reason_name", "frame_bytes")}
    assert told == {"drop_reason": 258, "drop_reason_name": "acl", "frame_bytes": 46}
    assert (document["source"]["ip"], document["destination"]["port"]) == (packets.SOURCE4, 53)
    assert document["network"].keys() == {"iana_number", "transport", "type", "direction"}
    assert rows.wide().select(pl.col("^network\\.(bytes|packets)$")).is_empty()


def test_a_dropped_packet_may_lack_all_that_is_told_of_it() -> None:
    decoder = Decoder()
    lost = sflow.datagram(sflow.payload(sflow.discarded(reason=0x10000), sflow.discarded(reason=999)))
    one, other = documents(Enricher().discards(decoder.decode([lost]).discards, decoder.exporters))
    assert (one["event"], one["flow"].get("drop_reason")) == (other["event"], None)
    assert other["flow"]["drop_reason"] == 999
    assert "drop_reason_name" not in other["flow"]


@pytest.mark.parametrize("body", [bytes(400), b"\xff" * 400, b'\0\0\0\5\x80\xff"\\\n' * 50, b""])
def test_whatever_is_in_a_structure_makes_a_document(body: bytes) -> None:
    known = structures("counter_record").values()
    records = [sflow.part(one.tag & 0xFFF, body, one.tag >> 12) for one in known]
    rows = counters(*(sflow.datagram(sflow.payload(sflow.counters_sample(record))) for record in records))
    assert len(documents(rows)) == len(known)
