"""The collector as its users run it: a process that receives on loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATIENCE = 60.0


def _ports() -> Iterator[int]:
    """One after the other, of a range that the system gives no socket by itself, and no other process of the tests has.

    What an exporter still sends to the port of an ended test reaches nobody.
    """
    first = 20_000 + EACH * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return cycle(range(first, first + EACH))


EACH = 1500
"""Ports of a process of the tests."""
PORTS = _ports()


def free_ports(count: int) -> list[int]:
    """Ports that are free for UDP and TCP."""
    found: list[int] = []
    while len(found) < count:
        port = next(PORTS)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    return found


def wait_for(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait until something is so; AssertionError where it does not come about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.05)


class Running:
    """A running collector. Leaving the `with` ends it with SIGTERM."""

    def __init__(self, folder: Path, arguments: Sequence[str] = (), module: str = "collector") -> None:
        """With arguments for the command `run` of a module."""
        self._module = module
        self.folder = folder
        self.port, self._web = free_ports(2)
        self.log = folder / "collector.log"
        self._arguments = [
            *("--udp", f"127.0.0.1:{self.port}", "--tcp", f"127.0.0.1:{self.port}", "--web", f"127.0.0.1:{self._web}"),
            *("--folder", str(folder / "flows"), "--batch-seconds", "0.2", *arguments),
        ]
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        if self.process.poll() is None:
            code = self.stop()
            assert kind is not None or code == 0, self.told()

    def start(self) -> None:
        """Start it and wait until it receives."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self._module, "run", *self._arguments], stdout=log, stderr=log, env=environment()
            )
        wait_for(self._answers, f"the collector to start: {self.told()}")

    def stop(self) -> int:
        """End it with SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it at once, with no chance to write anything."""
        self.process.kill()
        self.process.wait(PATIENCE)

    @property
    def web(self) -> str:
        """Where its web server listens."""
        return f"127.0.0.1:{self._web}"

    def health(self) -> dict[str, Any]:
        """What /healthz answers."""
        return dict(json.loads(self.get("/healthz")))

    def get(self, path: str) -> bytes:
        """The body of a page."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._web}{path}", timeout=10) as answer:
            return bytes(answer.read())

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        line = next(line for line in self.get("/metrics").decode().splitlines() if line.startswith(f"{name} "))
        return float(line.split()[1])

    def told(self) -> str:
        """What it logged."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.told()
        try:
            return bool(self.health())
        except OSError:
            return False


def environment() -> dict[str, str]:
    """The environment without settings that the developer may have."""
    return {k: v for k, v in os.environ.items() if not k.startswith("FLOW_COLLECTOR_")}
