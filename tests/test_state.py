"""The state file: what is kept from one run to the next, and what becomes of a file that cannot be used."""

import json
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from collector.decode.options import Options
from collector.enrich.names import Entry, Names
from collector.state import Keeper, file, keeper

EXPORTERS = ["192.0.2.1", "2001:db8::1"]


class Part:
    """A part that learns a word of each exporter."""

    def __init__(self) -> None:
        self.changes = 0
        self.words: dict[str, str] = {}
        self.asked = 0

    def learn(self, exporter: str, word: str) -> None:
        self.words[exporter] = word
        self.changes += 1

    def saved(self, exporter: str) -> Mapping[str, Any]:
        self.asked += 1
        return {"word": self.words[exporter]} if exporter in self.words else {}

    def load(self, exporter: str, saved: Any) -> list[str]:
        if saved and not isinstance(saved.get("word"), str):
            return ["its word is none"]
        if saved:
            self.words[exporter] = saved["word"]
        return []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "flows" / "state.json"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "PAUSE", 0)
    monkeypatch.setattr(keeper, "SHARE", 0)


def loaded(path: Path) -> tuple[Keeper, Part]:
    part = Part()
    one = Keeper(path, {"words": part}, EXPORTERS)
    one.load()
    return one, part


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def put(path: Path, exporters: Any, version: int = file.VERSION) -> None:
    write(path, json.dumps({"version": version, "exporters": exporters}))


def content(path: Path) -> Any:
    return json.loads(path.read_bytes())["exporters"]


def settle(one: Keeper) -> None:
    """Wait for the thread that writes."""
    deadline = time.monotonic() + 10
    while not one._look():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_what_is_learned_is_there_in_the_next_run(path: Path) -> None:
    one, part = loaded(path)
    part.learn(EXPORTERS[0], "röuter")
    part.learn(EXPORTERS[1], "switch")
    one.close()
    assert content(path) == {EXPORTERS[0]: {"words": {"word": "röuter"}}, EXPORTERS[1]: {"words": {"word": "switch"}}}
    assert loaded(path)[1].words == part.words


def test_a_change_is_saved_at_once_and_only_once(path: Path) -> None:
    one, part = loaded(path)
    one.step()
    assert part.asked == 0
    part.learn(EXPORTERS[0], "router")
    one.step()
    settle(one)
    assert content(path) == {EXPORTERS[0]: {"words": {"word": "router"}}}
    one.step()
    assert part.asked == len(EXPORTERS)


def test_without_a_change_it_is_saved_from_time_to_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "REFRESH", 0)
    put(path, {EXPORTERS[0]: {"words": {"word": "router"}}})
    one, part = loaded(path)
    one.step()
    settle(one)
    assert part.asked == len(EXPORTERS)
    assert content(path) == {EXPORTERS[0]: {"words": {"word": "router"}}}


def test_a_large_state_is_saved_a_slice_at_a_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "SLICE", 1e-9)
    one, part = loaded(path)
    part.learn(EXPORTERS[1], "switch")
    one.step()
    assert (part.asked, path.exists()) == (1, False)
    part.learn(EXPORTERS[0], "router")
    one.step()
    settle(one)
    assert content(path) == {EXPORTERS[1]: {"words": {"word": "switch"}}}
    for _ in EXPORTERS:
        one.step()
    settle(one)
    assert len(content(path)) == 2


def test_nothing_learned_leaves_no_file(path: Path) -> None:
    loaded(path)[0].close()
    assert not path.exists()


