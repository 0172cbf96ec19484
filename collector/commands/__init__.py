"""The commands, a module each, and some together."""

from collections.abc import Mapping
from importlib import import_module

import typer

from collector.commands import bare

MODULES: Mapping[str, str] = {
    "run": "run",
    "web": "web",
    "query": "query",
    "report": "report",
    "decode": "captures",
    "import": "captures",
    "replay": "captures",
    "exporters": "exporters",
    "demo": "demo",
    "setup": "setup",
    "dashboards": "dashboards",
    "geo": "geo",
    "check": "check",
}
"""By command."""


def register(app: typer.Typer, command: str | None = None) -> None:
    """Add all commands, or those of the module of one: importing what all of them need takes twice as long."""
    bare.register(app)
    only = MODULES.get(command or "")
    for module in [only] if only else dict.fromkeys(MODULES.values()):
        import_module(f"{__name__}.{module}").register(app)
