"""Texts as columns of a row group: numbered by a dictionary, and picked by number."""

from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from collector.index import compacted
from collector.store.parquet.encoding import Column, Dictionary, Mask, Values, index_type, levels, run

_HEAD = 4
"""Bytes of the length in front of a text in encoding PLAIN."""


class Words(NamedTuple):
    """Texts by number: `codes[i]` is the entry of text i in the dictionary, the number behind the last for null."""

    dictionary: Dictionary
    codes: Values
    nulls: bool
    """Whether any is null."""


class Pick(NamedTuple):
    """Rows of a table, one a flow."""

    rows: Values
    """Row numbers; any for a flow that has none."""
    present: Mask | None
    """The flows that have one; None: all."""


def words(array: pa.Array) -> Words:
    """Each distinct text of an array once."""
    coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    dictionary = Dictionary(_plain(coded.dictionary), len(coded.dictionary))
    nulls, indices = coded.indices.null_count > 0, coded.indices
    if nulls:
        indices = indices.fill_null(dictionary.entries)
    return Words(dictionary, indices.to_numpy().astype(index_type(dictionary.entries + nulls)), nulls)


def some_words(coded: pa.DictionaryArray, rows: Values) -> Words:
    """Some rows of texts that `coded_once` gave."""
    codes, used = compacted(coded.indices.to_numpy().take(rows), len(coded.dictionary))
    dictionary = Dictionary(_joined(coded.dictionary.take(pa.array(used))), len(used))
    return Words(dictionary, codes.astype(index_type(len(used))), False)


def coded_once(array: pa.Array) -> pa.DictionaryArray:
    """Texts, none of them null, each with its length in front and numbered, to take some of them again and again."""
    coded = array.dictionary_encode()
    return pa.DictionaryArray.from_arrays(coded.indices, _headed(coded.dictionary))


def _plain(array: pa.Array) -> bytes:
    """Texts one after another, the length of each in front."""
    return _joined(_headed(array))


def _headed(array: pa.Array) -> pa.LargeBinaryArray:
    """Texts with the length of each in front."""
    count, binaries = len(array), array.cast(pa.large_binary())
    lengths = pc.binary_length(binaries).to_numpy().astype("<u4")
    places = np.arange(0, _HEAD * count + 1, _HEAD, dtype=np.int64)
    heads = pa.LargeBinaryArray.from_buffers(binaries.type, count, [None, pa.py_buffer(places), pa.py_buffer(lengths)])
    return pc.binary_join_element_wise(heads, binaries, pa.scalar(b"", binaries.type))


def _joined(array: pa.LargeBinaryArray) -> bytes:
    """Texts one after another."""
    if not len(array):
        return b""
    _, ends, data = array.buffers()
    end = int(np.frombuffer(ends, np.int64)[len(array)])
    return bytes(memoryview(data)[:end])


def texts(source: Words, pick: Pick) -> Column:
    """The picked texts, one a flow."""
    flows, entries = len(pick.rows), source.dictionary.entries
    if not entries:
        return Column(flows, run(0, flows), flows, source.codes[:0])
    codes, present = source.codes.take(pick.rows), pick.present
    if source.nulls:
        there = codes != entries
        present = there if present is None else present & there
    if present is not None:
        codes = kept(codes, present)
    if not len(codes):
        return Column(flows, run(0, flows), flows, codes)
    head = levels(present if len(codes) < flows else None, flows)
    return Column(flows, head, flows - len(codes), codes.astype(index_type(entries), copy=False), source.dictionary)


def kept(values: Values, mask: Mask) -> Values:
    """The values where `mask` is true; numpy takes several times as long."""
    return pl.Series(values).filter(pl.Series(mask)).to_numpy()
