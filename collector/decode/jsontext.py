"""Columns of JSON text, for what flows carry under names that are not the schema's."""

import json
from collections.abc import Sequence

import polars as pl

LONG_MAX = 2**63 - 1
"""A search engine refuses the whole document for a larger number: such a value is left out."""
MOST_NAMES = 300
"""Every name becomes a field of the indices, of which a search engine takes so many and no more."""
Members = Sequence[tuple[str, Sequence[pl.Series]]]
"""By key: columns of JSON values, null where there is none."""


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
    columns: list[pl.Series] = []
    pieces: list[pl.Expr] = []
    for key, values in members:
        first = len(columns)
        columns += [column.alias(str(first + number)) for number, column in enumerate(values)]
        places = [pl.col(str(place)) for place in range(first, len(columns))]
        value = [places[0]] if len(places) == 1 else [pl.lit("["), _some(places), pl.lit("]")]
        pieces.append(pl.concat_str(pl.lit(f",{quoted(key)}:"), *value))
    texts = pl.DataFrame(columns).select(pl.concat_str(pieces, ignore_nulls=True).str.strip_prefix(",").alias(name))
    braced = pl.concat_str(pl.lit("{"), pl.col(name), pl.lit("}"))
    return texts.select(pl.when(pl.col(name) != "").then(braced).alias(name)).to_series()


def _some(places: list[pl.Expr]) -> pl.Expr:
    """The values that there are with commas between them, null where there is none."""
    text = pl.concat_str([pl.concat_str(pl.lit(","), place) for place in places], ignore_nulls=True)
    return pl.when(text != "").then(text.str.strip_prefix(","))


def numbers(values: pl.Series) -> pl.Series:
    """JSON numbers; null where JSON or a search engine has none: NaN, infinity, beyond a long."""
    if values.dtype.is_float():
        fits = pl.col("x").is_finite()
    elif values.dtype == pl.UInt64:
        fits = pl.col("x") <= LONG_MAX
    else:
        return values.cast(pl.String)
    return values.to_frame("x").select(pl.when(fits).then(pl.col("x").cast(pl.String))).to_series()


def quoted(word: str) -> str:
    """A JSON string; DEL is escaped as well, which terminals swallow."""
    return json.dumps(word, ensure_ascii=False).replace("\x7f", "\\u007f")
