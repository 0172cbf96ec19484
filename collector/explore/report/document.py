"""Reports as files: PDF, PNG, and HTML that needs nothing beside itself."""

from collections.abc import Callable, Mapping
from datetime import UTC
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages

from collector.explore.report.contents import Report
from collector.explore.report.html import html
from collector.explore.report.pages import BRAND, sheets, tall

DOTS = 120
"""Of a PNG, an inch."""
MOST_DOTS = 60_000
"""High a picture can be."""
# Texts of a PDF can be looked for and copied; names of hosts hold $ without meaning formulas.
LOOK: Any = {"pdf.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": BRAND, "text.parse_math": False}


def render(report: Report, format_: str) -> bytes:
    """The report as a document of one of `FORMATS`."""
    with mpl.rc_context(LOOK):
        return FORMATS[format_](report)


def _pdf(report: Report) -> bytes:
    out = BytesIO()
    about = {
        "Title": f"{report.title}, {report.span}",
        "Creator": BRAND,
        "CreationDate": report.made.astimezone(UTC),
    }
    with PdfPages(out, metadata=about) as pages:
        for sheet in sheets(report):
            sheet.figure.savefig(pages, format="pdf")
    return out.getvalue()


def _png(report: Report) -> bytes:
    sheet = tall(report)
    FigureCanvasAgg(sheet.figure)
    out = BytesIO()
    dots = min(DOTS, MOST_DOTS / sheet.height)
    sheet.figure.savefig(out, format="png", dpi=dots, metadata={"Title": report.title, "Software": BRAND})
    return out.getvalue()


def _html(report: Report) -> bytes:
    return html(report).encode()


FORMATS: Mapping[str, Callable[[Report], bytes]] = {"pdf": _pdf, "html": _html, "png": _png}
