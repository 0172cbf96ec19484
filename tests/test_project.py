"""What the project promises of itself: pinned packages, scripts that can be run, a changelog that knows the version."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINNED = {
    "constraints.txt": PROJECT["project"]["dependencies"],
    "constraints-build.txt": PROJECT["build-system"]["requires"],
    "constraints-dev.txt": PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"],
}


def pins(name: str) -> dict[str, Version]:
    lines = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): Version(version) for package, version in lines}


@pytest.mark.parametrize(("name", "requirements"), PINNED.items())
def test_every_requirement_is_pinned(name: str, requirements: list[str]) -> None:
    pinned = pins(name)
    for requirement in map(Requirement, requirements):
        package = canonicalize_name(requirement.name)
        assert package in pinned, f"{requirement} is not in {name}: run scripts/lock"
        assert pinned[package] in requirement.specifier, f"{name} does not fit {requirement}: run scripts/lock"


@pytest.mark.parametrize("name", PINNED)
def test_pins_have_hashes_and_name_no_index(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"://|--(extra-)?index-url|--find-links", text)


def test_what_is_tested_is_what_runs() -> None:
    developed = pins("constraints-dev.txt")
    for name in ("constraints.txt", "constraints-build.txt"):
        assert pins(name).items() <= developed.items(), f"{name} and constraints-dev.txt differ: run scripts/lock"


@pytest.mark.parametrize("script", ["scripts/run", "scripts/test", "scripts/lint", "scripts/lock", ".ci/run"])
def test_scripts_are_bash_and_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)
    assert "\nset -euo pipefail\n" in (ROOT / script).read_text()


def test_changelog_knows_the_version_or_what_is_unreleased() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in changes or f"## [{PROJECT['project']['version']}]" in changes
