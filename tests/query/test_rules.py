"""Rules change what they say, of the flows they say, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

import collector
from collector import schema
from collector.cli import application
from collector.flows import Flows
from collector.query.filter import parse
from collector.query.rulefile import rules
from collector.query.rules import Rules
from collector.registry import number_of
from collector.settings import SettingsError, load
from collector.store.documents import documents
from tests.query.sample import FILTERS, sample
from tests.sample import FLOWS, capture
from tests.store.parquet_flows import write_file


def applied(*given: dict[str, Any], flows: Flows | None = None) -> Flows:
    return Rules(rules(list(given))).apply(sample() if flows is None else flows)


def column(flows: Flows, name: str) -> list[Any]:
    return flows.column(name).to_list() if name in flows.names() else [None] * len(flows)


SET = {
    "flow.vlan": 7,  # a new column
    "source.port": 8080,
    "network.application": "other",
    "flow.id": 2**64 - 1,
    "tags": ["a", "b"],
    "event.dataset": "sflow",  # constant tables
    "network.iana_number": 132,
    "flow.end_reason": "idle-timeout",
    "flow.src_port_name": "https",
    "host.name": "router",  # attributes of entries
    "source.domain": "laptop",
    "source.geo.city_name": "Praha",
    "flow.input_ifalias": "uplink",
}


@pytest.mark.parametrize("text", ["*", "host.name:core-1", "source.port:443", "source.ip:10.0.0.0/8"])
@pytest.mark.parametrize(("name", "value"), list(SET.items()))
def test_a_value_is_set_where_the_filter_holds(name: str, value: Any, text: str) -> None:
    which, before = parse(text).mask(sample()).to_list(), column(sample(), name)
    after = applied({"when": text, "set": {name: value}})
    code = schema.field(name).code
    # An attribute hangs on something.
    bearing = [True] * len(which) if code is None else [one is not None for one in column(sample(), code)]
    expected = [value if hit and bears else old for hit, bears, old in zip(which, bearing, before, strict=True)]
    assert column(after, name) == expected
    assert_others_alike(after, name)


def test_an_interface_gets_a_name_also_where_it_had_none() -> None:
    after = applied({"when": "source.port:443", "set": {"flow.input_ifname": "wan", "flow.output_ifname": "lan"}})
    which = parse("source.port:443").mask(sample()).to_list()
    names = zip(which, column(sample(), "flow.input_ifname"), strict=True)
    assert column(after, "flow.input_ifname") == ["wan" if hit else old for hit, old in names]
    assert column(after, "flow.output_ifname") == ["lan" if hit else None for hit in which]
    assert column(after, "flow.input_ifalias") == column(sample(), "flow.input_ifalias")


@pytest.mark.parametrize("name", ["source.port", "source.ip", "flow.tcp_flags", "source.domain", "source.mac"])
def test_a_value_is_removed_where_the_filter_holds(name: str) -> None:
    after = applied({"when": "host.name:core-1", "remove": name})
    expected = [old if row % 2 else None for row, old in enumerate(column(sample(), name))]
    assert column(after, name) == expected
    assert_others_alike(after, name)
    assert name not in applied({"when": "*", "remove": [name]}).frame.columns


def assert_others_alike(after: Flows, name: str) -> None:
    """All but a field and what hangs on it are as they were."""
    hangs = {one.name for one in schema.fields().values() if name in (one.name, one.code)}
    kept = [one for one in sample().names() if one not in hangs]
    assert_frame_equal(after.wide(kept), sample().wide(kept))


ENDS = [("source", "destination", None)[row % 3] for row in range(24)]
"""Which end of each flow is the client."""
OTHER = {"source": "destination", "destination": "source"}


def ended() -> Flows:
    """The sample with two ends, one of which is the client where that is known."""
    flows = sample()
    codes = [None if end is None else number_of("ends", end) for end in ENDS]
    ip, port = (flows.frame[f"source.{name}"].reverse().alias(f"destination.{name}") for name in ("ip", "port"))
    frame = flows.frame.with_columns(ip, port, pl.Series("flow.client_end", codes, dtype=pl.UInt8))
    return Flows(frame, flows.tables)


def of_client(name: str) -> list[Any]:
    """What the clients of `ended` have."""
    found = {end: column(ended(), f"{end}.{name}") for end in OTHER}
    return [None if end is None else found[end][row] for row, end in enumerate(ENDS)]


def of_server(name: str) -> list[Any]:
    found = {end: column(ended(), f"{other}.{name}") for end, other in OTHER.items()}
    return [None if end is None else found[end][row] for row, end in enumerate(ENDS)]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("client.port:443", lambda row: of_client("port")[row] == 443),
        ("NOT client.port:443", lambda row: of_client("port")[row] != 443),
        ("client.ip:10.0.0.0/8 OR tags:x", lambda row: (of_client("ip")[row] or "").startswith("10.")),
        ("client.domain:host-3*", lambda row: of_client("domain")[row] == "host-3.example.net"),
        ("server.port:* AND client.ip:*", lambda row: of_client("ip")[row] and of_server("port")[row] is not None),
        ("related.ip:10.0.0.0", lambda row: "10.0.0.0" in (column(ended(), f"{end}.ip")[row] for end in OTHER)),
        ("type:ipfix AND event.kind:event", lambda row: row >= 0),
        ("event.kind:alert", lambda row: row < 0),
    ],
)
def test_a_rule_asks_for_fields_that_only_documents_have(text: str, holds: Callable[[int], Any]) -> None:
    tagged = column(applied({"when": text, "tag": "hit"}, flows=ended()), "tags")
    assert [one is not None for one in tagged] == [bool(holds(row)) for row in range(24)]


def test_without_ends_there_is_no_client() -> None:
    assert column(applied({"when": "client.ip:* OR server.ip:*", "tag": "hit"}), "tags") == [None] * 24


@pytest.mark.parametrize(("name", "value"), [("port", 7), ("domain", "laptop")])
def test_a_value_of_the_client_is_set_where_the_client_is(name: str, value: Any) -> None:
    after = applied({"when": "*", "set": {f"client.{name}": value}}, flows=ended())
    for end in OTHER:
        bears = [name == "port" or one is not None for one in column(ended(), f"{end}.ip")]
        rows = zip(ENDS, bears, column(ended(), f"{end}.{name}"), strict=True)
        assert column(after, f"{end}.{name}") == [value if one == end and bear else old for one, bear, old in rows]


def test_a_value_of_the_server_is_removed_where_the_server_is() -> None:
    after = applied({"when": "*", "remove": ["server.ip"]}, flows=ended())
    for end, other in OTHER.items():
        expected = [None if one == other else old for one, old in zip(ENDS, column(ended(), f"{end}.ip"), strict=True)]
        assert column(after, f"{end}.ip") == expected


def test_tags_are_added_once() -> None:
    first = {"when": "source.port:443", "tag": ["web", "tls"]}
    second = {"name": "b", "when": "host.name:core-1 OR source.port:443", "tag": "web"}
    hit = parse("source.port:443").mask(sample()).to_list()
    expected = [["web", "tls"] if one else ["web"] if row % 2 == 0 else None for row, one in enumerate(hit)]
    assert column(applied(first, second), "tags") == expected


def test_a_rule_sees_what_those_before_it_did() -> None:
    after = applied(
        {"when": "source.port:443", "set": {"host.name": "tls"}, "tag": ["seen"]},
        {"name": "second", "when": "host.name:tls AND tags:seen", "set": {"flow.vlan": 1}},
        {"name": "third", "when": "flow.vlan:1 OR host.name:core-1", "drop": True},
    )
    assert len(after) == 24 - 12 - 5
    assert set(column(after, "host.name")) == {"edge-1"}


def test_what_is_dropped_is_counted_by_rule() -> None:
    some = Rules(rules([{"name": "noise", "when": "host.name:core-1", "drop": True}, {"when": "*", "drop": True}]))
    assert len(some.apply(sample())) == 0
    assert len(some.apply(sample())) == 0
    assert some.dropped == {"noise": 24, "2": 24}


def test_documents_and_parquet_have_what_rules_made(tmp_path: Path) -> None:
    made = applied(*({"name": str(n), "when": FILTERS[n], "set": {k: v}} for n, (k, v) in enumerate(SET.items())))
    wide = made.wide()
    found = [json.loads(one) for one in documents(made)]
    assert [one["host"]["name"] for one in found] == wide["host.name"].to_list()
    assert [one.get("tags") for one in found] == wide["tags"].to_list()
    read = pl.read_parquet(write_file(tmp_path / "one.parquet", made))
    names = [name for name in wide.columns if schema.field(name).kind != "time"]
    assert_frame_equal(read.select(names), wide.select(names))


CHANGES = [*({"set": {name: value}} for name, value in SET.items()), {"remove": "source.ip"}, {"remove": "host.name"}]


@given(st.lists(st.tuples(st.sampled_from(FILTERS), st.sampled_from(CHANGES)), max_size=5))
@settings(max_examples=25)
def test_flows_are_changed_alike_in_any_batch(chosen: list[tuple[str, dict[str, Any]]]) -> None:
    made = rules([{"name": str(number), "when": text, **change} for number, (text, change) in enumerate(chosen)])
    whole, flows = Rules(made).apply(sample()), sample()
    parts = [Rules(made).apply(Flows(flows.frame[row : row + 4], flows.tables)) for row in range(0, len(flows), 4)]
    names = [*dict.fromkeys([*whole.names(), *(name for part in parts for name in part.names())])]
    for name in names:
        assert column(whole, name) == [one for part in parts for one in column(part, name)], name


def test_every_field_is_settable_or_says_why_not() -> None:
    values = {"keyword": "word", "keywords": "word"}
    refused = {}
    for field in schema.fields().values():
        value = SET.get(field.name, values.get(field.kind, 1))
        try:
            after = applied({"when": "*", "set": {field.name: value}})
        except ValueError as error:
            refused[field.name] = str(error)
        else:
            kept = [value] if field.kind == "keywords" and isinstance(value, str) else value
            hanging = field.code is not None and field.code not in sample().frame.columns
            assert kept in column(after, field.name) or hanging
    assert refused.keys() >= {"@timestamp", "source.ip", "network.transport", "flow.tcp_flags", "source.mac"}
    assert not refused.keys() & SET.keys()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("when = 'source.port:x'\ndrop = true", "when: at position 13: source.port: 'x' is not a whole number"),
        ("drop = true", "when: a filter is missing"),
        ("when = '*'", "it must have either drop = true, or some of"),
        ("when = '*'\ndrop = true\ntag = 'x'", "it must have either drop = true, or some of"),
        ("when = '*'\ndorp = true", "dorp: no such key; did you mean drop?"),
        (
            "when = '*'\ndorp = true\ntg = 'x'",
            "dorp: no such key; did you mean drop?; rule 2: tg: no such key; did you mean tag?",
        ),
        ("when = '*'\ndrop = 1", "drop: it must be true or false"),
        ("when = '*'\ntag = []", "tag: [] is not a text or a list of texts"),
        ("when = '*'\nset = { flow.vlam = 1 }", "set: there is no field flow.vlam; did you mean flow.vlan"),
        ("when = '*'\nset = { flow.vlan = 'x' }", "set: flow.vlan: 'x' is not a whole number from 0 to 65535"),
        ("when = '*'\nset = { flow.vlan = 65536 }", "set: flow.vlan: 65536 is not a whole number from 0 to 65535"),
        ("when = '*'\nset = { flow.vlan = true }", "set: flow.vlan: True is not a whole number"),
        ("when = '*'\nset = { 'host.name' = 5 }", "set: host.name: 5 is not a text"),
        (
            "when = '*'\nset = { event.dataset = 'x' }",
            "event.dataset: 'x' is none of its values: netflow, ipfix, sflow",
        ),
        ("when = '*'\nset = { network.transport = 'tcp' }", "it follows from network.iana_number: change that"),
        ("when = '*'\nset = { source.ip = '10.0.0.1' }", "set: source.ip: rules can remove it, not set it"),
        ("when = '*'\nremove = 'host.ip'", "remove: host.ip: every flow needs it"),
        ("when = '*'\nremove = 'host.nam'", "remove: there is no field host.nam; did you mean host.name"),
        ("when = '*'\nset = { client.port = 'x' }", "set: client.port: 'x' is not a whole number from 0 to 65535"),
        ("when = '*'\nset = { server.ip = '10.0.0.1' }", "set: server.ip: rules can remove it, not set it"),
        ("when = '*'\nremove = 'clint.ip'", "remove: there is no field clint.ip; did you mean client.ip"),
        (
            "when = '*'\nset = { as.organization.name = 'x' }",
            "it follows from source.as.organization.name and destination.as.organization.name: change those",
        ),
        ("when = '*'\nremove = 'type'", "remove: type: it follows from event.dataset: change that"),
        ("when = '*'\nremove = 'event.kind'", "remove: event.kind: it is the same for all flows"),
        ("name = 'first'\nwhen = '*'\ndrop = true", "rule 1 is called first too"),
    ],
)
def test_a_rule_that_makes_no_sense_is_told_with_its_place(rule: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    text = f"[[rules]]\nname = 'first'\nwhen = '*'\ntag = 'x'\n[[rules]]\n{rule}\n"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load({"rules": str(file)})
    assert str(error.value).startswith(f"--rules: {file}: rule 2: ")
    assert words in str(error.value)


def test_all_that_is_wrong_is_told(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    first = "[[rules]]\nwhen = 'source.port:x'\nset = { flow.vlam = 1, flow.vlan = 'x' }\ndrop = 1\n"
    file.write_text(f"{first}[[rules]]\ndrop = true\n", encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load({"rules": str(file)})
    found = str(error.value)
    for words in ("1: when: at", "1: set: there", "1: set: flow.vlan: 'x'", "1: drop: it must", "2: when: a filter"):
        assert found.count(f"rule {words}") == 1
    assert found.count(str(file)) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "No such file"),
        ("[[rules]", "line 1"),
        ("[[rule]]", "rule: no such key; did you mean rules?"),
        ("rules = 1", "[[rules]]"),
    ],
)
def test_a_file_that_has_no_rules_is_named(text: str | None, words: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"^--rules: .*rules.toml: ") as error:
        load({"rules": str(file)})
    assert words in str(error.value)


RULES = """
[[rules]]
name = "second"
when = "client.ip:198.51.100.2"
drop = true

