import base64
import re
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.store.access import Access
from collector.store.client import Client
from collector.store.errors import StoreError
from tests.store import tls
from tests.store.server import Reply, Server

ELASTICSEARCH = {"X-Elastic-Product": "Elasticsearch"}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def fails(*urls: str, **access: Any) -> str:
    """What an operator reads when the engine is asked for."""
    with pytest.raises(StoreError) as caught:
        Client(Access(urls, **access)).identify()
    text = str(caught.value)
    assert "\n" not in text
    return text


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def main_page(server: Server, version: dict[str, Any]) -> None:
    server.fixed["/"] = Reply(body={"version": version})


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ({"number": "7.10.0"}, "Elasticsearch 7.10.0"),
        ({"number": "9.2.0", "build_flavor": "default"}, "Elasticsearch 9.2.0"),
        ({"number": "8.0.0-SNAPSHOT"}, "Elasticsearch 8.0.0-SNAPSHOT"),
        ({"number": "1.0.0", "distribution": "opensearch"}, "OpenSearch 1.0.0"),
        # OpenSearch in its compatibility mode calls itself so.
        ({"number": "7.10.2", "distribution": "opensearch"}, "OpenSearch 7.10.2"),
    ],
)
def test_tells_engines_and_versions_apart(server: Server, version: dict[str, Any], name: str) -> None:
    main_page(server, version)
    assert str(Client(Access((server.url,))).identify()) == f"{name} at {server.url}"


def test_elasticsearch_without_a_main_page(server: Server) -> None:
    server.fixed["/"] = Reply(405, {"error": "Incorrect HTTP method"}, headers=ELASTICSEARCH)
    server.fixed["/_nodes"] = Reply(body={"nodes": {"x": {"version": "9.2.0"}}})
    assert str(Client(Access((server.url,))).identify()) == f"Elasticsearch 9.2.0 at {server.url}"


@pytest.mark.parametrize("number", ["7.9.3", "6.8.23", "1.7.6"])
def test_too_old_elasticsearch(server: Server, number: str) -> None:
    main_page(server, {"number": number})
    assert fails(server.url) == f"Elasticsearch {number} at {server.url} is too old: 7.10 is the oldest that works"


def test_connection_refused() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert fails(url) == f"{url}: connection refused: is it running, and is the port right?"


def test_unknown_host() -> None:
    assert fails("http://no-such-host.invalid") == "http://no-such-host.invalid:9200: the host name is not known"


def test_a_connection_closed_without_an_answer(authority: tuple[Path, ssl.SSLContext]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=hang_up, daemon=True).start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        assert re.fullmatch(f"{url}: (TLS failed .*|.*reset.*|.*EOF.*)", fails(url, ca_file=authority[0]))
        listener.shutdown(socket.SHUT_RDWR)


def test_no_answer_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert fails(url, timeout=0.2) == f"{url}: no answer within 0.2 s"


@pytest.mark.parametrize("url", ["localhost:9200", "ftp://es", "http://", "https://:9200", "elasticsearch", ""])
def test_not_a_url(url: str) -> None:
    with pytest.raises(StoreError, match="not of the form http://HOST:9200 or https://HOST:9200"):
        Client(Access((url,)))


@pytest.mark.parametrize("url", ["http://es:99999", "http://es:x", "http://[::1"])
def test_a_url_that_cannot_be_read(url: str) -> None:
    with pytest.raises(StoreError, match=r"^http://"):
        Client(Access((url,)))


def test_no_url() -> None:
    with pytest.raises(StoreError, match="no URL"):
        Client(Access(()))


def test_a_password_is_never_shown(server: Server) -> None:
    server.fixed["/"] = Reply(401, {})
    assert "secret" not in fails(server.url.replace("//", "//me:secret@"))
    with pytest.raises(StoreError) as error:
        Client(Access(("ftp://me:secret@es",)))
    assert "secret" not in str(error.value)
    assert "secret" not in repr(Access(("http://es",), password="secret", api_key="secret", token="secret"))


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(401, {"error": {"type": "security_exception", "reason": "missing"}}), "status 401: user, password"),
        (Reply(401, "Unauthorized", "text/plain"), "status 401: user, password, API key or token is missing or wrong"),
        (
            Reply(403, {"error": {"type": "security_exception", "reason": "no"}}),
            "lacks a privilege: monitor and manage",
        ),
        (Reply(503, {"error": {"type": "x", "reason": "no master"}}), "status 503 (x: no master)"),
        (
            Reply(502, "<html>Bad Gateway</html>", "text/html"),
            "status 502, with no answer of a search engine (text/html)",
        ),
        (
            Reply(200, "<html>Welcome to nginx!</html>", "text/html"),
            "is neither Elasticsearch nor OpenSearch (text/html)",
        ),
        (Reply(200, "<a/>", "application/xml"), "is neither Elasticsearch nor OpenSearch"),
        (Reply(200, {"name": "kibana"}), "is neither Elasticsearch nor OpenSearch"),
        (Reply(404, {"message": "Not Found"}), "status 404 (Not Found)"),
        (Reply(302, "", "text/html", {"location": "/login"}), "status 302, with no answer of a search engine"),
        (Reply(405, {}), "status 405"),
    ],
)
def test_not_a_search_engine_or_not_for_us(server: Server, reply: Reply, text: str) -> None:
    server.fixed["/"] = reply
    said = fails(server.url)
    assert said.startswith(f"{server.url}: ")
    assert text in said


