"""A report as one file of HTML: charts as pictures in it, numbers and tables as texts."""

import base64
from collections.abc import Iterator
from html import escape
from io import BytesIO

from collector.explore.charts.groups import groups
from collector.explore.dashboard import COLUMNS, Panel, Row
from collector.explore.page.answers import Found, empty
from collector.explore.report import metric, words
from collector.explore.report.cells import Column, columns
from collector.explore.report.contents import Report
from collector.explore.report.fonts import Ruler
from collector.explore.report.layout import UNIT
from collector.explore.report.pages import ACROSS, BRAND, UNFILTERED, made, ruler
from collector.explore.report.panels import NOTHING, TABLES, body
from collector.explore.report.sheet import INK, Box, Sheet
from collector.query.model import Answer

STYLE = f"""
body {{ margin: 0 auto; padding: 24px; max-width: 1280px; color: {INK.text}; background: {INK.paper};
  font: 14px/1.45 system-ui, "DejaVu Sans", sans-serif; }}
h1 {{ margin: 0; font-size: 26px; }} h2 {{ margin: 0 0 6px; font-size: 15px; }}
p, dl {{ margin: 6px 0; }} dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 0 12px; }}
dt, .faint, th {{ color: {INK.faint}; }} dd {{ margin: 0; font-weight: 600; overflow-wrap: anywhere; }}
.row {{ display: grid; grid-template-columns: repeat({COLUMNS}, 1fr); margin-top: 12px; column-gap: 0; }}
section {{ border: 1px solid {INK.line}; border-radius: 4px; padding: 10px 12px; margin-right: 8px; min-width: 0; }}
section > div {{ overflow-x: auto; }} section img {{ display: block; width: 100%; }}
.number {{ font-size: 28px; text-align: center; padding: 8px; }} .fault {{ color: #b42318; }}
table {{ border-collapse: collapse; width: 100%; font-size: 13px; }}
th, td {{ padding: 2px 8px; text-align: left; border-bottom: 1px solid {INK.line}; }}
.n {{ text-align: right; white-space: nowrap; }}
@media (max-width: 800px) {{ .row {{ display: block; }} section {{ margin: 0 0 12px; }} }}
"""


def html(report: Report) -> str:
    """The document."""
    measures = ruler(report)
    rows = "\n".join(_row(report, row, measures) for row in report.dashboard.rows)
    notes = "".join(f'<p class="faint">{escape(note)}</p>' for note in report.notes)
    title = escape(f"{report.title}, {report.span}")
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="generator" content="{BRAND}"><title>{title}</title><style>{STYLE}</style></head>
<body><header><h1>{escape(report.title)}</h1><p class="faint">{escape(report.dashboard.description)}</p>
<dl><dt>Range</dt><dd>{escape(report.span)}</dd><dt>Filter</dt><dd>{escape(report.filter or UNFILTERED)}</dd></dl>
</header>
{rows}
<footer>{notes}<p class="faint">{BRAND}, {made(report)}</p></footer></body></html>
"""


def _row(report: Report, row: Row, measures: Ruler) -> str:
    return f'<div class="row">{"".join(_panel(report, row, panel, measures) for panel in row.panels)}</div>'


def _panel(report: Report, row: Row, panel: Panel, measures: Ruler) -> str:
    found = report.found.get(panel.id)
    about = f'<p class="faint">{escape(panel.description)}</p>' if panel.description else ""
    shown = _shown(report, row, panel, found, measures)
    return (
        f'<section id="{panel.id}" style="grid-column: span {panel.width}">'
        f"<h2>{escape(panel.title)}</h2><div>{shown}</div>{about}</section>"
    )


def _shown(report: Report, row: Row, panel: Panel, found: Found | None, measures: Ruler) -> str:
    if panel.kind == "text":
        return words.html(panel)
    if not isinstance(found, Answer):
        return f'<p class="fault">{escape(found or NOTHING)}</p>'
    if empty(found):
        return f'<p class="faint">{NOTHING}</p>'
    if panel.kind == "metric":
        return f'<p class="number">{escape(metric.number(panel, found))}</p>'
    if panel.kind in TABLES:
        return _table(columns(panel, found, report.look))
    return _picture(report, row, panel, found, measures)


def _table(made_of: list[Column]) -> str:
    heads = "".join(f"<th{_kind(one)}>{escape(one.title)}</th>" for one in made_of)
    lines = zip(*(one.cells for one in made_of), strict=True)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(_lines(made_of, lines))}</tbody></table>"


def _lines(made_of: list[Column], lines: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for line in lines:
        cells = (f"<td{_kind(one)}>{escape(text)}</td>" for one, text in zip(made_of, line, strict=True))
        yield f"<tr>{''.join(cells)}</tr>"


def _kind(column: Column) -> str:
    return ' class="n"' if column.right else ""


def _picture(report: Report, row: Row, panel: Panel, found: Answer, measures: Ruler) -> str:
    """An image of lines and areas, sharp at any size, whose letters need no fonts."""
    width, height = ACROSS * panel.width / COLUMNS - 0.3, row.height * UNIT
    sheet = Sheet(width, height, measures)
    body(sheet, Box(0, 0, width, height), panel, found, report.look)
    out = BytesIO()
    sheet.figure.savefig(out, format="svg", metadata={"Date": None, "Creator": BRAND})
    data = base64.b64encode(out.getvalue()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(_told(panel, found))}">'


def _told(panel: Panel, found: Answer) -> str:
    """For those who do not see the picture: its groups."""
    names = dict.fromkeys(one.text for one in groups(panel, found)) if panel.by else {}
    return ": ".join(filter(None, (panel.title, ", ".join(list(names)[:10]))))
