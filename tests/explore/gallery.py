"""A page of its own with a chart of each kind: `python -m tests.explore.gallery PORT`."""

import sys
from datetime import UTC
from functools import cache
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

from nicegui import app, ui

from collector.explore.charts import CLICK, chart, clicked
from collector.explore.charts.assets import install
from collector.explore.page.exporters import exporters_page
from collector.explore.page.record import record_panel
from collector.inbox import Inbox
from collector.report import Report
from tests.builders import sflow
from tests.builders.netflow import NOW, ipfix, netflow9, sent
from tests.decode.templates_used import ONE, V4
from tests.explore.panels import EVIL, each, look
from tests.explore.test_details import RECORD
from tests.test_exporters_view import fed


def page(dark: int = 0) -> None:
    """All charts, and above them what was clicked last, with a number."""
    ui.dark_mode(bool(dark))
    told = ui.label().classes("clicked")
    clicks = count()

    def tell(pairs: Any) -> None:
        told.set_text(repr((next(clicks), pairs)))

    for name, (panel, answer) in each().items():
        drawn = ui.echart(chart(panel, answer, look(dark=bool(dark)))).classes(f"{name} w-full h-64")
        drawn.on("componentClick", lambda event, asked=panel: tell(clicked(asked, event.args)), CLICK)


def record(dark: int = 0) -> None:
    """Every field of a record, and what was to be filtered for."""
    ui.dark_mode(bool(dark))
    told = ui.label().classes("clicked")

    def tell(*asked: Any) -> None:
        told.set_text(repr(asked))

    record_panel({**RECORD, "destination.domain": EVIL}, tell, UTC)


def exporters(dark: int = 0) -> None:
    """The state of two exporters."""
    ui.dark_mode(bool(dark))
    exporters_page(report())


@cache
def report() -> Report:
    """What is known when one of them has lost datagrams, lacks a template and has a wrong clock."""
    nine = [netflow9(V4.define9(), V4.data(ONE, ONE), domain=7, sequence=number) for number in (1, 2, 40)]
    ten = [sent(ipfix(V4.data(ONE), seconds=NOW - 90), received=NOW + 9)]
    samples = [sent(sflow.payload(sflow.flow_sample(rate=400)), exporter="2001:db8::17")]
    return Report([], [], Inbox(), fed(*nine, *ten, *samples))


if __name__ == "__main__":
    install()
    app.add_static_files("/page", Path(str(files("collector").joinpath("data/page"))))
    for name in ("page", "detail"):
        ui.add_head_html(f'<link rel="stylesheet" href="/page/{name}.css">', shared=True)
    ui.page("/")(page)
    ui.page("/record")(record)
    ui.page("/exporters")(exporters)
    ui.run(host="127.0.0.1", port=int(sys.argv[1]), show=False, reload=False)
