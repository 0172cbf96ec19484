"""Values of each kind as JSON text, as columns."""

import json
import re
from functools import cache, lru_cache

import numpy as np
import polars as pl

from collector.schema import KINDS
from collector.store.instants import instants, times
from collector.store.views import Views

SMALL = {"u8": 1 << 8, "u16": 1 << 16}
"""Kinds with so few values that the text of each is kept."""
BIG = ("u64", "counter")
UNSIGNED = ("u32", *BIG)
LOW, LOW_ROWS = 1 << 18, 1024
"""Numbers whose texts are kept, most of autonomous systems among them, and values that are enough to ask for them."""
LONG_MAX = 2**63 - 1
"""A search engine refuses the whole document for a larger number: such a count is left out, the flow is kept."""
UNSAFE = r'["\\\x00-\x1f\x7f]'
"""What JSON text must escape (RFC 8259 section 7), and DEL, which terminals swallow."""
_SEARCH = re.compile(UNSAFE).search
FEW = 64
"""Values that are quicker looked at one by one."""


def small(kind: str) -> bool:
    """Whether `numbers` has the text of every value of the kind."""
    return kind in SMALL


@lru_cache(maxsize=1024)
def numbers(before: str, kind: str) -> pl.Series:
    """Text of every value of a small kind, with a constant in front."""
    return pl.Series([f"{before}{number}" for number in range(SMALL[kind])])


def low(kind: str, values: pl.Series) -> int:
    """How many of `low_numbers` have the texts of many values, 0 where not all of these are there and low: to look
    texts up takes half the time.
    """
    if kind not in UNSIGNED or not _many(values):
        return 0
    # Powers of two, so that there are few such tables.
    limit = 1 << int(values.max()).bit_length()  # type: ignore[arg-type]
    return limit if limit <= LOW else 0


@cache
def low_numbers(limit: int) -> pl.Series:
    """The texts of the numbers below a limit."""
    return pl.Series(range(limit)).cast(pl.String)


def _many(values: pl.Series) -> bool:
    return len(values) >= LOW_ROWS and not values.null_count()


def _digits(values: pl.Series) -> Views:
    """Texts of numbers; where most are low, only the others are written out."""
    numbers = values.to_numpy()
    high = np.flatnonzero(numbers >= LOW)
    if len(high) > len(numbers) // 2:
        return Views.of(values.cast(pl.String))
    cells = Views.of(low_numbers(LOW)).cells.take(numbers, mode="clip")
    others = Views.of(values.gather(high).cast(pl.String))
    cells[high] = others.cells
    return Views(cells, others.buffers)


def rendered(kind: str, values: pl.Series) -> tuple[str, pl.Series | Views, str]:
    """A constant, a String column (null where the value is) and a constant that make the JSON text of the values."""
    if kind == "time":
        return '"', times(values) if values.null_count() or not len(values) else instants(values), '"'
    if kind == "id":
        return '"', values.cast(pl.String), '"'
    if kind in ("keywords", "object"):
        return "", lists(values) if kind == "keywords" else values, ""
    if kind == "bool" or KINDS[kind].numeric:
        numbers = _representable(kind, values)
        return "", _digits(numbers) if kind in UNSIGNED and _many(numbers) else numbers.cast(pl.String), ""
    return '"', values if kind == "ip" else escaped(values), '"'


def _representable(kind: str, values: pl.Series) -> pl.Series:
    """Numbers, null where JSON or a search engine has none for them: NaN, infinity, beyond a long."""
    if kind in BIG:
        if (values.max() or 0) <= LONG_MAX:  # type: ignore[operator]
            return values
        fits = pl.col("x") <= LONG_MAX
    elif kind == "f64":
        fits = pl.col("x").is_finite()
    else:
        return values
    return values.to_frame("x").select(pl.when(fits).then(pl.col("x"))).to_series()


def escaped(values: pl.Series) -> pl.Series:
    """Strings as they stand between quotation marks."""
    if not _unsafe(values):
        return values
    distinct = values.unique().drop_nulls()
    return values.replace_strict(distinct, pl.Series([json.dumps(word)[1:-1] for word in distinct], dtype=pl.String))


def _unsafe(values: pl.Series) -> bool:
    if len(values) < FEW:  # polars takes its time to begin
        return any(_SEARCH(value) for value in values if value)
    return bool(values.str.contains(UNSAFE).any())


def lists(values: pl.Series) -> pl.Series:
    """Lists of strings as JSON arrays; null where the list is null or empty."""
    some = values.to_frame("x").select(pl.when(pl.col("x").list.len() > 0).then(pl.col("x"))).to_series()
    distinct = some.unique().drop_nulls()
    texts = pl.Series("text", [json.dumps(list(words)) for words in distinct], dtype=pl.String)
    words = pl.DataFrame([distinct.alias("x"), texts])
    return some.to_frame("x").join(words, on="x", how="left", maintain_order="left").get_column("text")
