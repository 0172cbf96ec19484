"""Sampling rates, as each vendor tells them, and the scaling by them."""

from typing import Any

import pytest

from collector.decode.configured import network_rates
from collector.decode.decoder import Decoder
from tests.builders import sflow
from tests.builders.netflow import Field, Template, Value, ipfix, netflow5, netflow9, record5, sent
from tests.decode.flow_reading import decode, flow, flows, part, read

FLOWS = Template(400, [(8, 4), (10, 4), (14, 4), (61, 1), (1, 4), (2, 4)])
SAMPLED = Template(401, [(8, 4), (48, 1), (1, 4), (2, 4)])
SELECTED = Template(402, [(8, 4), (302, 8), (1, 4), (2, 4)])
DATA = FLOWS.data(("10.0.0.1", 3, 4, 0, 100, 2))
RATE = ("flow.sampling_interval", "flow.sampling_from")


def rate(row: dict[str, Any]) -> tuple[int | None, str | None]:
    return row.get("flow.sampling_interval"), row.get("flow.sampling_from")


def learned9(template: Template, *records: tuple[Value, ...], domain: int = 0) -> Decoder:
    """A decoder that has seen options data of NetFlow v9."""
    decoder = Decoder()
    assert decode(netflow9(template.define9(), template.data(*records), domain=domain), decoder=decoder).problems == []
    return decoder


def learned(template: Template, *records: tuple[Value, ...], domain: int = 0) -> Decoder:
    """A decoder that has seen options data of IPFIX."""
    decoder = Decoder()
    assert decode(ipfix(template.define(), template.data(*records), domain=domain), decoder=decoder).problems == []
    return decoder


def of9(decoder: Decoder, data: bytes = DATA, template: Template = FLOWS, domain: int = 0) -> int | None:
    """The rate of a v9 flow that comes then."""
    found = flow(netflow9(template.define9(), data, domain=domain), decoder=decoder)
    assert found.get("flow.sampling_from") in ("options", None)
    return found.get("flow.sampling_interval")


def of(decoder: Decoder, data: bytes = DATA, template: Template = FLOWS, domain: int = 0) -> int | None:
    """The rate of an IPFIX flow that comes then."""
    found = flow(ipfix(template.define(), data, domain=domain), decoder=decoder)
    assert found.get("flow.sampling_from") in ("options", None)
    return found.get("flow.sampling_interval")


def sampled(number: int) -> bytes:
    return SAMPLED.data(("10.0.0.1", number, 100, 2))


class TestInTheRecord:
    @pytest.mark.parametrize(
        ("pairs", "expected"),
        [
            ([((34, 4), 100)], 100),
            ([((50, 4), 200)], 200),
            ([((34, 4), 0), ((50, 4), 200)], 200),
            ([((35, 1), 1), ((34, 2), 1000)], 1000),  # H3C
            ([((305, 4), 1), ((306, 4), 99)], 100),
            ([((305, 4), 10), ((306, 4), 90)], 10),
            ([((309, 4), 2), ((310, 4), 1000)], 500),
            ([((311, 8), 0.01)], 100),
            ([((311, 4), 0.125)], 8),
            ([((34, 4), 0)], None),
            ([((305, 4), 100)], None),  # alone it is not the rate
            ([((305, 4), 0), ((306, 4), 0)], None),
            ([((309, 4), 0), ((310, 4), 5)], None),
            ([((311, 8), 0.0)], None),
            ([((311, 8), float("nan"))], None),
            ([((311, 8), 5e-324)], None),
            ([((311, 8), float("inf"))], None),
        ],
    )
    def test_elements(self, pairs: list[tuple[Field, Value]], expected: int | None) -> None:
        template = Template(256, [*[field for field, _ in pairs], (1, 4)])
        found = flow(ipfix(template.define(), template.data([*[value for _, value in pairs], 7])))
        assert rate(found) == (expected, "record" if expected else None)
        assert found["network.bytes"] == 7 * (expected or 1)

    @pytest.mark.parametrize(
        ("field", "told", "expected"),
        [
            ((34, 4), 0xAE080000, 2222),
            ((34, 4), 0x01000000, 1),
            ((34, 4), 0x00FFFFFF, 0xFFFFFF),  # plausible as it is
            ((34, 4), 0x02000003, 0x02000003),  # neither order is
            ((34, 8), 0xAE08000000, 2**32 - 1),
            ((50, 4), 0xAE080000, 0xAE080000),
        ],
    )
    def test_mikrotik_writes_element_34_with_its_lowest_byte_first(
        self, field: Field, told: int, expected: int
    ) -> None:
        template = Template(256, [field, (1, 4)])
        assert rate(flow(ipfix(template.define(), template.data((told, 7))))) == (expected, "record")
        options = Template(300, [(149, 4), field], scopes=1)
        assert of(learned(options, (0, told))) == expected

    def test_each_record_has_its_own(self) -> None:
        template = Template(256, [(34, 4), (1, 4)])
        found = flows(ipfix(template.define(), template.data((1, 5), (10, 5), (0, 5))))
        assert [one.get("network.bytes") for one in found] == [5, 50, 5]
        assert [one.get("flow.bytes_unscaled") for one in found] == [None, 5, None]
        assert [rate(one) for one in found] == [(1, "record"), (10, "record"), (None, None)]

    def test_it_is_better_than_options_data(self) -> None:
        options = Template(300, [(1, 4), (34, 4)], scopes=1)
        template = Template(256, [(34, 4), (1, 4)])
        decoder = learned9(options, (0, 1000))
        found = flows(netflow9(template.define9(), template.data((10, 5), (0, 5))), decoder=decoder)
        assert [rate(one) for one in found] == [(10, "record"), (1000, "options")]