[[rules]]
when = "server.port:443 AND network.bytes:>1000"
set = { host.name = "edge" }
tag = ["https"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a capture of three flows; the commands leave the logging of other tests alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("collector.commands.captures.configure_logging", lambda _: None)
    (tmp_path / "one.pcap").write_bytes(capture())
    return tmp_path


@pytest.mark.parametrize("spelling", ["flag", "variable", "settings"])
def test_decode_applies_rules(spelling: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ("flow-collector.toml" if spelling == "settings" else "rules.toml")).write_text(RULES, encoding="utf-8")
    if spelling == "variable":
        monkeypatch.setenv("FLOW_COLLECTOR_RULES", "rules.toml")
    flags = ["--rules", "rules.toml"] if spelling == "flag" else []
    answer = CliRunner().invoke(application(), ["decode", *flags, "one.pcap"])
    assert answer.exit_code == 0, answer.output
    found = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [(one["source"]["ip"], one["host"].get("name"), one.get("tags")) for one in found] == [
        ("198.51.100.1", "192.0.2.1", None),
        ("198.51.100.3", "edge", ["https"]),
    ]
    assert "flow-collector: 1 flows dropped by rule second" in answer.stderr


def test_import_and_the_library_apply_rules(folder: Path) -> None:
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    answer = CliRunner().invoke(application(), ["import", "--rules", "rules.toml", "one.pcap"])
    assert answer.exit_code == 0, answer.output
    assert "3 flows decoded, 1 dropped by rules, 2 stored" in answer.output
    stored = pl.read_parquet("flows/date=*/*.parquet").sort("source.ip")
    assert stored["tags"].to_list() == [None, ["https"]]
    frame = collector.read_pcap("one.pcap", rules=Rules(rules("rules.toml")))
    assert frame.sort("source.ip")["tags"].to_list() == [None, ["https"]]
    assert collector.read_pcap("one.pcap").height == FLOWS
