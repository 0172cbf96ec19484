"""Reports made by another process, of low priority and on one core: drawing never holds up what receives flows."""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from collector.errors import CollectorError
from collector.explore.report.by_hand import needed
from collector.explore.report.order import Order
from collector.settings import Settings

MODULE = "collector.explore.report.worker"
SECONDS = 1800.0
"""After which nothing is expected any more."""
LOOK = 0.5
log = logging.getLogger(__name__)


class StoppedError(CollectorError):
    """The collector ends."""


def made(settings: Settings, order: Order, ending: threading.Event) -> bytes:
    """The document. CollectorError, StoppedError."""
    given = {"settings": reading(settings), "order": order.told()}
    command = [sys.executable, "-m", MODULE]
    pipe = subprocess.PIPE
    environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
    # In a session of its own it is not interrupted by Ctrl-C, but told by the collector.
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True
    ) as process:
        out, told = _outcome(process, json.dumps(given).encode(), ending)
    lines = told.decode(errors="replace").strip().splitlines()
    if process.returncode:
        raise CollectorError(lines[-1] if lines else f"the process that draws ended with {process.returncode}")
    for line in lines:
        log.warning("%s", line)
    return out


def _outcome(process: "subprocess.Popen[bytes]", order: bytes, ending: threading.Event) -> tuple[bytes, bytes]:
    deadline = time.monotonic() + SECONDS
    given: bytes | None = order
    while True:
        try:
            return process.communicate(given, timeout=LOOK)
        except subprocess.TimeoutExpired:
            given = None
            if ending.is_set() or time.monotonic() > deadline:
                process.kill()
                process.communicate()
                raise _why(ending) from None


def _why(ending: threading.Event) -> CollectorError:
    if ending.is_set():
        return StoppedError("the collector ends")
    return CollectorError(f"not done within {SECONDS:,.0f} s: choose a narrower filter or a shorter period")


def reading(settings: Settings) -> Mapping[str, Any]:
    """What another process needs to read the store. It goes through a pipe, where nobody else sees the passwords."""
    return {name: _plain(value) for name in needed() if (value := getattr(settings, name)) not in (None, ())}


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return list(value) if isinstance(value, tuple) else value if isinstance(value, bool | int) else str(value)
