"""Names that exporters tell in options data and counter samples, beside the numbers of their flows."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from collector.captures import read_pcap
from collector.datagram import Datagram
from collector.decode.configured import network_rates
from collector.decode.decoder import Decoder
from collector.decode.limits import Limits
from collector.decode.options import Options
from collector.decode.senders import IDLE_MILLISECONDS
from collector.enrich.enricher import Enricher
from collector.enrich.names import LENGTH, Entry, Names
from collector.enrich.numbered import NumberBook
from collector.flows import Flows
from collector.store.documents import documents
from collector.store.segments import Segments
from tests.builders import sflow
from tests.builders.netflow import EXPORTER, NOW, VARIABLE, Field, Template, Value, ipfix, netflow9, sent
from tests.corpus import capture, needs_corpus

Row = dict[str, Any]
FLOWS = Template(400, [(8, 4), (10, 4), (14, 4)])
FLOW = FLOWS.data(("10.0.0.1", 3, 4))
INTERFACES = Template(256, [(1, 4), (10, 4), (82, 32), (83, 64)], scopes=1)
ENDS = ("flow.input_ifname", "flow.output_ifname")
ALIASES = ("flow.input_ifalias", "flow.output_ifalias")


class Place:
    """A decoder and an enricher, as in the pipeline."""

    def __init__(self, names: bool = True) -> None:
        self.decoder = Decoder()
        self.enricher = Enricher(names)

    def take(self, *received: bytes | Datagram) -> Flows:
        """The flows of a batch."""
        decoded = self.decoder.decode([one if isinstance(one, Datagram) else sent(one) for one in received])
        assert decoded.problems == []
        self.enricher.learn(decoded.options, decoded.counters, self.decoder.exporters)
        return self.enricher.enrich(decoded.flows, self.decoder.exporters)

    def rows(self, *received: bytes | Datagram) -> list[Row]:
        """The same as a person reads them."""
        rows = self.take(*received).wide().to_dicts()
        return [{name: value for name, value in row.items() if value is not None} for row in rows]


def one(*received: bytes | Datagram) -> Row:
    """The only flow of a batch."""
    (row,) = Place().rows(*received)
    return row


def picked(row: Row, *names: str) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in names)


class TestInterfaces:
    def test_without_a_name_it_is_the_number(self) -> None:
        row = one(netflow9(FLOWS.define9(), FLOW))
        assert picked(row, *ENDS, *ALIASES) == ("index: 3", "index: 4", None, None)

    @pytest.mark.parametrize(
        ("template", "record", "expected"),
        [
            # IOS
            ([(1, 4), (10, 4), (82, 33), (83, 65)], (9, 3, "Te0/0/0", "uplink"), ("Te0/0/0", "uplink")),
            ([(1, 4), (10, 4), (82, 33), (83, 65), (14, 4)], (9, 3, "Te0/0/0", "", 3), ("Te0/0/0", None)),
            # IOS-XR
            ([(1, 4), (10, 4), (83, 64)], (9, 3, "TenGigE0_0_1_0"), ("TenGigE0_0_1_0", None)),
            # softflowd
            ([(2, 4), (34, 4), (35, 1), (82, 16)], (3, 1, 1, "eth0"), ("eth0", None)),
            ([(1, 4), (14, 4), (82, 8), (83, 8)], (9, 3, "ge-0", "ge-0"), ("ge-0", None)),
            ([(1, 4), (10, 4), (14, 4), (82, 8)], (9, 0, 3, "ge-0"), ("ge-0", None)),
        ],
    )
    def test_options_of_version_9(
        self, template: list[Field], record: tuple[Value, ...], expected: tuple[str | None, str | None]
    ) -> None:
        options = Template(256, template, scopes=1)
        row = one(netflow9(options.define9(), options.data(record), FLOWS.define9(), FLOW))
        assert picked(row, ENDS[0], ALIASES[0]) == expected
        assert row[ENDS[1]] == "index: 4"

    def test_options_of_ipfix_with_two_scopes_and_names_of_any_length(self) -> None:
        options = Template(256, [(10, 4), (14, 4), (83, VARIABLE), (82, VARIABLE)], scopes=2)
        data = options.data((3, 3, "to the core", "xe-0/0/0"), (4, 4, "", "xe-0/0/1"))
        row = one(ipfix(options.define(), data, FLOWS.define(), FLOW))
        assert picked(row, *ENDS, *ALIASES) == ("xe-0/0/0", "xe-0/0/1", "to the core", None)

    def test_the_same_number_of_another_exporter_is_another_interface(self) -> None:
        place = Place()
        place.take(netflow9(INTERFACES.define9(), INTERFACES.data((0, 3, "eth0", ""))))
        flows = netflow9(FLOWS.define9(), FLOW)
        rows = place.rows(sent(flows), sent(flows, "192.0.2.99"))
        assert {row["host.ip"]: row[ENDS[0]] for row in rows} == {EXPORTER: "eth0", "192.0.2.99": "index: 3"}

    def test_names_hold_for_all_domains_of_an_exporter(self) -> None:
        told = netflow9(INTERFACES.define9(), INTERFACES.data((0, 3, "eth0", "")), domain=6)
        assert one(told, netflow9(FLOWS.define9(), FLOW, domain=256))[ENDS[0]] == "eth0"

    def test_names_that_come_behind_the_flows_of_a_batch_hold_for_it_and_for_later_ones(self) -> None:
        place = Place()
        flows = netflow9(FLOWS.define9(), FLOW)
        told = netflow9(INTERFACES.define9(), INTERFACES.data((0, 3, "eth0", "")))
        assert [row[ENDS[0]] for row in place.rows(flows, told)] == ["eth0"]
        assert [row[ENDS[0]] for row in place.rows(flows)] == ["eth0"]

    def test_a_later_name_replaces_an_earlier_one(self) -> None:
        place = Place()
        flows = netflow9(FLOWS.define9(), FLOW)
        for name in ("eth0", "wan0"):
            told = netflow9(INTERFACES.define9(), INTERFACES.data((0, 3, name, name.upper())))
            assert [picked(row, ENDS[0], ALIASES[0]) for row in place.rows(told, flows)] == [(name, name.upper())]

    def test_flows_without_an_interface_have_no_name_of_one(self) -> None:
        bare = Template(401, [(8, 4)])
        rows = Place().rows(netflow9(FLOWS.define9(), FLOW, bare.define9(), bare.data(("10.0.0.9",))))
        assert {row["source.ip"]: row.get(ENDS[0]) for row in rows} == {"10.0.0.1": "index: 3", "10.0.0.9": None}

    def test_an_index_of_32_bits(self) -> None:
        options = INTERFACES.data((0, 2**32 - 1, "mgmt0", ""))
        data = FLOWS.data(("10.0.0.1", 2**32 - 1, 436207616))
        row = one(netflow9(INTERFACES.define9(), options, FLOWS.define9(), data))
        assert picked(row, *ENDS) == ("mgmt0", "index: 436207616")

    def test_without_enrichment_there_are_none(self) -> None:
        place = Place(names=False)
        told = netflow9(INTERFACES.define9(), INTERFACES.data((0, 3, "eth0", "")))
        assert not {*ENDS, *ALIASES} & set(place.take(told, netflow9(FLOWS.define9(), FLOW)).names())

    def test_ports_of_sflow(self) -> None:
        name = sflow.part(1005, sflow.opaque("swp1"))
        row = one(
            sent(sflow.payload(sflow.counters_sample(name), sflow.counters_sample(name, source=1 << 24 | 4))),
            sent(sflow.payload(sflow.flow_sample(ingress=3, egress=4), sequence=2)),
        )
        assert picked(row, *ENDS) == ("swp1", "index: 4")

    def test_names_survive_a_segment_on_disk_and_are_in_documents(self, tmp_path: Path) -> None:
        told = netflow9(INTERFACES.define9(), INTERFACES.data((0, 3, "eth0", 'the "core"')))
        flows = Place().take(told, netflow9(FLOWS.define9(), FLOW))
        segments = Segments(tmp_path)
        back = segments.read(segments.write(flows))
        assert back is not None
        (document,) = map(json.loads, documents(back))
        assert document["flow"]["input_ifname"] == "eth0"
        assert document["flow"]["input_ifalias"] == 'the "core"'
        assert document["flow"]["output_ifname"] == "index: 4"
        assert "output_ifalias" not in document["flow"]


class TestApplications:
    OPTIONS = Template(260, [(95, 4), (96, 24), (94, 55)], scopes=1)
    FLOWS = Template(401, [(8, 4), (95, 4)])
    TOLD = ipfix(OPTIONS.define(), OPTIONS.data((b"\x0d\0\0\x31", "skype", "Skype"), (b"\3\0\0\x50", "http", "WWW")))

    def test_an_id_has_a_name(self) -> None:
        data = self.FLOWS.data(
            *[("10.0.0.1", cell) for cell in (b"\x0d\0\0\x31", b"\3\0\0\x50", b"\3\0\0\x51", bytes(4))]
        )
        rows = Place().rows(self.TOLD, ipfix(self.FLOWS.define(), data, sequence=2))
        found = [picked(row, "flow.application_id", "network.application") for row in rows]
        assert found == [("13:49", "skype"), ("3:80", "http"), ("3:81", None), (None, None)]

    def test_a_name_in_the_record_wins(self) -> None:
        template = Template(402, [(95, 4), (96, 8)])
        data = template.data((b"\3\0\0\x50", "web"), (b"\3\0\0\x50", ""))
        rows = Place().rows(self.TOLD, ipfix(template.define(), data, sequence=2))
        assert [row["network.application"] for row in rows] == ["web", "http"]

    def test_version_9_and_ids_of_a_vendor(self) -> None:
        fortinet = b"\x14" + (12356).to_bytes(4, "big") + (15832).to_bytes(4, "big")
        options = Template(257, [(1, 4), (95, 9), (96, 64), (94, 64)], scopes=1)
        flows = Template(402, [(8, 4), (95, 9)])
        told = netflow9(options.define9(), options.data((0, fortinet, "Facebook", "")))
        row = one(told, netflow9(flows.define9(), flows.data(("10.0.0.1", fortinet))))
        assert picked(row, "flow.application_id", "network.application") == ("20:12356:15832", "Facebook")

    def test_ids_are_the_exporter_s_own(self) -> None:
        flows = ipfix(self.FLOWS.define(), self.FLOWS.data(("10.0.0.1", b"\3\0\0\x50")), sequence=2)
        rows = Place().rows(self.TOLD, sent(flows), sent(flows, "192.0.2.99"))
        assert {row["host.ip"]: row.get("network.application") for row in rows} == {
            EXPORTER: "http",
            "192.0.2.99": None,
        }


class TestOtherThings:
    @pytest.mark.parametrize(
        ("scope", "told", "flow", "record", "expected"),
        [
            (  # IOS-XR
                [(234, 4)],
                [((236, 32), "red"), ((234, 4), 7), ((235, 4), 7)],
                [(234, 4), (235, 4)],
                (7, 8),
                {"flow.input_vrf": "red", "flow.vrf_in": 7, "flow.vrf_out": 8},
            ),
            ([(235, 4)], [((236, VARIABLE), "red")], [(234, 4), (235, 4)], (8, 7), {"flow.output_vrf": "red"}),
            ([(51, 1)], [((100, 16), "voice")], [(51, 1)], (7,), {"flow.class_id": 7, "flow.class_name": "voice"}),
            (
                [(8236, 4, 9)],
                [((8237, 16, 9), "shape")],
                [(8236, 4, 9)],
                (7,),
                {"flow.policy_id": 7, "flow.policy_name": "shape"},
            ),
            ([(302, 8)], [((335, 8), "S")], [(302, 8)], (7,), {"flow.sampler_id": 7, "flow.sampler_name": "S"}),
            ([(48, 1)], [((84, 8), "S")], [(48, 2)], (7,), {"flow.sampler_name": "S"}),
        ],
    )
    def test_their_numbers_have_names(
        self,
        scope: list[Field],
        told: list[tuple[Field, Value]],
        flow: list[Field],
        record: tuple[Value, ...],
        expected: Row,
    ) -> None:
        options = Template(256, [*scope, *[field for field, _ in told]], scopes=len(scope))
        flows = Template(400, flow)
        data = options.data([7, *[value for _, value in told]])
        row = one(ipfix(options.define(), data), ipfix(flows.define(), flows.data(record, padding=0), sequence=1))
        assert {name: row.get(name) for name in expected} == expected

    def test_numbers_that_nobody_named_cost_no_column(self) -> None:
        flows = Template(400, [(234, 4)])
        assert "flow.input_vrf" not in one(ipfix(flows.define(), flows.data((7,))))


def told(scope: Row, values: Row) -> Options:
    return Options(0, 9, 0, scope, values)


class TestWhatIsKept:
    def learned(self, *records: Options, limit: int = 100) -> Names:
        names = Names(limit)
        names.learn(records, [EXPORTER])
        return names

    @pytest.mark.parametrize(
        "values",
        [
            {"interfaceName": "eth0"},
            {"interfaceName": "", "ingressInterface": 1},
            {"interfaceName": 5, "ingressInterface": 1},
            {"interfaceName": "eth0", "ingressInterface": [1, 2]},
            {"interfaceName": "eth0", "ingressInterface": 2**70},
            {"interfaceName": ["a", "b"], "ingressInterface": 1},
            {"applicationName": "x", "applicationId": "00000000"},
            {"applicationName": "x", "applicationId": "odd"},
            {"applicationName": "x", "applicationId": None},
        ],
    )
    def test_what_names_nothing_is_passed_over(self, values: Row) -> None:
        assert self.learned(told({"scopeSystem": 0}, values)).counts(EXPORTER) == {}

    def test_interface_0_has_a_name_where_no_other_is_meant(self) -> None:
        names = self.learned(told({"scopeInterface": 0}, {"interfaceName": "any"}))
        assert names.of("interfaces", EXPORTER) == {0: Entry("any")}

    def test_there_is_a_limit_for_each_exporter_but_known_ones_are_renewed(self) -> None:
        records = [told({"scopeInterface": number}, {"interfaceName": f"eth{number}"}) for number in (1, 2, 3)]
        names = self.learned(*records, told({"scopeInterface": 1}, {"interfaceName": "wan"}), limit=2)
        assert names.of("interfaces", EXPORTER) == {1: Entry("wan"), 2: Entry("eth2")}

    def test_long_names_are_cut(self) -> None:
        names = self.learned(told({"scopeInterface": 1}, {"interfaceName": "x" * 60_000}))
        assert names.of("interfaces", EXPORTER) == {1: Entry("x" * LENGTH)}

    def test_what_is_saved_can_be_loaded(self) -> None:
        names = self.learned(
            told({"scopeInterface": 1}, {"interfaceName": "eth0", "interfaceDescription": "core"}),
            told({"scopeInterface": 2}, {"interfaceName": "eth1"}),
            told({"applicationId": "0d000031"}, {"applicationName": "skype"}),
        )
        other = Names()
        other.load(EXPORTER, json.loads(json.dumps(names.saved(EXPORTER))))
        assert other.saved(EXPORTER) == names.saved(EXPORTER)
        assert other.counts(EXPORTER) == {"interfaces": 2, "applications": 1}
        assert other.of("interfaces", EXPORTER) == {1: Entry("eth0", "core"), 2: Entry("eth1")}
        assert names.saved("192.0.2.99") == {}

    @pytest.mark.parametrize(
        "entries",
        [None, 5, "x", {}, [5], [[]], [[1]], [[1, []]], [[1, "x"]], [["1", ["x"]]], [[-1, ["x"]]], [[1, [5]]]],
    )
    def test_anything_else_can_be_loaded_too_and_teaches_nothing(self, entries: Any) -> None:
        names = Names()
        names.load(EXPORTER, {"interfaces": entries, "planets": [[1, ["Mars"]]]})
        assert names.counts(EXPORTER) == {}

    def test_what_is_saved_may_be_no_mapping_and_no_text(self) -> None:
        place = Place()
        anything: list[Any] = [None, [], 5, {"interfaces": [[3, ["\ud800x"]]]}]
        for saved in anything:
            place.enricher.names.load(EXPORTER, saved)
        assert [row[ENDS[0]] for row in place.rows(netflow9(FLOWS.define9(), FLOW))] == ["?x"]

    def test_a_name_loaded_later_is_that_of_an_interface_seen_before(self) -> None:
        place, flows = Place(), netflow9(FLOWS.define9(), FLOW)
        place.take(flows)
        place.enricher.names.load(EXPORTER, {"interfaces": [[3, ["eth0"]]]})
        assert [row[ENDS[0]] for row in place.rows(flows)] == ["eth0"]

    def test_a_book_over_its_limit_begins_anew_and_goes_on(self) -> None:
        book = NumberBook("interfaces", Names(), "index: ", limit=3)
        for first in range(0, 50, 10):
            numbers = pl.Series("n", range(first, first + 10), dtype=pl.UInt32)
            (codes,), table = book.intern(pl.Series([0] * 10, dtype=pl.UInt32), {"n": numbers}, [EXPORTER])
            assert table["value"].gather(codes).to_list() == [f"index: {number}" for number in numbers]

    @pytest.mark.parametrize("largest", [5, 2**32 - 1])
    def test_numbers_are_their_exporters_alone_however_large_they_are(self, largest: int) -> None:
        book = NumberBook("interfaces", Names(), "index: ")
        whose, which = [0, 1, 1, 0, 1], [3, 3, largest, largest, 3]
        rows, numbers = pl.Series(whose, dtype=pl.UInt32), pl.Series("n", which, dtype=pl.UInt32)
        (codes,), table = book.intern(rows, {"n": numbers}, [EXPORTER, "192.0.2.99"])
        assert table["value"].gather(codes).to_list() == [f"index: {number}" for number in which]
        assert len(set(codes.to_list())) == table.height == len(set(zip(whose, which, strict=True)))


@needs_corpus
class TestCaptures:
    def test_ios_xr_in_ipfix(self) -> None:
        frame = read_pcap(capture("ng_ipfix_srv6"))
        assert set(frame["flow.input_ifname"]) == {"TenGigE0_0_0_0"}
        assert set(frame["flow.input_ifalias"]) == {"TenGigE0/0/0/0"}
        assert set(frame["flow.output_vrf"].drop_nulls()) == {"D10"}
        assert set(frame["flow.sampler_name"]) == {"NETFLOW-SAMPLER-MAP"}

    def test_ios_xr_in_version_9(self) -> None:
        frame = read_pcap(capture("ls_nf9_cisco_asr9k_all"))
        assert {"TenGigE0_6_1_0", "Bundle-Ether2"} <= {*frame["flow.input_ifname"], *frame["flow.output_ifname"]}


class TestForgotten:
    """Row numbers of exporters that were forgotten are given to others."""

    OLD, NEW = "192.0.2.1", "192.0.2.2"

    def place(self) -> Place:
        """Room for one exporter."""
        place = Place()
        place.decoder = Decoder(
            limits=Limits(exporters=1), sampling_override=network_rates(f"{self.OLD}=10,{self.NEW}=20")
        )
        return place

    def take(self, place: Place, exporter: str, received: float, *sets: bytes) -> Flows:
        decoded = place.decoder.decode([sent(netflow9(*sets), exporter, received)])
        place.enricher.learn(decoded.options, decoded.counters, place.decoder.exporters, decoded.forgotten)
        return place.enricher.enrich(decoded.flows, place.decoder.exporters)

    def test_the_next_exporter_has_neither_names_nor_rates_of_the_one_before(self) -> None:
        place = self.place()
        named = self.take(
            place, self.OLD, NOW, INTERFACES.define9(), INTERFACES.data((9, 3, "eth0", "")), FLOWS.define9(), FLOW
        )
        assert named.column(ENDS[0]).to_list() == ["eth0"]
        assert named.column("flow.sampling_interval").to_list() == [10]
        late = NOW + 2 * IDLE_MILLISECONDS / 1000
        other = self.take(place, self.NEW, late, FLOWS.define9(), FLOW)
        assert other.column("host.ip").to_list() == [self.NEW]
        assert other.column(ENDS[0]).to_list() == ["index: 3"]
        assert other.column("flow.sampling_interval").to_list() == [20]
        assert place.enricher.names.counts(self.OLD) == {}

    def test_all_names_together_are_bounded(self) -> None:
        names = Names(most=2)
        told = [Options(row, 9, 0, {}, {"ingressInterface": 3, "interfaceName": "eth0"}) for row in range(3)]
        names.learn(told, ["a", "b", "c"])
        assert [names.counts(one) for one in "abc"] == [{"interfaces": 1}, {"interfaces": 1}, {}]
        names.forget("a")
        names.learn(told, ["a", "b", "c"])
        assert names.counts("a") == {"interfaces": 1}
