"""Fields of text: names of fixed and of variable length, MAC addresses, application ids, label stacks."""

from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl
import pyarrow as pa

from collector.decode import columns
from collector.decode.records import Ragged, Records
from collector.decode.sheet import Part

MPLS_SECTIONS = ("mplsTopLabelStackSection", *(f"mplsLabelStackSection{depth}" for depth in range(2, 11)))
MPLS_BYTES = 3
AVC = "9:appHTTPHost"
AVC_TAGS = {"flow.http_url": 0x3401, "flow.http_host": 0x3402}
"""The tag of the value for each field; 0x3403 and 0x3404 are the user agent and the referrer."""
AVC_PREFIX = 6
"""In front of the text: an application id of four bytes, and the tag."""


def mac(name: str, place: int, records: Records, part: Part) -> None:
    """A MAC address; its zeros become null at the end, with the rows that have none."""
    part.put(name, records.cells(place))


def keyword(name: str, place: int, records: Records, part: Part) -> None:
    """Text as it is; null where empty."""
    if place in records.ragged:
        part.text(_ragged(name, records.ragged[place]))
    else:
        part.text(words(name, records, place, _text))


def sub_application(name: str, places: tuple[int, ...], records: Records, part: Part) -> None:
    """A value of Cisco's AVC, which repeats one element for values of several kinds."""
    found = [words(str(place), records, place, partial(_of_tag, AVC_TAGS[name])) for place in places]
    part.text(pl.DataFrame(found).select(pl.coalesce(pl.all()).alias(name)).to_series())


def _of_tag(tag: int, cell: bytes) -> str | None:
    return _text(cell[AVC_PREFIX:]) if int.from_bytes(cell[4:AVC_PREFIX], "big") == tag else None


def words(name: str, records: Records, place: int, render: Callable[[bytes], str | None]) -> pl.Series:
    """A column of text, each distinct value rendered once."""
    if place not in records.ragged:
        return columns.texts(name, records.cells(place), render)
    coded = _packed(pa.large_binary(), records.ragged[place]).dictionary_encode()
    known = pl.Series(name, [render(cell) for cell in coded.dictionary.to_pylist()], dtype=pl.String)
    return known.gather(pl.Series(coded.indices.to_numpy()))


def octets(records: Records, place: int) -> pl.Series:
    """The bytes of a field as they are."""
    if place in records.ragged:
        return pl.Series(_packed(pa.large_binary(), records.ragged[place]))
    cells = records.cells(place)
    packed = pa.Array.from_buffers(pa.binary(cells.dtype.itemsize), records.count, [None, pa.py_buffer(cells)])
    return pl.Series(packed.cast(pa.large_binary()))


def application(records: Records, part: Part) -> None:
    """Element 95, the application id."""
    place = records.layout.first("applicationId")
    if place is not None:
        part.text(words("flow.application_id", records, place, application_id))


def application_id(cell: bytes) -> str | None:
    """`engine:selector` (RFC 6759 section 4), for engine 20 `20:enterprise:selector`; None where all bytes are zero."""
    if not any(cell):
        return None
    engine, rest = cell[0], cell[1:]
    if engine == 20 and len(rest) > 4:
        return f"20:{int.from_bytes(rest[:4], 'big')}:{int.from_bytes(rest[4:], 'big')}"
    return f"{engine}:{int.from_bytes(rest, 'big')}"


def labels(records: Records, part: Part) -> None:
    """The MPLS label stack, outermost first: of the three bytes of an entry 20 bits are the label."""
    places = [p for key in MPLS_SECTIONS if (p := records.layout.first(key)) is not None]
    stack = []
    for place in places:
        if records.layout.slots[place].length == MPLS_BYTES:
            entry = records.numbers(place)
            label = pl.Series(str(place), entry >> np.uint64(4)).cast(pl.String)
            stack.append(columns.nulled(label, entry > 0))
    if stack:
        lists = pl.concat_list(pl.all()).list.drop_nulls()
        some = pl.when(lists.list.len() > 0).then(lists).alias("flow.mpls_labels")
        part.text(pl.DataFrame(stack).select(some).to_series())


def _ragged(name: str, column: Ragged) -> pl.Series:
    """Strings of variable length, taken over as they lie there if they are UTF-8."""
    packed = _packed(pa.large_string(), column)
    try:
        packed.validate(full=True)
    except pa.ArrowInvalid:
        cells = _packed(pa.large_binary(), column).to_pylist()
        return pl.Series(name, [_text(cell) for cell in cells], dtype=pl.String)
    return columns.nulled(pl.Series(name, packed), column.lengths > 0)


def _packed(kind: pa.DataType, column: Ragged) -> pa.Array:
    offsets, data = column.packed()
    return pa.Array.from_buffers(kind, len(column.lengths), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _text(cell: bytes) -> str | None:
    return columns.text(cell) or None
