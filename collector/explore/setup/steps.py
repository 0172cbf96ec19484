"""What `setup` does, step by step; each step tells what it did, or what it would do."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from collector.datasets import DATASETS
from collector.explore.exports import export, prefix
from collector.explore.load import DashboardError, with_own
from collector.explore.setup.importing import Imported, imported
from collector.explore.setup.server import PORT, NotReadyError, Server, identify
from collector.search_engine import elasticsearch_settings, engine
from collector.settings import Settings, SettingsError, plain
from collector.store.access import Access
from collector.store.client import Client
from collector.store.errors import StoreError
from collector.store.template import install

PAUSE = 2.0
"""Seconds between two looks at a server that is starting."""
STARTING = (None, 429, 502, 503, 504)
"""Status of answers that may be others after a while; None where nothing answered."""
T = TypeVar("T")


def templates(settings: Settings, until: float, *, dry: bool) -> Iterator[str]:
    """Install the index templates; an engine that does not answer is waited for until then (`time.monotonic`).

    StoreError where it does not take them.
    """
    found = _patiently(lambda: engine(settings), until)
    names = ", ".join(one.index for one in DATASETS.values())
    if dry:
        yield f"would install the index templates {names} in {found}"
        return
    _patiently(lambda: _install(settings), until)
    yield f"index templates {names} are installed in {found}"


def _install(settings: Settings) -> None:
    client = Client(elasticsearch_settings(settings).access)
    try:
        for dataset in DATASETS.values():
            install(client, elasticsearch_settings(settings).index, dataset)
    finally:
        client.close()


def retention(settings: Settings) -> str:
    """How long indices are kept, which is the running collector's business."""
    limits = [f"older than {settings.keep_days} days" if settings.keep_days else ""]
    limits.append(f"beyond {settings.keep_gib:g} GiB" if settings.keep_gib else "")
    told = " and ".join(filter(None, limits))
    return (
        f"the running collector deletes daily indices {told}"
        if told
        else ("daily indices are kept for ever: --keep-days or --keep-gib sets a limit, for `run` as well")
    )


def dashboards(settings: Settings, until: float, *, dry: bool) -> Iterator[str | Imported]:
    """Import the dashboards; a server that does not answer, or starts, is waited for until then (`time.monotonic`).

    SetupError, StoreError, ExportError or DashboardError where that is not possible.
    """
    chosen, wrong = with_own(settings.dashboards)
    if wrong:
        raise DashboardError("\n".join(wrong))
    client = Client(access(settings))
    try:
        server = _ready(client, settings, until)
        target = server.target
        before = prefix(target, settings.kibana_space, settings.kibana_tenant)
        file = export(target, before, chosen).encode()
        count = file.count(b"\n")
        if dry:
            yield f"would import {count} objects for {target.name} into {server}"
            return
        found = imported(client, server, file, settings.kibana_space, settings.kibana_tenant)
    finally:
        client.close()
    yield from found
    kinds = Counter(one.type for one in found if not one.trouble)
    told = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())) or "nothing"
    yield f"imported into {server}: {told}"


def sensible(settings: Settings, name: str, urls: Collection[str]) -> None:
    """SettingsError where half of a login is given for a server, or an authority that is of no use to its URLs."""
    user, ca = getattr(settings, f"{name}_user"), getattr(settings, f"{name}_ca")
    other = getattr(settings, f"{name}_api_key") or getattr(settings, f"{name}_token")
    password = getattr(settings, f"{name}_password")
    if (user is None) != (password is None) and not other:
        given, missing = ("user", "password") if password is None else ("password", "user")
        raise SettingsError(f"--{name}-{given} is given without --{name}-{missing}")
    if ca and not ca.is_file():
        raise SettingsError(f"--{name}-ca: there is no file {ca}")
    if ca and urls and not any(url.lower().startswith("https:") for url in urls):
        raise SettingsError(f"--{name}-ca is given, and the URL is not https://: there is no certificate to check")


def kibana(settings: Settings) -> Server:
    """The server that answers. SetupError or StoreError where none does, or one that is starting."""
    client = Client(access(settings))
    try:
        return _ready(client, settings, 0)
    finally:
        client.close()


def access(settings: Settings) -> Access:
    """How Kibana is reached: as the search engine is, where nothing else is said."""
    own = (settings.kibana_user, settings.kibana_api_key, settings.kibana_token) != (None, None, None)
    given = "kibana" if own else "elasticsearch"
    password, key, token = (plain(getattr(settings, f"{given}_{name}")) for name in ("password", "api_key", "token"))
    return Access(
        urls=(settings.kibana,) if settings.kibana else (),
        user=getattr(settings, f"{given}_user"),
        password=password,
        api_key=key,
        token=token,
        ca_file=settings.kibana_ca or settings.elasticsearch_ca,
        verify=settings.kibana_verify,
        default_port=PORT,
    )


def _ready(client: Client, settings: Settings, until: float) -> Server:
    behind = (lambda: _behind(settings)) if settings.elasticsearch else None
    return _patiently(lambda: identify(client, behind), until)


def _patiently(ask: Callable[[], T], until: float) -> T:
    """What is answered, asked again while nobody answers, or one who says that he is starting."""
    while True:
        try:
            return ask()
        except (NotReadyError, StoreError) as error:
            final = isinstance(error, StoreError) and error.status not in STARTING
            if final or time.monotonic() >= until:
                raise
            time.sleep(PAUSE)


def _behind(settings: Settings) -> tuple[str, str]:
    found = engine(settings)
    return found.name, found.version
