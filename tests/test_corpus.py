"""All captures of the corpus, from file to documents, judged by the corpus's own score.py."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from collector.cli import main
from collector.decode.decoder import Decoder
from collector.receive.pcap import read_capture
from tests.corpus import CORPUS, capture, manifest, needs_corpus

pytestmark = pytest.mark.slow
TOTAL = re.compile(r"^TOTAL records (\d+)/(\d+) matched, (\d+) extra: .*$", re.MULTILINE)
LENIENT = re.compile(
    r"^lenient captures ok: (\d+) of (\d+); captures without flows that stayed quiet: (\d+) of (\d+)$", re.MULTILINE
)
CHECKED = re.compile(r"^  (\w+) +ok +(\d+)  bad +(\d+)  absent +(\d+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What score.py prints about the documents of all captures."""
    folder = tmp_path_factory.mktemp("documents")
    for name in manifest():
        _decode(capture(name), folder / f"{name}.ndjson")
    return _score(folder)


def _decode(path: Path, output: Path) -> None:
    """`flow-collector decode`."""
    with pytest.raises(SystemExit) as end:
        main(["decode", "-o", str(output), str(path)])
    assert end.value.code == 0


def _score(folder: Path) -> str:
    command = [sys.executable, "-B", str(CORPUS / "score.py"), "--all", str(folder), "--require-all"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@needs_corpus
def test_every_record_is_found_and_none_is_made_up(verdict: str, capsys: pytest.CaptureFixture[str]) -> None:
    total = TOTAL.search(verdict)
    assert total is not None
    with capsys.disabled():
        print(f"\n{total.group()}")
    matched, expected, extra = map(int, total.groups())
    assert (matched, extra) == (expected, 0), verdict


@needs_corpus
def test_captures_with_several_right_answers_have_one_of_them(verdict: str) -> None:
    told = LENIENT.search(verdict)
    assert told is not None
    lenient, all_lenient, quiet, all_quiet = map(int, told.groups())
    assert (lenient, quiet) == (all_lenient, all_quiet), verdict


@needs_corpus
def test_every_field_that_is_checked_is_right(verdict: str) -> None:
    checked = {name: (int(ok), int(bad)) for name, ok, bad, _ in CHECKED.findall(verdict)}
    assert len(checked) > 15
    assert all(ok for ok, _ in checked.values())
    assert {name: bad for name, (_, bad) in checked.items() if bad} == {}


@needs_corpus
def test_no_capture_trips_the_check_of_clocks() -> None:
    for name in manifest():
        problems = Decoder().decode(list(read_capture(capture(name)))).problems
        assert "clock-skew" not in [problem.reason for problem in problems], name