@pytest.mark.parametrize(
    ("access", "header"),
    [
        ({"user": "me", "password": "pá:ss"}, "Basic " + base64.b64encode("me:pá:ss".encode()).decode()),
        ({"api_key": "abc=="}, "ApiKey abc=="),
        ({"token": "abc"}, "Bearer abc"),
        ({}, None),
    ],
)
def test_credentials(server: Server, access: dict[str, str], header: str | None) -> None:
    Client(Access((server.url,), **access)).identify()  # type: ignore[arg-type]
    sent = {name.lower(): value for name, value in server.asked[0].headers.items()}
    assert sent.get("authorization") == header
    assert sent["accept"] == "application/json"
    assert not [name for name in sent if "elastic" in name]


def test_credentials_in_a_url(server: Server) -> None:
    Client(Access((server.url.replace("//", "//me:p%40ss@"),), user="other", password="x")).identify()
    sent = {name.lower(): value for name, value in server.asked[0].headers.items()}
    assert sent["authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()


def test_a_path_before_the_engine(server: Server) -> None:
    server.fixed["/search/"] = Reply(body={"version": {"number": "8.1.0"}})
    assert str(Client(Access((f"{server.url}/search/",))).identify()) == f"Elasticsearch 8.1.0 at {server.url}/search"


def test_several_urls_go_on_where_one_is_down(server: Server) -> None:
    client = Client(Access((f"http://127.0.0.1:{free_port()}", server.url)))
    answered = 0
    for _ in range(10):
        try:
            client.identify()
            answered += 1
        except StoreError:
            continue
    assert answered >= 8


@pytest.mark.parametrize("compress", [False, True])
def test_a_bulk_body_arrives_as_it_is(server: Server, compress: bool) -> None:
    body = b'{"create":{"_id":"a"}}\n{"x":"\xc5\xbe"}\n'
    padded = memoryview(b"..." + body + b"...")[3:-3]
    answer = Client(Access((server.url,), compress=compress)).bulk("/i/_bulk", padded)
    assert (answer.status, server.documents) == (200, {"i": {"a": {"x": "ž"}}})
    sent = {name.lower(): value for name, value in server.asked[0].headers.items()}
    assert sent["content-type"] == "application/x-ndjson"
    assert server.asked[0].body == body
    assert ("content-encoding" in sent) == compress


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on PATH (apt-get install openssl)")
    return tls.make(tmp_path_factory.mktemp("tls"))


def test_tls(authority: tuple[Path, ssl.SSLContext]) -> None:
    file, context = authority
    with Server(context) as server:
        assert Client(Access((server.url,), ca_file=file)).identify().name == "OpenSearch"
        assert Client(Access((server.url,), verify=False)).identify().name == "OpenSearch"
        assert "its certificate is not trusted (" in (said := fails(server.url))
        assert said.endswith("name its CA file or turn verification off")
        by_name = server.url.replace("127.0.0.1", "localhost")
        assert "its certificate is not trusted (Hostname mismatch" in fails(by_name, ca_file=file)


def test_the_wrong_protocol(authority: tuple[Path, ssl.SSLContext], server: Server) -> None:
    url = server.url.replace("http:", "https:")
    assert fails(url) == f"{url}: it does not speak TLS: is the URL http:// instead of https://?"
    with Server(authority[1]) as secure:
        url = secure.url.replace("https:", "http:")
        assert fails(url) == f"{url}: it closed the connection without an answer: does it want https://?"


def test_a_ca_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"CA file .*/missing\.pem: No such file"):
        Client(Access(("https://es",), ca_file=tmp_path / "missing.pem"))
    (tmp_path / "other.pem").write_text("hello")
    with pytest.raises(StoreError, match=r"CA file .*/other\.pem: "):
        Client(Access(("https://es",), ca_file=tmp_path / "other.pem"))
