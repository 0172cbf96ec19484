"""Listening sockets, and what an operator reads where there is none."""

import errno
import re
import socket
import subprocess
import sys

import pytest

from collector.errors import CollectorError
from collector.receive.errors import ReceiveError
from collector.receive.listen import listening

NOBODY = 65534


def refused(host: str, port: int) -> str:
    with pytest.raises(ReceiveError) as error:
        listening(host, port).close()
    assert isinstance(error.value, CollectorError)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_port_in_use() -> None:
    with listening("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        for host, shown in (("127.0.0.1", "127.0.0.1"), ("::", "[::]")):
            assert refused(host, port) == (
                f"cannot receive on TCP {shown}:{port}: another program has the port "
                f"(ss -ltnp 'sport = :{port}' names it); end it or choose another port"
            )


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("127.0.0.1", 70_000, r"cannot receive on TCP 127\.0\.0\.1:70000: a port is a number from 1 to 65535"),
        ("192.0.2.1", 4739, r"cannot receive on TCP 192\.0\.2\.1:4739: this machine does not have that address .*"),
        ("no such name", 4739, r"cannot receive on 'no such name': it is neither an address nor a name .*"),
    ],
)
def test_a_place_that_cannot_be(host: str, port: int, expected: str) -> None:
    assert re.fullmatch(expected, refused(host, port))


def test_a_privileged_port() -> None:
    program = (
        "import os, encodings.idna\nfrom collector.receive.listen import listening\n"
        f"os.geteuid() or os.setresuid({NOBODY}, {NOBODY}, {NOBODY})\n"
        "try: listening('127.0.0.1', 80).close()\nexcept Exception as error: print(error)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    if not answer.stdout:
        pytest.skip("net.ipv4.ip_unprivileged_port_start lets everybody have port 80 here")
    assert re.fullmatch(
        r"cannot receive on TCP 127\.0\.0\.1:80: ports below \d+ need root or CAP_NET_BIND_SERVICE; "
        r"choose a higher port\n",
        answer.stdout,
    )


@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_a_machine_without_ipv6(number: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    real = socket.socket

    def without(family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(number, "no IPv6")
        return real(family, kind)

    monkeypatch.setattr(socket, "socket", without)
    with listening("::", 0) as sock:
        assert sock.family == socket.AF_INET
    assert "IPv6 is off on this machine: receiving on TCP 0.0.0.0:0 instead" in caplog.text
    assert "IPv6 is off" in refused("::1", 0) or "does not have that address" in refused("::1", 0)
