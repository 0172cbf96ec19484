"""Lists in the formats in which they are published."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.enrich import blocklists
from collector.enrich.blocklists import BlockList
from collector.enrich.tagsets import TagSets
from tests.enrich.test_tagsets import tags

ADDRESSES = ("9.9.9.0", "9.9.9.9", "9.9.9.10", "8.8.8.8", "2a00::1", "2a00:1::1")
FORMATS = {
    "addresses": ("9.9.9.9\n8.8.8.8", "9.9.9.9 8.8.8.8"),
    "networks of FireHOL": ("#\n# list\n#\n9.9.9.8/31\n8.8.8.8\n", "9.9.9.9 8.8.8.8"),
    "host bits set": ("9.9.9.9/31\n", "9.9.9.9"),
    "Spamhaus DROP": ("; DROP list 1.1.1.1\n9.9.9.8/31 ; SBL1 8.8.8.8\n2a00::/32 ; SBL2\n", "9.9.9.9 2a00::1"),
    "blocklist.de": ("9.9.9.9\n2a00::1\n2a00:1::1\n", "9.9.9.9 2a00::1 2a00:1::1"),
    "with ports": ("9.9.9.9:443\n[2a00::1]:8080\n", "9.9.9.9 2a00::1"),
    "Feodo Tracker CSV": (
        '# comment\n"first_seen_utc","dst_ip","dst_port","c2_status"\n"2024-01-02 03:04:05","9.9.9.9","443","online"\n',
        "9.9.9.9",
    ),
    "SSLBL CSV": ("# Firstseen,DstIP,DstPort\r\n2024-01-02 03:04:05,9.9.9.9,443\r\n", "9.9.9.9"),
    "comments behind": ("9.9.9.9 # 8.8.8.8 was taken off\n\n", "9.9.9.9"),
    "ranges": ("9.9.9.9-9.9.9.10\n008.008.008.000 - 008.008.008.255 , 100 , some name\n", "9.9.9.9 9.9.9.10 8.8.8.8"),
    "tabs and blanks": ("\t9.9.9.9\tattacker\n  8.8.8.8  \n", "9.9.9.9 8.8.8.8"),
    "byte order mark": ("\ufeff9.9.9.9\n", "9.9.9.9"),
    "nothing": ("", ""),
}


def written(folder: Path, text: str, name: str = "evil.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def tagged(found: BlockList, *addresses: str) -> dict[str, list[str]]:
    """The tags of those of the addresses that have any."""
    every = zip(addresses, tags(TagSets(list(found.layers())), *addresses), strict=True)
    return {address: list(some) for address, some in every if some}


@pytest.mark.parametrize(("text", "expected"), FORMATS.values(), ids=FORMATS.keys())
def test_the_addresses_of_a_list_have_its_name_as_tag(tmp_path: Path, text: str, expected: str) -> None:
    found = blocklists.read(written(tmp_path, text))
    assert tagged(found, *ADDRESSES) == {address: ["evil"] for address in expected.split()}
    assert found.bad == 0


def test_lines_of_a_csv_file_may_have_tags_of_their_own(tmp_path: Path) -> None:
    text = """\
# ours
address,note,tags
9.9.9.8/31,"a, b",scanner;botnet  # since May
9.9.9.10,,"tor exit"
8.8.8.8,,
2a00::/32,,tor
"""
    assert tagged(blocklists.read(written(tmp_path, text, "ours.csv")), *ADDRESSES) == {
        "9.9.9.9": ["botnet", "scanner"],
        "9.9.9.10": ["exit", "tor"],
        "8.8.8.8": ["ours"],
        "2a00::1": ["tor"],
    }


@pytest.mark.parametrize(
    "line",
    [
        "9.9.9.256",
        "9.9.9.9/33",
        "0.0.0.0/0",
        "::/0",
        "9.9.9.9.9",
        "9.9.9",
        "9.9.9.9-9.9.9.8",
        "::ffff:9.9.9.9",
        "2a00::1::2",
        "evil.example",
        "٩.٩.٩.٩",
    ],
)
def test_lines_without_an_address_are_counted_and_the_first_is_told(tmp_path: Path, line: str) -> None:
    found = blocklists.read(written(tmp_path, f"8.8.8.8\n\n{line}\nmore evil\n"))
    assert (found.entries, found.bad, found.first_bad) == (1, 2, f"line 3: {line}")
    assert tagged(found, *ADDRESSES) == {"8.8.8.8": ["evil"]}


def test_a_list_is_read_in_blocks_of_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocklists, "BLOCK", 7)
    addresses = [f"9.9.{number}.9" for number in range(40)]
    found = blocklists.read(written(tmp_path, "\n".join(["#", *addresses, "bad"])))
    assert tagged(found, *addresses) == {address: ["evil"] for address in addresses}
    assert found.first_bad == "line 42: bad"


WORDS = st.sampled_from([b"9.9.9.9", b"2a00::1", b"tags", b",", b'"', b"/", b"-", b";", b"\n"]) | st.binary(max_size=4)


@given(st.sampled_from([b"", b"address,tags\n", b"tags,address\n"]), st.lists(WORDS).map(b"".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_file_can_be_read(tmp_path: Path, head: bytes, text: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(head + text)
    found = blocklists.read(path)
    TagSets(list(found.layers()))
    assert found.entries + found.bad <= text.count(b"\n") + 1
