"""Resolves an engine's artifacts with Maven, once, into a cache folder."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines.kinds import HERE, KINDS, Kind
from tests.engines.tools import find_jdk, find_maven

CHECKOUT = HERE.parents[1]
MODULE = "transport-netty4"
DESCRIPTOR = f"META-INF/es-plugins/{MODULE}/plugin-descriptor.properties"


class FetchError(Exception):
    """Maven or the compiler failed; the text has the end of what they said."""


def fetch(name: str) -> Path:
    """The folder with the artifacts of an engine of `KINDS`: lib/, classes/ and, for Elasticsearch 9, home/.

    Cheap when that is done already; safe when several processes ask at once. Raises MissingToolError and FetchError.
    """
    kind = KINDS[name]
    folder = _cache() / f"{kind.name}-{kind.version}"
    if not _complete(kind, folder):
        with _locked(folder):
            if not _complete(kind, folder):
                _resolve(kind, folder)
    return folder


def _cache() -> Path:
    return Path(os.environ.get("FLOW_COLLECTOR_TEST_CACHE") or CHECKOUT / ".cache" / "engines").absolute()


def _complete(kind: Kind, folder: Path) -> bool:
    marker = folder / "recipe"
    return marker.is_file() and marker.read_text(encoding="ascii") == _recipe(kind)


def _recipe(kind: Kind) -> str:
    """A digest of all that the folder is made from: a changed pom or launcher makes it anew."""
    digest = hashlib.sha256(kind.pom.read_bytes())
    for source in _sources(kind):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _sources(kind: Kind) -> list[Path]:
    return [HERE / "java" / source for source in kind.sources]


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _resolve(kind: Kind, folder: Path) -> None:
    """Works in a folder beside, so that an interrupted run leaves nothing that looks complete."""
    jdk, maven = find_jdk(kind.java), find_maven()
    work = folder.parent / f"{folder.name}.part"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    copy = ["dependency:copy-dependencies", f"-DoutputDirectory={work / 'lib'}", "-DincludeScope=runtime"]
    _run([str(maven), "-q", "-B", "-f", str(kind.pom), *copy], jdk)
    _compile(kind, jdk, work)
    if (work / "lib" / f"{MODULE}-{kind.version}.jar").is_file():
        _lay_out_module(work / "lib", work / "home" / "modules" / MODULE)
    (work / "recipe").write_text(_recipe(kind), encoding="ascii")
    shutil.rmtree(folder, ignore_errors=True)
    work.rename(folder)


def _compile(kind: Kind, jdk: Path, work: Path) -> None:
    options = ["--release", str(kind.java), "-cp", f"{work / 'lib'}/*", "-d", str(work / "classes")]
    _run([str(jdk / "bin" / "javac"), *options, *map(str, _sources(kind))], jdk)


def _lay_out_module(lib: Path, module: Path) -> None:
    """Elasticsearch 9 loads its network from a folder with a descriptor, which lies in the module's own jar."""
    module.mkdir(parents=True)
    for jar in [*lib.glob("netty-*.jar"), *lib.glob(f"{MODULE}-*.jar")]:
        jar.rename(module / jar.name)
    with zipfile.ZipFile(next(module.glob(f"{MODULE}-*.jar"))) as archive:
        (module / Path(DESCRIPTOR).name).write_bytes(archive.read(DESCRIPTOR))


def _run(command: list[str], jdk: Path) -> None:
    environment = os.environ | {"JAVA_HOME": str(jdk)}
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[:20])
        raise FetchError(f"{Path(command[0]).name} failed with status {done.returncode}; it needs the network:\n{said}")
