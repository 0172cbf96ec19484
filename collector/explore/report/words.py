"""Panels of text: Markdown without more than paragraphs, headings and lists."""

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from collector.explore.dashboard import Panel
from collector.explore.report.sheet import LINE, SIZE, Box, Sheet

PARSER = MarkdownIt("commonmark", {"html": False})


def draw(sheet: Sheet, box: Box, panel: Panel) -> None:
    """Its paragraphs, one below the other."""
    for text, heading in blocks(panel.text):
        look = {"size": SIZE + 2, "weight": "bold"} if heading else {}
        used = sheet.paragraph(box, text, **look)
        box = box.inside(top=used + LINE / 2)
        if box.height < LINE:
            return


def html(panel: Panel) -> str:
    """The same as HTML; what is HTML in it already is shown as it is written."""
    return str(PARSER.render(panel.text))


def blocks(text: str) -> Iterator[tuple[str, bool]]:
    """Paragraphs, and whether each is a heading."""
    opened = ""
    bullet = ""
    for token in PARSER.parse(text):
        if token.type == "list_item_open":
            bullet = "• "
        elif token.type.endswith("_open"):
            opened = token.type
        elif token.type == "inline":
            yield bullet + "".join(_plain(token.children or [])), opened == "heading_open"
            bullet = ""
        elif token.type in ("fence", "code_block"):
            yield token.content.rstrip(), False


def _plain(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        yield "\n" if token.type.endswith("break") else token.content
