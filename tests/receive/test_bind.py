"""Opening sockets: buffers, sharing, and what an operator reads when it fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from collector.errors import CollectorError
from collector.receive.bind import bind, granted_buffer
from collector.receive.errors import ReceiveError
from collector.receive.udp import UdpReceiver
from tests.receive.sending import Receiving, run

MOST = Path("/proc/sys/net/core/rmem_max")
FIRST_FREE = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
NOBODY = 65534


def as_nobody(program: str) -> str:
    """The last line that a program prints when it runs without privileges."""
    drop = f"import os, encodings.idna\nos.geteuid() or os.setresuid({NOBODY}, {NOBODY}, {NOBODY})\n"
    return python(
        f"from collector.receive.bind import bind\nfrom collector.receive.udp import UdpReceiver\n{drop}{program}"
    )


def python(program: str) -> str:
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def refused(host: str, port: int) -> str:
    with pytest.raises(ReceiveError) as error:
        bind(host, port, 65536, share=False).close()
    assert isinstance(error.value, CollectorError)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_buffer_asked_for_is_granted_and_read_back() -> None:
    async def scenario() -> None:
        async with Receiving(buffer=100_000) as receiving:
            assert receiving.receiver.granted == 100_000
            assert receiving.receiver.warning is None

    run(scenario)


OPEN_WITH_TWICE_THE_LIMIT = f"""
import asyncio
limit = int(open("{MOST}").read())
async def main():
    receiver = UdpReceiver("127.0.0.1", 0, buffer=2 * limit)
    receiver.open(asyncio.get_running_loop(), print)
    print(receiver.granted == limit, receiver.port, 2 * limit, limit, receiver.warning, sep="|")
    receiver.close()
asyncio.run(main())
"""


@pytest.mark.skipif(not MOST.exists(), reason="net.core.rmem_max is not visible here")
def test_a_clipped_buffer_is_told_with_the_setting_that_mends_it() -> None:
    granted, port, asked, limit, warning = as_nobody(OPEN_WITH_TWICE_THE_LIMIT).split("|")
    assert granted == "True"
    assert warning == (
        f"the receive buffer of 127.0.0.1:{port} is {limit} bytes instead of {asked}, bursts may be lost: "
        f"run sysctl -w net.core.rmem_max={asked} and start again"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may go beyond net.core.rmem_max")
def test_root_is_not_bound_by_the_limit() -> None:
    with bind("127.0.0.1", 0, 64 << 20, share=False) as sock:
        assert granted_buffer(sock) == 64 << 20


def test_a_port_in_use() -> None:
    with bind("127.0.0.1", 0, 65536, share=False) as sock:
        port = sock.getsockname()[1]
        for host, shown in (("127.0.0.1", "127.0.0.1"), ("::", "[::]")):
            assert refused(host, port) == (
                f"cannot receive on {shown}:{port}: another program has the port "
                f"(ss -lunp 'sport = :{port}' names it); end it or choose another port"
            )


def test_a_failed_receiver_can_be_closed() -> None:
    async def scenario() -> None:
        async with Receiving() as receiving:
            second = Receiving(port=receiving.receiver.port)
            with pytest.raises(ReceiveError):
                await second.__aenter__()
            second.receiver.close()

    run(scenario)


def test_a_shared_port() -> None:
    async def scenario() -> None:
        async with Receiving(share=True) as first, Receiving(port=first.receiver.port, share=True) as second:
            second.lists = first.lists
            second.receiver._deliver = first.lists.append
            for number in range(1, 33):  # the kernel chooses by the sender
                first.send(b"x", source=f"127.0.2.{number}")
            await first.until(32)
            assert first.receiver.datagrams + second.receiver.datagrams == 32
            assert 0 < first.receiver.datagrams < 32

    run(scenario)


@pytest.mark.skipif(
    not FIRST_FREE.exists() or FIRST_FREE.read_text().strip() != "1024", reason="port 99 is free to all"
)
def test_a_port_without_permission() -> None:
    program = "try:\n    bind('127.0.0.1', 99, 65536, False)\nexcept Exception as error:\n    print(type(error), error)"
    assert as_nobody(program).endswith(
        "ReceiveError'> cannot receive on 127.0.0.1:99: ports below 1024 need root or CAP_NET_BIND_SERVICE; "
        "choose a higher port"
    )


def test_addresses_that_cannot_be() -> None:
    assert refused("198.51.100.77", 2055) == (
        "cannot receive on 198.51.100.77:2055: this machine does not have that address "
        "(ip address lists those it has); [::] stands for all"
    )
    assert refused("2001:db8::77", 2055).startswith("cannot receive on [2001:db8::77]:2055: this machine does not")
    for name in ("no such name", "x" * 70):
        told = f"cannot receive on {name!r}: it is neither an address nor a name that can be resolved"
        assert refused(name, 2055) == told
    assert refused("::", 70_000) == "cannot receive on [::]:70000: a UDP port is a number from 1 to 65535"


WITHOUT_IPV6 = """
import ctypes, errno, logging, platform, socket, struct
from collector.receive.bind import bind

# A seccomp filter under which socket(AF_INET6, ...) fails as with IPv6 switched off
number = {"x86_64": 41, "aarch64": 198}[platform.machine()]
steps = [(0x20, 0, 0, 0), (0x15, 0, 3, number), (0x20, 0, 0, 16), (0x15, 0, 1, socket.AF_INET6),
         (0x06, 0, 0, 0x00050000 | errno.EAFNOSUPPORT), (0x06, 0, 0, 0x7FFF0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
head = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(program)))
prctl = ctypes.CDLL(None, use_errno=True).prctl
prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
if prctl(38, 1, 0, 0, 0) or prctl(22, 2, ctypes.addressof(head), 0, 0):
    raise SystemExit(print("no seccomp"))
logging.basicConfig(format="%(message)s", stream=__import__("sys").stdout)
sock = bind("::", 0, 65536, False)
print(sock.family.name, sock.getsockname()[0])
try:
    bind("::1", 2055, 65536, False)
except Exception as error:
    print(error)
"""


def test_where_ipv6_is_off() -> None:
    told = python(WITHOUT_IPV6)
    if told == "no seccomp":
        pytest.skip("this machine does not allow seccomp filters")
    assert told.splitlines() == [
        "IPv6 is off on this machine: receiving on 0.0.0.0:0 instead of [::]:0",
        "AF_INET 0.0.0.0",
        "cannot receive on [::1]:2055: IPv6 is off on this machine; give an IPv4 address",
    ]


def test_how_it_is_written() -> None:
    assert [str(UdpReceiver(host, 2055)) for host in ("::", "127.0.0.1")] == ["[::]:2055", "127.0.0.1:2055"]
