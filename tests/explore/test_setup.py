"""`setup` against a server that answers as Kibana and OpenSearch Dashboards do."""

import base64
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from collector.cli import application
from collector.errors import CollectorError
from collector.explore.exports import export, prefix
from collector.explore.kibana.objects import TARGETS
from collector.explore.load import folder_coming_along
from collector.explore.setup.importing import Imported, imported
from collector.explore.setup.server import Server
from collector.store.access import Access
from collector.store.client import Client
from tests.explore.standin import Standin, serving
from tests.store import tls
from tests.store.server import Reply
from tests.store.server import Server as Engine

USER = "Basic " + base64.b64encode(b"elastic:secret").decode()
SUMS = ("visualization", "dashboard", "index-pattern")


@pytest.fixture
def kibana() -> Iterator[Standin]:
    with serving(Standin()) as one:
        yield one


def setup(*arguments: str) -> str:
    """Standard output of a run that ends well."""
    result = typer.testing.CliRunner().invoke(application(), ["setup", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def failure(*arguments: str) -> str:
    with pytest.raises(CollectorError) as caught:
        setup(*arguments)
    return str(caught.value)


def test_everything_is_imported_and_told(kibana: Standin) -> None:
    told = setup("--kibana", kibana.url)
    file = [json.loads(line) for line in export(TARGETS["kibana-7"]).splitlines()]
    assert {("", one["type"], one["id"]) for one in file} == set(kibana.objects)
    assert f"Kibana 7.10.2 at {kibana.url}" in told
    dashboards = sum(one["type"] == "dashboard" for one in file)
    assert f"{dashboards} dashboard" in told


def test_a_second_time_replaces_what_is_there(kibana: Standin) -> None:
    first = setup("--kibana", kibana.url)
    before = dict(kibana.objects)
    assert setup("--kibana", kibana.url) == first
    assert kibana.objects == before


@pytest.mark.parametrize(
    ("name", "version", "target"),
    [
        ("Kibana", "7.17.20", "kibana-7"),
        ("Kibana", "8.8.2", "kibana-7"),
        ("Kibana", "8.9.0", "kibana-9"),
        ("Kibana", "9.2.0", "kibana-9"),
        ("OpenSearch Dashboards", "3.1.0", "opensearch-dashboards"),
    ],
)
def test_the_version_tells_the_dialect(name: str, version: str, target: str) -> None:
    with serving(Standin(name=name, version=version)) as one:
        assert (
            f"would import {export(TARGETS[target]).count(chr(10))} objects for {target} into {name} {version}"
            in setup("--kibana", one.url, "--dry-run")
        )
        assert not one.objects


def test_opensearch_dashboards_of_the_first_version_get_pairs_by_script() -> None:
    with serving(Standin(name="OpenSearch Dashboards", version="1.3.20")) as one:
        setup("--kibana", one.url)
        specs = [json.dumps(line) for line in one.objects.values() if "vega" in json.dumps(line)]
        assert specs
        assert not any("multi_terms" in line for line in specs)


def test_both_headers_against_forged_requests_are_sent(kibana: Standin) -> None:
    setup("--kibana", kibana.url)
    assert kibana.headers is not None
    assert kibana.headers["kbn-xsrf"] == kibana.headers["osd-xsrf"] == "true"
    assert "kbn-version" not in kibana.headers


@pytest.mark.parametrize(
    ("flags", "header"),
    [
        (("--kibana-user", "elastic", "--kibana-password", "secret"), USER),
        (("--elasticsearch-user", "elastic", "--elasticsearch-password", "secret"), USER),
        (("--kibana-api-key", "a2V5"), "ApiKey a2V5"),
        (("--kibana-token", "abc"), "Bearer abc"),
    ],
)
def test_ways_to_log_in(kibana: Standin, flags: tuple[str, ...], header: str) -> None:
    kibana.authorization = header
    assert "imported into" in setup("--kibana", kibana.url, *flags)


def test_a_space_has_ids_of_its_own(kibana: Standin) -> None:
    setup("--kibana", kibana.url, "--kibana-space", "noc")
    assert {space for space, _, _ in kibana.objects} == {"noc"}
    assert all(identifier.startswith("flow-collector-noc-") for _, _, identifier in kibana.objects)


@pytest.mark.parametrize("names", [("a_b", "a-b", "a--b", "a_b_"), ("Net", "net"), ("noc", "日本", "東京", None)])
def test_ids_of_different_spaces_are_different(names: tuple[str | None, ...]) -> None:
    made = [prefix(TARGETS["kibana-9"], name, None) for name in names]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"flow-collector-([a-z0-9]+-)*", one) for one in made), made


