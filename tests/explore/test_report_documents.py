"""The command `report`: documents of what is stored, as readers of PDF, HTML and PNG see them."""

import logging
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from matplotlib import font_manager
from typer.testing import CliRunner, Result

from collector.cli import application
from collector.errors import CollectorError
from collector.explore.load import dashboards
from collector.explore.report import fonts
from collector.explore.report.contents import Report, ask
from collector.explore.report.document import render
from collector.explore.report.layout import pages
from collector.explore.report.sheet import Box
from collector.explore.units import text
from collector.flows import Flows
from collector.query.model import Range
from collector.query.parquet import ParquetEngine
from tests.explore.panels import EVIL, answer, panel
from tests.explore.reports import drawn, report, written
from tests.query.parquet_folder import ADDRESSES, BEGIN, flows, store

JAPANESE, CHINESE, KOREAN = "日本語.ひらがな.カタカナ", "简体中文.繁體中文", "한국어.테스트"
GREEK, HEBREW, ARABIC = "παράδειγμα.ελ", "דוגמה.ישראל", "مثال.إختبار"
NAMES = (JAPANESE, CHINESE, KOREAN, GREEK, "пример.рф", "$host$.example", EVIL)
ZONE = "Asia/Tokyo"
ROOM = Box(0.45, 1.0, 10.8, 6.0)
RANGE = ("--from", "2026-02-28T17:00:00Z", "--to", "2026-03-03T00:00:00Z")
needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not there")
needs_east_asian = pytest.mark.skipif(
    bool(fonts.choose([JAPANESE + CHINESE + KOREAN]).missing), reason="no font has Chinese, Japanese and Korean letters"
)


@pytest.fixture(scope="module")
def some() -> Flows:
    """Whose hosts have names from all over the world."""
    names = [NAMES[row] if row < len(NAMES) else f"host-{row}.example.net" for row in range(ADDRESSES.height)]
    return Flows(flows().frame, {"addresses": ADDRESSES.with_columns(pl.Series("domain", names))})


@pytest.fixture(scope="module")
def folder(some: Flows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store(tmp_path_factory.mktemp("reports") / "flows", some, zone=ZONE)


@pytest.fixture
def run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(application(), ["report", *arguments, "--folder", str(folder), "--timezone", ZONE])

    return command


def read(path: Path) -> list[str]:
    told = subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True)
    return told.stdout.decode().split("\f")[:-1]


@needs_poppler
@needs_east_asian
def test_a_pdf_says_what_the_store_holds(run: Callable[..., Result], some: Flows) -> None:
    result = run("overview", *RANGE, "--filter", "network.packets:>0", "-o", "o.pdf")
    assert result.exit_code == 0, result.output
    first, *others = read(Path("o.pdf"))
    assert "Overview" in first
    assert "1 March 2026 02:00 – 3 March 2026 09:00 (Asia/Tokyo)" in first
    assert "network.packets:>0" in first
    assert "Page 1 of 2" in first
    assert "Page 2 of 2" in others[-1]
    whole = "".join([first, *others])
    assert text(float(some.frame["network.bytes"].sum()), "bytes") in whole
    assert JAPANESE in whole
    used = subprocess.run(["pdffonts", "o.pdf"], check=True, capture_output=True, text=True).stdout
    assert all(" yes yes " in line for line in used.splitlines()[2:]), f"all fonts are in the file: {used}"
    about = subprocess.run(["pdfinfo", "o.pdf"], check=True, capture_output=True, text=True).stdout
    assert re.search(r"Title: +Overview, 1 March", about)
    assert re.search(r"Creator: +flow-collector", about)
    assert re.search(r"Page size: +841\.\d+ x 595\.\d+ pts \(A4\)", about)


@needs_poppler
@needs_east_asian
def test_names_of_all_scripts_can_be_copied_from_a_pdf(tmp_path: Path) -> None:
    asked = panel("table", ["client.domain"]).model_copy(update={"width": 48})
    made = report([{"panels": [asked.model_dump()]}], {"table": answer(asked, *([name, 1] for name in NAMES))})
    (tmp_path / "o.pdf").write_bytes(render(made, "pdf"))
    assert set(NAMES) <= set(re.split(r"\s{2,}", read(tmp_path / "o.pdf")[0]))


@needs_east_asian
@pytest.mark.parametrize("name", [*NAMES, HEBREW, ARABIC])
def test_each_letter_has_a_glyph(name: str) -> None:
    choice = fonts.choose([name])
    assert not choice.missing
    loaded = [font_manager.get_font(path) for path in choice.paths]
    assert all(any(font.get_char_index(ord(letter)) for font in loaded) for letter in name)
    asked = panel("table", ["client.domain"])
    assert name in written(drawn(asked, answer(asked, [name, 1])).figure)


