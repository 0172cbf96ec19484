"""Columns of JSON text, for what flows carry under names that are not the schema's."""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache

import polars as pl

LONG_MAX = 2**63 - 1
"""A search engine refuses the whole document for a larger number: such a value is left out."""
MOST_NAMES = 300
"""Every name becomes a field of the indices, of which a search engine takes so many and no more."""
YEAR_10000 = 253_402_300_800_000
"""Milliseconds since 1970; nothing beyond is a time."""
Shown = Callable[[pl.Expr], pl.Expr]
"""How a column becomes JSON text."""
Value = tuple[pl.Series, Shown]
"""A column, null where there is no value."""
Members = Sequence[tuple[str, Sequence[Value]]]
"""Values by key."""


class Names:
    """The names given so far: at most `MOST_NAMES`, whatever exporters send."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def admit(self, name: str) -> bool:
        """Whether the name may be used."""
        if len(self._given) < MOST_NAMES:
            self._given.add(name)
        return name in self._given


def objects(name: str, members: Members) -> pl.Series:
    """JSON objects, one a row, null where one would be empty; a key with several columns has a list of their values."""
    columns = [column for _, values in members for column, _ in values]
    joined, braced = _form(name, tuple((key, tuple(shown for _, shown in values)) for key, values in members))
    numbered = pl.DataFrame([column.alias(str(place)) for place, column in enumerate(columns)])
    return numbered.select(joined).select(braced).to_series()


@lru_cache(maxsize=1024)
def _form(name: str, members: tuple[tuple[str, tuple[Shown, ...]], ...]) -> tuple[pl.Expr, pl.Expr]:
    """The members of columns with numbers for names, all in one text, and with braces around them."""
    pieces, place = [], 0
    for key, values in members:
        texts = [shown(pl.col(str(place + number))) for number, shown in enumerate(values)]
        value = texts if len(texts) == 1 else [pl.lit("["), _some(texts), pl.lit("]")]
        pieces.append(pl.concat_str(pl.lit(f",{quoted(key)}:"), *value))
        place += len(texts)
    joined = pl.concat_str(pieces, ignore_nulls=True).str.strip_prefix(",").alias(name)
    return joined, pl.when(pl.col(name) != "").then(pl.concat_str(pl.lit("{"), name, pl.lit("}"))).alias(name)


def _some(texts: list[pl.Expr]) -> pl.Expr:
    """The values that there are with commas between them, null where there is none."""
    all_of_them = pl.concat_str([pl.concat_str(pl.lit(","), text) for text in texts], ignore_nulls=True)
    return pl.when(all_of_them != "").then(all_of_them.str.strip_prefix(","))


def as_text(column: pl.Expr) -> pl.Expr:
    """Integers and truth values, and what is JSON text already."""
    return column.cast(pl.String)


def as_long(column: pl.Expr) -> pl.Expr:
    """Unsigned integers that may be larger than a search engine takes: these are null."""
    return pl.when(column <= LONG_MAX).then(column.cast(pl.String))


def as_float(column: pl.Expr) -> pl.Expr:
    """Floats; JSON has none that are infinite or no number."""
    return pl.when(column.is_finite()).then(column.cast(pl.String))


def as_time(column: pl.Expr) -> pl.Expr:
    """Milliseconds since 1970, in the form that documents have; null before and beyond the years 1970 to 9999."""
    given = pl.when((column > 0) & (column < YEAR_10000)).then(column)
    return given.cast(pl.Datetime("ms")).dt.strftime('"%Y-%m-%dT%H:%M:%S%.3fZ"')


def as_hexadecimal(column: pl.Expr) -> pl.Expr:
    """Bytes."""
    return pl.concat_str(pl.lit('"'), column.bin.encode("hex"), pl.lit('"'))


def quoted(word: str) -> str:
    """A JSON string; DEL is escaped as well, which terminals swallow."""
    return json.dumps(word, ensure_ascii=False).replace("\x7f", "\\u007f")
