"""What `setup` does, step by step; each step tells what it did, or what it would do."""

import time
from collections import Counter
from collections.abc import Iterator

from collector.datasets import DATASETS
from collector.explore.exports import export, prefix
from collector.explore.load import DashboardError, with_own
from collector.explore.setup.importing import Imported, imported
from collector.explore.setup.server import PORT, NotReadyError, Server, identify
from collector.search_engine import elasticsearch_settings, engine
from collector.settings import Settings, plain
from collector.store.access import Access
from collector.store.client import Client
from collector.store.errors import StoreError
from collector.store.template import install

PAUSE = 2.0
"""Seconds between two looks at a server that is starting."""


def templates(settings: Settings, *, dry: bool) -> Iterator[str]:
    """Install the index templates. StoreError where the engine does not take them."""
    found = engine(settings)
    names = ", ".join(one.index for one in DATASETS.values())
    if dry:
        yield f"would install the index templates {names} in {found}"
        return
    client = Client(elasticsearch_settings(settings).access)
    try:
        for dataset in DATASETS.values():
            install(client, elasticsearch_settings(settings).index, dataset)
    finally:
        client.close()
    yield f"index templates {names} are installed in {found}"


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


def dashboards(settings: Settings, wait: float, *, dry: bool) -> Iterator[str | Imported]:
    """Import the dashboards. SetupError, StoreError or DashboardError where that is not possible."""
    chosen, wrong = with_own(settings.dashboards)
    if wrong:
        raise DashboardError("\n".join(wrong))
    client = Client(access(settings))
    try:
        server = _ready(client, settings, wait)
        target = server.target
        file = export(target, prefix(settings.kibana_space or settings.kibana_tenant), chosen).encode()
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


def _ready(client: Client, settings: Settings, wait: float) -> Server:
    """The server, waited for while it says that it is starting, or does not answer."""
    behind = (lambda: _behind(settings)) if settings.elasticsearch else None
    deadline = time.monotonic() + wait
    while True:
        try:
            return identify(client, behind)
        except (NotReadyError, StoreError):
            if time.monotonic() >= deadline:
                raise
            time.sleep(PAUSE)


def _behind(settings: Settings) -> tuple[str, str]:
    found = engine(settings)
    return found.name, found.version
