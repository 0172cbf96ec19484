"""The least of what limits the memory of the process."""

from pathlib import Path

import pytest

from collector.memory import limit, share

GIB = 2**30


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"memory.max": "268435456\n"}, GIB // 4),
        ({"a.slice/b.service/memory.max": "max\n", "a.slice/memory.max": "134217728\n"}, GIB // 8),
        ({"memory/memory.limit_in_bytes": "67108864\n"}, GIB // 16),
        ({"other.slice/memory.max": "5\n", "memory.max": "nonsense"}, None),
        ({}, None),
    ],
)
def test_the_least_limit_counts(tmp_path: Path, files: dict[str, str], expected: int | None) -> None:
    own = written(tmp_path / "own", {"cgroup": "1:name=systemd:/x\n0::/a.slice/b.service\n"}) / "cgroup"
    machine = limit(tmp_path / "none", tmp_path / "none")
    assert machine > GIB // 4
    assert limit(written(tmp_path / "groups", files), own) == (expected or machine)


def test_a_share_is_no_more_than_asked_for() -> None:
    assert share(1000, 8) == 1000
    assert share(1 << 62, 8) == limit() // 8
