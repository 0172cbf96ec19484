"""The main job with IPFIX over TCP and TLS: from sessions to a folder, and what an operator is told of them."""

import re
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.builders.netflow import Template, ipfix
from tests.endtoend.running import Running, environment, free_ports, wait_for
from tests.store import tls

FLOWS = Template(256, ((8, 4), (12, 4), (4, 1), (7, 2), (11, 2), (1, 8), (2, 8)))
DROPPED = 'flow_collector_dropped_total{reason="%s"} %s'


def export(number: int, count: int) -> bytes:
    """The messages of a session: a template, then messages of one flow each."""
    data = (
        ipfix(FLOWS.data((f"10.0.{number}.1", "10.0.0.2", 6, 40_000 + one, 443, 1000, 1)), sequence=one)
        for one in range(count)
    )
    return ipfix(FLOWS.define()) + b"".join(data)


def stored(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "flows" / "date=*" / "*.parquet", hive_partitioning=True)


def flows_come(running: Running, count: int) -> None:
    wait_for(lambda: running.metric("flow_collector_flows_total") == count, f"{count} flows: {running.told()}")


def test_sessions_arrive_in_the_folder_whatever_others_send(tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        place = ("127.0.0.1", running.port)
        with socket.create_connection(place) as first, socket.create_connection(place) as second:
            first.sendall(export(1, 500))
            second.sendall(export(2, 300))
            with socket.create_connection(place) as wrong:
                wrong.sendall(b"GET / HTTP/1.1\r\nHost: collector\r\n\r\n")
                assert wrong.recv(1) == b""
            flows_come(running, 800)
            assert running.metric("flow_collector_sessions_total") == 3
            assert running.metric("flow_collector_sessions_open") == 2
            assert DROPPED % ("session failed", "1.0") in running.get("/metrics").decode()
        wait_for(lambda: running.metric("flow_collector_sessions_open") == 0, "the sessions to end")
        assert f"TCP 127.0.0.1:{running.port}" in running.told()
        assert "failed after 0 messages: it sent an HTTP request" in running.told()
        assert "ended after 501 messages" in running.told()
    assert stored(tmp_path)["source.ip"].value_counts().sort("source.ip")["count"].to_list() == [500, 300]


def test_more_than_the_inbox_takes_is_not_lost(tmp_path: Path) -> None:
    records = [("10.0.0.1", "10.0.0.2", 6, 40_000, 443, 1000, 1)] * 2000
    message, count = ipfix(FLOWS.data(*records)), 600
    with Running(tmp_path, ["--batch-seconds", "30"]) as running:
        with socket.create_connection(("127.0.0.1", running.port)) as exporter:
            exporter.sendall(ipfix(FLOWS.define()) + message * count)
        wait_for(lambda: running.metric("flow_collector_datagrams_total") == count + 1, "all messages")
    assert f"{count * len(records):,} flows" in running.told().splitlines()[-1]
    assert "machine too slow" not in running.told()


def test_sessions_over_tls(tmp_path: Path) -> None:
    authority, _ = tls.make(tmp_path)
    (port,) = free_ports(1)
    files = {"--tls-certificate": "cert.pem", "--tls-key": "key.pem", "--tls-client-ca": "ca.pem"}
    settings = [word for flag, name in files.items() for word in (flag, str(tmp_path / name))]
    context = ssl.create_default_context(cafile=str(authority))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with Running(tmp_path, ["--tcp-tls", f"127.0.0.1:{port}", *settings]) as running:
        plain = socket.create_connection(("127.0.0.1", port))
        with plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as exporter:
            exporter.sendall(export(3, 200))
            flows_come(running, 200)
        assert f"TLS 127.0.0.1:{port}" in running.told()


def call(*arguments: str, folder: Path) -> str:
    """What a command that fails says."""
    command = [sys.executable, "-m", "collector", *arguments, "--udp", "off", "--web", "off"]
    answer = subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=folder, env=environment(), check=False
    )
    assert answer.returncode in (1, 2)
    return answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (["--tcp", "nonsense"], r"--tcp: 'nonsense' is not of the form HOST:PORT"),
        (["--tcp", "192.0.2.1:4739"], r"cannot receive on TCP 192\.0\.2\.1:4739: this machine does not have"),
        (["--tcp", "off", "--tcp-tls", "127.0.0.1:0"], r"--tcp-tls needs --tls-certificate and --tls-key"),
        (
            ["--tcp", "off", "--tcp-tls", "127.0.0.1:0", "--tls-certificate", "missing.pem"],
            r"cannot read the certificate missing\.pem: No such file or directory",
        ),
    ],
)
def test_a_mistake_is_told_by_run_and_by_check(settings: list[str], expected: str, tmp_path: Path) -> None:
    assert re.fullmatch(
        rf"flow-collector: {expected}.*\n", call("run", *settings, folder=tmp_path).splitlines(True)[-1]
    )
    assert re.search(rf"{expected}", call("check", *settings, folder=tmp_path))
