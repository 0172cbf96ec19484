"""Pieces of text are joined as Python would join them."""

from collections.abc import Sequence
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.store.assembly import joined, series
from collector.store.pieces import Chosen, Coded, Dictionary, Joined, Piece
from collector.store.views import Views, contiguous, even

HEIGHT = 70
LONG = "longer than what a view has room for"
words = st.sampled_from(["", "a", "twelve bytes", "thirteen byte", LONG, "ümläut", LONG * 3])


def told(pieces: Sequence[Piece], together: int = 32) -> list[str]:
    with patch("collector.store.assembly.TOGETHER", together):
        made = list(joined(list(pieces), HEIGHT))
    return [bytes(some.data[a:b]).decode() for some in made for a, b in pairwise(some.offsets)]


def repeated(texts: Sequence[str]) -> list[str]:
    return [texts[row % len(texts)] for row in range(HEIGHT)]


def coded(texts: Sequence[str | None], count: int) -> Coded:
    rows = pl.Series([row % len(texts) if row % 3 else None for row in range(HEIGHT)], dtype=pl.UInt32)
    return Coded.of(Dictionary(pl.Series([*texts, *["unused"] * count], dtype=pl.String)), rows)


def of_coded(texts: Sequence[str | None]) -> list[str]:
    return [(texts[row % len(texts)] or "") if row % 3 else "" for row in range(HEIGHT)]


@given(st.lists(words, min_size=1, max_size=5), words, st.booleans(), st.sampled_from([0, 1500]))
def test_constants_columns_and_looked_up_texts(texts: list[str], constant: str, first: bool, unused: int) -> None:
    column = pl.Series([None if text == "a" else text for text in repeated(texts)], dtype=pl.String)
    pieces: list[Piece] = [column, constant, coded(texts, unused), constant, coded([*texts, None, LONG], 0)]
    expected = zip(column.fill_null(""), of_coded(texts), of_coded([*texts, None, LONG]), strict=True)
    assert told(pieces if first else pieces[::-1]) == [
        f"{a}{constant}{b}{constant}{c}" if first else f"{c}{constant}{b}{constant}{a}" for a, b, c in expected
    ]


@given(st.lists(words, min_size=1, max_size=4), st.lists(words, min_size=1, max_size=4), words)
def test_of_two_texts_one_is_chosen(some: list[str], others: list[str], constant: str) -> None:
    one, other = (Joined([constant, pl.Series(repeated(texts))]) for texts in (some, others))
    first = np.arange(HEIGHT) % 2 == 0
    pieces: list[Piece] = [one, "-", Chosen(first, one, other), LONG, Chosen(~first, one, other)]
    lines = zip(repeated(some), repeated(others), first, strict=True)
    assert told(pieces) == [
        f"{constant}{a}-{constant}{a if here else b}{LONG}{constant}{b if here else a}" for a, b, here in lines
    ]
    assert series(pieces[2], HEIGHT).to_list() == [  # type: ignore[arg-type]
        constant + (a if here else b) for a, b, here in zip(repeated(some), repeated(others), first, strict=True)
    ]


def test_a_text_that_is_not_there_is_an_error() -> None:
    with pytest.raises(IndexError, match="3 of 3"):
        Coded(Dictionary(pl.Series(["a", "b"])), np.array([0, 3]))


def test_texts_of_one_length_are_rows_of_letters() -> None:
    letters = np.frombuffer(b"thirteen lett...fourteen lett...", np.uint8).reshape(2, 16)
    assert even(letters, 13).texts().to_list() == ["thirteen lett", "fourteen lett"]


def test_a_slice_of_a_column_is_what_is_joined() -> None:
    column = pl.concat([pl.Series([LONG, "a", None]), pl.Series(["b", LONG * 2])]).slice(1, 4)
    views = Views.of(column)
    assert views.texts().to_list() == ["a", "", "b", LONG * 2]
    data, offsets = contiguous(np.stack([views.cells, views.cells]), views.buffers)
    assert bytes(data).decode() == f"aabb{LONG * 4}"
    assert offsets.tolist() == [0, 2, 2, 4, 4 + 4 * len(LONG)]
