"""What `query` can ask: for groups, or for rows as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.datasets import DATASETS, Dataset
from collector.query.filter import Filter, parse
from collector.query.measures import measure
from collector.query.model import MOST_GROUPS, TIME, Answer, Engine, Query, QueryError, Range, Records
from collector.query.syntax import unknown

MEASURES = ("bytes", "packets", "flows")
COLUMNS = (
    TIME,
    "host.name",
    "source.ip",
    "source.port",
    "destination.ip",
    "destination.port",
    "flow.service_name",
    "network.bytes",
    "network.packets",
)
"""Of `--records`, where none are named."""
SPARE = ("source.port", "flow.service_name", "network.packets", "host.name")
"""Those of them that a narrow terminal can do without, the last first."""


@dataclass(frozen=True)
class Groups:
    """A question for groups."""

    dataset: Dataset
    filter: Filter | None
    by: tuple[str, ...]
    measures: tuple[str, ...]
    top: int
    ascending: bool
    other: bool
    interval: int | None
    spread: bool

    def ask(self, engine: Engine, within: Range) -> Answer:
        """The answer for that time. QueryError."""
        parts = tuple(measure(text) for text in self.measures)
        query = Query(
            within,
            parts,
            self.by,
            self.filter,
            interval=self.interval,
            top=self.top,
            other=self.other,
            ascending=self.ascending,
            spread=self.spread,
            dataset=self.dataset,
        )
        return engine.ask([query])[0]

    def spare(self, columns: Sequence[str]) -> tuple[str, ...]:  # noqa: ARG002 - as of the others
        """Columns that may be left out: none."""
        return ()

    def missing(self, count: int) -> str:
        """Why no groups are made of so many rows."""
        return f"{count:,} {self.dataset.title} match, and none has a value of {' and '.join(self.by)}."


@dataclass(frozen=True)
class Rows:
    """A question for rows as they are."""

    dataset: Dataset
    filter: Filter | None
    fields: tuple[str, ...]
    """Those that were named; none: what is useful of all."""
    sort: str
    ascending: bool
    top: int
    offset: int

    measures = ()

    def ask(self, engine: Engine, within: Range) -> Answer:
        """The answer for that time. QueryError."""
        fields, down = self.fields or self._useful(), not self.ascending
        rows = Records(within, self.filter, fields, self.sort, down, self.top, self.offset, self.dataset)
        return engine.records(rows)

    def _useful(self) -> tuple[str, ...]:
        """Columns where none are named; empty: all that the rows have, of datasets that are not about two ends."""
        asked = self.dataset.asked
        if not {"source.ip", "destination.ip"} <= asked.keys():
            return ()
        return tuple(dict.fromkeys([*(name for name in COLUMNS if name in asked), self.sort]))

    def spare(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Columns that may be left out where there is no room, the last first: none that were named."""
        if self.fields:
            return ()
        some = SPARE if self._useful() else columns
        return tuple(name for name in some if name not in (TIME, self.sort))

    def missing(self, count: int) -> str:
        """Why none of so many rows is shown."""
        return f"{count:,} {self.dataset.title} match, and --offset {self.offset} is beyond them."


Question = Groups | Rows


def dataset_of(name: str) -> Dataset:
    """The kind of rows of that name. QueryError where there is none."""
    if name not in DATASETS:
        raise QueryError(f"--dataset: {name!r} is none of {', '.join(DATASETS)}")
    return DATASETS[name]


def filter_of(text: str, dataset: Dataset) -> Filter | None:
    """A filter as it is written; None for all. FilterError."""
    return None if text.strip() == "*" else parse(text, dataset.asked)


def measured(texts: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    """The measures, each once; those of the dataset where none are given. QueryError, MeasureError."""
    chosen = texts or (MEASURES if dataset.name == "flows" else ("rows",))
    known([name for name in (measure(text).field for text in chosen) if name is not None], dataset)
    return tuple(dict.fromkeys(chosen))


def known(names: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    """The names, each once. QueryError where the dataset has one of them not."""
    for name in names:
        if name not in dataset.asked:
            raise QueryError(unknown(name, dataset.asked))
    return tuple(dict.fromkeys(names))


def grouped(names: Sequence[str], dataset: Dataset) -> tuple[str, ...]:
    """The fields of groups. QueryError where there are too many, or one is unknown."""
    if len(names) > MOST_GROUPS:
        raise QueryError(f"--by: at most {MOST_GROUPS} fields, and these are {len(names)}")
    return known(names, dataset)
