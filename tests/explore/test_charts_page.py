"""Charts in Chromium: they are drawn, say nothing on the console, ask no other host, and tell what was clicked."""

import ast
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from collector.explore import units
from tests.explore.panels import EVIL, each

CHROMIUM = Path("/usr/bin/chromium")
SECONDS = 60
SOURCE_OUT = ("source.port", "443", True)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium at /usr/bin/chromium (Debian: chromium)"),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    command = [sys.executable, "-m", "tests.explore.gallery", str(port)]
    # NiceGUI looks for this name, and wants to be run by its own fixtures where there is one.
    outside = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    with subprocess.Popen(command, env=outside, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}/"
        try:
            wait(url, server)
            yield url
        finally:
            server.terminate()


def wait(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


class Watched:
    """A page, and what it has said on the console and asked of other hosts."""

    def __init__(self, browser: Browser, url: str, dark: int) -> None:
        self.said: list[str] = []
        self.page = browser.new_page(viewport={"width": 800, "height": 900})
        self.page.set_default_timeout(1000 * SECONDS / 4)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda asked: self._note(asked.url, url))
        self.page.goto(f"{url}?dark={dark}")
        self.page.wait_for_function("document.querySelectorAll('canvas').length >= 7")

    def _note(self, asked: str, own: str) -> None:
        if not asked.startswith((own, "data:")):
            self.said.append(asked)


@pytest.fixture(scope="module")
def light(browser: Browser, url: str) -> Watched:
    return Watched(browser, url, 0)


@pytest.fixture
def page(light: Watched) -> Iterator[Page]:
    """The gallery, as new."""
    light.page.mouse.move(0, 0)
    yield light.page
    assert light.said == []


def colours(page: Page, name: str) -> int:
    """How many different colours a chart has: one where nothing is drawn."""
    page.wait_for_selector(f".{name} canvas")
    script = """name => {
        const canvas = document.querySelector(`.${name} canvas`);
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
    }"""
    return int(page.evaluate(script, name))


def test_each_kind_is_drawn(page: Page) -> None:
    for name in each():
        assert colours(page, name) > 5, name


def test_each_kind_is_drawn_on_dark_ground(browser: Browser, url: str) -> None:
    dark = Watched(browser, url, 1)
    for name in each():
        assert colours(dark.page, name) > 5, name
    assert dark.said == []


def test_texts_of_numbers_are_those_of_other_front_ends(page: Page) -> None:
    numbers = [0, 0.004, 0.95, 1, 9.96, 99.94, 99.95, 999, 999.5, 999.95, 1234, 999_950, 3.4e6, 1.26e9, 5e19, -1500]
    times = [0, 999, 1e3, 1.5e6, 1e9, 59.6e9, 125e9, 3600e9, 90_061e9, 2e15]
    asked: list[tuple[float | None, str]] = [(None, "bytes")]
    asked += [(number, unit) for number in numbers for unit in ("", "bits/s", "bytes", "packets/s", "percent")]
    asked += [(number, "ns") for number in times]
    told = page.evaluate("asked => asked.map(([value, unit]) => flowCharts.text(value, unit))", asked)
    assert told == [units.text(value, unit) for value, unit in asked]


def test_names_in_tooltips_are_no_html(page: Page) -> None:
    _, answer = each()["bars"]
    assert answer.frame["server.domain"][0] == EVIL
    hover(page, "bars", 0.5, 0.25)
    page.wait_for_function("document.querySelector('.bars').innerText.includes('onerror=alert')")
    assert page.locator(".bars img").count() == 0


def test_the_tooltip_of_a_time_tells_all_groups_of_it(page: Page) -> None:
    hover(page, "stacked", 0.25, 0.5)
    page.wait_for_function("document.querySelector('.stacked').innerText.includes('Together')")
    told = page.locator(".stacked").inner_text()
    assert "Fri 28 Nov, 00:02–00:03 UTC" in told
    assert "4.0 Mbit/s" in told
    assert "5.0 Mbit/s" in told