def test_letters_that_no_font_has_are_told_with_the_package_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fonts, "_others", tuple)
    fonts._tell.cache_clear()
    asked = panel("table", ["client.domain"])
    with caplog.at_level(logging.WARNING):
        shown = [written(drawn(asked, answer(asked, ["日本.example", 1])).figure) for _ in range(2)]
    assert ["□□.example" in one for one in shown] == [True, True]
    assert len(caplog.messages) == 1
    assert "apt-get install fonts-wqy-microhei" in caplog.messages[0]


class Texts(HTMLParser):
    """What a page shows, and what it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.sources: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.cells.append(data)


def test_html_is_one_file_with_real_tables(run: Callable[..., Result], some: Flows) -> None:
    assert run("top-talkers", *RANGE, "-o", "o.html").exit_code == 0
    page = Texts(Path("o.html").read_text(encoding="utf-8"))
    assert EVIL in page.cells, "a name is text, whatever it looks like"
    assert JAPANESE in page.cells
    assert {"table", "img"} <= page.tags
    assert "script" not in page.tags
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.sources)


def test_png_is_one_tall_picture(run: Callable[..., Result]) -> None:
    from PIL import Image

    assert run("top-talkers", *RANGE, "-o", "o.png").exit_code == 0
    with Image.open("o.png") as picture:
        assert picture.width == pytest.approx(11.69 * 120, abs=2)
        assert picture.height > picture.width
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 100


@pytest.mark.parametrize("ending", ["pdf", "html"])
def test_the_same_report_is_the_same_file(ending: str) -> None:
    made = small()
    assert render(made, ending) == render(made, ending)


def small() -> Report:
    bars, pie = panel("bars", ["client.domain"]), panel("pie", ["destination.port"])
    found = {"bars": answer(bars, ["a.example", 2]), "pie": answer(pie, [443, 1])}
    return report([{"panels": [bars.model_dump(), pie.model_dump()]}], found)


@pytest.mark.parametrize("arguments", [["own/mine.yaml"], ["mine", "--dashboards", "own"]])
def test_a_dashboard_may_be_ones_own(run: Callable[..., Result], arguments: list[str]) -> None:
    Path("own").mkdir()
    Path("own/mine.yaml").write_text(
        "title: Own\ngroup: G\nposition: 1\ndescription: D.\n"
        "rows: [{panels: [{id: a, title: A, kind: metric, width: 48, measures: [flows]}]}]\n",
        encoding="utf-8",
    )
    assert run(*arguments, *RANGE, "-o", "o.html").exit_code == 0
    assert "900" in Texts(Path("o.html").read_text(encoding="utf-8")).cells


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["overvew", "-o", "o.pdf"], "there is no dashboard overvew; did you mean overview?"),
        (["nothing", "-o", "o.pdf"], "there is no dashboard nothing; there are overview, "),
        (["overview", "-o", "o.doc"], "o.doc: its name must end with .pdf, .html or .png"),
        (["overview", "-o", "no/o.pdf"], "no/o.pdf: No such file or directory"),
        (["overview", "--last", "7x", "-o", "o.pdf"], "'7x' is no length of time such as 30s"),
        (["overview", "--last", "7d", "--from", "now-1h", "-o", "o.pdf"], "--last and --from exclude each other"),
        (["overview", "--to", "now-1h", "-o", "o.pdf"], "--to makes sense only with --from"),
        (["overview", "--from", "now", "--to", "now-1h", "-o", "o.pdf"], "the time range ends (now-1h) before it"),
        (
            ["overview", "--filter", "server.prt:1", "-o", "o.pdf"],
            "at position 1: there is no field server.prt; did you",
        ),
        (["own.yaml", "-o", "o.pdf"], "own.yaml: No such file or directory"),
        (["mine", "--dashboards", "own", "-o", "o.pdf"], "own: there is no such folder of dashboards"),
        (["overview", "--elasticsearch", "http://127.0.0.1:9", "-o", "o.pdf"], "http://127.0.0.1:9"),
    ],
)
def test_what_makes_no_sense_is_told(run: Callable[..., Result], arguments: list[str], reason: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, CollectorError)
    assert reason in str(result.exception)
    assert not [*Path().iterdir()], "nothing is left behind"


def test_every_panel_of_every_dashboard_has_an_answer_and_a_place(folder: Path) -> None:
    engine = ParquetEngine(folder, ZONE)
    for name, dashboard in dashboards().items():
        made = ask(engine, dashboard, Range(BEGIN, BEGIN + 86_400_000), ZONE)
        laid = pages(made, lambda _: ROOM)
        assert [*dict.fromkeys(one.panel.id for page in laid for one in page)] == [
            panel.id for panel in dashboard.panels()
        ], name
        assert not [one for one in made.found.values() if isinstance(one, str)], name
    engine.close()
