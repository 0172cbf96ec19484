"""The operator's networks by name."""

from pathlib import Path
from typing import Any

import pytest

from collector.enrich.enricher import Enricher
from collector.enrich.network_file import NetworksError
from collector.enrich.networks import Networks
from collector.settings import SettingsError, load
from tests.enrich.lookups import flows, new, warnings

FILE = """\
network,name,site,role,tags
# what we have
10.0.0.0/8,Campus,,,
10.1.0.0/16,Lab,Oslo,lab,test |fast
10.1.2.3,Printer,,,
2001:db8::/32,Six,Bergen,"servers, all",

9.9.9.0/24,Own,,internal,
9.9.9.128/25,Own customers,,,
9.9.9.192/26,Leased out,,customer,external
10.66.0.0/16,Guests,,External,
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "networks.csv"
    path.write_text(text, encoding="utf-8")
    return path


def described(networks: Networks, *addresses: str) -> dict[str, list[Any]]:
    """What is put in for new addresses."""
    coded = new(*addresses)
    table = coded.select("value", **{name: make(coded) for name, make in networks.attributes().items()})
    return networks.describe(table).to_dict(as_series=False)


def test_the_longest_network_names_an_address(tmp_path: Path) -> None:
    networks = Networks(written(tmp_path, FILE))
    assert described(networks, "10.2.0.1", "10.1.0.1", "10.1.2.3", "2001:db8::1", "8.8.8.8") == {
        "value": ["10.2.0.1", "10.1.0.1", "10.1.2.3", "2001:db8::1", "8.8.8.8"],
        "inside": [True, True, True, True, False],
        "network.name": ["Campus", "Lab", "Printer", "Six", None],
        "network.site": [None, "Oslo", None, "Bergen", None],
        "network.role": [None, "lab", None, "servers, all", None],
        "network.tags": [None, ["test", "fast"], None, None, None],
    }


def test_the_innermost_mark_tells_what_is_inside(tmp_path: Path) -> None:
    networks = Networks(written(tmp_path, FILE))
    found = described(networks, "9.9.9.1", "9.9.9.129", "9.9.9.200", "10.66.0.1", "10.67.0.1")
    assert found["inside"] == [True, True, False, False, True]


def test_addresses_in_no_network_have_nothing_put_in(tmp_path: Path) -> None:
    assert described(Networks(written(tmp_path, FILE)), "8.8.8.8") == {"value": ["8.8.8.8"], "inside": [False]}
    assert described(Networks(), "10.0.0.1") == {"value": ["10.0.0.1"], "inside": [True]}


def test_spreadsheets_write_marks_and_semicolons(tmp_path: Path) -> None:
    networks = Networks(written(tmp_path, "\ufeffname;network\r\nLab, Oslo;10.0.0.0/8\r\n"))
    assert described(networks, "10.0.0.1")["network.name"] == ["Lab, Oslo"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("network,name\n10.0.0.0/8,a\n10.0.0.0/33,b\n", r"networks\.csv, line 3: '10\.0\.0\.0/33' is not a network"),
        ("network,name\n,a\n", r"line 2: '' is not a network"),
        ("network,nmae\n", r"line 1: the first line names the columns network, name, site, role, tags; this one has "),
        ("10.0.0.0/8,Campus\n", r"line 1: the first line names the columns"),
        ("network\n10.0.0.0/8,Campus\n", r"line 2: more cells \(2\) than columns \(1\)"),
        ("", r"networks\.csv: empty; its first line names the columns, of network,name,site,role,tags"),
        ("# none yet\n,,\n", r"networks\.csv: empty; its first line"),
        ("network\n\udcff\n", r"networks\.csv: not UTF-8"),
    ],
)
def test_a_line_that_makes_no_sense_is_told_with_its_number(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "networks.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(NetworksError, match=message):
        Networks(path)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NetworksError, match=r"networks .*none\.csv: No such file"):
        Networks(tmp_path / "none.csv")


def test_a_changed_file_is_read_again_and_a_damaged_one_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path, "network,name\n10.0.0.0/8,Old\n")
    networks = Networks(path)
    assert not networks.refresh()
    written(tmp_path, "network,name\n10.0.0.0/8,New one\n")
    assert networks.refresh()
    assert described(networks, "10.0.0.1")["network.name"] == ["New one"]
    written(tmp_path, "network,name\n10.0.0.0/8,Newer\n10.0.0/8,Damaged\n")
    assert not networks.refresh()
    path.unlink()
    assert not networks.refresh()
    assert described(networks, "10.0.0.1")["network.name"] == ["New one"]
    assert not networks.refresh()
    assert [message.rpartition("; ")[2] for message in warnings(caplog)] == ["the networks of before stay in use"] * 2
    assert "line 3" in warnings(caplog)[0]


def test_flows_have_the_networks_of_their_ends(tmp_path: Path) -> None:
    path = written(tmp_path, FILE)
    enricher = Enricher(networks=Networks(path))
    frame = flows(("10.1.0.1", "8.8.8.8"), ("8.8.8.8", "9.9.9.200"))
    found = enricher.enrich(frame, ["192.0.2.1"])
    assert found.column("source.network.name").to_list() == ["Lab", None]
    assert found.column("source.network.tags").to_list() == [["test", "fast"], None]
    assert found.column("destination.network.name").to_list() == [None, "Leased out"]
    assert found.column("network.direction").to_list() == ["outbound", "external"]
    written(tmp_path, "network,name\n8.0.0.0/8,Eight\n")
    enricher.refresh()
    found = enricher.enrich(frame, ["192.0.2.1"])
    assert found.column("source.network.name").to_list() == [None, "Eight"]
    assert "source.network.tags" not in found.names()


def test_without_a_file_nothing_is_said_of_networks() -> None:
    names = Enricher().enrich(flows(("10.0.0.1", "8.8.8.8")), ["192.0.2.1"]).names()
    assert not [name for name in names if ".network." in name]


def test_own_networks_are_a_setting() -> None:
    settings = load({"local_networks": "9.9.9.0/24, 2a00:1::/32"})
    assert [str(one) for one in settings.local_networks] == ["9.9.9.0/24", "2a00:1::/32"]
    with pytest.raises(SettingsError, match=r"^--local-networks: .*10\.0\.0\.1/8 has host bits set"):
        load({"local_networks": "10.0.0.1/8"})
