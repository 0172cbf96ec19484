"""Counters that run on from record to record count once."""

import numpy as np

from collector.decode.decoder import Decoder
from collector.decode.tallies import Tallies
from tests.builders.netflow import REVERSE, Field, Template, Value, ipfix, netflow9, sent
from tests.decode.flow_reading import Row, decode, flows, read

START = 1_735_732_700_000
FIELDS: list[Field] = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (152, 8), (136, 1), (85, 8), (86, 8)]
SRX = Template(256, FIELDS)
IDLE, ACTIVE = 1, 2


def srx(octets: int, packets: int = 1, *, reason: int = ACTIVE, port: int = 1000, start: int = START) -> bytes:
    """A record with totals."""
    return SRX.record("10.0.0.1", "192.0.2.9", port, 443, 6, start, reason, octets, packets)


def counted(decoder: Decoder, *records: bytes, template: Template = SRX, exporter: str = "192.0.2.1") -> list[int]:
    """The bytes of each record of a message."""
    decoded = decode(sent(ipfix(template.define(), template.data(*records)), exporter), decoder=decoder)
    assert decoded.problems == []
    return [row["network.bytes"] for row in read(decoded.flows)]


class TestRunningTotals:
    def test_the_sum_is_the_last_total(self) -> None:
        decoder = Decoder()
        records = [srx(100), srx(250), srx(250), srx(400, reason=IDLE)]
        assert [counted(decoder, one) for one in records] == [[100], [150], [0], [150]]

    def test_in_one_batch_too(self) -> None:
        assert counted(Decoder(), srx(100), srx(250), srx(250), srx(400, reason=IDLE)) == [100, 150, 0, 150]

    def test_all_counters(self) -> None:
        template = Template(256, [(8, 4), (85, 8), (86, 8), (85, 8, REVERSE), (86, 8, REVERSE)])
        rows = [("10.0.0.1", 10, 1, 100, 2), ("10.0.0.1", 30, 3, 400, 7)]
        found = flows(ipfix(template.define(), template.data(*rows)))
        names = [f"{end}.{unit}" for end in ("source", "destination", "network") for unit in ("bytes", "packets")]
        assert [[row[name] for name in names] for row in found] == [[10, 1, 100, 2, 110, 3], [20, 2, 300, 5, 320, 7]]

    def test_other_totals(self) -> None:
        for element in (171, 353):
            template = Template(256, [(8, 4), (element, 8)])
            assert counted(Decoder(), *[template.record("10.0.0.1", n) for n in (5, 9)], template=template) == [5, 4]

    def test_the_rate_scales_what_is_new(self) -> None:
        template = Template(256, [(8, 4), (34, 4), (85, 8)])
        records = [template.record("10.0.0.1", 10, octets) for octets in (100, 250)]
        assert counted(Decoder(), *records, template=template) == [1000, 1500]

    def test_datagrams_of_one_batch_in_order_of_arrival(self) -> None:
        other = Template(257, [*FIELDS, (5, 1)])
        sets = [SRX.define(), other.define(), SRX.data(srx(100))]
        late = ipfix(other.data(srx(70, port=1) + b"\0")), ipfix(SRX.data(srx(300)))
        assert sorted(row["network.bytes"] for row in flows(ipfix(*sets), *late)) == [70, 100, 200]


class TestOtherFlows:
    def test_another_start(self) -> None:
        assert counted(Decoder(), srx(100, start=START), srx(250, start=START + 1)) == [100, 250]

    def test_another_port_another_exporter_another_template(self) -> None:
        decoder = Decoder()
        assert counted(decoder, srx(100), srx(250, port=1001)) == [100, 250]
        assert counted(decoder, srx(250), exporter="192.0.2.2") == [250]
        assert counted(decoder, srx(250), template=Template(300, FIELDS)) == [250]

    def test_the_two_directions(self) -> None:
        template = Template(256, [(8, 4), (12, 4), (85, 8)])
        records = template.record("10.0.0.1", "10.0.0.2", 10), template.record("10.0.0.2", "10.0.0.1", 30)
        assert counted(Decoder(), *records, template=template) == [10, 30]

    def test_those_told_apart_by_mac_address_alone(self) -> None:
        template = Template(256, [(56, 6), (80, 6), (353, 8)])
        records = [template.record("02:00:00:00:00:01", f"02:00:00:00:00:0{last}", 10) for last in (2, 3, 2)]
        assert counted(Decoder(), *records, template=template) == [10, 10, 0]

    def test_a_smaller_total_is_of_another_flow(self) -> None:
        assert counted(Decoder(), srx(100), srx(60), srx(90)) == [100, 60, 30]

    def test_all_totals_must_have_grown(self) -> None:
        assert counted(Decoder(), srx(100, 9), srx(200, 2)) == [100, 200]

    def test_after_its_end_a_flow_begins_at_zero(self) -> None:
        decoder = Decoder()
        assert counted(decoder, srx(100, reason=IDLE), srx(250, reason=IDLE)) == [100, 250]
        assert counted(decoder, srx(300, reason=ACTIVE)) == [300]
        assert counted(decoder, srx(310, reason=IDLE)) == [10]
        assert counted(decoder, srx(320, reason=ACTIVE)) == [320]

    def test_counts_since_the_last_record_are_counted_as_they_are(self) -> None:
        template = Template(256, [*FIELDS, (1, 8)])
        records = [srx(octets) + (60).to_bytes(8, "big") for octets in (60, 120)]
        assert counted(Decoder(), *records, template=template) == [60, 60]


