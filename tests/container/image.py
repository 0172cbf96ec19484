"""The Dockerfile built and run by buildah, on a base that debootstrap makes from the machine's own Debian mirror.

No container engine and no image registry is needed: the base stands in for the official Python image of the same name.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("FLOW_COLLECTOR_TEST_CACHE", ROOT / ".cache")) / "container"
SUITE = "bookworm"
PYTHON = "3.11"
PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
# How pip reaches its index from this machine holds inside the build, too.
PIP_SETTINGS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT")


def missing() -> str | None:
    """What this machine lacks to build the image, or None."""
    if os.environ.get("FLOW_COLLECTOR_TEST_CONTAINER") != "1":
        return "takes minutes: asked for by FLOW_COLLECTOR_TEST_CONTAINER=1"
    tools = [tool for tool in ("buildah", "debootstrap", "apt-get") if shutil.which(tool) is None]
    if tools:
        return f"{', '.join(tools)} not installed"
    return None if os.geteuid() == 0 else "buildah and debootstrap need root here"


def mirror() -> str:
    """The URI from which this machine's apt takes the Debian release of the base."""
    listed = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"]
    for line in subprocess.run(listed, capture_output=True, text=True, check=True).stdout.splitlines():
        uri, _, codename = line.partition(" ")
        if codename == SUITE:
            return uri
    raise RuntimeError(f"no apt source of Debian {SUITE} on this machine; add one, then run apt-get update")


def base() -> Path:
    """A tar of a minimal Debian with Python, made once."""
    archive = CACHE / f"{SUITE}.tar"
    if not archive.exists():
        tree = CACHE / SUITE
        _bootstrap(tree)
        half = archive.with_suffix(".half")
        subprocess.run(["tar", "-C", tree, "--exclude=./var/cache/apt/archives/*.deb", "-cf", half, "."], check=True)
        half.rename(archive)
        shutil.rmtree(tree)
    return archive


def _bootstrap(tree: Path) -> None:
    """Unpack a minimal Debian; tried again where a mirror gave half a list of packages."""
    for last in (False, False, True):
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir(parents=True)
        command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(tree), mirror()]
        if subprocess.run(command, check=last).returncode == 0:
            return


def inmost(pid: int) -> int:
    """The contained process below those of a `buildah run`, which kill it when they are told to end."""
    while Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"buildah"):
        children = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children")]
        pid = int("".join(children).split()[0])
    return pid


class Buildah:
    """buildah with its storage in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._options = ["--storage-driver", "vfs", "--root", str(folder / "storage"), "--runroot", str(folder / "run")]
        self._context = folder / "base"

    def command(self, *arguments: str | Path) -> list[str]:
        return ["buildah", *self._options, *(str(argument) for argument in arguments)]

    def __call__(self, *arguments: str | Path) -> str:
        """Standard output of a command that must succeed."""
        return subprocess.run(self.command(*arguments), check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def make_base(self) -> None:
        """Makes the image that the Dockerfile's FROM names, out of the machine's Debian."""
        self._context.mkdir()
        shutil.copyfile(base(), self._context / "base.tar")
        shutil.copyfile(os.environ.get("SSL_CERT_FILE", AUTHORITIES), self._context / "authorities.crt")
        settings = {name: os.environ[name] for name in PIP_SETTINGS if name in os.environ}
        settings |= {"PIP_CERT": AUTHORITIES, "SSL_CERT_FILE": AUTHORITIES}
        lines = ["FROM scratch", "ADD base.tar /", f"COPY authorities.crt {AUTHORITIES}"]
        lines += [f"ENV {name}={value}" for name, value in settings.items()]
        (self._context / "Dockerfile").write_text("\n".join(lines) + "\n")
        self("bud", "--isolation", "chroot", "--tag", f"python:{PYTHON}-slim", self._context)

    def build(self, tag: str, geo_urls: str) -> None:
        """Builds the project's Dockerfile with these databases of addresses."""
        options = ("--isolation", "chroot", "--pull-never", "--format", "docker")
        arguments = ("--build-arg", f"PYTHON={PYTHON}", "--build-arg", f"GEO_URLS={geo_urls}")
        self("bud", *options, *arguments, "--tag", tag, ROOT)

    def config(self, tag: str) -> dict[str, Any]:
        """The image's configuration, with the keys of the Docker image format."""
        config: dict[str, Any] = json.loads(self("inspect", "--type", "image", tag))["Docker"]["config"]
        return config

    def run(self, container: str, command: Sequence[str], environment: Mapping[str, str], *volumes: str) -> list[str]:
        """The command line that runs a command as the image's user."""
        options = [f"--env={name}={value}" for name, value in environment.items()]
        options += [f"--volume={volume}" for volume in volumes]
        return self.command("run", "--isolation", "chroot", *options, container, "--", *command)