def test_an_export_has_the_ids_of_its_space(kibana: Standin, tmp_path: Path) -> None:
    file = tmp_path / "noc.ndjson"
    run = typer.testing.CliRunner().invoke
    arguments = ["dashboards", "export", "--target", "kibana-7", "-o", str(file)]
    assert run(application(), [*arguments, "--kibana-space", "noc_2"]).exit_code == 0
    setup("--kibana", kibana.url, "--kibana-space", "noc_2")
    written = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert {("noc_2", one["type"], one["id"]) for one in written} == set(kibana.objects)
    refused = run(application(), [*arguments, "--kibana-tenant", "global"])
    assert "Kibana has spaces" in str(refused.exception)


def test_ones_own_dashboards_are_imported_as_well(kibana: Standin, tmp_path: Path) -> None:
    overview = (folder_coming_along() / "overview.yaml").read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(overview.replace("title: Overview", "title: Mine", 1), encoding="utf-8")
    setup("--kibana", kibana.url, "--dashboards", str(tmp_path))
    assert {"flow-collector-overview", "flow-collector-mine"} <= {identifier for *_, identifier in kibana.objects}
    (tmp_path / "mine.yaml").write_text(overview.replace("title:", "tilte:", 1), encoding="utf-8")
    assert failure("--kibana", kibana.url, "--dashboards", str(tmp_path)).startswith(f"{tmp_path / 'mine.yaml'}:1:1: ")


def test_a_tenant_is_named_in_a_header() -> None:
    with serving(Standin(name="OpenSearch Dashboards", version="2.19.0")) as one:
        setup("--kibana", one.url, "--kibana-tenant", "global")
        assert {space for space, _, _ in one.objects} == {"global"}


def test_a_base_path_is_kept() -> None:
    with serving(Standin(base="/kibana")) as one:
        setup("--kibana", one.url)
        assert one.objects


def test_a_server_that_starts_is_waited_for(kibana: Standin) -> None:
    kibana.starting = 1
    assert "imported into" in setup("--kibana", kibana.url, "--wait", "20")


def test_objects_that_were_refused_are_named(kibana: Standin, capsys: pytest.CaptureFixture[str]) -> None:
    missing = {"type": "missing_references", "references": [{"type": "index-pattern", "id": "elastiflow-1-*"}]}
    kibana.refused = {"flow-collector-overview": missing}
    result = typer.testing.CliRunner().invoke(application(), ["setup", "--kibana", kibana.url])
    assert "(flow-collector-overview): what it uses is not there: index-pattern elastiflow-1-*" in result.stdout
    assert str(result.exception) == "1 object was not imported"
    assert len(kibana.objects) > 1


THREE = b"\n".join(
    json.dumps({"type": "lens", "id": name, "attributes": {"title": name.upper()}}).encode() for name in "abc"
)
ANSWERS: dict[str, tuple[Any, str]] = {
    "nothing": ({"success": False, "successCount": 0}, "of 3 objects 0 are told to have failed and 0 of them"),
    "too few": ({"success": True, "successCount": 2, "successResults": []}, "and 2 of them to be imported"),
    "no count": ({"success": True}, "and no number of them to be imported"),
    "all, and failed": ({"success": False, "successCount": 3}, "says that the import failed, and not why"),
    "errors that are none": ({"success": False, "successCount": 2, "errors": [7, None]}, "and 2 of them"),
    "an error without anything": ({"success": False, "successCount": 2, "errors": [{}]}, "no reason was told"),
    "an error that is text": (
        {"success": False, "successCount": 1, "errors": [{"type": "lens", "id": "a", "error": "no"}]},
        "and 1 of them to be imported; a: no",
    ),
    "no success": ({"successCount": 3}, "the answer does not tell what was imported: status 200"),
    "another success": ({"success": "yes"}, "the answer does not tell what was imported: status 200"),
    "a list": ([1], "no JSON"),
}


def done(kibana: Standin) -> list[Imported]:
    """What is told of an import of three objects."""
    client = Client(Access((kibana.url,)))
    try:
        return imported(client, Server("Kibana", "7.10.2", kibana.url), THREE, None, None)
    finally:
        client.close()


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_import_is_done_when_all_objects_are_told_to_be_there(kibana: Standin, answer: str) -> None:
    kibana.says, words = ANSWERS[answer]
    with pytest.raises(CollectorError, match=re.escape(words)):
        done(kibana)


def test_a_list_of_what_was_imported_is_not_needed(kibana: Standin) -> None:
    kibana.says = {"success": True, "successCount": 3}
    assert [one.title for one in done(kibana)] == ["A", "B", "C"]


