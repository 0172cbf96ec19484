"""Files that the operator writes: services, exporters, interfaces."""

import re
from pathlib import Path
from typing import Any

import pytest

from collector.decode.decoder import Decoder
from collector.enrich.enricher import Enricher
from collector.enrich.files import FileError
from collector.enrich.interfaces import InterfaceFile
from collector.enrich.inventory import Inventory
from collector.enrich.roles import roles
from collector.enrich.services import Services
from collector.enrich.sources import Sources
from tests.builders.netflow import EXPORTER, Template, ipfix, netflow9, sent
from tests.enrich.test_names import INTERFACES, Place, Row

OTHER = "192.0.2.99"
PORTS = Template(400, [(8, 4), (7, 2), (12, 4), (11, 2), (4, 1)])
PORTS6 = Template(401, [(27, 16), (7, 2), (28, 16), (11, 2), (4, 1)])
NUMBERS = Template(402, [(10, 4), (14, 4)])


def put(folder: Path, *lines: str, name: str = "some.csv") -> Path:
    """A file as an editor saves it."""
    new = folder / "new"
    new.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return new.replace(folder / name)


def place(sources: Sources) -> Place:
    made = Place()
    made.decoder, made.enricher = Decoder(), Enricher(sources=sources)
    return made


class TestServices:
    LINES = (
        "address,port,protocol,name",
        "10.0.0.0/8,8080,tcp,intranet",
        "10.1.0.0/16,8080,,wiki",
        "10.1.2.3,9000,17,telemetry",
        "2001:db8::/32,8080,tcp,six",
        ",8080,sctp,anywhere",
        ",5000,,backup",
    )

    def told(self, folder: Path, *flows: tuple[Any, ...], lines: tuple[str, ...] = LINES) -> list[str | None]:
        services = place(Sources(services=Services(put(folder, *lines))))
        messages = []
        for template in (PORTS, PORTS6):
            data = [flow for flow in flows if (":" in flow[0]) == (template is PORTS6)]
            if data:
                messages.append(ipfix(template.define(), template.data(*data, padding=0)))
        return [row.get("network.application") for row in services.rows(*messages)]

    @pytest.mark.parametrize(
        ("flow", "name"),
        [
            pytest.param(("192.0.2.9", 40000, "10.9.9.9", 8080, 6), "intranet", id="network"),
            pytest.param(("192.0.2.9", 40000, "10.1.9.9", 8080, 6), "wiki", id="smaller network"),
            pytest.param(("192.0.2.9", 40000, "10.1.2.3", 8080, 17), "wiki", id="network around an address"),
            pytest.param(("192.0.2.9", 40000, "10.1.2.3", 9000, 17), "telemetry", id="address"),
            pytest.param(("192.0.2.9", 40000, "10.1.2.3", 9000, 6), None, id="other protocol"),
            pytest.param(("192.0.2.9", 40000, "10.1.2.4", 9000, 17), None, id="other address"),
            pytest.param(("192.0.2.9", 40000, "203.0.113.1", 8080, 132), "anywhere", id="anywhere"),
            pytest.param(("192.0.2.9", 40000, "10.9.9.9", 8080, 132), "anywhere", id="anywhere, not in the network"),
            pytest.param(("203.0.113.1", 5000, "10.9.9.9", 40000, 6), "backup", id="source"),
            pytest.param(("203.0.113.1", 5000, "10.9.9.9", 8080, 6), "intranet", id="the destination's first"),
            pytest.param(("2001:db8::1", 8080, "2001:db9::1", 8080, 6), "six", id="IPv6"),
            pytest.param(("2001:db9::1", 8080, "2001:db9::2", 8080, 6), None, id="IPv6 elsewhere"),
        ],
    )
    def test_the_innermost_line_that_fits_names_the_application(
        self, tmp_path: Path, flow: tuple[Any, ...], name: str | None
    ) -> None:
        assert self.told(tmp_path, flow) == [name]

    def test_flows_of_a_batch_have_each_their_own(self, tmp_path: Path) -> None:
        flows = [("192.0.2.9", 40000, f"10.{i % 3}.0.{i}", 8080, 6) for i in range(9)]
        flows.append(("192.0.2.9", 1, "10.0.0.1", 2, 6))
        assert self.told(tmp_path, *flows) == [*["intranet", "wiki", "intranet"] * 3, None]

    def test_what_the_exporter_told_stays(self, tmp_path: Path) -> None:
        template = Template(403, [(12, 4), (11, 2), (4, 1), (96, 8)])
        data = template.data(("10.0.0.1", 8080, 6, "nbar"), ("10.0.0.1", 8080, 6, ""), padding=0)
        rows = place(Sources(services=Services(put(tmp_path, *self.LINES)))).rows(ipfix(template.define(), data))
        assert [row["network.application"] for row in rows] == ["nbar", "intranet"]

    def test_the_columns_of_the_search_do_not_leave(self, tmp_path: Path) -> None:
        flows = place(Sources(services=Services(put(tmp_path, *self.LINES)))).take(
            ipfix(PORTS.define(), PORTS.data(("10.0.0.1", 1, "10.0.0.2", 8080, 6), padding=0))
        )
        assert "service_network" not in flows.tables["addresses"].columns

    def test_a_changed_file_holds_for_addresses_seen_before(self, tmp_path: Path) -> None:
        services = place(Sources(services=Services(put(tmp_path, "address,port,name", "10.0.0.0/8,8080,old"))))
        message = ipfix(PORTS.define(), PORTS.data(("192.0.2.1", 1, "10.0.0.2", 8080, 6), padding=0))
        found = [services.rows(message)[0]["network.application"]]
        put(tmp_path, "address,port,name", "10.0.0.2,8080,new", "10.0.0.0/8,8080,old")
        found.append(services.rows(message)[0]["network.application"])
        assert found == ["old", "new"]

    def test_they_tell_clients_from_servers(self, tmp_path: Path) -> None:
        services = Services(put(tmp_path, *self.LINES))
        enricher = Enricher(sources=Sources(services=services))
        data = [("10.0.0.1", 8080, "192.0.2.9", 443, 6), ("192.0.2.9", 80, "10.0.0.1", 8080, 6)]
        decoded = Decoder().decode([sent(ipfix(PORTS.define(), PORTS.data(*data, padding=0)))])
        frame, addresses = enricher.addresses.intern(decoded.flows)
        found = roles(frame, addresses, services.find(frame, addresses).masks())
        assert found.swapped.tolist() == [True, False]


