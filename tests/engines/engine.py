"""A search engine as a process: started, stopped, killed and restarted on the same data and the same port."""

import json
import os
import random
import signal
import socket
import subprocess
import time
import uuid
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self

from tests.engines.fetch import fetch
from tests.engines.kinds import FAST_START, KINDS, Place
from tests.engines.tools import find_jdk

# The runners of OpenSearch and Elasticsearch 7 serve no port above.
PORTS = range(9201, 9300)
HEAP = "-Xmx1g"


class EngineError(Exception):
    """The engine did not start or is not running; the text has the end of its log."""


class Engine:
    """One engine of `KINDS` on 127.0.0.1, with its data in `folder`.

    It has at most 1 GB of heap and a process group of its own, and never outlives the process that started it.
    The port is this engine's from construction to `close`, running or not.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.kind = KINDS[name]
        self.folder = folder.absolute()
        self.port, self._claim = _claim_port()
        self._cluster = f"{name}-{uuid.uuid4().hex[:12]}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        return self.kind.name

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "engine.log"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the Java process. Raises EngineError when none runs."""
        if self._process is None:
            raise EngineError(f"{self.kind.title} is not running")
        return self._process.pid

    def start(self, timeout: float = 120.0) -> None:
        """Returns when the engine answers and its shards are there; `timeout` in seconds.

        Raises EngineError, MissingToolError and FetchError.
        """
        if self.running:
            raise EngineError(f"{self.kind.title} is running already, as process {self.pid}")
        # One that ended by itself has yet to be reaped.
        self.kill()
        command = self._command(Place(fetch(self.name), self.folder, self.port, self._cluster))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=self.folder, process_group=0
            )
        try:
            self._wait_until_ready(self._process, time.monotonic() + timeout)
        except BaseException:
            self.kill()
            raise

    def stop(self, timeout: float = 60.0) -> None:
        """Asks with SIGTERM; what is left after `timeout` seconds is killed. Does nothing when none runs."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the process group, as the kernel's out-of-memory killer would. Does nothing when none runs."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdin is not None:
                process.stdin.close()

    def restart(self, timeout: float = 120.0) -> None:
        """Stops the engine if it runs, then starts it on the same data and the same port."""
        self.stop()
        self.start(timeout)

    def close(self) -> None:
        """Stops the engine and gives its port back."""
        self.stop()
        self._claim.close()

    def clear(self) -> None:
        """Deletes all indices and index templates, so that a test starts from nothing."""
        for path in ("/*?expand_wildcards=all", "/_index_template/*"):
            status, answer = self.call("DELETE", path)
            # An engine without templates finds no match for the star.
            if status not in {200, 404}:
                raise EngineError(f"DELETE {path} answered {status}: {answer}")

    def call(self, method: str, path: str, body: dict[str, Any] | bytes | None = None) -> tuple[int, Any]:
        """One request: a dict is sent as JSON, bytes as NDJSON. Gives the status and the decoded answer."""
        kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, content, {"Content-Type": kind} if content else {})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        return response.status, json.loads(answer) if answer else None

    def _command(self, place: Place) -> list[str]:
        settings = self.folder / self.kind.settings_file
        settings.parent.mkdir(parents=True, exist_ok=True)
        lines = (f"{key}: {json.dumps(value)}\n" for key, value in self.kind.settings(place).items())
        settings.write_text("".join(lines), encoding="utf-8")
        # Native libraries are unpacked there, and a killed engine leaves them behind.
        scratch = self.folder / "tmp"
        scratch.mkdir(exist_ok=True)
        options = [HEAP, *FAST_START, "-XX:-UsePerfData", f"-Djava.io.tmpdir={scratch}"]
        return [str(find_jdk(self.kind.java) / "bin" / "java"), *options, *self.kind.arguments(place)]

    def _wait_until_ready(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        while not self._ready():
            if process.poll() is not None:
                raise EngineError(f"{self.kind.title} ended with status {process.returncode} at start:\n{self._tail()}")
            if time.monotonic() > deadline:
                raise EngineError(f"{self.kind.title} is not ready in time:\n{self._tail()}")
            time.sleep(0.1)

    def _ready(self) -> bool:
        try:
            status, health = self.call("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
        except (OSError, HTTPException):
            return False
        if status == 200 and health["cluster_name"] != self._cluster:
            raise EngineError(f"port {self.port} was taken by another engine, {health['cluster_name']}")
        return status == 200 and not health["timed_out"]

    def _tail(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-30:])


def _claim_port() -> tuple[int, socket.socket]:
    """A free port, and the socket that keeps other test processes from choosing it while no engine listens.

    The claim is an abstract Unix address: exclusive on the machine, and gone with its process.
    """
    for port in random.sample(PORTS, len(PORTS)):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0flow-collector-test-engine-{port}")
        except OSError:
            claim.close()
            continue
        if _is_free(port):
            return port, claim
        claim.close()
    raise EngineError(f"no free port for an engine between {PORTS.start} and {PORTS.stop - 1}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections of an engine just ended keep a port in TIME_WAIT, which is no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
