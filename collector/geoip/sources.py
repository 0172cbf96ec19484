"""Where databases of places and autonomous systems are fetched from."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import SplitResult, unquote, urldefrag, urlsplit

MAXMIND = "https://download.maxmind.com/geoip/databases"
SUFFIX = ".mmdb"
PACKED = (".zip", ".gz", ".tgz", ".tar", SUFFIX)
OR = "|"
YEAR, MONTH = "{year}", "{month}"
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_EDITION = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True)
class Source:
    """One file to fetch: a database, or an archive of databases."""

    url: str
    """May have `{year}` and `{month}`, for files that have a new name each month."""
    sha256: str | None = None
    """Of the file as it is fetched, in lower case."""
    sha256_url: str | None = None
    """Where a line that begins with that sum is."""
    authorization: str | None = None
    """Header for the host of `url` alone."""
    instead: tuple["Source", ...] = ()
    """Where it is fetched from if that fails, one after the other."""

    @property
    def name(self) -> str:
        """The URL without what may be secret: user, password and query."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def file(self) -> str:
        """Name for a database that is no member of an archive; the same in each month."""
        name = urlsplit(self.url).path.rpartition("/")[2]
        for ending in PACKED:
            name = name.removesuffix(ending)
        plain = re.sub(r"[-_.]*(\{year\}|\{month\})", "", name).strip("-_.")
        return (plain or "database") + SUFFIX

    @property
    def places(self) -> tuple["Source", ...]:
        """All that it may come from, in their order."""
        return self, *self.instead

    def dated(self, today: date) -> list["Source"]:
        """With year and month put in: those of today, then those of the month before; itself where it has none."""
        if YEAR not in self.url and MONTH not in self.url:
            return [self]
        months = (today, today.replace(day=1) - timedelta(days=1))
        return [replace(self, url=_put(self.url, day), sha256_url=_put(self.sha256_url, day)) for day in months]


def _put(url: Any, day: date) -> Any:
    return url and url.replace(YEAR, f"{day.year}").replace(MONTH, f"{day.month:02}")


def source(text: str) -> Source:
    """A place, or several with `|` between them, of which the first counts that has the file. ValueError."""
    first, *others = map(_place, text.split(OR))
    return replace(first, instead=tuple(others))


def _place(text: str) -> Source:
    """`URL`, `URL#sha256=SUM`, or `URL#sha256` where the sum is beside the file, at URL.sha256. ValueError."""
    url, fragment = urldefrag(text)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a URL begins with https:// or http:// and a host")
    authorization = _basic(parts)
    # A password stays out of all that urllib3 may say.
    url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    kind, _, value = fragment.partition("=")
    if fragment == "sha256":
        beside = parts._replace(netloc=parts.netloc.rpartition("@")[2], path=f"{parts.path}.sha256").geturl()
        return Source(url, sha256_url=beside, authorization=authorization)
    if fragment and not (kind == "sha256" and _SHA256.fullmatch(value)):
        raise ValueError("after # stands sha256=SUM of 64 digits, or sha256 alone where the sum is at URL.sha256")
    return Source(url, value.lower() or None, authorization=authorization)


def sources(urls: Sequence[str]) -> tuple[Source, ...]:
    """Those that URLs name. ValueError."""
    return tuple(map(source, urls))


def edition(text: str) -> str:
    """The name of a database of MaxMind. ValueError where it can be none."""
    if not _EDITION.fullmatch(text):
        raise ValueError("an edition is a name of letters, digits and hyphens, such as GeoLite2-City")
    return text


def maxmind(name: str, account: str, key: str) -> Source:
    """A database of MaxMind by the name of its edition."""
    url = f"{MAXMIND}/{name}/download?suffix=tar.gz"
    return Source(url, sha256_url=f"{url}.sha256", authorization=_header(f"{account}:{key}"))


def _basic(parts: SplitResult) -> str | None:
    return _header(f"{unquote(parts.username)}:{unquote(parts.password or '')}") if parts.username else None


def _header(pair: str) -> str:
    return "Basic " + b64encode(pair.encode()).decode()