class TestScaling:
    def test_all_directions_are_scaled_and_the_counts_as_exported_kept(self) -> None:
        fields: list[Field] = [(34, 4), (1, 4), (2, 4), (1, 4, 29305), (2, 4, 29305)]
        template = Template(256, fields)
        found = flow(ipfix(template.define(), template.data((10, 100, 1, 200, 2))))
        names = ["network", "source", "destination"]
        assert [found[f"{one}.bytes"] for one in names] == [3000, 1000, 2000]
        assert [found[f"{one}.packets"] for one in names] == [30, 10, 20]
        assert (found["flow.bytes_unscaled"], found["flow.packets_unscaled"]) == (300, 3)

    def test_sums_that_need_64_bits(self) -> None:
        template = Template(256, [(34, 4), (1, 4)])
        found = flow(ipfix(template.define(), template.data((2**32 - 1, 2**32 - 1))))
        assert found["network.bytes"] == (2**32 - 1) ** 2

    def test_a_rate_of_one_scales_nothing(self) -> None:
        template = Template(256, [(34, 4), (1, 4)])
        found = flow(ipfix(template.define(), template.data((1, 100))))
        assert part(found, "network.bytes", "flow.bytes_unscaled") == {"network.bytes": 100}


class TestHabitsOfVersion9:
    def test_ios_samplers(self) -> None:
        options = Template(257, [(1, 4), (48, 1), (49, 1), (50, 4)], scopes=1)
        decoder = learned9(options, (0, 1, 2, 100), (0, 2, 2, 500))
        assert of9(decoder, sampled(1), SAMPLED) == 100
        assert of9(decoder, sampled(2), SAMPLED) == 500
        assert of9(decoder, sampled(3), SAMPLED) is None
        assert of9(decoder, sampled(0), SAMPLED) is None
        assert of9(decoder) is None

    def test_ios_xr_samplers_with_a_name_and_an_id_of_two_bytes(self) -> None:
        options = Template(257, [(1, 4), (48, 2), (50, 4), (49, 1), (84, 32)], scopes=1)
        decoder = learned9(options, (0, 1, 1000, 2, "sampler-one"), domain=2177)
        assert of9(decoder, sampled(1), SAMPLED, domain=2177) == 1000

    def test_ios_xr_variant_with_both_intervals(self) -> None:
        options = Template(257, [(1, 4), (48, 2), (50, 4), (49, 1), (84, 32), (34, 4)], scopes=1)
        decoder = learned9(options, (0, 1, 1000, 2, "x", 0))
        assert of9(decoder, sampled(1), SAMPLED) == 1000

    def test_ios_xe_tells_the_table_under_another_source_id(self) -> None:
        options = Template(257, [(1, 4), (48, 4), (49, 1), (50, 4)], scopes=1)
        decoder = learned9(options, (0, 1, 2, 100), domain=6)
        assert of9(decoder, sampled(1), SAMPLED, domain=256) == 100

    def test_the_same_sampler_id_of_two_domains(self) -> None:
        options = Template(257, [(1, 4), (48, 1), (50, 4)], scopes=1)
        decoder = learned9(options, (0, 1, 100), domain=1)
        decode(netflow9(options.define9(), options.data((0, 1, 200)), domain=2), decoder=decoder)
        assert of9(decoder, sampled(1), SAMPLED, domain=1) == 100
        assert of9(decoder, sampled(1), SAMPLED, domain=2) == 200

    def test_junos_has_a_scope_of_no_bytes(self) -> None:
        options = Template(256, [(1, 0), (35, 1), (34, 4)], scopes=1)
        assert of9(learned9(options, ("", 1, 1000))) == 1000

    def test_softflowd_has_interface_0_as_its_scope(self) -> None:
        options = Template(256, [(2, 4), (34, 4), (35, 1)], scopes=1)
        assert of9(learned9(options, (0, 100, 1))) == 100

    def test_a_rate_of_an_interface(self) -> None:
        options = Template(256, [(2, 4), (34, 4), (35, 1)], scopes=1)
        decoder = learned9(options, (3, 100, 1))
        assert of9(decoder) == 100
        assert of9(decoder, FLOWS.data(("10.0.0.1", 9, 3, 0, 100, 2))) is None
        assert of9(decoder, FLOWS.data(("10.0.0.1", 9, 3, 1, 100, 2))) == 100  # observed where it went out

    def test_fortigate_has_a_scope_of_two_bytes_and_statistics(self) -> None:
        options = Template(256, [(1, 2), (40, 8), (41, 8), (42, 8), (36, 2), (37, 2), (34, 4), (35, 1)], scopes=1)
        assert of9(learned9(options, (1, 5, 6, 7, 1800, 15, 50, 2))) == 50

    def test_pmacct_and_vyos(self) -> None:
        options = Template(300, [(1, 4), (48, 1), (49, 1), (50, 4)], scopes=1)
        assert of9(learned9(options, (0, 1, 2, 64)), sampled(1), SAMPLED) == 64

    def test_ios_xr_on_ncs_tells_all_samplers_under_source_id_0(self) -> None:
        options = Template(257, [(1, 4), (48, 2), (50, 4), (49, 1), (84, 32)], scopes=1)
        decoder = learned9(options, (0, 1, 1000, 2, "one"), (0, 2, 4000, 2, "two"), domain=0)
        assert of9(decoder, sampled(1), SAMPLED, domain=2177) == 1000
        assert of9(decoder, sampled(2), SAMPLED, domain=4096) == 4000

    def test_vyos_tells_the_sampler_minutes_after_the_first_flows(self) -> None:
        options = Template(300, [(1, 4), (48, 2), (49, 1), (50, 4)], scopes=1)
        decoder = Decoder()
        assert of9(decoder, sampled(1), SAMPLED) is None
        decode(netflow9(options.define9(), options.data((0, 1, 2, 128))), decoder=decoder)
        assert of9(decoder, sampled(1), SAMPLED) == 128

    def test_huawei_with_the_sampler_option(self) -> None:
        options = Template(1200, [(1, 4), (48, 1), (49, 1), (50, 4)], scopes=1)
        assert of9(learned9(options, (0, 1, 2, 1000)), sampled(1), SAMPLED) == 1000

    def test_huawei_without_the_sampler_option_and_in_version_5_tells_no_rate(self) -> None:
        """The rate is on no wire: bytes are as exported, and nothing says that they are scaled."""
        assert of9(Decoder(), sampled(1), SAMPLED) is None
        found = flow(netflow5(record5(octets=300), sampling=0))
        assert rate(found) == (None, None)
        assert found["network.bytes"] == 300

    def test_nprobe_tells_the_rate_in_the_record_alone(self) -> None:
        options = Template(259, [(1, 4), (42, 4), (41, 4)], scopes=1)
        decoder = learned9(options, (0, 5, 6))
        assert of9(decoder) is None
        template = Template(260, [(8, 4), (34, 4), (35, 1), (57590, 2), (1, 4), (2, 4)])
        data = template.data(("10.0.0.1", 64, 1, 7, 100, 2))
        assert rate(flow(netflow9(template.define9(), data), decoder=decoder)) == (64, "record")


