import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from collector import schema
from collector.store.access import Access
from collector.store.client import Client
from collector.store.errors import StoreError
from collector.store.template import IndexSettings, generate, install, properties, template
from tests.store.server import Reply, Server

FOLDER = Path(__file__).parents[2] / "templates"


@pytest.mark.parametrize("name", sorted(generate()))
def test_the_files_for_those_who_install_by_hand_are_current(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert text == generate()[name], "python -m collector.store.template"
    assert json.loads(text)


@pytest.mark.parametrize("name", sorted(generate()))
def test_the_docs_say_what_they_are_for(name: str) -> None:
    assert name in (FOLDER.parent / "docs" / "search-engines.md").read_text(encoding="utf-8")


def test_the_command_that_writes_them(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "collector.store.template", str(tmp_path)]
    subprocess.run(command, cwd=FOLDER.parent, check=True)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == generate()


def leaves(level: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, body in level.items():
        if "properties" in body:
            assert set(body) == {"properties"}
            found |= leaves(body["properties"], f"{prefix}{name}.")
        else:
            found[prefix + name] = body
    return found


def test_each_field_has_its_mapping_and_nothing_else_has() -> None:
    known = schema.fields() | schema.copies()
    assert leaves(properties()) == {name: dict(field.elasticsearch) for name, field in known.items()}


def test_settings() -> None:
    def index(settings: IndexSettings | None = None) -> Any:
        return template(settings)["template"]["settings"]["index"]

    assert index() == {
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        "refresh_interval": "30s",
        "codec": "default",
        "mapping": {"total_fields": {"limit": 5000}},
    }
    assert index(IndexSettings(shards=3, replicas=2, codec="best_compression", refresh_interval="5s")) == {
        "number_of_shards": 3,
        "number_of_replicas": 2,
        "refresh_interval": "5s",
        "codec": "best_compression",
        "mapping": {"total_fields": {"limit": 5000}},
    }


def test_index_names() -> None:
    assert template()["index_patterns"] == [f"elastiflow-{schema.VERSION}-*"]
    assert template()["template"]["mappings"]["dynamic"] is False


def test_only_names_within_an_object_are_added_by_themselves() -> None:
    mappings = template()["template"]["mappings"]
    assert mappings["dynamic"] is False
    assert mappings["properties"]["flow"]["properties"]["extra"] == {"type": "object", "dynamic": True}
    assert [rule["path_match"] for named in mappings["dynamic_templates"] for rule in named.values()] == [
        "flow.extra.*"
    ] * 4


def test_install_puts_the_template_and_reads_it_back() -> None:
    with Server() as server:
        install(Client(Access((server.url,))))
        assert [(asked.method, asked.path) for asked in server.asked] == [
            ("PUT", "/_index_template/elastiflow-1"),
            ("POST", "/_index_template/_simulate_index/elastiflow-1-1970.01.01"),
        ]
        assert json.loads(server.asked[0].body) == template()


def test_install_finds_out_that_another_template_wins() -> None:
    with Server() as server:
        wrong = properties()
        wrong["source"]["properties"]["ip"] = {"type": "keyword"}
        del wrong["flow"]
        answer = {"template": {"mappings": {"properties": wrong}}, "overlapping": [{"name": "mine"}]}
        server.fixed = {"/_index_template/_simulate": Reply(body=answer)} | server.fixed
        with pytest.raises(StoreError, match=r"source\.ip would be keyword|flow\.\w+ would be unknown") as error:
            install(Client(Access((server.url,))))
        assert "other templates that match elastiflow-1-*: mine" in str(error.value)


def test_install_tells_why_the_engine_refuses() -> None:
    with Server() as server:
        error = {"error": {"type": "illegal_argument_exception", "reason": "same\n priority"}, "status": 400}
        server.fixed = {"/_index_template": Reply(400, error)}
        with pytest.raises(StoreError, match=r"status 400 \(illegal_argument_exception: same priority\)$"):
            install(Client(Access((server.url,))))
