"""Name servers as they are written in settings."""

from ipaddress import ip_network
from typing import Any

import numpy as np
import pytest

from collector.enrich.dns.servers import Groups, NameServer, name_servers
from collector.settings import SettingsError, load


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("", []),
        ("10.0.0.53", [(None, "10.0.0.53:53")]),
        ("2001:db8::53, [2001:db8::54]:5353", [(None, "[2001:db8::53]:53"), (None, "[2001:db8::54]:5353")]),
        ("10.0.0.0/8=10.0.0.53:54", [(ip_network("10.0.0.0/8"), "10.0.0.53:54")]),
        (["10.0.0.1=::1"], [(ip_network("10.0.0.1/32"), "[::1]:53")]),
    ],
)
def test_a_server_is_for_all_or_for_a_network(given: Any, read: list[Any]) -> None:
    assert name_servers(given) == tuple(NameServer(*one) for one in read)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("dns.example.net", "'dns.example.net' is not the address of a name server: ADDRESS or ADDRESS:PORT"),
        ("10.0.0.53:99999", "'10.0.0.53:99999' is not the address of a name server"),
        ("10.0.0.1/8=10.0.0.53", "'10.0.0.1/8' is not an address or network such as 10.0.0.0/8"),
        ("=10.0.0.53", "'' is not an address or network"),
    ],
)
def test_what_is_no_server_is_refused(given: str, reason: str) -> None:
    with pytest.raises(SettingsError) as error:
        load({"dns_servers": given})
    assert str(error.value).startswith(f"--dns-servers: {reason}")


def test_the_servers_of_a_network_are_a_group() -> None:
    groups = Groups.of(name_servers("10.0.0.0/8=10.0.0.1,10.1.0.0/16=10.0.0.2,10.0.0.0/8=10.0.0.3"))
    assert groups.servers == [[], ["10.0.0.1:53", "10.0.0.3:53"], ["10.0.0.2:53"]]
    lo = np.array([0xFFFF0A000001, 0xFFFF0A010001, 0xFFFF0B000001], np.uint64)
    assert groups.networks.find(np.zeros(3, np.uint64), lo).tolist() == [0, 1, -1]
