"""Finding Java and Maven, and what is said where they are missing: no engine is needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines import KINDS, tools
from tests.engines.engine import PORTS, Engine
from tests.engines.fetch import CHECKOUT
from tests.engines.tools import MissingToolError, find_jdk, find_maven


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Java; the folder is its /usr/lib/jvm."""
    monkeypatch.setattr(tools, "JVM_FOLDER", tmp_path / "jvm")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return tmp_path / "jvm"


def install(home: Path, version: str, compiler: bool = True) -> Path:
    (home / "bin").mkdir(parents=True)
    if compiler:
        (home / "bin" / "javac").touch(mode=0o755)
    (home / "release").write_text(f'IMPLEMENTOR="X"\nJAVA_VERSION="{version}"\nJAVA_VERSION_DATE="2026-01-20"\n')
    return home


def test_takes_the_oldest_jdk_that_serves(machine: Path) -> None:
    old, middle = install(machine / "a", "17.0.15"), install(machine / "b", "21")
    install(machine / "c", "25.0.1")
    assert (find_jdk(11), find_jdk(17), find_jdk(21)) == (old, old, middle)


def test_finds_a_jdk_by_java_home(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = install(machine.parent / "elsewhere", "23.0.2")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert find_jdk(21) == home


def test_finds_a_jdk_on_path(machine: Path) -> None:
    home = install(machine.parent / "elsewhere", "23.0.2")
    (machine.parent / "bin").symlink_to(home / "bin")
    assert find_jdk(21) == home


def test_names_the_java_that_is_too_old(machine: Path) -> None:
    install(machine / "a", "17.0.15")
    install(machine / "b", "25.0.1", compiler=False)
    with pytest.raises(MissingToolError, match=r"no JDK of Java 21 or newer .* \(only Java 17\): install"):
        find_jdk(21)


def test_names_what_to_install(machine: Path) -> None:
    with pytest.raises(MissingToolError, match="apt-get install openjdk-17-jdk-headless"):
        find_jdk(17)
    with pytest.raises(MissingToolError, match="apt-get install maven"):
        find_maven()


def test_fetch_command_without_maven_says_so_and_succeeds(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.engines", "fetch"],
        env={"PATH": str(tmp_path), "FLOW_COLLECTOR_TEST_CACHE": str(tmp_path / "cache")},
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert [line.split(" ")[0] for line in lines] == list(KINDS)
    assert all("its tests will be skipped" in line and "install" in line for line in lines)


def test_engines_claim_ports_of_their_own(tmp_path: Path) -> None:
    engines = [Engine("opensearch3", tmp_path) for _ in range(20)]
    ports = {engine.port for engine in engines}
    for engine in engines:
        engine.close()
    assert len(ports) == 20
    assert ports <= set(PORTS)
