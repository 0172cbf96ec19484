"""Values of each kind as JSON text, as columns."""

import json
from functools import lru_cache

import polars as pl

from collector.schema import KINDS
from collector.store.instants import times

SMALL = {"u8": 1 << 8, "u16": 1 << 16}
"""Kinds with so few values that the text of each is kept."""
BIG = ("u64", "counter")
LOW, LOW_ROWS = 1 << 18, 1024
"""Numbers whose texts are kept, most of autonomous systems among them, and values that are enough to ask for them."""
LONG_MAX = 2**63 - 1
"""A search engine refuses the whole document for a larger number: such a count is left out, the flow is kept."""
UNSAFE = r'["\\\x00-\x1f\x7f]'
"""What JSON text must escape (RFC 8259 section 7), and DEL, which terminals swallow."""


def small(kind: str) -> bool:
    """Whether `numbers` has the text of every value of the kind."""
    return kind in SMALL


@lru_cache(maxsize=1024)
def numbers(before: str, kind: str) -> pl.Series:
    """Text of every value of a small kind, with a constant in front."""
    return pl.Series([f"{before}{number}" for number in range(SMALL[kind])])


def low(kind: str, values: pl.Series) -> bool:
    """Whether many values, all there, have their texts in `low_numbers`: to look them up takes half the time."""
    if kind not in (*BIG, "u32") or len(values) < LOW_ROWS or values.null_count():
        return False
    return int(values.max()) < LOW  # type: ignore[arg-type]


def low_numbers() -> pl.Series:
    """The texts of the numbers below `LOW`."""
    return pl.Series(range(LOW)).cast(pl.String)


def rendered(kind: str, values: pl.Series) -> tuple[str, pl.Series, str]:
    """A constant, a String column (null where the value is) and a constant that make the JSON text of the values."""
    if kind in ("time", "id"):
        return '"', times(values) if kind == "time" else values.cast(pl.String), '"'
    if kind == "keywords":
        return "", lists(values), ""
    if kind == "object":
        return "", values, ""
    if kind == "bool" or KINDS[kind].numeric:
        return "", _representable(kind, values).cast(pl.String), ""
    return '"', escaped(values), '"'


def _representable(kind: str, values: pl.Series) -> pl.Series:
    """Numbers, null where JSON or a search engine has none for them: NaN, infinity, beyond a long."""
    if kind in BIG:
        fits = pl.col("x") <= LONG_MAX
    elif kind == "f64":
        fits = pl.col("x").is_finite()
    else:
        return values
    return values.to_frame("x").select(pl.when(fits).then(pl.col("x"))).to_series()


def escaped(values: pl.Series) -> pl.Series:
    """Strings as they stand between quotation marks."""
    if not values.str.contains(UNSAFE).any():
        return values
    distinct = values.unique().drop_nulls()
    return values.replace_strict(distinct, pl.Series([json.dumps(word)[1:-1] for word in distinct], dtype=pl.String))


def lists(values: pl.Series) -> pl.Series:
    """Lists of strings as JSON arrays; null where the list is null or empty."""
    some = values.to_frame("x").select(pl.when(pl.col("x").list.len() > 0).then(pl.col("x"))).to_series()
    distinct = some.unique().drop_nulls()
    texts = pl.Series("text", [json.dumps(list(words)) for words in distinct], dtype=pl.String)
    words = pl.DataFrame([distinct.alias("x"), texts])
    return some.to_frame("x").join(words, on="x", how="left", maintain_order="left").get_column("text")
