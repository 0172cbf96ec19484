"""Answers on disk."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from collector.enrich.dns.answers import Answer
from collector.enrich.dns.file import AnswersFile

KNOWN = {"10.0.0.1": Answer("a.example", 1000.0), "10.0.0.2": Answer(None, 2000.0)}


def test_what_is_saved_is_loaded_while_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "new" / "names"
    AnswersFile(path).save(KNOWN)
    AnswersFile(path).save({"10.0.0.3": Answer("c.example", 3000.0), "10.0.0.4": None})
    AnswersFile(path).save({"10.0.0.3": None, "10.0.0.2": Answer("b.example", 2500.0)})
    assert AnswersFile(path).load(999.0) == {"10.0.0.1": KNOWN["10.0.0.1"], "10.0.0.2": Answer("b.example", 2500.0)}
    assert list(AnswersFile(path).load(1000.0)) == ["10.0.0.2"]


def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "names"
    path.write_bytes(b"no database" * 1000)
    file = AnswersFile(path)
    assert file.load(0.0) == {}
    assert "now names.damaged" in caplog.text
    assert (tmp_path / "names.damaged").read_bytes().startswith(b"no database")
    file.save(KNOWN)
    assert file.load(0.0) == KNOWN


def test_so_is_one_of_another_version(tmp_path: Path) -> None:
    changed(tmp_path / "names", "PRAGMA user_version = 2")
    assert AnswersFile(tmp_path / "names").load(0.0) == {}
    assert (tmp_path / "names.damaged").exists()


@pytest.mark.parametrize("change", ["name = x'ff'", "name = 'a b'", "until = 'x'", "address = x'31'"])
def test_an_entry_that_is_none_is_left_out(tmp_path: Path, change: str) -> None:
    changed(tmp_path / "names", f"UPDATE names SET {change} WHERE name = 'a.example'")
    assert list(AnswersFile(tmp_path / "names").load(0.0)) == ["10.0.0.2"]


def test_a_file_that_cannot_be_written_is_told_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "names").mkdir()
    file = AnswersFile(tmp_path / "names")
    assert file.load(0.0) == {}
    file.save(KNOWN)
    assert caplog.text.count("names are kept in memory alone") == 1


def changed(path: Path, statement: str) -> None:
    """A file whose content is no longer what was saved."""
    AnswersFile(path).save(KNOWN)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(statement)
