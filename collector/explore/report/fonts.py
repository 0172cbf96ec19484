"""Fonts for all scripts: DejaVu, which comes with matplotlib, and what the machine has for what is missing in it."""

import logging
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from matplotlib import font_manager

FAMILY = "DejaVu Sans"
MISSING = "□"
"""Stands for what no font has."""
PREFERRED = (
    "wqy-microhei",
    "NotoSansCJK",
    "ipag",
    "VL-Gothic",
    "DroidSansFallback",
    "wqy-zenhei",
    "NotoSans",
    "unifont",
)
"""Begins of the names of files: of two fonts that have a character the one is taken that comes first."""
PACKAGES = {
    "CJK": "fonts-wqy-microhei",
    "HIRAGANA": "fonts-wqy-microhei",
    "KATAKANA": "fonts-wqy-microhei",
    "HANGUL": "fonts-wqy-microhei",
    "FULLWIDTH": "fonts-wqy-microhei",
}
"""Debian's packages by the first word of a character's name."""
LARGE = 100.0
"""Points that texts are measured in."""
ANY_PACKAGE = "fonts-noto-core"
log = logging.getLogger(__name__)


class Choice(NamedTuple):
    """Fonts for a text."""

    families: tuple[str, ...]
    paths: tuple[str, ...]
    missing: frozenset[str]
    """Characters that none of them has."""


def choose(texts: Iterable[str]) -> Choice:
    """The fewest fonts that have the characters of the texts; what is missing is told in the log, once."""
    wanted = {one for text in texts for one in text if one.isprintable()}
    found = [_default()]
    wanted -= _characters(found[0])
    for path in _others() if wanted else ():
        if has := wanted & _characters(path):
            found.append(path)
            wanted -= has
        if not wanted:
            break
    for script in sorted({_script(one) for one in wanted}):
        _tell(script)
    families = tuple(font_manager.FontProperties(fname=path).get_name() for path in found)
    return Choice(families, tuple(found), frozenset(wanted))


@cache
def _default() -> str:
    return str(font_manager.findfont(FAMILY))


@cache
def _others() -> tuple[str, ...]:
    """Paths of the machine's fonts, the preferred first. The list that matplotlib keeps may be older than some."""
    paths = sorted(font_manager.findSystemFonts(), key=_rank)
    known = {one.fname for one in font_manager.fontManager.ttflist}
    return tuple(path for path in paths if path in known or _added(path))


def _rank(path: str) -> tuple[int, bool, str]:
    stem = Path(path).stem
    place = next((n for n, one in enumerate(PREFERRED) if stem.startswith(one)), len(PREFERRED))
    return place, not stem.endswith("Regular"), path


def _added(path: str) -> bool:
    try:
        font_manager.fontManager.addfont(path)
    except (OSError, RuntimeError, ValueError):
        return False
    return True


@lru_cache(256)
def _characters(path: str) -> frozenset[str]:
    try:
        return frozenset(map(chr, font_manager.get_font(path).get_charmap()))
    except (OSError, RuntimeError, ValueError):
        return frozenset()


def _script(character: str) -> str:
    return unicodedata.name(character, "UNNAMED").split()[0].split("-")[0]


@cache
def _tell(script: str) -> None:
    package = PACKAGES.get(script, ANY_PACKAGE)
    text = "reports show %s for %s characters, which no font of this machine has; on Debian: apt-get install %s"
    log.warning(text, MISSING, script if script == "CJK" else script.title(), package)


class Ruler:
    """Measures texts in the fonts of a choice, and makes them fit."""

    def __init__(self, choice: Choice) -> None:
        self._missing = choice.missing
        self._font = font_manager.get_font(list(choice.paths))
        self.families = choice.families

    def shown(self, text: str) -> str:
        """The text on one line, with a sign for each character that no font has."""
        return "".join(self._sign(one) for one in text)

    def _sign(self, one: str) -> str:
        if not one.isprintable():
            # Joiners of Arabic and Indic scripts have no look of their own.
            return "" if unicodedata.category(one) == "Cf" else " "
        return MISSING if one in self._missing else one

    def width(self, text: str, size: float) -> float:
        """Inches of a text, of `size` points."""
        return self._of_points(text) * size / 72 if text else 0.0

    @lru_cache(16_384)  # noqa: B019 - a ruler lives as long as its report
    def _of_points(self, text: str) -> float:
        """The width in units of the size; measured large, for small letters are rounded to whole dots."""
        self._font.set_size(LARGE, 72)
        self._font.set_text(text)
        return float(self._font.get_width_height()[0]) / 64 / LARGE

    def fit(self, text: str, size: float, width: float) -> str:
        """The text as it is shown, cut with … where it is wider."""
        text = self.shown(text)
        if self.width(text, size) <= width:
            return text
        return text[: self._fitting(text, size, width, "…")].rstrip() + "…"

    def _fitting(self, text: str, size: float, width: float, after: str = "") -> int:
        """How many characters have room, with what comes after them."""
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.width(text[:middle] + after, size) <= width else (low, middle - 1)
        return low

    def lines(self, text: str, size: float, width: float) -> Iterator[str]:
        """The text broken at spaces, and within a word that is wider than a line."""
        line = ""
        for word in self.shown(text).split():
            longer = f"{line} {word}".strip()
            if line and self.width(longer, size) > width:
                yield line
                longer = word
            *whole, line = self._parts(longer, size, width)
            yield from whole
        if line:
            yield line

    def _parts(self, word: str, size: float, width: float) -> Iterator[str]:
        while self.width(word, size) > width and len(word) > 1:
            count = max(self._fitting(word, size, width), 1)
            yield word[:count]
            word = word[count:]
        yield word