class TestExporters:
    LINES = (
        "exporter,name,site,role,tags",
        f"{EXPORTER},edge-1,Bergen,router,core;paid for",
        "192.0.2.0/24,,Oslo,switch,",
    )

    def rows(self, inventory: Inventory) -> list[Row]:
        flows = netflow9(NUMBERS.define9(), NUMBERS.data((3, 4)))
        rows = place(Sources(inventory)).rows(sent(flows), sent(flows, OTHER), sent(flows, "198.51.100.1"))
        names = ("host.name", "host.geo.name", "host.type", "tags")
        return sorted(({name: row.get(name) for name in names} for row in rows), key=lambda row: row["host.name"])

    def test_what_the_file_says_is_beside_the_flows(self, tmp_path: Path) -> None:
        assert self.rows(Inventory(put(tmp_path, *self.LINES))) == [
            {"host.name": OTHER, "host.geo.name": "Oslo", "host.type": "switch", "tags": None},
            {"host.name": "198.51.100.1", "host.geo.name": None, "host.type": None, "tags": None},
            {"host.name": "edge-1", "host.geo.name": "Bergen", "host.type": "router", "tags": ["core", "paid for"]},
        ]

    def test_a_changed_file_is_read_again(self, tmp_path: Path) -> None:
        inventory = Inventory(put(tmp_path, *self.LINES))
        self.rows(inventory)
        put(tmp_path, "exporter,name", f"{EXPORTER},edge-2")
        assert {row["host.name"] for row in self.rows(inventory)} == {"edge-2", OTHER, "198.51.100.1"}


