"""Names of interfaces from SNMP agents: Debian's snmpd on loopback."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from collector.enrich.interfaces import Interface, InterfaceFile
from collector.enrich.snmp import Access, Agents
from collector.enrich.sources import Sources
from tests.builders.netflow import netflow9, sent
from tests.endtoend.running import free_ports, wait_for
from tests.enrich.test_names import FLOW, FLOWS
from tests.enrich.test_sources import place, put

AGENT = "127.0.0.1"
NETWORKS = (ip_network("127.0.0.0/8"),)
SNMPD = shutil.which("snmpd", path="/usr/sbin:/usr/bin")
needs_snmpd = pytest.mark.skipif(SNMPD is None, reason="apt-get install snmpd: snmpd not found")
CONFIG = """
agentaddress udp:127.0.0.1:{port}
rocommunity open 127.0.0.1
createUser watcher SHA-256 "authpassword" AES "privpassword"
rouser watcher priv
createUser signer MD5 "authpassword"
rouser signer auth
override .1.3.6.1.2.1.31.1.1.1.1.1 octet_str "ge-0/0/1"
override .1.3.6.1.2.1.31.1.1.1.18.1 octet_str "to the core"
override .1.3.6.1.2.1.31.1.1.1.15.1 uinteger 10000
"""
LOOPBACK = Interface("ge-0/0/1", "to the core", 10**10)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an agent whose first interface is LOOPBACK."""
    folder = tmp_path_factory.mktemp("snmpd")
    (number,) = free_ports(1)
    (folder / "snmpd.conf").write_text(CONFIG.format(port=number))
    command = [str(SNMPD), "-f", "-Lf", "log", "-C", "-c", "snmpd.conf", "-I", "-smux", "-m", ""]
    process = subprocess.Popen(command, cwd=folder, env={"SNMP_PERSISTENT_DIR": str(folder / "state")})
    try:
        wait_for(
            lambda: "NET-SNMP version" in (folder / "log").read_text() if (folder / "log").exists() else False, "it"
        )
        yield number
    finally:
        process.terminate()
        process.wait()


def asked(access: Access, *exporters: str) -> Agents:
    agents = Agents(access)
    agents.see(exporters or [AGENT])
    return agents


@needs_snmpd
@pytest.mark.peer
@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"community": "open"}, id="v2c"),
        pytest.param(
            {"user": "watcher", "auth_protocol": "SHA256", "auth_password": "authpassword"}
            | {"priv_password": "privpassword"},
            id="v3, encrypted",
        ),
        pytest.param(
            {"user": "signer", "auth_protocol": "MD5", "auth_password": "authpassword"}, id="v3, authenticated"
        ),
    ],
)
def test_an_agent_tells_names_descriptions_and_speeds(port: int, how: dict[str, str]) -> None:
    agents = asked(Access(NETWORKS, port=port, **how))  # type: ignore[arg-type]
    try:
        wait_for(lambda: agents.renewed() == {AGENT}, "an answer")
    finally:
        agents.close()
    assert agents.interface(AGENT, 1) == LOOPBACK
    assert agents.interface(AGENT, 9999) is None
    assert agents.interface("127.0.0.2", 1) is None


@needs_snmpd
@pytest.mark.peer
@pytest.mark.parametrize(
    ("how", "reason"),
    [
        pytest.param({"community": "closed"}, "No SNMP response received before timeout", id="community"),
        pytest.param(
            {"user": "watcher", "auth_protocol": "SHA256", "auth_password": "wrongwrong"}
            | {"priv_password": "privpassword"},
            "Wrong SNMP PDU digest",
            id="password",
        ),
        pytest.param({"user": "nobody"}, "Unknown USM user", id="user"),
    ],
)
def test_wrong_credentials_are_told(
    port: int, how: dict[str, str], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    agents = asked(Access(NETWORKS, port=port, timeout=0.1, **how))  # type: ignore[arg-type]
    try:
        wait_for(lambda: bool(caplog.messages), "a warning")
    finally:
        agents.close()
    assert caplog.messages == [f"{AGENT}: no interfaces from its SNMP agent: {reason}"]


@needs_snmpd
@pytest.mark.peer
def test_flows_have_what_the_agent_knows_before_the_file(port: int, tmp_path: Path) -> None:
    path = put(tmp_path, "exporter,ifindex,name,role", f"{AGENT},1,lo,core")
    agents = Agents(Access(NETWORKS, community="open", port=port))
    made = place(Sources(agents=agents, interface_file=InterfaceFile(path)))
    flow = sent(netflow9(FLOWS.define9(), FLOWS.data(("10.0.0.1", 1, 4))), AGENT)
    names = [made.rows(flow)[0]["flow.input_ifname"]]
    try:
        wait_for(lambda: made.rows(flow)[0]["flow.input_ifname"] != "lo", "the agent's name")
    finally:
        made.enricher.close()
    row = made.rows(flow)[0]
    assert names == ["lo"]
    assert [row[f"flow.input_{name}"] for name in ("ifname", "ifalias", "ifspeed", "ifrole")] == [*LOOPBACK[:3], "core"]


class Silent:
    """A port where questions come and no answer is given."""

    def __init__(self, address: str = AGENT, port: int = 0) -> None:
        self._place = address, port

    def __enter__(self) -> socket.socket:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(self._place)
        self.socket.settimeout(60)
        return self.socket

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def test_a_silent_agent_is_told_once_and_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    with Silent() as silent:
        access = Access(NETWORKS, community="open", port=silent.getsockname()[1], timeout=0.05, interval=0.05)
        agents = asked(access)
        try:
            for _ in range(6):  # each question is sent twice
                silent.recv(2048)
        finally:
            agents.close()
    assert len(caplog.messages) == 1
    assert agents.renewed() == set()


def test_flows_do_not_wait_for_an_agent() -> None:
    with Silent() as silent:
        access = Access(NETWORKS, community="open", port=silent.getsockname()[1], timeout=60)
        made = place(Sources(agents=Agents(access)))
        try:
            (row,) = made.rows(sent(netflow9(FLOWS.define9(), FLOW), AGENT))
            assert b"open" in silent.recv(2048)
        finally:
            made.enricher.close()
    assert row["flow.input_ifname"] == "index: 3"


def test_exporters_elsewhere_are_not_asked() -> None:
    with Silent() as inside, Silent("127.0.0.2", port := inside.getsockname()[1]) as outside:
        access = Access((ip_network(AGENT),), community="open", port=port, timeout=0.1)
        agents = asked(access, "127.0.0.2", "no address", AGENT)
        try:
            for _ in range(2):  # the question and its repetition
                inside.recv(2048)
        finally:
            agents.close()
        outside.setblocking(False)
        with pytest.raises(BlockingIOError):
            outside.recv(2048)


def test_garbage_is_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    with Silent() as agent:
        access = Access(NETWORKS, community="open", port=agent.getsockname()[1], timeout=0.2)
        agents = asked(access)
        try:
            for answer in (b"\x30\x05hello", b"\xff" * 64):
                agent.sendto(answer, agent.recvfrom(2048)[1])
            wait_for(lambda: bool(caplog.messages), "a warning")
        finally:
            agents.close()
    assert [message for message in caplog.messages if message.startswith(AGENT)]
