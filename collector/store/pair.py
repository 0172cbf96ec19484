"""Lists of what the two ends of a flow have."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.store.pieces import Dictionary, wrapped


@dataclass(frozen=True)
class Pair:
    """The texts that lists of two are put together from: of each address, and of none at the end."""

    first: Dictionary
    """Of the source: as many where the destination has nothing, then as many where it has something."""
    second: Dictionary
    """Of the destination."""
    there: npt.NDArray[np.bool_]
    """Whether there is anything."""
    hashes: npt.NDArray[np.uint64]
    """Equal for equal ones."""
    rows: npt.NDArray[np.uint32]
    """Which of the texts each row of the table of addresses has, and that of none."""

    @classmethod
    def of(cls, before: str, texts: tuple[pl.Series, npt.NDArray[np.uint32]], after: str) -> Self:
        """`texts` are fragments, and which of them each address has."""
        fragments, rows = texts
        rows = np.append(rows, np.uint32(len(fragments)))
        fragments = fragments.extend_constant(None, 1)
        alone = wrapped(before, fragments, after).fill_null("")
        followed = wrapped(before, fragments, ",").fill_null(before)
        second = Dictionary(wrapped("", fragments.head(-1), after))
        there, hashes = fragments.is_not_null().to_numpy(), fragments.hash().to_numpy()
        return cls(Dictionary(alone.append(followed)), second, there, hashes, rows)
