"""Finds the Java development kits and the Maven that engines are resolved and run with."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

JVM_FOLDER = Path("/usr/lib/jvm")


class MissingToolError(Exception):
    """A program that the machine lacks; the text says what to install."""


def find_jdk(oldest: int) -> Path:
    """The home of an installed JDK of Java `oldest` or newer.

    The oldest that serves is taken: it is the nearest to what an engine was made for. Raises MissingToolError.
    """
    found = {home: version for home in _homes() if (version := _java_version(home))}
    suitable = [home for home, version in found.items() if version >= oldest]
    if suitable:
        return min(suitable, key=found.__getitem__)
    raise MissingToolError(_advice(oldest, sorted(set(found.values()))))


def find_maven() -> Path:
    """The `mvn` on PATH. Raises MissingToolError."""
    if maven := shutil.which("mvn"):
        return Path(maven)
    raise MissingToolError("mvn is not on PATH: install Maven (Debian, Ubuntu: apt-get install maven)")


def _homes() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home)
    if JVM_FOLDER.is_dir():
        yield from sorted(JVM_FOLDER.iterdir())
    if javac := shutil.which("javac"):
        yield Path(javac).resolve().parent.parent


def _java_version(home: Path) -> int | None:
    """The feature version (17, 21, 25), None where `home` is no JDK: a JRE has no javac."""
    release = home / "release"
    if not (home / "bin" / "javac").is_file() or not release.is_file():
        return None
    match = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8"), re.MULTILINE)
    return int(match[1]) if match else None


def _advice(oldest: int, found: list[int]) -> str:
    others = f" (only Java {', '.join(map(str, found))})" if found else ""
    return (
        f"no JDK of Java {oldest} or newer in JAVA_HOME, {JVM_FOLDER} or PATH{others}: install one with its compiler "
        f"(apt-get install openjdk-{oldest}-jdk-headless where the distribution has it, or Eclipse Temurin) "
        "or set JAVA_HOME"
    )