def test_an_object_with_an_error_is_not_imported(kibana: Standin) -> None:
    error = {"type": "missing_references", "references": [{"id": "x"}, 5]}
    kibana.says = {"success": False, "successCount": 2, "errors": [{"type": "lens", "id": "b", "error": error}]}
    assert [(one.id, one.trouble) for one in done(kibana)] == [
        ("a", ""),
        ("c", ""),
        ("b", "what it uses is not there: ? x"),
    ]


def test_an_import_that_failed_is_no_success(kibana: Standin) -> None:
    kibana.says = {"success": False, "successCount": 0}
    assert "0 of them to be imported" in failure("--kibana", kibana.url)


def test_both_servers_are_waited_for(kibana: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    with Engine() as engine:
        engine.fixed["/"] = Reply(503, {"error": "starting", "status": 503})
        kibana.starting = 1
        pauses: list[Reply | None] = []
        monkeypatch.setattr("time.sleep", lambda _: pauses.append(engine.fixed.pop("/", None)))
        told = setup("--elasticsearch", engine.url, "--kibana", kibana.url, "--wait", "20")
    assert "are installed in OpenSearch 2.19.1" in told
    assert "imported into" in told
    assert len(pauses) == 2


def test_a_search_engine_that_does_not_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "connection refused" in failure("--elasticsearch", f"http://127.0.0.1:{port}", "--wait", "0.1")
    assert len(pauses) > 1


def test_a_search_engine_that_refuses_is_not_waited_for() -> None:
    with Engine() as engine:
        engine.fixed["/"] = Reply(401, {"error": "no", "status": 401})
        assert "401" in failure("--elasticsearch", engine.url, "--wait", "600")


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "401": ({"authorization": USER}, "does not know the user"),
    "403": ({"forbidden": True}, "the user may not change saved objects"),
    "413": ({"limit": 1000}, "is too large (status 413)"),
    "not ready": ({"starting": 1}, "is not ready yet"),
    "a page": ({"html": True}, "is a web page"),
    "base path": ({"base": "/kibana"}, "base path"),
    "an odd status": ({"status": b"[]"}, "status 200 and no JSON"),
    "a broken status": ({"status": b'{"version'}, "status 200 and no JSON"),
    "too old": ({"version": "7.9.3"}, "7.10 is the oldest that works"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_is_said_in_words(fault: str) -> None:
    given, said = FAULTS[fault]
    with serving(Standin(**given)) as one:
        assert said in failure("--kibana", f"http://127.0.0.1:{one.port}")


def test_a_version_that_is_hidden_from_strangers() -> None:
    with serving(Standin(version="9.0.0", authorization=USER)) as one:
        assert "does not tell its version to strangers" in failure("--kibana", one.url)


def test_a_file_of_a_form_that_is_too_new(kibana: Standin) -> None:
    kibana.version = "9.0.0"
    lying = kibana.url
    classic = type(kibana).classic
    try:
        type(kibana).classic = property(lambda _: True)  # type: ignore[assignment, method-assign]
        assert "does not know this form of objects (status 422)" in failure("--kibana", lying)
    finally:
        type(kibana).classic = classic  # type: ignore[method-assign]


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "connection refused" in failure("--kibana", f"http://127.0.0.1:{port}")


def test_tls_where_there_is_none(kibana: Standin) -> None:
    assert "http:// instead of https://" in failure("--kibana", kibana.url.replace("http", "https"))


def test_a_space_is_kibanas_and_a_tenant_is_not(kibana: Standin) -> None:
    assert "Kibana has spaces" in failure("--kibana", kibana.url, "--kibana-tenant", "global")


@pytest.mark.parametrize("server", ["kibana", "elasticsearch"])
@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("user", "--{}-user is given without --{}-password"),
        ("password", "--{}-password is given without --{}-user"),
        ("ca", "--{}-ca: there is no file x"),
    ],
)
def test_half_a_setting_is_refused(server: str, flag: str, said: str) -> None:
    assert said.format(server, server) in failure(f"--{server}", "http://127.0.0.1:1", f"--{server}-{flag}", "x")


def test_an_authority_is_of_no_use_without_tls(tmp_path: Path) -> None:
    authority, _ = tls.make(tmp_path)
    assert "no certificate to check" in failure("--kibana", "http://127.0.0.1:1", "--kibana-ca", str(authority))


def test_nothing_to_do_is_an_error() -> None:
    assert "nothing to set up" in failure()


def test_a_certificate_must_be_trusted(tmp_path: Path) -> None:
    authority, context = tls.make(tmp_path)
    with serving(Standin(), context) as one:
        url = one.url.replace("http", "https")
        assert "certificate is not trusted" in failure("--kibana", url)
        assert "imported into" in setup("--kibana", url, "--kibana-ca", str(authority))
        assert "imported into" in setup("--kibana", url, "--no-kibana-verify")
