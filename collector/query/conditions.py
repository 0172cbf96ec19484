"""What a value may be asked: columns of values in, masks out; null never matches."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl

from collector.query.columns import Halves, Mask, Values

HALF = 2**64 - 1
LAST_ADDRESS = 2**128 - 1


class Condition(Hashable, Protocol):
    """A question that a value answers with yes or no. Equal conditions are equal objects."""

    def matches(self, values: Values, now: int) -> Mask:
        """Which values it holds for; `now` in milliseconds since 1970."""


@dataclass(frozen=True)
class Exists:
    """There is a value; of a list, an element."""

    def matches(self, values: Values, now: int) -> Mask:  # noqa: ARG002
        """See `Condition`."""
        if values.series.dtype == pl.List(pl.String):
            return _true(values.series.list.drop_nulls().list.len() > 0)
        return values.present


@dataclass(frozen=True)
class Interval:
    """A whole number from `low` to `high`, both included; None: without end."""

    low: int | None
    high: int | None

    def matches(self, values: Values, now: int) -> Mask:  # noqa: ARG002
        """See `Condition`."""
        return within(values, self.low, self.high)


def within(values: Values, low: int | None, high: int | None) -> Mask:
    """Which whole numbers are in an interval, whose ends may be beyond their type."""
    numbers = values.numbers
    bounds = np.iinfo(numbers.dtype)
    first = bounds.min if low is None else max(low, bounds.min)
    last = bounds.max if high is None else min(high, bounds.max)
    if first > last:
        return np.zeros(len(numbers), np.bool_)
    found: Mask = numbers == first if first == last else (numbers >= first) & (numbers <= last)
    return found & values.present


@dataclass(frozen=True)
class Instant:
    """Milliseconds since 1970, or before and after the moment of the question."""

    milliseconds: int
    relative: bool = False

    def shifted(self, milliseconds: int) -> "Instant":
        """So much later."""
        return Instant(self.milliseconds + milliseconds, self.relative)

    def at(self, now: int) -> int:
        """In milliseconds since 1970."""
        return self.milliseconds + (now if self.relative else 0)


@dataclass(frozen=True)
class Span:
    """A time from `low` to `high`, both included; None: without end."""

    low: Instant | None
    high: Instant | None

    def matches(self, values: Values, now: int) -> Mask:
        """See `Condition`."""
        low, high = (None if end is None else end.at(now) for end in (self.low, self.high))
        return within(values, low, high)


@dataclass(frozen=True)
class Real:
    """A number between bounds; NaN is in no interval."""

    low: float
    high: float
    low_too: bool = True
    high_too: bool = True

    def matches(self, values: Values, now: int) -> Mask:  # noqa: ARG002
        """See `Condition`."""
        numbers = values.numbers
        above = numbers >= self.low if self.low_too else numbers > self.low
        below = numbers <= self.high if self.high_too else numbers < self.high
        found: Mask = above & below & values.present
        return found


@dataclass(frozen=True)
class Truth:
    """A truth value."""

    value: bool

    def matches(self, values: Values, now: int) -> Mask:  # noqa: ARG002
        """See `Condition`."""
        found: Mask = (values.numbers == self.value) & values.present
        return found


@dataclass(frozen=True)
class Network:
    """An address from `low` to `high`, both included; IPv4 addresses are among those of IPv6 in the mapped form."""

    low: int
    high: int

    def matches(self, values: Values, now: int) -> Mask:  # noqa: ARG002
        """See `Condition`."""
        hi, lo = values.halves
        return _at_least(hi, lo, self.low) & ~_at_least(hi, lo, self.high + 1) & values.present


def _at_least(hi: Halves, lo: Halves, bound: int) -> Mask:
    if bound > LAST_ADDRESS:
        return np.zeros(len(hi), np.bool_)
    upper, lower = np.uint64(bound >> 64), np.uint64(bound & HALF)
    found: Mask = (hi > upper) | ((hi == upper) & (lo >= lower))
    return found


@dataclass(frozen=True)
class Word:
    """A text, exactly."""

    text: str

    def matches(self, values: Values, now: int) -> Mask:  # noqa: ARG002
        """See `Condition`."""
        if values.series.dtype == pl.List(pl.String):
            return _true(values.series.list.contains(self.text))
        return _true(_texts(values.series) == self.text)


@dataclass(frozen=True)
class Pattern:
    """A text that a regular expression (of polars) matches; of a list, any element."""

    expression: str

    def matches(self, values: Values, now: int) -> Mask:  # noqa: ARG002
        """See `Condition`."""
        return _any(values.series, lambda text: text.str.contains(self.expression))


@dataclass(frozen=True)
class Alphabetic:
    """A text between two others in the order of their UTF-8 bytes; None: without end. Of a list, any element."""

    low: str | None
    high: str | None
    low_too: bool = True
    high_too: bool = True

    def matches(self, values: Values, now: int) -> Mask:  # noqa: ARG002
        """See `Condition`."""
        return _any(values.series, self._holds)

    def _holds(self, text: pl.Expr) -> pl.Expr:
        holds = text.is_not_null()
        if self.low is not None:
            holds &= text >= self.low if self.low_too else text > self.low
        if self.high is not None:
            holds &= text <= self.high if self.high_too else text < self.high
        return holds


def _texts(column: pl.Series) -> pl.Series:
    """Ids are searched as the text that engines keep them as."""
    return column if column.dtype == pl.String else column.cast(pl.String)


def _any(column: pl.Series, holds: Callable[[pl.Expr], pl.Expr]) -> Mask:
    """Where a condition on a text holds; of a list, for any element."""
    if column.dtype == pl.List(pl.String):
        return _true(column.list.eval(holds(pl.element()).fill_null(False)).list.any())
    return _true(_texts(column).to_frame("x").select(holds(pl.col("x"))).to_series())


def _true(found: pl.Series) -> Mask:
    return found.fill_null(False).to_numpy()