def test_what_is_no_longer_known_is_no_longer_kept(path: Path) -> None:
    put(path, {EXPORTERS[0]: {"words": {"word": "router"}}})
    one, part = loaded(path)
    part.words.clear()
    one.close()
    assert content(path) == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is damaged (Expecting value"),
        ('{"version":1,"exporters":{\n"192.0.2.1":{"words":{"wo', "is damaged (Unterminated string"),
        ("\0" * 100, "is damaged (Expecting value"),
        ("[" * 100_000, "is damaged (maximum recursion"),
        ("[]", "has version None and this collector reads version 1"),
        ('{"version": 2, "exporters": {}}', "has version 2 and this collector reads version 1"),
        ('{"version": 1}', "is damaged (it has no table of exporters)"),
    ],
)
def test_a_file_that_cannot_be_used_is_set_aside(
    text: str, reason: str, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, text)
    one, part = loaded(path)
    (aside,) = path.parent.iterdir()
    assert aside.name.startswith("state.json.damaged-")
    assert aside.read_text(encoding="utf-8") == text
    (message,) = caplog.messages
    assert f"state file {path} {reason}" in message
    assert f"it is kept as {aside.name}" in message
    part.learn(EXPORTERS[0], "router")
    one.close()
    assert loaded(path)[1].words == {EXPORTERS[0]: "router"}


def test_entries_that_cannot_be_used_are_counted(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good = {"words": {"word": "router"}}
    put(path, {"192.0.2.1": good | {"colours": {}}, "192.0.2.2": {"words": {"word": 5}}, "192.0.2.3": 7, "::1": good})
    assert loaded(path)[1].words == {"192.0.2.1": "router", "::1": "router"}
    (message,) = caplog.messages
    assert message.endswith("3 entries cannot be used and are left out; the first is of 192.0.2.1: colours is unknown")


def test_a_folder_that_cannot_be_written_is_told_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    write(path.parent, "a file in the folder's place")
    one, part = loaded(path)
    caplog.clear()
    for word in ("one", "two"):
        part.learn(EXPORTERS[0], word)
        one.step()
        settle(one)
    (message,) = caplog.messages
    assert message.startswith(f"state file {path} cannot be written (")
    path.parent.unlink()
    part.learn(EXPORTERS[0], "three")
    one.close()
    assert caplog.messages[1:] == [f"state file {path} is written again"]
    assert loaded(path)[1].words == {EXPORTERS[0]: "three"}


def test_a_write_that_failed_is_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "RETRY", 0)
    write(path.parent, "a file in the folder's place")
    one, part = loaded(path)
    part.learn(EXPORTERS[0], "router")
    one.step()
    settle(one)
    path.parent.unlink()
    one.step()
    settle(one)
    assert content(path) == {EXPORTERS[0]: {"words": {"word": "router"}}}


def test_a_fault_does_not_come_back_with_every_batch(path: Path) -> None:
    one, part = loaded(path)
    part.words = {EXPORTERS[0]: object()}  # type: ignore[dict-item]
    part.changes += 1
    with pytest.raises(TypeError):
        one.step()
    one.step()


def test_what_a_killed_process_left_unfinished_is_removed(path: Path) -> None:
    old, new = (path.parent / f"{file.PREFIX}{name}" for name in ("old", "new"))
    write(old, "half")
    write(new, "of another collector")
    os.utime(old, (0, 0))
    loaded(path)
    assert [*path.parent.iterdir()] == [new]


def test_names_that_exporters_told_outlive_the_process(tmp_path: Path) -> None:
    before, after = Names(), Names()
    before.learn([Options(0, 9, 0, {"scopeInterface": 3}, {"interfaceName": "eth0"})], ["192.0.2.1"])
    Keeper(tmp_path / "state.json", {"names": before}, ["192.0.2.1"]).close()
    Keeper(tmp_path / "state.json", {"names": after}, []).load()
    assert after.of("interfaces", "192.0.2.1") == {3: Entry("eth0")}


def test_names_that_are_no_table_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state.json").write_text('{"version":1,"exporters":{"192.0.2.1":{"names":[]}}}')
    Keeper(tmp_path / "state.json", {"names": Names()}, []).load()
    (line,) = caplog.messages
    assert line.endswith("1 entries cannot be used and are left out; the first is of 192.0.2.1: its names are no table")
