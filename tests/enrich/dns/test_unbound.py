"""Ten thousand names from a real name server: unbound, from Debian, on loopback."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from collector.enrich.dns.asking import AT_A_TIME
from collector.enrich.dns.hostnames import LATER, MOST, Wanted
from tests.enrich.dns.naming import ended, naming, wait_for

COUNT = 10_000
CONFIGURATION = """
server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  pidfile: ""
  directory: "{folder}"
  local-zone: "10.in-addr.arpa." static
  local-zone: "168.192.in-addr.arpa." refuse
  local-zone: "8.b.d.0.1.0.0.2.ip6.arpa." static
  local-data-ptr: "2001:db8::1 600 Six.example.net"
  include: "{folder}/data.conf"
remote-control:
  control-enable: no
"""
pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def unbound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """ADDRESS:PORT."""
    program = shutil.which("unbound") or shutil.which("unbound", path="/usr/sbin")
    if not program:
        pytest.skip("unbound is not installed")
    folder = tmp_path_factory.mktemp("unbound")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lines = [f'  local-data-ptr: "{address(row)} 600 H{row}.Example.net"' for row in range(COUNT)]
    (folder / "data.conf").write_text("\n".join(["server:", *lines, ""]))
    (folder / "unbound.conf").write_text(CONFIGURATION.format(port=port, folder=folder))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([program, "-d", "-c", "unbound.conf"], cwd=folder, stdout=log, stderr=log)
    try:
        wait_for(lambda: process.poll() is not None or "start of service" in (folder / "log").read_text())
        assert process.poll() is None, (folder / "log").read_text()
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_ten_thousand_names(unbound: str, tmp_path: Path) -> None:
    addresses = [address(row) for row in range(COUNT)]
    expected = [f"h{row}.example.net" for row in range(COUNT)]
    with naming(unbound, Wanted.ENDPOINTS, tmp_path) as names:
        for _ in range(COUNT // AT_A_TIME):
            names.settled(*addresses)
            names.later(LATER)
        assert names.domains(*addresses) == expected
        assert ended(names) == (COUNT, 0, 0)
    with naming(unbound, Wanted.ENDPOINTS, tmp_path) as names:
        for _ in range(-(-COUNT // MOST)):
            found = names.domains(*addresses)
        assert found == expected
        assert ended(names) == (0, 0, 0)


def test_what_has_no_name_and_what_is_refused(unbound: str) -> None:
    with naming(unbound, Wanted.ENDPOINTS) as names:
        given = ["2001:db8::1", "2001:db8::2", "10.255.0.1", "192.168.0.1"]
        assert names.settled(*given) == ["six.example.net", *given[1:]]
        assert ended(names) == (1, 2, 1)


def address(row: int) -> str:
    return str(ip_address(0x0A000000 + row))
