"""The addresses of the page. Only here, and in what it imports, is NiceGUI."""

import hashlib
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app, ui

from collector.explore.charts.assets import install
from collector.explore.page.elsewhere import elsewhere_page
from collector.explore.page.exporters import exporters_page
from collector.explore.page.site import Site
from collector.explore.page.state import PATH, View, address, read
from collector.explore.page.visit import LOOKS, Visit

TITLE = "flow-collector"
FILES = "/page"
BONES = '<div class="fc-boot" aria-hidden="true"><i></i><b></b>' + "<u></u>" * 12 + "</div>"
"""What is painted until the script of the page has made its elements."""
DARK = "fc_dark"
THEME = "fc_theme"


def application(site: Site) -> FastAPI:
    """All pages. Once a process."""
    _pages(site)
    made = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    ui.run_with(
        made,
        title=TITLE,
        favicon="📈",
        dark=None,
        language="en-GB",
        binding_refresh_interval=None,
        reconnect_timeout=30.0,
        tailwind=False,
        show_welcome_message=False,
    )
    return made


def _pages(site: Site) -> None:
    assets = Path(str(files("collector").joinpath("data/page")))
    app.add_static_files(FILES, assets)
    install()
    ui.add_head_html(_head(assets), shared=True)
    ui.add_body_html(BONES, shared=True)

    @ui.page("/")
    def home() -> Response:
        return RedirectResponse(address(View(next(iter(site.dashboards), ""))))

    @ui.page(PATH + "{name}")
    def dashboard(request: Request, name: str) -> None:
        query = request.url.query
        view, faults = read(f"{PATH}{name}" + (f"?{query}" if query else ""), site.dashboards)
        visit = Visit(site, view, dark=request.cookies.get(DARK) == "1", theme=request.cookies.get(THEME, "auto"))
        visit.build(faults)

    @ui.page("/exporters", title=f"Exporters – {TITLE}")
    def exporters(request: Request) -> None:
        ui.dark_mode(LOOKS.get(request.cookies.get(THEME, "")))
        if site.report:
            exporters_page(site.report)
        else:
            elsewhere_page(site)


def _head(folder: Path) -> str:
    """The links to style and script; addresses change with the content, for they are kept by browsers."""
    style, script = '<link rel="stylesheet" href="{}">', '<script defer src="{}"></script>'
    tags = {"page.css": style, "detail.css": style, "page.js": script}
    return "".join(tag.format(f"{FILES}/{name}?{_version(folder / name)}") for name, tag in tags.items())


def _version(path: Path) -> str:
    return urlencode({"v": hashlib.sha256(path.read_bytes()).hexdigest()[:12]})
