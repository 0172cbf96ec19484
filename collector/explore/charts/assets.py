"""What the page loads beside its charts: functions of its scripts and the outline of the world, from the package."""

import hashlib
from functools import cache
from importlib.resources import files

from fastapi import Response
from nicegui import app, ui

PATH = "/charts/charts.js"
SCRIPTS = ("charts.js", "marks.js")
DAY = 86_400


@cache
def script() -> str:
    """A JavaScript module that makes known `flowCharts` and the map `world`."""
    package = files("collector")
    functions = "\n".join(package.joinpath("explore/charts", name).read_text(encoding="utf-8") for name in SCRIPTS)
    world = package.joinpath("data/world.json").read_text(encoding="utf-8")
    return f"{functions}\nflowCharts.registerWorld({world});\n"


def install() -> None:
    """Let every page have it before its first chart. Call once, before the first page is served."""
    version = hashlib.sha256(script().encode()).hexdigest()[:12]
    # Named so that NiceGUI tells browsers where the module `nicegui-echart` is, which the script imports.
    _ = ui.echart

    @app.get(PATH, include_in_schema=False)
    def serve() -> Response:
        headers = {"cache-control": f"public, max-age={DAY}"}
        return Response(script(), media_type="text/javascript", headers=headers)

    ui.add_head_html(f'<script type="module" src="{PATH}?v={version}"></script>', shared=True)