@pytest.mark.parametrize(
    ("name", "across", "down", "meant"),
    [
        ("stacked", 0.1, 0.8, (("flow.service_name", "https"),)),
        ("bars", 0.4, 0.25, (("client.domain", "a.example"), ("server.domain", EVIL))),
        ("bars", 0.15, 0.75, (("client.domain", "b.example"), ("server.domain", "c.example"))),
        ("sankey", 0.01, 0.2, (("client.domain", "a.example"),)),
        ("sankey", 0.25, 0.2, (("client.domain", "a.example"), ("flow.service_name", "https"))),
    ],
)
def test_a_click_tells_the_group(page: Page, name: str, across: float, down: float, meant: Any) -> None:
    assert click(page, name, across, down) == meant


@pytest.mark.parametrize(
    ("name", "place", "meant"),
    [
        ("countries", (-98.0, 39.0), (("server.geo.country_iso_code", "US"),)),
        ("countries", (103.8, 1.35), (("server.geo.country_iso_code", "SG"),)),
        ("points", (13.4, 52.5), (("server.geo.location", "52.5,13.4"), ("server.geo.city_name", "Berlin"))),
    ],
)
def test_a_click_on_a_map_tells_the_place(page: Page, name: str, place: Any, meant: Any) -> None:
    script = """([name, place]) => {
        const box = document.querySelector(`.${name}`);
        const {chart} = getElement(Number(box.id.slice(1)));
        const [x, y] = chart.convertToPixel("geo", place);
        return [x / chart.getWidth(), y / chart.getHeight()];
    }"""
    assert click(page, name, *page.evaluate(script, [name, place])) == meant


def click(page: Page, name: str, across: float, down: float) -> Any:
    """What the page has understood."""
    before = page.locator(".clicked").inner_text()
    hover(page, name, across, down)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function("before => document.querySelector('.clicked').innerText !== before", arg=before)
    _, pairs = ast.literal_eval(page.locator(".clicked").inner_text())
    return pairs


def test_a_value_of_a_record_is_filtered_for_or_out(light: Watched, url: str) -> None:
    for button, asked in (("Filter for ACK", ("flow.tcp_flags", "ACK", False)), ("Filter out 443", SOURCE_OUT)):
        light.page.goto(f"{url}record")
        light.page.get_by_role("button", name=button, exact=True).click()
        light.page.wait_for_function("document.querySelector('.clicked').innerText.length > 0")
        assert ast.literal_eval(light.page.locator(".clicked").inner_text()) == asked
    assert light.said == []


def test_values_of_a_record_are_no_html_and_can_be_searched(light: Watched, url: str) -> None:
    light.page.goto(f"{url}record")
    light.page.get_by_label("Find a field or value").fill("onerror")
    light.page.wait_for_function("document.querySelectorAll('.fc-record .fc-name').length === 1")
    assert light.page.locator(".fc-record .fc-value").inner_text().strip().startswith(EVIL)
    assert light.page.locator(".fc-record img").count() == 0


def test_the_state_of_an_exporter_unfolds_by_keyboard_on_a_phone(light: Watched, url: str) -> None:
    light.page.set_viewport_size({"width": 390, "height": 800})
    light.page.goto(f"{url}exporters")
    light.page.get_by_role("button", name="192.0.2.1").press("Enter")
    told = light.page.locator(".fc-streams")
    told.wait_for()
    assert "92% (37 datagrams)" in told.inner_text()
    assert "no template 256" in told.inner_text()
    assert light.page.evaluate("document.querySelector('.fc-exporters table').offsetWidth") <= 390
    assert light.said == []


def hover(page: Page, name: str, across: float, down: float) -> None:
    """Move the pointer to a place of a chart, given in shares of its width and height."""
    chart = page.locator(f".{name}")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * across, box["y"] + box["height"] * down
    page.mouse.move(x - 4, y)
    page.mouse.move(x, y)
