"""Names of addresses from a name server that answers, answers late, or does not."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from collector.enrich.dns import asking, hostnames
from collector.enrich.dns.asking import Manners
from collector.enrich.dns.file import NAME
from collector.enrich.dns.hostnames import Wanted
from collector.enrich.enricher import Choices
from tests.builders.dns import REFUSED, SERVER_FAILURE, NameServer
from tests.enrich.dns.naming import EXPORTER, IMPATIENT, QUICK, ended, naming, wait_for

HOST, OTHER, SIX = "10.0.0.1", "10.0.0.2", "2001:db8::1"


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer() as server:
        server.name(HOST, "Host.Example.NET")
        server.name(SIX, "six.example.net")
        server.name(EXPORTER, "router.example.net")
        yield server


def test_a_late_answer_is_for_later_flows(server: NameServer) -> None:
    server.delay = 0.1
    with naming(server.place) as names:
        assert names.domains(HOST) == [HOST]
        names.rest()
        assert names.domains(HOST, OTHER, SIX) == ["host.example.net", OTHER, SIX]
        names.rest()
        assert names.domains(OTHER, SIX, HOST) == [OTHER, "six.example.net", "host.example.net"]
        assert names.exporter(EXPORTER) == "router.example.net"


def test_an_address_without_a_name_is_asked_for_again_after_an_hour(server: NameServer) -> None:
    with naming(server.place, Wanted.ENDPOINTS) as names:
        assert names.settled(OTHER) == [OTHER]
        server.name(OTHER, "new.example.net")
        names.later(3500)
        assert names.settled(OTHER) == [OTHER]
        assert server.times(OTHER) == 1
        names.later(200)
        assert names.settled(OTHER) == ["new.example.net"]


def test_a_name_is_asked_for_again_when_its_time_is_over(server: NameServer) -> None:
    with naming(server.place, Wanted.ENDPOINTS) as names:
        assert names.settled(HOST) == ["host.example.net"]
        server.name(HOST, "moved.example.net")
        names.later(290)
        assert names.settled(HOST) == ["host.example.net"]
        names.later(20)
        assert names.settled(HOST) == ["moved.example.net"]


def test_a_query_without_an_answer_is_repeated_ever_later_and_a_known_name_holds(server: NameServer) -> None:
    with naming(server.place, Wanted.ENDPOINTS) as names:
        assert names.settled(HOST) == ["host.example.net"]
        server.code = SERVER_FAILURE
        server.names.clear()
        for seconds, failures in ((310, 1), (50, 1), (20, 2), (110, 2), (20, 3)):
            names.later(seconds)
            assert names.settled(HOST) == ["host.example.net"]
            assert ended(names) == (1, 0, failures)


def test_a_mute_server_is_told_of_once_and_asked_little_until_it_answers(
    server: NameServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.mute = True
    some = [f"10.1.0.{host}" for host in range(150)]
    with naming(server.place, Wanted.ENDPOINTS, manners=IMPATIENT) as names:
        for _ in range(3):
            assert names.domains(*some) == some
        wait_for(lambda: names.hosts.resolver.counts().failed >= 103)
        assert names.hosts.resolver.room(0) == 1
        server.mute = False
        wait_for(lambda: names.hosts.resolver.room(0) > 1)
        names.later(3600)
        assert names.settled(HOST) == ["host.example.net"]
    texts = [one.getMessage() for one in caplog.records]
    assert [text.partition(";")[0] for text in texts] == [
        f"name server {server.place}: no answer (Timeout while contacting DNS servers)",
        f"name server {server.place}: names are asked for again",
    ]


def test_a_server_that_refuses_is_as_good_as_none(server: NameServer, caplog: pytest.LogCaptureFixture) -> None:
    server.code = REFUSED
    with naming(server.place, Wanted.ENDPOINTS) as names:
        assert names.settled("10.1.0.1", "10.1.0.2", "10.1.0.3") == ["10.1.0.1", "10.1.0.2", "10.1.0.3"]
    assert [one.getMessage().partition(";")[0] for one in caplog.records] == [
        f"name server {server.place}: no answer (DNS server refused query)"
    ]


def test_addresses_of_a_network_have_their_own_name_server(server: NameServer) -> None:
    with NameServer() as inner:
        inner.name("10.1.0.1", "inner.example.net")
        with naming(f"{server.place},10.1.0.0/16={inner.place}") as names:
            assert names.settled(HOST, "10.1.0.1") == ["host.example.net", "inner.example.net"]
            assert (server.times("10.1.0.1"), inner.times(HOST)) == (0, 0)


def test_a_dead_server_holds_up_no_other(server: NameServer) -> None:
    server.mute = True
    with NameServer() as inner, naming(f"{server.place},10.1.0.0/16={inner.place}") as names:
        inner.name("10.1.0.1", "inner.example.net")
        some = [f"10.0.1.{host}" for host in range(200)]
        names.domains(*some, "10.1.0.1")
        wait_for(lambda: names.domains("10.1.0.1") == ["inner.example.net"])
        assert names.hosts.resolver.waiting


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (Wanted.EXPORTERS, [EXPORTER]),
        (Wanted.ENDPOINTS, [HOST, "9.9.9.9"]),
        (Wanted.BOTH, [HOST, "9.9.9.9", EXPORTER]),
        (Wanted.AUTO, [EXPORTER]),
    ],
)
def test_only_what_is_wanted_is_asked_for(server: NameServer, wanted: Wanted, asked: list[str]) -> None:
    with naming(server.place, wanted) as names:
        names.settled(HOST, "9.9.9.9", "127.0.0.1", "169.254.1.1", "fe80::1", "::", "224.0.0.251")
        assert sorted(server.asked) == sorted(map(reverse, asked))


def test_private_ends_have_names_by_themselves_once_a_private_exporter_has(server: NameServer) -> None:
    with naming(server.place, Wanted.AUTO) as names:
        server.name("10.0.0.254", "core.example.net")
        assert names.settled(HOST, OTHER) == [HOST, OTHER]
        names.exporter("10.0.0.254", HOST)
        names.rest()
        assert names.exporter("10.0.0.254", HOST) == "core.example.net"
        assert names.settled(HOST, OTHER, "9.9.9.9") == ["host.example.net", OTHER, "9.9.9.9"]
        assert server.times(OTHER) == 1
        assert server.times("9.9.9.9") == 0
        server.name("10.0.0.3", "third.example.net")
        assert names.settled("10.0.0.3") == ["third.example.net"]


def test_ends_in_networks_with_a_name_server_have_names_by_themselves(server: NameServer) -> None:
    with naming(f"127.0.0.0/8={server.place},2001:db8::/32={server.place}", Wanted.AUTO) as names:
        server.name("127.0.0.1", "loop.example.net")
        assert names.settled("127.0.0.1", SIX, HOST) == ["loop.example.net", "six.example.net", HOST]


def test_names_outlive_a_restart(server: NameServer, tmp_path: Path) -> None:
    with naming(server.place, Wanted.ENDPOINTS, tmp_path) as names:
        names.settled(HOST, OTHER)
    with naming(server.place, Wanted.ENDPOINTS, tmp_path) as names:
        assert names.domains(HOST, OTHER) == ["host.example.net", OTHER]
        assert names.hosts.resolver.counts().asked == 0
    assert (tmp_path / NAME).exists()


def test_a_book_that_begins_anew_keeps_what_is_known(server: NameServer) -> None:
    with naming(server.place, Wanted.ENDPOINTS) as names:
        names.settled(HOST)
        names.enricher.addresses = names.enricher._book()
        assert names.domains(OTHER, HOST) == [OTHER, "host.example.net"]
        assert names.hosts.resolver.counts().asked <= 2


def test_addresses_that_leave_the_book_leave_their_names_to_nobody(server: NameServer) -> None:
    with naming(server.place, Wanted.ENDPOINTS, choices=Choices(addresses=4)) as names:
        for _ in range(3):
            server.delay = 0.1
            assert names.domains(HOST, OTHER, SIX)[1] == OTHER
            many = [f"192.0.2.{last}" for last in range(1, 6)]
            assert names.domains(*many) == many
            names.rest()
            assert names.domains(*many, HOST) == [*many, "host.example.net"]
        assert names.hosts._slots.count < 15


def test_beyond_the_limit_the_oldest_are_dropped_and_asked_for_later(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "QUEUE", 4)
    server.delay = 0.1
    first, later = ([f"10.{net}.0.{host}" for host in range(4)] for net in (1, 2))
    with naming(server.place, Wanted.ENDPOINTS, manners=replace(QUICK, in_flight=1)) as names:
        names.domains(*first)
        wait_for(lambda: len(server.asked) == 1)
        names.domains(*later)
        wait_for(lambda: names.hosts.resolver.counts().dropped == 3)
        server.delay = 0
        names.rest()
        assert [server.times(one) for one in (*first, *later)] == [1, 0, 0, 0, 1, 1, 1, 1]
        names.later(61)
        names.settled(*first, *later)
        assert [server.times(one) for one in (*first, *later)] == [1] * 8


def test_addresses_beyond_what_is_looked_into_at_a_time_have_their_turn(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hostnames, "MOST", 1)
    with naming(server.place, Wanted.ENDPOINTS) as names:
        for count in (1, 2):
            names.domains(HOST, OTHER)
            names.rest()
            assert len(server.asked) == count


def test_batches_that_follow_fast_share_a_turn(server: NameServer) -> None:
    with naming(server.place, Wanted.ENDPOINTS) as names:
        names.hosts._turn = 60.0
        names.settled(OTHER)
        assert names.settled(HOST) == [HOST]
        names.later(60)
        assert names.settled(HOST) == ["host.example.net"]


def test_nothing_is_asked_for_when_the_resolver_has_ended(server: NameServer) -> None:
    with naming(server.place) as names:
        pass
    assert names.domains(HOST) == [HOST]
    assert server.asked == []


def test_it_ends_while_queries_are_in_flight_without_a_word(
    server: NameServer, capfd: pytest.CaptureFixture[str]
) -> None:
    server.mute = True
    with naming(server.place, manners=Manners()) as names:
        names.domains(*(f"10.1.0.{host}" for host in range(150)))
        wait_for(lambda: len(server.asked) >= 100)
    assert not names.hosts.resolver.running
    assert capfd.readouterr().err == ""


def reverse(address: str) -> str:
    return ip_address(address).reverse_pointer
