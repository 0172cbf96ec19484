"""One syntax of a setting in flags, variables and the file."""

from pathlib import Path

import pytest

from collector.endpoints import endpoints
from collector.settings import Settings, SettingsError, load

TEXTS = {
    "udp": "127.0.0.1:2055,[::1]:4739",
    "elasticsearch": "http://one:9200,http://two:9200",
    "sampling_default": "10.0.0.0/8=1000,192.0.2.1=512",
    "sampling_override": "7",
    "snmp_networks": "192.0.2.0/24,2001:db8::/32",
}


def test_lists_are_read_alike_from_flags_variables_and_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_flag = load(TEXTS)
    assert by_flag.udp == endpoints(["127.0.0.1:2055", "[::1]:4739"])
    assert [(str(one.network), one.rate) for one in by_flag.sampling_default] == [
        ("10.0.0.0/8", 1000),
        ("192.0.2.1/32", 512),
    ]
    file = tmp_path / "some.toml"
    file.write_text("".join(f'{name} = "{text}"\n' for name, text in TEXTS.items()), encoding="utf-8")
    assert load({}, file).model_dump() == by_flag.model_dump()
    for name, text in TEXTS.items():
        monkeypatch.setenv(f"FLOW_COLLECTOR_{name.upper()}", text)
    assert load({}).model_dump() == by_flag.model_dump()


def test_the_file_may_have_rates_as_a_table_or_a_number(tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    text = 'sampling_default = 1000\n[sampling_override]\n"10.0.0.0/8" = 5\n'
    file.write_text(text, encoding="utf-8")
    expected: Settings = load({"sampling_default": "1000", "sampling_override": "10.0.0.0/8=5"})
    assert load({}, file).model_dump() == expected.model_dump()


def test_a_network_that_is_none_is_told_with_its_place() -> None:
    with pytest.raises(SettingsError, match=r"^--snmp-networks: '10.0.0.0/33' does not appear to be an IPv4 or IPv6 "):
        load({"snmp_networks": "10.0.0.0/33"})


def test_a_rate_that_is_none_is_told_with_its_place() -> None:
    with pytest.raises(SettingsError, match=r"^--sampling-override: '0' is not a rate: a whole number from 1 to "):
        load({"sampling_override": "10.0.0.0/8=0"})
