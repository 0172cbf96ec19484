"""The page in Chromium, as people use it; nothing may be asked of another host, and no error may be in the console."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, sync_playwright

from collector.demo.fill import Wish, fill, pipeline
from collector.store.parquet.store import ParquetStore
from tests.endtoend.running import environment, free_ports, wait_for

CHROMIUM = os.environ.get("FLOW_COLLECTOR_TEST_CHROMIUM") or shutil.which("chromium") or ""
END = 1_772_366_400
"""Noon of 1 March 2026, UTC, in seconds since 1970."""
DAY = "from=2026-02-28T12:00:00Z&to=2026-03-01T12:00:00Z"
FLOWS = 12_000
WIDTH, HEIGHT = 1280, 900
PHONE = 390
MOST_TABS = 100
"""More than a page of the tests has places to stop at before its first table ends."""
QUIET = "document.querySelectorAll('.fc-bones, .fc-busy').length === 0 && document.querySelector('.fc-panel')"
"""Holds when no answer is awaited."""

needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine")


def filled(folder: Path, flows: int = FLOWS) -> Path:
    """A folder with a day of made-up traffic, the same each time."""
    store = ParquetStore(folder)
    fill(pipeline(store), Wish(flows=flows, end=END))
    store.close(60)
    return folder


@contextmanager
def served(folder: Path, arguments: Sequence[str] = ("web",)) -> Iterator[str]:
    """The page of a folder, in a process of its own; its address."""
    (port,) = free_ports(1)
    place = f"127.0.0.1:{port}"
    command = [sys.executable, "-m", "collector", *arguments, "--folder", str(folder), "--web", place]
    with (folder.parent / "page.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment())
    try:
        wait_for(lambda: _answers(f"http://{place}/healthz"), "the page to be served")
        yield f"http://{place}"
    finally:
        process.terminate()
        assert process.wait(60) == 0
        told = (folder.parent / "page.log").read_text(encoding="utf-8")
        assert "Traceback" not in told, told


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Tab:
    """A tab that looks at the page, and what went wrong in it."""

    def __init__(self, page: Page, host: str) -> None:
        self.page = page
        self.host = host
        self.faults: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", self._request)

    def open(self, path: str) -> None:
        """Load an address, and wait until all is drawn."""
        self.page.goto(self.host + path)
        self.quiet()

    def quiet(self) -> None:
        """Wait until no answer is awaited."""
        self.page.wait_for_function(QUIET)

    def shows(self, part: str) -> None:
        """Wait until the address has that part, and all is drawn."""
        self.page.wait_for_url(lambda url: part in url)
        self.quiet()

    def tabs_to(self, place: Locator) -> None:
        """Go there as the keyboard does. AssertionError where Tab leads past it."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if place.evaluate("(one) => one === document.activeElement"):
                return
        raise AssertionError(f"Tab does not stop at {place}")

    def panel(self, name: str) -> Locator:
        """A panel by its id."""
        return self.page.locator(f'[data-panel="{name}"]')

    def number(self, name: str) -> float:
        """What a panel of one number shows, exactly."""
        return float(self.panel(name).locator("[data-value]").get_attribute("data-value") or "nan")

    def column(self, panel: str, number: int) -> list[str]:
        """The texts of a column of a table, the first is 1."""
        return self.panel(panel).locator(f"tbody td:nth-child({number})").all_inner_texts()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.host, "data:", "blob:")):
            self.faults.append(f"asked another host: {request.url}")


@contextmanager
def tab(browser: Browser, host: str, width: int = WIDTH, *, dark: bool = False) -> Iterator[Tab]:
    """A tab without a past. AssertionError where something went wrong in it."""
    scheme: Literal["dark", "light"] = "dark" if dark else "light"
    context = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, locale="en-GB")
    context.set_default_timeout(60_000)
    made = Tab(context.new_page(), host)
    yield made
    context.close()
    assert made.faults == []
