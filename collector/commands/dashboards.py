"""`dashboards`: the files of panels, and what is made from them for others to import."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from collector.errors import CollectorError
from collector.explore import load
from collector.explore.exports import export, prefix
from collector.explore.kibana.objects import TARGETS

FOLDER = "Folder of dashboard files (YAML) instead of those that come along."
SPACE = "Space of Kibana that the file is for: its name is in all ids, since an id exists once over all spaces."
TENANT = "Tenant of OpenSearch Dashboards that the file is for."
dashboards = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
To = StrEnum("To", {name.upper().replace("-", "_"): name for name in TARGETS})  # type: ignore[misc]


def register(app: typer.Typer) -> None:
    """Add `dashboards`."""
    dashboards.command("export")(write)
    app.add_typer(dashboards, name="dashboards", help="Dashboards for Kibana and OpenSearch Dashboards.")


def write(
    target: Annotated[To, typer.Option(help="kibana-7: up to 8.8; kibana-9: 8.9 and later.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File; else standard output.")] = None,
    folder: Annotated[Path | None, typer.Option(help=FOLDER)] = None,
    kibana_space: Annotated[str | None, typer.Option(help=SPACE)] = None,
    kibana_tenant: Annotated[str | None, typer.Option(help=TENANT)] = None,
) -> None:
    """Write the file that Kibana or OpenSearch Dashboards imports."""
    made = TARGETS[target.value]
    text = export(made, prefix(made, kibana_space, kibana_tenant), load.dashboards(folder))
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CollectorError(f"{output}: {error.strerror}") from error
    print(f"{text.count(chr(10))} objects in {output}", file=sys.stderr)