class TestInterfaces:
    NAMES = ("flow.input_ifname", "flow.input_ifalias", "flow.input_ifspeed", "flow.input_ifrole")
    FLOWS = netflow9(NUMBERS.define9(), NUMBERS.data((3, 4)))

    def row(self, place: Place, *received: bytes) -> tuple[Any, ...]:
        return tuple(place.rows(*received, self.FLOWS)[0].get(name) for name in self.NAMES)

    def test_the_file_fills_what_the_exporter_left_out(self, tmp_path: Path) -> None:
        path = put(tmp_path, "exporter,ifindex,name,alias,speed,role", f"{EXPORTER},3,ge-0,uplink,10G,wan")
        made = place(Sources(interface_file=InterfaceFile(path)))
        assert self.row(made) == ("ge-0", "uplink", 10**10, "wan")
        told = netflow9(INTERFACES.define9(), INTERFACES.data((0, 3, "eth0", "")))
        assert self.row(made, told) == ("eth0", "uplink", 10**10, "wan")

    def test_without_a_name_it_is_the_number(self, tmp_path: Path) -> None:
        path = put(tmp_path, "exporter,ifindex,speed", f"{EXPORTER},3,1000000")
        assert self.row(place(Sources(interface_file=InterfaceFile(path)))) == ("index: 3", None, 10**6, None)

    @pytest.mark.parametrize(
        ("text", "speed"), [("9600", 9600), ("100M", 10**8), ("2.5g", 2_500_000_000), ("0.064k", 64)]
    )
    def test_speeds_have_units(self, tmp_path: Path, text: str, speed: int) -> None:
        file = InterfaceFile(put(tmp_path, "exporter,ifindex,speed", f"{EXPORTER},3,{text}"))
        assert file.interface(EXPORTER, 3) == (None, None, speed, None)

    def test_a_changed_file_holds_for_interfaces_seen_before(self, tmp_path: Path) -> None:
        path = put(tmp_path, "exporter,ifindex,name", f"{EXPORTER},3,old")
        made = place(Sources(interface_file=InterfaceFile(path)))
        found = [self.row(made)[0]]
        for line in (f"{EXPORTER},3,new", f"{OTHER},3,new"):
            put(tmp_path, "exporter,ifindex,name", line)
            found.append(self.row(made)[0])
        assert found == ["old", "new", "index: 3"]


class TestDamage:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", "empty; its first line names the columns"),
            ("port,nome\n", "line 1: the first line names the columns, of port,name,address,protocol; 'nome' is none"),
            ("port\n", "line 1: the first line names the columns, .*; 'name' is missing"),
            ("port,name,port\n", "line 1: .*; 'port' is there twice"),
            ("# mine\n\nport,name\n80,\n", "line 4: name is empty"),
            ("port,name\n80,a,b\n", r"line 2: more cells \(3\) than columns \(2\)"),
            ("port,name\n70000,a\n", "line 2: '70000' is not a whole number from 1 to 65535"),
            ("port,name,protocol\n80,a,tpc\n", r"line 2: 'tpc' is neither .* 0 to 255; did you mean tcp\?"),
            ("port,name,address\n80,a,10.0.0.1/8\n", "line 2: 10.0.0.1/8 has host bits set"),
            ('port,name\n80,"a\n', "line 2: unexpected end of data"),
        ],
    )
    def test_a_file_that_cannot_be_used_is_told_with_its_line(self, tmp_path: Path, text: str, expected: str) -> None:
        path = tmp_path / "services.csv"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(FileError, match=f"^{re.escape(str(path))}.*{expected}"):
            Services(path)

    def test_a_file_that_is_not_there_or_no_text(self, tmp_path: Path) -> None:
        path = tmp_path / "services.csv"
        with pytest.raises(FileError, match=r"services.csv: No such file"):
            Services(path)
        path.write_bytes(b"\xff")
        with pytest.raises(FileError, match=r"services.csv: not UTF-8 \(invalid start byte at byte 0\)"):
            Services(path)

    @pytest.mark.parametrize(
        "line",
        ["10.0.0.0/8,3,x,", "192.0.2.1,-1,x,", "192.0.2.1,4294967296,x,", "192.0.2.1,3,x,fast", "192.0.2.1,3,x,G"],
    )
    def test_interfaces_are_of_one_exporter_and_have_an_index(self, tmp_path: Path, line: str) -> None:
        with pytest.raises(FileError, match="line 2"):
            InterfaceFile(put(tmp_path, "exporter,ifindex,name,speed", line))

    def test_a_damaged_file_leaves_what_it_said_and_is_told_once(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        inventory = Inventory(put(tmp_path, "exporter,name", f"{EXPORTER},edge"))
        made, flows = place(Sources(inventory)), netflow9(NUMBERS.define9(), NUMBERS.data((3, 4)))
        put(tmp_path, "exporter,name", "edge,192.0.2.1")
        assert [made.rows(flows)[0]["host.name"] for _ in range(2)] == ["edge", "edge"]
        (message,) = caplog.messages
        assert re.search("some.csv, line 2: 'edge' does not appear to be .*; what the file said before stays", message)
