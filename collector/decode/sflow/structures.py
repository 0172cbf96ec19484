"""The structures of data/sflow-structures.csv, read at many places at once.

A structure is runs of fields of a fixed size, between which lie fields that say their own size. A structure may have
grown or been cut: a field that is not wholly there has no value, the others do.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby

import numpy as np
import numpy.typing as npt

from collector.decode.columns import Mask
from collector.decode.octets import Octets, Places
from collector.decode.table import HALVES, SPAN, STACK, Values, ipv4, ipv6

SIZES: Mapping[str, npt.DTypeLike] = {
    "u32": ">u4",
    "i32": ">i4",
    "pct": ">i4",
    "u64": ">u8",
    "f32": ">f4",
    "ip4": ">u4",
    "ip6": HALVES,
}
"""Types with numbers of a fixed size."""
CELLS = {"mac": (6, 8), "opaque[4]": (4, 4), "opaque[16]": (16, 16), "dsx": (8, 8)}
"""Types with opaque bytes of a fixed size: how many count, and how many they take up."""
TEXTS = ("str", "opaque")
PATH = np.dtype([("first", np.uint32), ("last", np.uint32), ("at", np.int64), ("size", np.int64)])
"""An AS path: its first and its last AS, where its segments lie, and how many bytes those have that are whole."""
MAX_SEGMENTS = 32
"""Segments of an AS path that are read; more is not a path."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a structure."""

    name: str
    type: str

    @property
    def fixed(self) -> bool:
        """Whether its size is known beforehand."""
        return self.type in SIZES or self.type in CELLS


@dataclass(frozen=True, slots=True)
class Run:
    """Successive fields of fixed sizes."""

    fields: tuple[Field, ...]
    dtype: np.dtype[np.void]


@dataclass(frozen=True, slots=True)
class Structure:
    """One row of the table."""

    kind: str
    """sample, flow_record or counter_record."""
    tag: int
    """As on the wire: enterprise and format in one word."""
    name: str
    parts: tuple[Run | Field, ...]
    """Up to the first field whose type is not read here (lists of structures)."""

    @property
    def types(self) -> dict[str, str]:
        """The type of each field that is read."""
        fields = [field for part in self.parts for field in (part.fields if isinstance(part, Run) else (part,))]
        return {field.name: field.type for field in fields}


Column = tuple[Values, Mask | None]
"""Values, and which of them are there (None: all)."""


@cache
def structures(kind: str) -> dict[int, Structure]:
    """The structures of a kind by tag; those whose layout is not known have no parts."""
    table = files("collector").joinpath("data/sflow-structures.csv").read_text(encoding="utf-8")
    rows = (row for row in csv.DictReader(table.splitlines()) if row["kind"] == kind)
    return {one.tag: one for one in map(_structure, rows)}


def name_of(tag: int) -> str:
    """`enterprise:format`."""
    return f"{tag >> 12}:{tag & 0xFFF}"


def _structure(row: dict[str, str]) -> Structure:
    tag = int(row["enterprise"]) << 12 | int(row["format"])
    fields = [Field(*field.split(":")[:2]) for field in row["fields"].split(";") if field]
    return Structure(row["kind"], tag, row["name"], tuple(_parts(fields)))


def _parts(fields: list[Field]) -> Iterator[Run | Field]:
    for fixed, group in groupby(fields, lambda field: field.fixed):
        if fixed:
            yield _run(tuple(group))
            continue
        for field in group:
            if not _sized(field.type):
                return
            yield field


def _run(fields: tuple[Field, ...]) -> Run:
    formats: list[npt.DTypeLike] = []
    offsets, size = [], 0
    for field in fields:
        shown, taken = CELLS.get(field.type, (0, 0))
        formats.append(f"V{shown}" if taken else SIZES[field.type])
        offsets.append(size)
        size += taken or np.dtype(formats[-1]).itemsize
    names = [field.name for field in fields]
    return Run(fields, np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size}))


def _sized(kind: str) -> bool:
    return kind.partition("(")[0] in TEXTS or kind in ("addr", "u32[]", "segment[]")


def read(structure: Structure, octets: Octets, at: Places, end: Places) -> dict[str, Column]:
    """The fields of a structure at so many places; texts as `SPAN`, addresses as `ADDRESS`, words as `STACK`."""
    out: dict[str, Column] = {}
    for part in structure.parts:
        if isinstance(part, Run):
            at = _read_run(part, octets, at, end, out)
        else:
            out[part.name], at = _read_sized(part, octets, at, end)
    return out


def _read_run(run: Run, octets: Octets, at: Places, end: Places, out: dict[str, Column]) -> Places:
    cells = octets.cells(at, run.dtype)
    room = end - at
    whole = bool(room.min(initial=run.dtype.itemsize) >= run.dtype.itemsize)
    for name, (kind, offset, *_) in (run.dtype.fields or {}).items():
        out[name] = cells[name], None if whole else room >= offset + kind.itemsize
    return np.minimum(at + run.dtype.itemsize, end)


def _read_sized(field: Field, octets: Octets, at: Places, end: Places) -> tuple[Column, Places]:
    if field.type == "addr":
        return _read_address(octets, at, end)
    if field.type == "segment[]":
        return _read_path(octets, at, end)
    width = 4 if field.type == "u32[]" else 1
    count = octets.words(at)
    at = at + 4
    valid = at + count * width <= end
    out = np.zeros(len(at), STACK if width == 4 else SPAN)
    out["at"], out[out.dtype.names[1]] = at, np.where(valid, count, 0)  # type: ignore[index]
    return (out, valid), np.where(valid, np.minimum(at + (count * width + 3 & ~3), end), end)


def _read_address(octets: Octets, at: Places, end: Places) -> tuple[Column, Places]:
    kind = octets.words(at)
    size = np.select([kind == 1, kind == 2], [4, 16], 0)
    at = at + 4
    valid = (at + size <= end) & (size > 0)
    out = ipv4(octets.words(at))
    six = np.flatnonzero(kind == 2)
    if six.size:
        out[six] = ipv6(octets.cells(at[six], HALVES))
    return (out, valid), np.where(kind <= 2, np.minimum(at + size, end), end)


def _read_path(octets: Octets, at: Places, end: Places) -> tuple[Column, Places]:
    """An AS path, in segments of a type, a count and so many AS numbers."""
    out = np.zeros(len(at), PATH)
    found = np.zeros(len(at), np.bool_)
    left = np.where(at + 4 <= end, octets.words(at), 0)
    at = np.minimum(at + 4, end)
    out["at"] = at
    for _ in range(MAX_SEGMENTS):
        which = np.flatnonzero(left > 0)
        if not which.size:
            break
        start = at[which] + 8
        count = octets.words(np.minimum(at[which] + 4, end[which]))
        after = start + 4 * count
        whole = after <= end[which]
        at[which] = np.where(whole, after, end[which])
        left[which] = np.where(whole, left[which] - 1, 0)
        out["size"][which[whole]] = after[whole] - out["at"][which[whole]]
        some = whole & (count > 0)
        which, start, after = which[some], start[some], after[some]
        out["first"][which] = np.where(found[which], out["first"][which], octets.words(start))
        out["last"][which] = octets.words(after - 4)
        found[which] = True
    at[left > 0] = end[left > 0]
    return (out, found), at