CONNECTIONS: list[Field] = [(148, 4), (8, 4), (12, 4), (152, 8), (233, 1), (231, 4), (232, 4)]
UPDATE, END = 5, 2


def asa(event: int, octets: int, back: int = 0, *, number: int = 99, start: int = START) -> tuple[Value, ...]:
    """An event of a connection; an update has the start of its own time as its start."""
    return number, "10.0.0.1", "192.0.2.9", start, event, octets, back


class TestConnectionsOfAnAsa:
    @staticmethod
    def counted(decoder: Decoder, *records: tuple[Value, ...], number: int = 263) -> list[tuple[int, int]]:
        template = Template(number, CONNECTIONS)
        found: list[Row] = flows(netflow9(template.define9(), template.data(*records)), decoder=decoder)
        return [(row["source.bytes"], row["destination.bytes"]) for row in found]

    def test_its_end_tells_what_its_updates_told_again(self) -> None:
        decoder = Decoder()
        assert self.counted(decoder, asa(UPDATE, 2557, 1117)) == [(2557, 1117)]
        assert self.counted(decoder, asa(UPDATE, 31, 0, start=START + 60_000)) == [(31, 0)]
        assert self.counted(decoder, asa(END, 2600, 1200)) == [(12, 83)]

    def test_in_one_batch_too(self) -> None:
        events = asa(UPDATE, 10, 1), asa(UPDATE, 4, number=100), asa(UPDATE, 20, 2), asa(END, 35, 3)
        assert self.counted(Decoder(), *events) == [(10, 1), (4, 0), (20, 2), (5, 0)]

    def test_an_update_that_its_end_overtook_is_in_its_totals(self) -> None:
        decoder = Decoder()
        assert self.counted(decoder, asa(UPDATE, 10), asa(END, 35), asa(UPDATE, 20)) == [(10, 0), (25, 0), (0, 0)]
        assert self.counted(decoder, asa(UPDATE, 5)) == [(0, 0)]

    def test_what_has_its_number_after_its_end_is_another_one(self) -> None:
        decoder = Decoder()
        assert self.counted(decoder, asa(END, 10), asa(END, 35)) == [(10, 0), (35, 0)]
        assert self.counted(decoder, asa(END, 40)) == [(40, 0)]

    def test_a_short_one_has_no_updates(self) -> None:
        assert self.counted(Decoder(), asa(END, 500, 600), asa(END, 70, number=100)) == [(500, 600), (70, 0)]

    def test_updates_and_end_by_two_templates_of_a_datagram(self) -> None:
        one, two = Template(263, CONNECTIONS), Template(264, [*CONNECTIONS, (33002, 2)])
        sets = [two.define9(), two.data((*asa(END, 30), 2032)), one.define9(), one.data(asa(UPDATE, 20))]
        assert sorted(row["network.bytes"] for row in flows(netflow9(*sets))) == [0, 30]

    def test_lost_updates_are_made_up_for(self) -> None:
        assert self.counted(Decoder(), asa(UPDATE, 10), asa(END, 1000)) == [(10, 0), (990, 0)]

    def test_without_numbers_of_connections_counts_stay(self) -> None:
        template = Template(256, [(8, 4), (233, 1), (231, 4)])
        rows = [("10.0.0.1", UPDATE, 10), ("10.0.0.1", END, 30)]
        assert [row["network.bytes"] for row in flows(ipfix(template.define(), template.data(*rows)))] == [10, 30]


class TestMemory:
    def test_what_was_not_used_for_long_is_forgotten(self) -> None:
        tallies = Tallies(1, limit=4)

        def count(*keys: int) -> list[int]:
            """One more for each key; what there was before."""
            lo = np.array(keys, np.uint64)
            slots = tallies.slots(lo, lo, np.ones(len(lo), np.bool_))
            before = tallies.get(slots)
            tallies.set(slots, before + np.uint64(1))
            return [int(one) for one in before[:, 0]]

        assert count(1, 2, 3, 4) == [0, 0, 0, 0]
        assert count(1, 5, 6, 7) == [1, 0, 0, 0]
        assert count(1, 2, 8) == [2, 0, 0]

    def test_flows_that_are_over_are_not_kept(self) -> None:
        tallies, none = Tallies(1), np.zeros(1, np.bool_)
        key = np.ones(1, np.uint64)
        assert tallies.slots(key, key, none).tolist() == [-1]
        assert tallies.slots(key, key, ~none).tolist() == tallies.slots(key, key, none).tolist() == [0]

    def test_many_flows_sum_up_to_their_last_totals(self) -> None:
        decoder, total = Decoder(), 0
        for turn in range(1, 6):
            records = [srx(turn * port, port=port) for port in range(1, 500)]
            total += sum(sum(counted(decoder, *records[first : first + 30])) for first in range(0, 499, 30))
        assert total == 5 * sum(range(1, 500))
