"""Pictures of all dashboards on made-up traffic: `python -m tests.explore.screenshots docs/screenshots`."""

import io
import sys
import tempfile
from importlib.util import find_spec
from itertools import product
from pathlib import Path

from collector.explore.load import dashboards
from tests.explore.browser import DAY, PHONE, Tab, chromium, filled, served, tab

FLOWS = 100_000
MOST_BYTES = 60_000
COLOURS = (64, 32)
"""Of the palette, and"""
HEIGHTS = (1300, 1100, 900, 750, 600)
"""pixels of height, until the picture is small enough."""
SETTLED = 1500
"""Milliseconds that charts move for."""
WIDTH = 1280
FRONT = "overview"


def main(target: Path) -> None:
    """One of each dashboard, and the first one dark and on a phone."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, served(filled(Path(place) / "flows", FLOWS)) as host:
        _all(host, target)


def _all(host: str, target: Path) -> None:
    with chromium() as browser:
        with tab(browser, host, WIDTH) as made:
            for name in dashboards():
                take(made, name, target / f"{name}.png")
        with tab(browser, host, WIDTH, dark=True) as made:
            take(made, FRONT, target / f"{FRONT}-dark.png")
        with tab(browser, host, PHONE) as made:
            take(made, FRONT, target / f"{FRONT}-phone.png")


def take(made: Tab, name: str, path: Path) -> None:
    """The picture of a dashboard, as high as it is, within reason."""
    width = made.page.viewport_size["width"] if made.page.viewport_size else WIDTH
    made.page.set_viewport_size({"width": width, "height": 900})
    made.open(f"/d/{name}?{DAY}")
    height = min(int(made.page.evaluate("document.documentElement.scrollHeight")), HEIGHTS[0])
    made.page.set_viewport_size({"width": width, "height": height})
    made.page.wait_for_timeout(SETTLED)
    path.write_bytes(small(made.page.screenshot()))
    print(f"{path} {path.stat().st_size:,} bytes")


def small(picture: bytes) -> bytes:
    """The same with as many rows and colours as fit into the size, where Pillow is installed."""
    if find_spec("PIL") is None:
        return picture
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        for height, colours in product(HEIGHTS, COLOURS):
            part = image.convert("RGB").crop((0, 0, image.width, min(height, image.height)))
            out = io.BytesIO()
            part.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
            if out.tell() <= MOST_BYTES:
                break
    return out.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