class TestHabitsOfIpfix:
    def test_ios_xr_selectors(self) -> None:
        options = Template(257, [(302, 4), (305, 4), (304, 2), (309, 4), (310, 4), (84, 90)], scopes=1)
        decoder = learned(options, (1, 1, 3, 1, 1000, "one"), (2, 1, 3, 1, 2000, "two"))
        data = SELECTED.data(("10.0.0.1", 2, 100, 2))
        assert of(decoder, data, SELECTED) == 2000

    def test_ios_xr_with_an_interval_alone(self) -> None:
        options = Template(257, [(302, 4), (305, 4), (304, 2), (84, 90)], scopes=1)
        data = SELECTED.data(("10.0.0.1", 1, 100, 2))
        assert of(learned(options, (1, 1, 3, "one")), data, SELECTED) is None

    def test_junos_inline_jflow(self) -> None:
        fields = [
            (144, 4),
            (41, 8),
            (42, 8),
            (160, 8),
            (130, 4),
            (131, 16),
            (34, 4),
            (36, 2),
            (37, 2),
            (214, 1),
            (215, 1),
        ]
        options = Template(512, fields, scopes=1)
        values = (1, 1, 1, 1_735_000_000_000, "192.0.2.1", "::", 1000, 60, 60, 10, 17)
        assert of(learned(options, values)) == 1000

    def test_nokia_without_a_selector(self) -> None:
        options = Template(300, [(149, 4), (304, 2), (305, 4), (306, 4)], scopes=1)
        assert of(learned(options, (0, 3, 1, 999))) == 1000

    def test_a_rate_of_a_template(self) -> None:
        options = Template(300, [(149, 4), (145, 2), (304, 2), (305, 4), (306, 4)], scopes=2)
        decoder = learned(options, (7, 400, 3, 1, 99), domain=7)
        assert of(decoder, domain=7) == 100
        other = Template(403, FLOWS.fields)
        assert of(decoder, other.data(("10.0.0.1", 3, 4, 0, 100, 2)), other, domain=7) is None

    def test_softflowd(self) -> None:
        options = Template(256, [(143, 4), (160, 8), (305, 4), (306, 4), (304, 2), (82, 16)], scopes=1)
        assert of(learned(options, (1, 1_735_000_000_000, 1, 9, 1, "eth0"))) == 10

    def test_softflowd_of_old_with_another_order_and_lengths(self) -> None:
        options = Template(256, [(143, 4), (160, 8), (304, 2), (305, 2), (306, 4)], scopes=1)
        assert of(learned(options, (1, 1_735_000_000_000, 1, 1, 9))) == 10

    def test_pmacct_and_vyos(self) -> None:
        options = Template(300, [(144, 4), (48, 1), (49, 1), (50, 4)], scopes=1)
        assert of(learned(options, (1, 1, 2, 64)), sampled(1), SAMPLED) == 64

    def test_huawei_s_table_of_vrfs_is_no_rate(self) -> None:
        options = Template(1514, [(234, 4), (235, 4), (236, 32), (90, 8), (60, 1), (210, 3)], scopes=2)
        assert of(learned(options, (5, 5, "vrf", 7, 4, b""))) is None

    def test_nprobe(self) -> None:
        template = Template(260, [(8, 4), (34, 4), (35, 1), (118, 2, 35632), (1, 4), (2, 4)])
        data = template.data(("10.0.0.1", 64, 1, 7, 100, 2))
        assert rate(flow(ipfix(template.define(), data))) == (64, "record")

    def test_a_probability(self) -> None:
        options = Template(300, [(302, 4), (304, 2), (311, 8)], scopes=1)
        data = SELECTED.data(("10.0.0.1", 5, 100, 2))
        assert of(learned(options, (5, 4, 0.001)), data, SELECTED) == 1000

    def test_the_scope_may_name_another_domain(self) -> None:
        options = Template(300, [(149, 4), (34, 4)], scopes=1)
        decoder = learned(options, (7, 100), (8, 200), domain=1)
        assert of(decoder, domain=7) == 100
        assert of(decoder, domain=8) == 200

    def test_a_rate_of_the_exporting_process_holds_for_all_domains(self) -> None:
        options = Template(300, [(144, 4), (34, 4)], scopes=1)
        assert of(learned(options, (1, 100), domain=0), domain=9) == 100


