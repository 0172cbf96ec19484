"""Sections of sampled packets in flow records: what they fill, what bounds them, what they count for."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.decode.decoder import Decoder
from tests.builders import packets as p
from tests.builders import sflow
from tests.builders.netflow import VARIABLE, Field, Template, Value, flow_set, ipfix, netflow9
from tests.decode.flow_reading import Row, decode, flow, flows, part

FRAME = p.ethernet(p.ipv4(p.tcp(flags=0x12), p.TCP, tos=0xB8, ttl=9), tags=(5, 77))
INNER = p.ethernet(p.ipv4(p.udp(1111, 2222), source="10.0.0.1", destination="10.0.0.2"))
FRAMES = {
    "tags": FRAME,
    "IPv6": p.ethernet(p.ipv6(p.udp(), traffic_class=0x48, label=0xABCDE), p.IPV6),
    "ICMP behind labels": p.ethernet(p.mpls(p.ipv4(p.icmp(3, 4), p.ICMP), 17, 18), 0x8847),
    "tunnel": p.ethernet(p.ipv4(p.vxlan(INNER, 4711))),
    "fragment": p.ethernet(p.ipv4(bytes(8), identification=99, fragment=185)),
    "ARP": p.ethernet(bytes(28), p.ARP),
}
META = ("event.", "@", "host.", "flow.version", "flow.agent_ip", "flow.observation", "flow.sampling", "network.bytes",
        "source.bytes", "source.packets", "flow.input", "flow.output")  # fmt: skip
PORTS = ("source.port", "destination.port", "flow.tcp_flags")
CUT = p.ethernet(p.ipv4(b"", p.TCP, length=0))
"""Cut behind the IP header, which tells no length: only other bounds keep the padding from being read."""


def told(*pairs: tuple[Field, Value]) -> Row:
    """The flow of an IPFIX record with these fields and values."""
    template = Template(256, [field for field, _ in pairs])
    return flow(ipfix(template.define(), template.data([value for _, value in pairs], padding=0)))


def of_packet(row: Row) -> Row:
    """What a row says of the packet."""
    return {name: value for name, value in row.items() if not name.startswith(META)}


class TestWhatTheyFill:
    @pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
    @pytest.mark.parametrize("element", [315, 104])
    @pytest.mark.parametrize("length", [VARIABLE, 128])
    def test_the_columns_of_sflow_s_sampled_header(self, frame: bytes, element: int, length: int) -> None:
        row = told(((element, length), frame))
        assert of_packet(row) == of_packet(flow(sflow.payload(sflow.flow_sample(sflow.header(frame), rate=1))))

    def test_netflow9(self) -> None:
        template = Template(256, [(10, 4), (104, 64)])
        row = flow(netflow9(template.define9(), template.data((7, FRAME))))
        assert part(row, "flow.input_snmp", "source.ip", "destination.port", "flow.vlan") == {
            "flow.input_snmp": 7,
            "source.ip": p.SOURCE4,
            "destination.port": 443,
            "flow.vlan": 5,
        }

    def test_what_the_record_s_own_elements_tell_stays(self) -> None:
        row = told(((8, 4), "10.9.9.9"), ((7, 2), 9), ((4, 1), 6), ((58, 2), 3), ((5, 1), 1), ((315, VARIABLE), FRAME))
        assert part(row, "source.ip", "source.port", "flow.vlan", "flow.tos") == {
            "source.ip": "10.9.9.9",
            "source.port": 9,
            "flow.vlan": 3,
            "flow.tos": 1,
        }
        assert part(row, "destination.ip", "destination.port", "flow.ttl") == {
            "destination.ip": p.DESTINATION4,
            "destination.port": 443,
            "flow.ttl": 9,
        }

    def test_each_record_is_filled_by_itself(self) -> None:
        template = Template(256, [(58, 2), (315, VARIABLE)])
        plain = Template(257, [(8, 4), (58, 2)])
        records = (0, FRAME), (9, b""), (9, FRAME), (0, FRAMES["IPv6"])
        data = plain.data(("10.9.9.9", 4)) + template.data(*records, padding=0)
        found = flows(ipfix(plain.define(), template.define(), data))
        assert [part(one, "source.ip", "flow.vlan") for one in found] == [
            {"source.ip": "10.9.9.9", "flow.vlan": 4},
            {"source.ip": p.SOURCE4, "flow.vlan": 5},
            {"flow.vlan": 9},
            {"source.ip": p.SOURCE4, "flow.vlan": 9},
            {"source.ip": p.SOURCE6},
        ]

    @pytest.mark.parametrize("packet", [p.ipv4(p.udp()), p.ipv6(p.udp())])
    def test_an_ip_header(self, packet: bytes) -> None:
        row = told(((313, VARIABLE), packet))
        assert part(row, "flow.ip_version", "destination.port") == {
            "flow.ip_version": packet[0] >> 4,
            "destination.port": 53,
        }

    def test_a_label_stack(self) -> None:
        assert told(((316, 8), p.mpls(b"", 17, 18)))["flow.mpls_labels"] == ["17", "18"]

    def test_what_a_label_stack_carries(self) -> None:
        assert told(((317, VARIABLE), p.ipv4(p.udp())))["destination.port"] == 53

    def test_label_elements_are_better_than_a_section(self) -> None:
        row = told(((70, 3), 0x1230), ((315, VARIABLE), FRAMES["ICMP behind labels"]), ((316, 4), p.mpls(b"", 5)))
        assert row["flow.mpls_labels"] == ["291"]

    def test_of_two_sections_with_labels_the_frame_counts(self) -> None:
        row = told(((316, 4), p.mpls(b"", 5)), ((315, VARIABLE), FRAMES["ICMP behind labels"]))
        assert row["flow.mpls_labels"] == ["17", "18"]


class TestPayload:
    """Element 314 begins behind the IP header."""

    def test_the_protocol_is_an_element(self) -> None:
        assert part(told(((4, 1), 6), ((314, VARIABLE), p.tcp(flags=2))), *PORTS) == {
            "source.port": 40000,
            "destination.port": 443,
            "flow.tcp_flags": ["SYN"],
        }

    def test_the_protocol_is_in_a_section_with_the_header_alone(self) -> None:
        row = told(((314, VARIABLE), p.udp()), ((313, 20), p.ipv4(p.udp())[:20]))
        assert row["destination.port"] == 53

    def test_without_a_protocol_it_says_nothing(self) -> None:
        assert part(told(((314, VARIABLE), p.udp())), *PORTS) == {}

    def test_a_later_fragment_has_no_ports(self) -> None:
        assert part(told(((4, 1), 17), ((88, 2), 185), ((314, VARIABLE), p.udp())), *PORTS) == {}

    def test_tunnels(self) -> None:
        assert told(((4, 1), 17), ((314, VARIABLE), p.vxlan(INNER, 4711)))["network.inner.destination.port"] == 2222


class TestBounds:
    @pytest.mark.parametrize(
        ("section", "bounds"),
        [(315, [(410, 2)]), (315, [(312, 2)]), (104, [(103, 2)]), (315, [(312, 2), (410, 2)])],
    )
    def test_padding_is_not_read(self, section: int, bounds: list[Field]) -> None:
        pairs: list[tuple[Field, Value]] = [(bound, len(CUT)) for bound in bounds]
        row = told(*pairs, ((section, 128), CUT))
        assert part(row, "source.ip", *PORTS) == {"source.ip": p.SOURCE4}

    def test_without_a_bound_it_cannot_be_told_from_the_packet(self) -> None:
        assert part(told(((315, 128), CUT)), *PORTS)["source.port"] == 0

    @pytest.mark.parametrize("size", [0, 5000])
    def test_a_size_of_zero_or_beyond_the_field_bounds_nothing(self, size: int) -> None:
        assert told(((410, 2), size), ((315, 128), FRAME))["destination.port"] == 443

    @pytest.mark.parametrize(("offset", "section"), [(409, 315), (102, 104)])
    def test_a_section_from_within_the_packet_is_not_read(self, offset: int, section: int) -> None:
        assert "source.ip" not in told(((offset, 2), 4), ((section, 128), FRAME))
        assert told(((offset, 2), 0), ((section, 128), FRAME))["source.ip"] == p.SOURCE4

    def test_the_second_offset_is_the_second_section_s(self) -> None:
        """RFC 7133: in the order of both, wherever they stand."""
        row = told(((313, 20), p.ipv4()), ((409, 2), 0), ((409, 2), 8), ((314, VARIABLE), p.udp()), ((4, 1), 17))
        assert part(row, "source.ip", "source.port") == {"source.ip": p.SOURCE4}

    @pytest.mark.parametrize(("kind", "read"), [(0, True), (1, True), (2, False)])
    def test_only_ethernet_frames_are_read(self, kind: int, read: bool) -> None:
        assert ("source.ip" in told(((408, 2), kind), ((315, VARIABLE), FRAME))) == read


class TestOnePacket:
    @pytest.mark.parametrize(
        ("pairs", "octets"),
        [
            ([((312, 2), 1518), ((224, 8), 1500), ((315, VARIABLE), FRAME)], 1518),
            ([((312, 2), 0), ((224, 8), 1500), ((315, VARIABLE), FRAME)], 1500),
            ([((315, VARIABLE), FRAME)], 40),
            ([((313, VARIABLE), p.ipv6(length=1460))], 1500),
            ([((103, 2), 60), ((104, 64), FRAME)], 40),
            ([((103, 2), 42), ((104, 64), FRAMES["ARP"])], 42),
            ([((315, VARIABLE), FRAMES["ARP"])], None),
        ],
    )
    def test_its_length(self, pairs: list[tuple[Field, Value]], octets: int | None) -> None:
        row = told(*pairs)
        assert (row["network.packets"], row["source.packets"]) == (1, 1)
        assert (row.get("network.bytes"), row.get("source.bytes")) == (octets, octets)

    @pytest.mark.parametrize("counter", [1, 2])
    def test_a_record_with_counters_is_more(self, counter: int) -> None:
        row = told(((counter, 4), 9000), ((312, 2), 1518), ((315, VARIABLE), FRAME))
        name, other = ("network.bytes", "network.packets")[:: 1 if counter == 1 else -1]
        assert row[name] == 9000
        assert other not in row

    def test_junos_inline_monitoring(self) -> None:
        """Properties of its own, then interfaces, direction, size and section; the rate is in options data."""
        fields: list[Field] = [(137, 4, 2636), (137, 2, 2636), (10, 4), (14, 4), (61, 1), (312, 2), (315, VARIABLE)]
        template, options = Template(384, fields), Template(640, [(144, 4), (34, 4)], scopes=1)
        data = template.data((0x04000000, 0x0800, 576, 0, 0, 1446, FRAMES["ICMP behind labels"]), padding=0)
        row = flow(ipfix(template.define(), options.define(), options.data((1, 1000)), data))
        assert part(row, "flow.input_snmp", "network.bytes", "network.packets", "flow.icmp_type") == {
            "flow.input_snmp": 576,
            "network.bytes": 1_446_000,
            "network.packets": 1000,
            "flow.icmp_type": 3,
        }

    def test_it_is_scaled_by_the_rate_of_its_selector(self) -> None:
        options = Template(300, [(302, 8), (304, 2), (305, 4), (306, 4)], scopes=1)
        template = Template(256, [(302, 8), (323, 8), (312, 2), (315, VARIABLE)])
        sets = options.define(), options.data((5, 1, 1, 999)), template.define()
        row = flow(ipfix(*sets, template.data((5, 1_735_732_799_000, 100, FRAME), padding=0)))
        assert (row["network.packets"], row["network.bytes"], row["flow.packets_unscaled"]) == (1000, 100_000, 1)
        assert row["@timestamp"] == 1_735_732_799


SECTIONS = (104, 313, 314, 315, 316, 317)
BOUNDS = (4, 88, 102, 103, 224, 312, 408, 409, 410)
LENGTHS = (1, 2, 3, 4, 8, 14, 20, 34, 60, VARIABLE)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(SECTIONS), st.sampled_from(LENGTHS))
        | st.tuples(st.sampled_from(BOUNDS), st.sampled_from((1, 2, 8, 9, VARIABLE))),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([*FRAMES.values(), FRAME[14:], b""]),
    st.binary(max_size=200),
    st.integers(0, 200),
)
def test_no_bytes_raise(fields: list[tuple[int, int]], frame: bytes, noise: bytes, cut: int) -> None:
    template = Template(256, fields)
    body = frame[:cut] + noise
    for define, message in ((template.define(), ipfix), (template.define9(), netflow9)):
        found = decode(message(define, flow_set(256, body), flow_set(256, body[::-1])), decoder=Decoder()).flows
        assert found.height <= 2 * len(body)
