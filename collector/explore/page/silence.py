"""Why nothing is stored: what a collector listens on, what came, and what was wrong with it."""

from collections.abc import Iterator

from collector.decode.problems import REASONS
from collector.report import Report, Snapshot
from collector.settings import Settings
from collector.stores import store_name

MOST = 3
"""Reasons that are named."""


def silence(report: Report, settings: Settings) -> Iterator[str]:
    """Sentences, the most telling first."""
    now = report.snapshot()
    yield came(report, now)
    for reason, count in now.dropped.most_common(MOST):
        yield f"{count:,} × {REASONS.get(reason, reason)}"
    if now.datagrams and not now.flows and not now.dropped:
        yield "They held no flows: templates or options data alone. Data follows as soon as the exporter sends some."
    if now.flows:
        yield f"{now.flows:,} flows were decoded, {now.waiting:,} rows wait for {store_name(settings)}."


def came(report: Report, now: Snapshot) -> str:
    """Whether any datagram has come, and to which places."""
    places = ", ".join(map(str, [*report.receivers, *report.sessions]))
    if not places:
        return "Nothing is received: udp and tcp are off in the settings."
    if not now.datagrams:
        return (
            f"No datagram yet: listening on {places}. Is the exporter set to this host and one of these ports, "
            "and does a firewall let it through?"
        )
    return f"{now.datagrams:,} datagrams have come to {places}."


def unfilled(settings: Settings) -> str:
    """Why a store that another process fills has nothing."""
    if not settings.elasticsearch and not settings.folder.exists():
        return f"There is no folder {settings.folder} yet: a collector that stores there makes it. Is its name right?"
    return f"The store has none: {store_name(settings)}. The collector that fills it says more on its own page."
