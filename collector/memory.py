"""How much memory the process may have: that of the machine, or less where a container or service is limited."""

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


@cache
def share(most: int, parts: int) -> int:
    """Bytes: one of so many parts of what the process may have, `most` at most."""
    return min(most, limit() // parts)


def limit(cgroups: Path = _CGROUPS, own: Path = _OWN) -> int:
    """Bytes of memory."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *_limits(cgroups, own)])


def _limits(cgroups: Path, own: Path) -> Iterator[int]:
    """Those of control groups, of version 2 (`memory.max`, by the path of the process) and 1 (a tree for memory)."""
    for file in (*_paths(cgroups, own), cgroups / "memory/memory.limit_in_bytes"):
        # "max" is no limit; a file that is not there is none either.
        with suppress(OSError, ValueError):
            yield int(file.read_text("ascii"))


def _paths(cgroups: Path, own: Path) -> Iterator[Path]:
    """The files of the group of the process, and of those around it. Inside of a container its own is the root."""
    with suppress(OSError):
        for line in own.read_text("utf-8").splitlines():
            if line.startswith("0::/"):
                group = cgroups / line.removeprefix("0::/")
                yield from (each / "memory.max" for each in (group, *group.parents) if each.is_relative_to(cgroups))
