"""Counter samples: a row a sample, a column for each field of each structure in it."""

from collector.decode.columns import Mask
from collector.decode.octets import Octets
from collector.decode.problems import Problem
from collector.decode.sflow.records import Records
from collector.decode.sflow.samples import Samples
from collector.decode.sflow.structures import Column

ALL_ONES = {"u32": 0xFFFFFFFF, "u64": 0xFFFFFFFF_FFFFFFFF, "pct": -1}
"""The number that stands for a value which the agent does not have; other types have none."""


def fill(octets: Octets, samples: Samples) -> list[Problem]:
    """Read the records of counter samples into the columns `<structure>.<field>` of their table."""
    records = Records("counter_record", octets, samples)
    for found in records.found():
        types = found.structure.types
        for field, column in found.columns.items():
            name = f"{found.structure.name}.{field}"
            samples.table.put(name, found.rows, column[0], _known(types[field], column))
    return records.problems("sflow-unknown-counter")


def _known(kind: str, column: Column) -> Mask | None:
    values, there = column
    if kind not in ALL_ONES:
        return there
    known: Mask = values != ALL_ONES[kind]
    return known if there is None else known & there