class TestAbsurdRates:
    @pytest.mark.parametrize(
        ("field", "value", "expected"),
        [
            ((311, 8), 5e-324, 2**32 - 1),
            ((34, 8), 2**40, 2**32 - 1),
            ((310, 8), 2**63, 2**32 - 1),
            ((310, 200), 2**1500, None),
            ((34, 200), 2**1500, None),
        ],
    )
    def test_they_are_capped_or_not_taken(self, field: Field, value: Value, expected: int | None) -> None:
        options = Template(300, [(149, 4), (309, 1), field], scopes=1)
        assert of(learned(options, (0, 1, value))) == expected


class TestAnyOrder:
    def test_options_data_behind_the_flows_of_the_same_batch(self) -> None:
        options = Template(300, [(1, 4), (34, 4)], scopes=1)
        found = flow(netflow9(FLOWS.define9(), DATA), netflow9(options.define9(), options.data((0, 100))))
        assert rate(found) == (100, "options")

    def test_a_new_rate_replaces_the_old_one(self) -> None:
        options = Template(300, [(1, 4), (34, 4)], scopes=1)
        decoder = learned9(options, (0, 100))
        decode(netflow9(options.data((0, 200))), decoder=decoder)
        assert of9(decoder) == 200

    def test_rates_of_one_exporter_are_not_another_s(self) -> None:
        options = Template(300, [(1, 4), (34, 4)], scopes=1)
        decoder = learned9(options, (0, 100))
        decoded = decode(sent(netflow9(FLOWS.define9(), DATA), "192.0.2.99"), decoder=decoder)
        assert [rate(one) for one in read(decoded.flows)] == [(None, None)]

    def test_flows_of_many_samplers_and_domains_in_one_batch(self) -> None:
        options = Template(257, [(1, 4), (48, 1), (50, 4)], scopes=1)
        decoder = Decoder()
        for domain in range(3):
            rows = [(0, number, 100 * domain + number) for number in range(1, 5)]
            decode(netflow9(options.define9(), options.data(*rows), SAMPLED.define9(), domain=domain), decoder=decoder)
        numbers = [(domain, number) for domain in (0, 1, 2, 1) for number in (1, 1, 4, 2, 3)]
        found = flows(*[netflow9(sampled(number), domain=domain) for domain, number in numbers], decoder=decoder)
        assert sorted(one["flow.sampling_interval"] for one in found) == sorted(100 * d + n for d, n in numbers)
        for one in found:
            assert one["flow.sampling_interval"] // 100 == one["flow.observation_domain"]


