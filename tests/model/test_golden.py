"""Whole documents of each group of flows are as tests/golden has them."""

from collections.abc import Mapping

import pytest

from tests.model.documents import Document
from tests.model.golden import FOLDER, OF_THIS_MACHINE, comparable, expected, text
from tests.model.traffic import GROUPS


@pytest.mark.parametrize("group", GROUPS)
def test_documents_are_as_expected(group: str, groups: Mapping[str, list[Document]]) -> None:
    assert comparable(groups[group]) == expected(group)


def test_files_are_as_the_command_writes_them() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(GROUPS)
    for group in GROUPS:
        assert text(expected(group)) == (FOLDER / f"{group}.json").read_text(encoding="utf-8")


def test_the_agent_is_this_program_on_this_machine(groups: Mapping[str, list[Document]]) -> None:
    agents = [one[OF_THIS_MACHINE] for documents in groups.values() for one in documents]
    assert all(one == agents[0] for one in agents)
    assert agents[0]["type"] == "flow-collector"
    assert agents[0]["name"] == agents[0]["hostname"]
