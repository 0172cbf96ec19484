"""Databases fetched from a server on loopback."""

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from collector.enrich.geo import Geo
from collector.geoip import download, sources
from collector.geoip.sources import maxmind, source
from collector.geoip.update import MEMORY, Outcome, update
from tests.builders.mmdb import database
from tests.geoip.server import Page, Server

OLD = database({"198.51.100.0/24": {"country_code": "NO"}})
NEW = database({"198.51.100.0/24": {"country_code": "SE"}})
TODAY = date(2026, 6, 1)


def silent(size: int, total: int | None) -> None:
    pass


def fetched(folder: Path, *urls: str) -> list[Outcome]:
    return list(update(map(source, urls), folder, TODAY, silent))


def only(folder: Path, url: str) -> Outcome:
    (outcome,) = fetched(folder, url)
    return outcome


def tarred(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"folder_20260601/../{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"folder/{name}", content)
    return out.getvalue()


def visible(folder: Path) -> set[str]:
    """All there is, hidden files too."""
    return {path.name for path in folder.iterdir()} - {MEMORY}


@pytest.mark.parametrize(
    ("name", "body"),
    [("country.mmdb", NEW), ("country.mmdb.gz", gzip.compress(NEW))],
    ids=["plain", "gzip"],
)
def test_a_database_comes_plain_or_packed(server: Server, tmp_path: Path, name: str, body: bytes) -> None:
    outcome = only(tmp_path, server.put(f"/{name}", Page(body)))
    assert outcome.error is None
    assert outcome.files == (tmp_path / "country.mmdb",)
    assert (tmp_path / "country.mmdb").read_bytes() == NEW
    assert visible(tmp_path) == {"country.mmdb"}


@pytest.mark.parametrize("pack", [tarred, zipped])
def test_all_databases_of_an_archive_are_taken_by_their_own_names(
    server: Server, tmp_path: Path, pack: Callable[..., bytes]
) -> None:
    body = pack(**{"city4.mmdb": OLD, "LICENSE": b"text", "city6.mmdb": NEW})
    outcome = only(tmp_path, server.put("/any", Page(body)))
    assert outcome.error is None
    assert visible(tmp_path) == {"city4.mmdb", "city6.mmdb"}
    assert (tmp_path / "city6.mmdb").read_bytes() == NEW


def test_what_has_not_changed_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    url = server.put("/a.mmdb", Page(NEW, headers={"ETag": '"1"', "Last-Modified": "Mon, 01 Jun 2026 00:00:00 GMT"}))
    fetched(tmp_path, url)
    before = (tmp_path / "a.mmdb").stat()
    assert only(tmp_path, url) == Outcome(source(url))
    assert (tmp_path / "a.mmdb").stat() == before
    assert server.requests[-1][1]["if-modified-since"] == "Mon, 01 Jun 2026 00:00:00 GMT"


def test_what_is_gone_from_the_folder_is_fetched_again(server: Server, tmp_path: Path) -> None:
    url = server.put("/a.mmdb", Page(NEW, headers={"ETag": '"1"'}))
    fetched(tmp_path, url)
    (tmp_path / "a.mmdb").unlink()
    assert only(tmp_path, url).files == (tmp_path / "a.mmdb",)


def test_a_known_sum_needs_no_request(server: Server, tmp_path: Path) -> None:
    url = server.put("/a.mmdb", Page(NEW)) + "#sha256=" + hashlib.sha256(NEW).hexdigest()
    assert only(tmp_path, url).files
    assert only(tmp_path, url).files == ()
    assert server.paths == ["/a.mmdb"]


def test_a_sum_beside_the_file_tells_whether_it_has_changed(server: Server, tmp_path: Path) -> None:
    url = server.put("/a.mmdb", Page(OLD)) + "#sha256"
    server.put("/a.mmdb.sha256", Page(hashlib.sha256(OLD).hexdigest().encode() + b"  a.mmdb\n"))
    assert only(tmp_path, url).files
    assert only(tmp_path, url).files == ()
    server.put("/a.mmdb", Page(NEW))
    server.put("/a.mmdb.sha256", Page(hashlib.sha256(NEW).hexdigest().encode()))
    assert only(tmp_path, url).files
    assert server.paths == ["/a.mmdb.sha256", "/a.mmdb", "/a.mmdb.sha256", "/a.mmdb.sha256", "/a.mmdb"]
    assert (tmp_path / "a.mmdb").read_bytes() == NEW


FAULTS = {
    "truncated": (Page(gzip.compress(NEW)[:100], length=1000), "", "broke off"),
    "half a gzip": (Page(gzip.compress(NEW)[:-50]), "", "damaged archive"),
    "half a tar": (Page(tarred(**{"a.mmdb": NEW * 50})[:500]), "", "damaged"),
    "half a database": (Page(NEW[: len(NEW) // 2]), "", "is no database of addresses"),
    "a page of text": (Page(b"<html>"), "", "is no database of addresses"),
    "nothing": (Page(b""), "", "is no database of addresses"),
    "no database in it": (Page(tarred(LICENSE=b"text")), "", "no *.mmdb in the archive"),
    "another sum": (Page(NEW), "#sha256=" + 64 * "0", "has the SHA-256 sum"),
    "no sum beside it": (Page(NEW), "#sha256", "answers 404"),
    "wants a key": (Page(status=401), "", "answers 401: account or key is wrong or missing"),
    "refuses the key": (Page(status=403), "", "answers 403"),
    "absent": (Page(status=404), "", "answers 404: there is no such file"),
    "too often": (Page(status=429), "", "answers 429: too many downloads"),
    "ill": (Page(status=503), "", "answers 503: try again later"),
}


@pytest.mark.parametrize(("page", "fragment", "told"), FAULTS.values(), ids=FAULTS)
def test_a_fault_leaves_the_database_that_is_there(
    server: Server, tmp_path: Path, page: Page, fragment: str, told: str
) -> None:
    (tmp_path / "a.mmdb").write_bytes(OLD)
    good = server.put("/good.mmdb", Page(NEW))
    bad, other = fetched(tmp_path, server.put("/a.mmdb", page) + fragment, good)
    assert bad.error is not None
    assert told in bad.error
    assert other.files == (tmp_path / "good.mmdb",)
    assert (tmp_path / "a.mmdb").read_bytes() == OLD
    assert visible(tmp_path) == {"a.mmdb", "good.mmdb"}


def test_what_is_too_large_is_refused(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MOST", 1 << 20)
    urls = [
        server.put("/announced.mmdb", Page(b"", length=2 << 20)),
        server.put("/bomb.mmdb.gz", Page(gzip.compress(b"x" * (2 << 20)))),
    ]
    assert ["more than 1 MiB" in (outcome.error or "") for outcome in fetched(tmp_path, *urls)] == [True, True]
    assert visible(tmp_path) == set()


def test_a_busy_server_is_asked_again(server: Server, tmp_path: Path) -> None:
    busy = [Page(status=503), Page(status=429, headers={"Retry-After": "0"})]
    assert only(tmp_path, server.put("/a.mmdb", *busy, Page(NEW))).files
    assert len(server.requests) == 3


def test_a_server_that_is_not_there_is_told_without_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSE", 0)
    with Server() as gone:
        url = gone.url
    error = only(tmp_path, f"{url}/a.mmdb?token=secret").error
    assert error is not None
    assert error == f"{url}/a.mmdb cannot be reached: connection refused; is a proxy needed (https_proxy)?"


class Silent(BaseHTTPRequestHandler):
    """Closes the connection without an answer."""

    def do_GET(self) -> None:
        self.close_connection = True


def test_faults_of_the_way_are_told_in_plain_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSE", 0)
    silent = HTTPServer(("127.0.0.1", 0), Silent)
    thread = Thread(target=silent.serve_forever, args=(0.01,))
    thread.start()
    try:
        closed = only(tmp_path, f"http://127.0.0.1:{silent.server_port}/a.mmdb").error
        tls = only(tmp_path, f"https://127.0.0.1:{silent.server_port}/a.mmdb").error
        monkeypatch.setenv("http_proxy", "http://nowhere.invalid:1")
        proxy = only(tmp_path, "http://192.0.2.1/a.mmdb").error
    finally:
        silent.shutdown()
        thread.join()
        silent.server_close()
    assert ["closed the connection" in str(closed), "TLS failed" in str(tls)] == [True, True]
    assert proxy == "http://192.0.2.1/a.mmdb cannot be reached: the proxy: the host name is not known"


def test_what_one_place_has_not_comes_from_the_next(server: Server, tmp_path: Path) -> None:
    first, second = (
        server.put("/a-{year}.mmdb", Page(status=503)),
        server.put("/other.mmdb.gz", Page(gzip.compress(OLD))),
    )
    outcome = only(tmp_path, f"{first}|{server.url}/none.mmdb|{second}")
    assert (outcome.error, visible(tmp_path), outcome.source.name) == (None, {"a.mmdb"}, second)
    server.put("/a-2026.mmdb", Page(NEW))
    assert only(tmp_path, f"{first}|{second}").files == (tmp_path / "a.mmdb",)
    assert (tmp_path / "a.mmdb").read_bytes() == NEW
    assert server.paths.count("/other.mmdb.gz") == 1


def test_a_sum_that_is_wrong_leads_to_the_next_place(server: Server, tmp_path: Path) -> None:
    bad, good = server.put("/a.mmdb", Page(OLD)), server.put("/b.mmdb", Page(NEW))
    assert only(tmp_path, f"{bad}#sha256={'0' * 64}|{good}#sha256={hashlib.sha256(NEW).hexdigest()}").error is None
    assert (tmp_path / "a.mmdb").read_bytes() == NEW


def test_faults_of_all_places_are_told(server: Server, tmp_path: Path) -> None:
    outcome = only(tmp_path, f"{server.url}/a.mmdb|{server.put('/b.mmdb', Page(b'<html>'))}")
    assert outcome.error is not None
    first, second = outcome.error.split("; ")
    assert first.startswith(f"{server.url}/a.mmdb answers 404")
    assert second == (f"{server.url}/b.mmdb is no database of addresses (mmdb), or is damaged")


def test_until_this_months_file_is_there_the_last_one_is_taken(server: Server, tmp_path: Path) -> None:
    server.put("/asn-2026-05.mmdb", Page(OLD))
    url = server.url + "/asn-{year}-{month}.mmdb"
    assert only(tmp_path, url).files == (tmp_path / "asn.mmdb",)
    server.put("/asn-2026-06.mmdb", Page(NEW))
    assert only(tmp_path, url).files == (tmp_path / "asn.mmdb",)
    assert (tmp_path / "asn.mmdb").read_bytes() == NEW
    assert visible(tmp_path) == {"asn.mmdb"}


def test_two_sources_of_one_name_are_told(server: Server, tmp_path: Path) -> None:
    one, other = fetched(tmp_path, server.put("/1/a.mmdb", Page(OLD)), server.put("/2/a.mmdb", Page(NEW)))
    assert one.error is None
    assert other.error == "a.mmdb comes from another source, too: leave one of them out"
    assert (tmp_path / "a.mmdb").read_bytes() == OLD


@pytest.fixture
def storage() -> Iterator[Server]:
    with Server() as running:
        yield running


def test_editions_of_maxmind_come_with_their_sum_and_the_key_goes_to_maxmind_alone(
    server: Server, storage: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAXMIND", server.url)
    body = tarred(**{"GeoLite2-ASN.mmdb": NEW})
    stored = storage.put("/signed?signature=1", Page(body))
    server.put("/GeoLite2-ASN/download?suffix=tar.gz", Page(status=302, headers={"Location": stored}))
    server.put("/GeoLite2-ASN/download?suffix=tar.gz.sha256", Page(hashlib.sha256(body).hexdigest().encode()))
    for files in ((tmp_path / "GeoLite2-ASN.mmdb",), ()):
        (outcome,) = update([maxmind("GeoLite2-ASN", "1", "key")], tmp_path, TODAY, silent)
        assert (outcome.error, outcome.files) == (None, files)
    assert {headers["authorization"] for _, headers in server.requests} == {"Basic MTprZXk="}
    assert "authorization" not in storage.requests[0][1]
    assert len(storage.requests) == 1


def test_a_running_collector_takes_what_was_fetched(server: Server, tmp_path: Path) -> None:
    url = server.put("/a.mmdb", Page(OLD))
    geo = Geo([], tmp_path)
    assert geo.databases == []
    fetched(tmp_path, url)
    assert geo.refresh()
    server.put("/a.mmdb", Page(NEW))
    fetched(tmp_path, url)
    assert geo.refresh()
    assert geo.databases[0].record(0, 0xFFFF_C633_6401) == {"country_code": "SE"}
    fetched(tmp_path, server.put("/a.mmdb", Page(b"<html>")))
    assert not geo.refresh()


def test_the_proxy_of_the_environment_is_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url.replace("//", "//me:pass@"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    url = "http://databases.invalid/a.mmdb"
    server.put(url, Page(NEW))
    assert only(tmp_path, url).files == (tmp_path / "a.mmdb",)
    assert server.requests[0][1]["proxy-authorization"] == "Basic bWU6cGFzcw=="
