"""`flow-collector exporters` and /api/exporters of a running collector."""

import json
import os
import pty
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from collector.commands.exporter_table import COLUMNS
from tests.builders.netflow import Template, netflow9
from tests.endtoend.running import Running, environment, free_ports, wait_for

FLOWS = Template(263, ((8, 4), (12, 4), (1, 4)))
ONE = ("10.0.0.1", "10.0.0.2", 1500)
SENDERS = ("127.0.0.1", "127.0.0.2")


def call(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "collector", "exporters", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=folder, env=environment(), check=False
    )


def on_terminal(*arguments: str, folder: Path) -> list[str]:
    """What stands on a terminal of eighty columns."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "collector", "exporters", *arguments]
    setting = {**environment(), "COLUMNS": "80", "TERM": "dumb"}
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        with subprocess.Popen(command, stdout=theirs, stdin=theirs, cwd=folder, env=setting) as process:
            os.close(theirs)
            text = b""
            try:
                while more := terminal.read(4096):
                    text += more
            except OSError:  # the other end is closed
                pass
        assert process.returncode == 0
    return text.decode().split("\r\n")


def send(running: Running, payloads: dict[str, bytes]) -> None:
    """Send from addresses of this machine."""
    for address, payload in payloads.items():
        with socket.socket(type=socket.SOCK_DGRAM) as out:
            out.bind((address, 0))
            out.sendto(payload, ("127.0.0.1", running.port))


def test_a_missing_template_and_what_to_do_about_it(tmp_path: Path) -> None:
    good, waiting = SENDERS
    with Running(tmp_path) as running:
        web = "--web", running.web
        payload = netflow9(FLOWS.define9(), FLOWS.data(ONE, ONE), domain=1)
        send(running, {good: payload, waiting: netflow9(FLOWS.data(ONE), domain=9)})
        wait_for(lambda: running.metric("flow_collector_datagrams_total") == 2, "both datagrams")
        wait_for(lambda: running.metric("flow_collector_exporters") == 2, "both exporters")

        answer = call(*web, folder=tmp_path)
        lines = answer.stdout.splitlines()
        assert (answer.returncode, answer.stderr) == (0, "")
        assert lines[0].split() == [*COLUMNS]
        assert lines[1].split()[:7] == [good, "NetFlow", "v9", "1", "1", "2", "1"]
        assert lines[2].split()[:7] == [waiting, "NetFlow", "v9", "9", "1", "0", "0/1"]
        (sentence,) = [line for line in lines if "no template" in line]
        assert sentence.startswith(f"* {waiting}: NetFlow v9, domain 9: no template 263 for ")
        assert sentence.endswith("many routers do so every 30 min only")

        narrow = on_terminal(*web, folder=tmp_path)
        assert max(map(len, narrow)) <= 80
        assert any("no template 263" in line for line in narrow)

        told = json.loads(call(*web, "--json", folder=tmp_path).stdout)
        assert told.keys() == {"exporters", "more_exporters", "notes"}
        assert [row["address"] for row in told["exporters"]] == [good, waiting]
        assert told["exporters"][1]["streams"][0]["missing"][0]["template"] == 263

        send(running, {waiting: netflow9(FLOWS.define9(), domain=9, sequence=1)})
        wait_for(lambda: b'missing_templates{exporter="127.0.0.2",protocol="NetFlow v9"} 0.0' in metrics(running), "it")


def metrics(running: Running) -> bytes:
    return running.get("/metrics")


def test_where_no_collector_answers(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    answer = call("--web", f"127.0.0.1:{port}", "--json", folder=tmp_path)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == (
        f"flow-collector: no collector answers at http://127.0.0.1:{port} (Connection refused): is it running, with web"
        " on? Give its address with --web\n"
    )


def test_a_collector_without_a_web_server_cannot_be_asked(tmp_path: Path) -> None:
    (tmp_path / "flow-collector.toml").write_text('web = "off"\n', encoding="utf-8")
    answer = call(folder=tmp_path)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "--web: it is off" in answer.stderr


@pytest.mark.parametrize(
    ("status", "content", "told"),
    [
        ("200 OK", b"{}", "what answers at {} is no collector of this version"),
        ("503 Busy", b'{"detail":"it shows"}', "{} cannot tell: it shows; give the address of a collector with --web"),
        ("404 Not Found", b"no", "{} cannot tell: 404 Not Found; give the address of a collector with --web"),
    ],
)
def test_something_else_that_answers(tmp_path: Path, status: str, content: bytes, told: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        place = f"127.0.0.1:{server.getsockname()[1]}"
        command = [sys.executable, "-m", "collector", "exporters", "--web", place]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment()) as process:
            with server.accept()[0] as other:
                other.recv(4096)
                other.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
            _, text = process.communicate(timeout=60)
    assert text == f"flow-collector: {told.format(f'http://{place}')}\n"
    assert process.returncode == 1