class TestFromSettings:
    TOLD = netflow9(
        Template(300, [(1, 4), (34, 4)], scopes=1).define9(), Template(300, [(1, 4), (34, 4)]).data((0, 50))
    )
    DATA = netflow9(FLOWS.define9(), DATA)

    def one(
        self, *payloads: bytes, default: str = "", override: str = "", exporter: str = "192.0.2.1"
    ) -> dict[str, Any]:
        """The only flow, by a decoder with these settings."""
        decoder = Decoder(sampling_default=network_rates(default), sampling_override=network_rates(override))
        return flow(*[sent(payload, exporter) for payload in payloads], decoder=decoder)

    def test_a_default_holds_where_nothing_is_known(self) -> None:
        found = self.one(self.DATA, default="1000")
        assert rate(found) == (1000, "setting")
        assert part(found, "network.bytes", "source.bytes", "network.packets") == {
            "network.bytes": 100_000,
            "source.bytes": 100_000,
            "network.packets": 2000,
        }
        assert (found["flow.bytes_unscaled"], found["flow.packets_unscaled"]) == (100, 2)
        assert rate(self.one(self.TOLD, self.DATA, default="1000")) == (50, "options")

    def test_a_default_is_for_those_flows_of_an_exporter_that_have_none(self) -> None:
        template = Template(256, [(34, 4), (1, 4)])
        decoder = Decoder(sampling_default=network_rates("1000"))
        found = flows(ipfix(template.define(), template.data((10, 5), (0, 5))), decoder=decoder)
        assert [rate(one) for one in found] == [(10, "record"), (1000, "setting")]

    def test_an_override_wins_over_what_the_exporter_tells(self) -> None:
        found = self.one(self.TOLD, self.DATA, override="192.0.2.1=512", default="7")
        assert rate(found) == (512, "setting")
        assert found["network.bytes"] == 51_200

    def test_an_override_of_1_says_that_counts_are_not_to_be_scaled(self) -> None:
        found = self.one(self.TOLD, self.DATA, override="1")
        assert rate(found) == (1, "setting")
        assert part(found, "network.bytes", "flow.bytes_unscaled") == {"network.bytes": 100}

    @pytest.mark.parametrize(
        ("exporter", "expected"),
        [
            ("192.0.2.1", 3),
            ("192.0.2.2", 2),
            ("192.0.3.1", 1),
            ("198.51.100.1", 9),
            ("2001:db8::1", 4),
            ("2001:db8:1::1", 5),
            ("2001:db9::1", 9),
            ("fe80::1%eth0", 6),
            ("nowhere", None),
        ],
    )
    def test_the_smallest_network_of_an_exporter_decides(self, exporter: str, expected: int | None) -> None:
        rates = "192.0.0.0/8=1,192.0.2.0/24=2,192.0.2.1=3,2001:db8::/32=4,2001:db8:1::/48=5,fe80::/10=6,9"
        assert self.one(self.DATA, override=rates, exporter=exporter).get("flow.sampling_interval") == expected

    def test_exporters_of_one_batch_have_their_own(self) -> None:
        decoder = Decoder(sampling_override=network_rates("192.0.2.2=2,192.0.2.3=3"))
        for _ in range(2):
            batch = [sent(self.DATA, f"192.0.2.{last}") for last in (3, 1, 2)]
            found = {one["host.ip"]: rate(one) for one in flows(*batch, decoder=decoder)}
            assert found == {0: (3, "setting"), 1: (None, None), 2: (2, "setting")}

    def test_sflow_has_its_rate_in_the_sample_unless_overridden(self) -> None:
        frame = sflow.header(bytes(60))
        for given, expected in ((1000, (1000, "record")), (0, (7, "setting"))):
            payload = sflow.payload(sflow.flow_sample(frame, rate=given))
            assert rate(self.one(payload, default="7")) == expected
        found = self.one(sflow.payload(sflow.flow_sample(frame, rate=1000)), override="7")
        assert rate(found) == (7, "setting")
        assert (found["network.bytes"], found["flow.bytes_unscaled"]) == (64 * 7, 64)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (1000, ["0.0.0.0/0=1000", "::/0=1000"]),
        ("10.0.0.0/8=1000, 192.0.2.1=512", ["10.0.0.0/8=1000", "192.0.2.1/32=512"]),
        (["2001:db8::/32=5", "7"], ["2001:db8::/32=5", "0.0.0.0/0=7", "::/0=7"]),
        ({"10.0.0.0/8": 3}, ["10.0.0.0/8=3"]),
        ("", []),
    ],
)
def test_rates_by_network_are_written_in_several_ways(given: Any, expected: list[str]) -> None:
    assert [f"{one.network}={one.rate}" for one in network_rates(given)] == expected


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("0", "'0' is not a rate"),
        ("10.0.0.0/8=-5", "'-5' is not a rate"),
        ("10.0.0.0/8=4294967296", "'4294967296' is not a rate"),
        ("10.0.0.0/8", "'10.0.0.0/8' is not a rate: a whole number from 1 to 4294967295 .or NETWORK=RATE."),
        ("router=5", "'router' is not an address or network"),
        ("10.0.0.1/8=5", "has host bits set"),
        ("10.0.0.0/8=5,10.0.0.0/8=6", "10.0.0.0/8 has more than one rate"),
    ],
)
def test_mistakes_in_rates_by_network_are_told(given: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        network_rates(given)
