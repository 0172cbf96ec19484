"""Vega itself, by npm: fetched once into the cache of the tests."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "vega"
CHECKOUT = HERE.parents[2]
NAMES = ("package.json", "package-lock.json", ".npmrc")


@dataclass(frozen=True)
class Job:
    """A spec, and what the engine answered to each of its questions."""

    spec: dict[str, Any]
    answers: dict[str, Any] = field(default_factory=dict)
    adder: str = "kibanaAddFilter"


@cache
def modules(version: int) -> Path:
    """The folder of the libraries; skips the test where there is no node, npm or network."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not there (Debian: apt-get install nodejs npm)")
    recipe = hashlib.sha256(b"".join((HERE / f"v{version}" / name).read_bytes() for name in NAMES)).hexdigest()
    folder = (
        Path(os.environ.get("FLOW_COLLECTOR_TEST_CACHE") or CHECKOUT / ".cache" / "engines").parent / f"vega-{version}"
    )
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = folder / "recipe"
        if not marker.is_file() or marker.read_text() != recipe:
            for name in NAMES:
                shutil.copy(HERE / f"v{version}" / name, folder)
            fetched = subprocess.run(
                ["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, check=False
            )
            if fetched.returncode:
                pytest.skip(f"npm could not fetch Vega: {fetched.stderr[-500:]}")
            marker.write_text(recipe)
    return folder


def draw(jobs: Sequence[Job], version: int = 5) -> list[dict[str, Any]]:
    """For each: `svg`, `marks` (count by name) and `warnings`."""
    command = ["node", str(HERE / "render.mjs"), str(modules(version))]
    done = subprocess.run(
        command, input=json.dumps([asdict(one) for one in jobs]), capture_output=True, text=True, check=True
    )
    drawn: list[dict[str, Any]] = json.loads(done.stdout)
    wrong = [one["error"] for one in drawn if "error" in one]
    assert not wrong, wrong[0]
    return drawn
