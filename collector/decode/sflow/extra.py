"""What flow records of samples say beyond the fields of the schema, as one JSON object a flow (`--keep-unknown`).

Names have that of the structure in front. Lists without a field are left out: stacks of labels and of tags.
"""

from ipaddress import IPv6Address

import polars as pl

from collector.decode.extra import FIELD
from collector.decode.jsontext import Names, Value, as_float, as_long, as_text, objects, quoted
from collector.decode.octets import Octets
from collector.decode.problems import Problem
from collector.decode.sflow.packets import READ_WHOLE
from collector.decode.sflow.records import Found, Records
from collector.decode.sflow.rules import RULES
from collector.decode.sflow.samples import Samples
from collector.decode.sflow.structures import Structure
from collector.decode.table import Table, ipv4, ipv6

LISTS = ("u32[]", "segment[]")
_ADDRESSES = {"ip4": ipv4, "ip6": ipv6}
Member = tuple[str, str]
"""A name, and the field of the structure with its values."""


class PacketExtras:
    """Gathers what the records of sampled packets say beyond the rules."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._plans: dict[int, list[Member]] = {}
        """By tag of the structure."""

    def column(self, octets: Octets, samples: Samples) -> tuple[list[pl.Series], list[Problem]]:
        """The column, if any of the samples has such a field; and names that were refused, each once."""
        table, problems = Table(samples.table.rows, octets), list[Problem]()
        for found in Records("flow_record", octets, samples).found():
            problems += self._new(found)
            for name, field in self._plans[found.structure.tag]:
                _put(table, name, found, field)
        frame = table.frame()
        names = dict.fromkeys(column.removesuffix(".hi").removesuffix(".lo") for column in frame.columns)
        return [objects(FIELD, [(name, [_value(frame, name)]) for name in names])] if names else [], problems

    def _new(self, found: Found) -> list[Problem]:
        """See to it that there is a plan for the structure."""
        structure = found.structure
        if structure.tag in self._plans:
            return []
        members = _members(structure)
        self._plans[structure.tag] = [one for one in members if self._names.admit(one[0])]
        exporter = int(found.samples.exporter[found.rows[0]])
        refused = [name for name, _ in members if not self._names.admit(name)]
        return [Problem("extra-names", exporter, len(refused), refused[0])] if refused else []


def _members(structure: Structure) -> list[Member]:
    """The fields of a structure that no rule reads."""
    if structure.name in READ_WHOLE:
        return []
    used = {name for name, *_ in RULES.get(structure.name, ())}
    kept = [name for name, kind in structure.types.items() if name not in used and kind not in LISTS]
    return [(f"{structure.name}_{name}", name) for name in kept]


def _put(table: Table, name: str, found: Found, field: str) -> None:
    values, there = found.columns[field]
    convert = _ADDRESSES.get(found.structure.types[field])
    table.put(name, found.rows, convert(values) if convert else values, there)


def _value(frame: pl.DataFrame, name: str) -> Value:
    """A column of the table."""
    if name not in frame.columns:
        halves = frame.select(f"{name}.hi", f"{name}.lo").iter_rows()
        words = [None if hi is None else quoted(_address(hi, lo)) for hi, lo in halves]
        return pl.Series(words, dtype=pl.String), as_text
    column = frame.get_column(name)
    if column.dtype == pl.String:
        distinct = column.unique().drop_nulls()
        texts = pl.Series(map(quoted, distinct), dtype=pl.String)
        return column.replace_strict(distinct, texts, default=None), as_text
    return column, as_long if column.dtype == pl.UInt64 else as_float if column.dtype.is_float() else as_text


def _address(hi: int, lo: int) -> str:
    found = IPv6Address(hi << 64 | lo)
    return str(found.ipv4_mapped or found)
