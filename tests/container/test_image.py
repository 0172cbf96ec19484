"""The image built from the Dockerfile: runs without rights, takes flows, answers its health check, stores Parquet."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests import sample
from tests.builders.mmdb import database
from tests.container import image
from tests.geoip.server import Page, Server

pytestmark = [
    pytest.mark.container,
    pytest.mark.slow,
    pytest.mark.skipif(image.missing() is not None, reason=f"container image: {image.missing()}"),
]

TAG = "flow-collector"
USER = 10001
SERVER = IPv4Address("9.9.9.9")
"""Stands in for the server of the sample's flows, whose address is no public one and so in no country."""


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[image.Buildah]:
    folder = tmp_path_factory.mktemp("buildah")
    builder = image.Buildah(folder)
    builder.make_base()
    with Server() as server:
        builder.build(TAG, server.put("/places.mmdb", Page(database({f"{SERVER}/32": {"country_code": "NO"}}))))
    yield builder
    builder("rm", "--all")
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def config(buildah: image.Buildah) -> dict[str, Any]:
    return buildah.config(TAG)


@pytest.fixture(scope="module")
def container(buildah: image.Buildah) -> str:
    return buildah("from", "--pull-never", TAG)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, USER, USER)
    # The user of the container must reach it, too.
    for parent in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        parent.chmod(0o755)
    return folder


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(true: Callable[[], bool], seconds: float = 90) -> bool:
    deadline = time.monotonic() + seconds
    while not (done := true()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return done


def test_offers_what_the_documentation_promises(config: dict[str, Any]) -> None:
    assert config["User"] == f"{USER}:{USER}"
    assert set(config["ExposedPorts"]) == {"2055/udp", "4739/udp", "4739/tcp", "6343/udp", "8080/tcp"}
    assert set(config["Volumes"]) == {"/var/lib/flow-collector"}
    assert config["Entrypoint"] + config["Cmd"] == ["flow-collector", "run"]


def test_commands_run_as_a_user_without_rights(buildah: image.Buildah, container: str) -> None:
    command = ["sh", "-c", "id -u; test -w /opt/flow-collector || echo fixed; test -w . && pwd"]
    ran = subprocess.run(buildah.run(container, command, {}), capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [str(USER), "fixed", "/var/lib/flow-collector"]


def test_holds_neither_pip_nor_what_only_developers_need(buildah: image.Buildah, container: str) -> None:
    command = ["find", "/opt/flow-collector", "-type", "d", "-name", "pip", "-o", "-path", "*/pyarrow/include"]
    ran = subprocess.run(buildah.run(container, command, {}), capture_output=True, text=True, check=True)
    assert ran.stdout == ""


class Running:
    """The collector in the container, with its page and one UDP port on free ports of loopback."""

    def __init__(self, buildah: image.Buildah, container: str, config: dict[str, Any], data: Path) -> None:
        self.udp = free_port(socket.SOCK_DGRAM)
        self._environment = {"FLOW_COLLECTOR_WEB": f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"}
        self._buildah, self._container, self._config = buildah, container, config
        self._log = data.parent / "log"
        volume = f"{data}:/var/lib/flow-collector"
        command = [*config["Entrypoint"], *config["Cmd"], "--udp", f"127.0.0.1:{self.udp}", "--tcp", "off"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                buildah.run(container, command, self._environment, volume),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def healthy(self) -> bool:
        """Runs the image's health check; raises when the collector has ended."""
        assert self._process.poll() is None, self.log
        kind, check = self._config["Healthcheck"]["Test"]
        assert kind == "CMD-SHELL"
        command = self._buildah.run(self._container, ["sh", "-c", check], self._environment)
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def uid(self) -> int:
        return Path(f"/proc/{image.inmost(self._process.pid)}").stat().st_uid

    def stop(self) -> int:
        """Asks the collector to end, as `docker stop` does, and returns its exit status."""
        os.kill(image.inmost(self._process.pid), signal.SIGTERM)
        return self._process.wait(timeout=60)

    def end(self) -> None:
        """Ends what is left of it."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


@pytest.fixture
def running(buildah: image.Buildah, container: str, config: dict[str, Any], data: Path) -> Iterator[Running]:
    collector = Running(buildah, container, config, data)
    yield collector
    collector.end()


def test_flows_sent_over_loopback_become_parquet(running: Running, data: Path) -> None:
    assert eventually(running.healthy), running.log
    assert running.uid() == USER
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter:
        datagram = sample.netflow5().replace(IPv4Address("203.0.113.80").packed, SERVER.packed)
        exporter.sendto(datagram, ("127.0.0.1", running.udp))
    # Stopping writes what is still in memory; the datagram itself has to be read before.
    time.sleep(2)
    assert running.stop() == 0, running.log
    files = list(data.glob("date=*/*.parquet"))
    assert files, running.log
    flows = pl.read_parquet(files)
    assert flows["source.ip"].cast(pl.String).sort().to_list() == ["198.51.100.1", "198.51.100.2", "198.51.100.3"]
    assert flows["destination.geo.country_name"].cast(pl.String).unique().to_list() == ["Norway"]
    assert all(path.stat().st_uid == USER for path in files)


def test_health_check_fails_where_nothing_answers(
    buildah: image.Buildah, container: str, config: dict[str, Any]
) -> None:
    environment = {"FLOW_COLLECTOR_WEB": f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"}
    command = buildah.run(container, ["sh", "-c", config["Healthcheck"]["Test"][1]], environment)
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
