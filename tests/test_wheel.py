"""The wheel holds everything and works where there is no checkout."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests import sample

ROOT = Path(__file__).parents[1]
PLACES = {"collector": "collector", "templates": "collector/templates", "dashboards": "collector/dashboards"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("flow_collector-*.whl")
    return built


def pinned() -> Iterator[metadata.Distribution]:
    """The packages that constraints.txt has for this machine."""
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            wanted = Requirement(line.rstrip("\\ "))
            if wanted.marker is None or wanted.marker.evaluate():
                found = metadata.distribution(wanted.name)
                assert found.version in wanted.specifier, f"{found.name} {found.version}: run scripts/test"
                yield found


def link(package: metadata.Distribution, site: Path) -> None:
    """Have a package in a folder of packages as well."""
    for entry in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
        if not (site / entry).exists():
            (site / entry).symlink_to(Path(str(package.locate_file(entry))))


class Installed:
    """The wheel installed beside the pinned packages and nothing else, with a working folder far from the checkout.

    The packages are those of the environment that runs the tests: putting them in anew takes a minute.
    """

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        self._bin = folder / "venv" / "bin"
        # PYTHONPATH would let the checkout in.
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        venv.create(folder / "venv", with_pip=False)
        (site,) = folder.glob("venv/lib/python*/site-packages")
        for package in pinned():
            link(package, site)
        self.pip("install", "--quiet", "--no-deps", "--no-index", str(wheel))

    def pip(self, *arguments: str) -> str:
        """Standard output of this environment's pip, for the installation."""
        return self._ran(sys.executable, "-m", "pip", "--python", str(self._bin / "python"), *arguments)

    def __call__(self, command: str, *arguments: str) -> str:
        """Standard output of a command of the installation."""
        return self._ran(str(self._bin / command), *arguments)

    def _ran(self, *command: str) -> str:
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"), wheel)


@pytest.mark.parametrize("place", PLACES)
def test_wheel_holds_every_file(wheel: Path, place: str) -> None:
    files = [path for path in (ROOT / place).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    wanted = {f"{PLACES[place]}/{path.relative_to(ROOT / place)}" for path in files}
    assert wanted <= set(zipfile.ZipFile(wheel).namelist())


def test_wheel_holds_the_collector_only(wheel: Path) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in zipfile.ZipFile(wheel).namelist()} == {
        "collector",
        "flow_collector",
    }


def test_pinned_packages_are_all_it_needs(installed: Installed) -> None:
    installed.pip("check")
    where = installed("python", "-c", "import collector; print(collector.__file__)")
    assert Path(where).is_relative_to(installed.folder)


def test_help(installed: Installed) -> None:
    assert "decode" in installed("flow-collector", "--help")


def test_decodes_a_capture(installed: Installed) -> None:
    (installed.folder / "flows.pcap").write_bytes(sample.capture())
    flows = [json.loads(line) for line in installed("flow-collector", "decode", "flows.pcap").splitlines()]
    assert len(flows) == sample.FLOWS
