"""Kinds of rows that are kept apart: each has fields, daily indices and a folder of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

from collector import schema
from collector.schema import VERSION, Field

LINE = "line"
"""The kind of fields that nobody can ask for."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """One kind of rows."""

    name: str
    title: str
    """What the rows are, in words."""
    index: str
    """Name of the index template; those of daily indices are `<index>-YYYY.MM.DD`."""
    folder: str
    """Where its days of Parquet files lie, below the folder of the flows."""
    fields: Mapping[str, Field]
    """In the order of documents and of Parquet columns."""

    @property
    def prefix(self) -> str:
        """What the name of each daily index begins with; YYYY.MM.DD follows."""
        return f"{self.index}-"

    @property
    def asked(self) -> Mapping[str, Field]:
        """The fields that queries may name: of flows also those that repeat others, such as `client.ip`."""
        copies = schema.copies() if self.name == "flows" else {}
        # A line of text is to be read, and neither indexed nor in Parquet files.
        return {**self.fields, **{name: one for name, one in copies.items() if one.kind != LINE}}


FLOWS = Dataset("flows", "flows", f"elastiflow-{VERSION}", "", schema.fields())
COUNTERS = Dataset("counters", "counter samples", f"elastiflow-counters-{VERSION}", "counters", schema.counters())
"""Counter samples of sFlow."""
DISCARDS = Dataset("discards", "dropped packets", f"elastiflow-discards-{VERSION}", "discards", schema.discards())
"""Packets that a device dropped and told of by sFlow: fields as of flows, but in no sum of them."""
HEALTH = Dataset("health", "health of the collector", f"elastiflow-health-{VERSION}", "health", schema.health())
"""What the collector and its exporters did, a row a minute."""
DATASETS: Mapping[str, Dataset] = {one.name: one for one in (FLOWS, COUNTERS, DISCARDS, HEALTH)}
"""All by name. Files that wait on disk bear these names."""
