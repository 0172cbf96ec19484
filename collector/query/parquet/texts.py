"""Texts by number: the same number in all files and fields."""

import threading
from collections import OrderedDict
from itertools import count
from typing import cast

import numpy as np
import polars as pl

from collector.query.columns import Mask, Values
from collector.query.conditions import Condition

MOST_CONDITIONS = 64
"""Conditions of which is remembered what texts they hold for."""
_UNKNOWN, _YES = 2, 1
_names = count()


class Texts:
    """All texts that were read so far."""

    def __init__(self) -> None:
        self._categories = pl.Categories(f"flow-collector-{next(_names)}")
        self._dtype = pl.Categorical(self._categories)
        self._held: OrderedDict[Condition, np.ndarray[tuple[int], np.dtype[np.uint8]]] = OrderedDict()
        self._lock = threading.Lock()
        self._anchor = pl.Series([""], dtype=self._dtype)
        """Categories that nothing refers to are forgotten."""
        self._count = 1

    def __len__(self) -> int:
        """Different texts."""
        return self._count

    def numbers(self, texts: pl.Series) -> pl.Series:
        """UInt32, null for null."""
        numbers = texts.cast(self._dtype).to_physical().cast(pl.UInt32)
        self._count = max(self._count, 1 + cast("int", numbers.max() or 0))
        return numbers

    def words(self, numbers: pl.Series) -> pl.Series:
        """String, null for null."""
        return numbers.cat.to(self._dtype).cast(pl.String)

    def matching(self, condition: Condition, numbers: pl.Series) -> Mask:
        """Which of these a condition on texts holds for."""
        with self._lock:
            known = self._known(condition, numbers)
        found = pl.Series(known == _YES).gather(numbers).fill_null(False)
        return found.to_numpy()

    def _known(self, condition: Condition, numbers: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        """What is known of all texts, after those of `numbers` have been looked at."""
        different = numbers.drop_nulls().unique()
        known = self._held.pop(condition, np.empty(0, np.uint8))
        most = int(different.max() or 0) + 1  # type: ignore[arg-type]
        if most > len(known):
            known = np.append(known, np.full(2 * most - len(known), _UNKNOWN, np.uint8))
        news = different.filter(pl.Series(known[different.to_numpy()] == _UNKNOWN, dtype=pl.Boolean))
        if len(news):
            known[news.to_numpy()] = condition.matches(Values(self.words(news)), now=0)
        self._held[condition] = known
        if len(self._held) > MOST_CONDITIONS:
            self._held.popitem(last=False)
        return known
