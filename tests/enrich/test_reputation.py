"""Tags of addresses and of flows from and to them."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from collector.enrich.enricher import Enricher
from collector.enrich.reputation import Reputation
from collector.enrich.shelf import ReputationError
from collector.flows import Flows
from collector.store.documents import documents
from tests.enrich.lookups import flows, new, warnings


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def tags(reputation: Reputation, *addresses: str) -> dict[str, Any]:
    """The tags of new addresses."""
    coded = new(*addresses)
    table = coded.select("value", **{name: make(coded) for name, make in reputation.attributes().items()})
    described = reputation.describe(table)
    found = described["rep_tags"].to_list() if "rep_tags" in described.columns else []
    return {address: some for address, some in zip(addresses, found, strict=False) if some}


def refreshed(reputation: Reputation) -> bool:
    """Whether changed files, if there are any, have been taken."""
    assert not reputation.refresh()
    end = time.monotonic() + 30
    while reputation._reading is not None and time.monotonic() < end:
        if reputation.refresh():
            return True
        time.sleep(0.005)
    return False


def test_an_address_has_the_tags_of_all_lists(tmp_path: Path) -> None:
    written(tmp_path / "tor.list", "9.9.9.9\n2a00::1\n")
    written(tmp_path / "spam.netset", "9.9.0.0/16\n")
    written(tmp_path / "README.md", "7.7.7.7\n")
    reputation = Reputation([tmp_path, written(tmp_path / "named", "8.8.8.8\n")])
    assert tags(reputation, "9.9.9.9", "9.9.1.1", "2a00::1", "8.8.8.8", "7.7.7.7") == {
        "9.9.9.9": ["spam", "tor"],
        "9.9.1.1": ["spam"],
        "2a00::1": ["tor"],
        "8.8.8.8": ["named"],
    }


def test_exceptions_have_no_tags(tmp_path: Path) -> None:
    evil, good = written(tmp_path / "evil.txt", "9.9.9.0/24\n2a00::/32\n"), tmp_path / "good"
    reputation = Reputation([evil], written(good, "9.9.9.8/31\n2a00:0:1::/48\n"))
    addresses = ("9.9.9.7", "9.9.9.8", "9.9.9.9", "9.9.9.10", "2a00::1", "2a00:0:1::1")
    assert list(tags(reputation, *addresses)) == ["9.9.9.7", "9.9.9.10", "2a00::1"]
    good.write_text("")
    assert refreshed(reputation)
    assert list(tags(reputation, *addresses)) == list(addresses)


def test_private_addresses_have_tags_of_lines_alone(tmp_path: Path) -> None:
    bogons = written(tmp_path / "bogons.netset", "10.0.0.0/8\n224.0.0.0/3\nfc00::/7\n")
    ours = written(tmp_path / "ours.csv", "address,tags\n10.0.0.9,infected\n")
    found = tags(Reputation([ours, bogons]), "10.0.0.1", "10.0.0.9", "224.0.0.5", "fd00::1", "240.0.0.1")
    assert found == {"10.0.0.9": ["infected"], "240.0.0.1": ["bogons"]}


def test_changed_lists_are_read_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    written(tmp_path / "a.txt", "9.9.9.9\n")
    reputation = Reputation([tmp_path])
    assert not refreshed(reputation)
    written(tmp_path / "a.txt", "# new\n8.8.8.8\n")
    written(tmp_path / "b.txt", "8.8.8.8\n")
    assert refreshed(reputation)
    assert tags(reputation, "9.9.9.9", "8.8.8.8") == {"8.8.8.8": ["a", "b"]}
    (tmp_path / "a.txt").unlink()
    written(tmp_path / "b.txt", "<html>Too many requests</html>\n")
    assert refreshed(reputation)
    assert tags(reputation, "9.9.9.9", "8.8.8.8") == {"8.8.8.8": ["b"]}
    (told,) = warnings(caplog)
    assert "b.txt: no line has an address; line 1: <html>Too many requests</html>; what was read" in told
    assert not refreshed(reputation)


def test_a_damaged_list_of_a_folder_is_told_once_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    written(tmp_path / "a.txt", "nonsense\n")
    reputation = Reputation([tmp_path])
    written(tmp_path / "b.txt", "9.9.9.9\n")
    assert refreshed(reputation)
    assert tags(reputation, "9.9.9.9") == {"9.9.9.9": ["b"]}
    (told,) = warnings(caplog)
    assert told.endswith("a.txt: no line has an address; line 1: nonsense; not used")


def test_bad_lines_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Reputation([written(tmp_path / "a.txt", "9.9.9.9\nx.example\ny.example\n")])
    assert warnings(caplog)[-1].endswith("a.txt: lines without an address: 2, the first is line 2: x.example")


@pytest.mark.parametrize(("text", "message"), [(None, "No such file"), ("evil.example\n", "no line has an address")])
def test_a_named_list_that_cannot_be_used_is_an_error(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "list"
    if text:
        written(path, text)
    with pytest.raises(ReputationError, match=message):
        Reputation([path])
    with pytest.raises(ReputationError, match=message):
        Reputation([], path)


def enriched(folder: Path, *pairs: tuple[str | None, str | None]) -> Flows:
    lists = written(folder / "tor.txt", "9.9.9.9\n"), written(folder / "spam.txt", "8.8.8.8\n9.9.9.9\n")
    return Enricher(reputation=Reputation(lists)).enrich(flows(*pairs), ["192.0.2.1"])


def test_flows_have_the_tags_of_their_ends_and_a_level(tmp_path: Path) -> None:
    pairs = [("10.0.0.1", "9.9.9.9"), ("8.8.8.8", "10.0.0.1"), ("10.0.0.1", "7.7.7.7"), ("8.8.8.8", "9.9.9.9")]
    names = ["flow.rep_tags", "flow.src_rep_tags", "flow.dst_rep_tags", "event.severity", "log.level"]
    found = enriched(tmp_path, *pairs, (None, "9.9.9.9"))
    assert found.wide(names).rows() == [
        (["spam", "tor"], None, ["spam", "tor"], 4, "warning"),
        (["spam"], ["spam"], None, 4, "warning"),
        (None, None, None, None, None),
        (["spam", "tor"], ["spam"], ["spam", "tor"], 4, "warning"),
        (["spam", "tor"], None, ["spam", "tor"], 4, "warning"),
    ]
    document = json.loads(documents(found)[1])
    assert document["flow"]["src_rep_tags"] == document["flow"]["rep_tags"] == ["spam"]
    assert (document["event"], document["log"]) == ({"severity": 4}, {"level": "warning"})


def test_flows_without_tags_have_nothing_of_them(tmp_path: Path) -> None:
    names = enriched(tmp_path, ("10.0.0.1", "7.7.7.7")).names()
    assert not [name for name in names if "rep_tags" in name or name in ("event.severity", "log.level")]


def test_an_enricher_takes_changed_lists(tmp_path: Path) -> None:
    path = written(tmp_path / "evil.txt", "9.9.9.9\n")
    reputation = Reputation([path])
    enricher = Enricher(reputation=reputation)
    frame = flows(("10.0.0.1", "8.8.8.8"))
    assert "flow.rep_tags" not in enricher.enrich(frame, ["192.0.2.1"]).names()
    written(path, "# new\n8.8.8.8\n")
    end = time.monotonic() + 30
    while "flow.rep_tags" not in enricher.enrich(frame, ["192.0.2.1"]).names():
        assert time.monotonic() < end
        enricher.refresh()
        time.sleep(0.005)
