"""What a dashboard file says: panels in rows, and what each of them shows; never how one front end draws it."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from collector.datasets import DATASETS, Dataset
from collector.errors import CollectorError
from collector.explore.checks import FAULTS, Fault, controls, of_panel
from collector.explore.units import PERCENT, UNITS
from collector.query.measures import RATES, measure
from collector.query.model import MOST_GROUPS, MOST_TOP

COLUMNS = 48
"""Of the grid that panels lie in."""
MOST_HEIGHT = 60
"""Of a row of panels."""
Kind = Literal["series", "bars", "pie", "table", "metric", "sankey", "map", "records", "text"]
GROUPED = ("bars", "pie", "table", "sankey", "map")
"""Kinds that show groups."""
RATED = ("table", "metric")
"""Kinds that show ratios."""
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


def _measure(text: str) -> str:
    try:
        measure(text)
    except CollectorError as error:
        raise ValueError(str(error)) from None
    return text


MeasureText = Annotated[str, AfterValidator(_measure)]
"""See collector/query/measures.py."""
DatasetName = Annotated[str, Field(pattern="^(" + "|".join(DATASETS) + ")$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _unit(text: str) -> str:
    if text not in UNITS:
        raise ValueError(f"there is no unit {text}; there are {', '.join(sorted(filter(None, UNITS)))}")
    return text


class Ratio(_Part):
    """One measure of a panel divided by another: a column of a table, or the number of a metric."""

    title: str
    of: MeasureText
    to: MeasureText
    unit: Annotated[str, AfterValidator(_unit)] = PERCENT
    """percent: times a hundred; else a unit of units.py, empty for a plain number."""


class Panel(_Part):
    """One picture or table.

    What each kind shows: `series` the first measure over time, stacked by `by` where there is one, else a line for
    each measure; `bars`, `pie` and `table` groups, ranked by the first measure; `metric` the first ratio, or measure
    where there is none, as one number; `sankey` pairs of the two (or more) fields of `by`, the truly largest ones;
    `map` countries where `by` is a country code, points where it is a location; `records` rows with the columns
    `fields`; `text` Markdown.
    """

    id: Identifier
    title: str
    kind: Kind
    width: int = Field(default=24, ge=4, le=COLUMNS)
    """Columns of the grid."""
    description: str = ""
    """A sentence for the one who looks at it."""
    by: tuple[str, ...] = Field(default=(), max_length=MOST_GROUPS)
    measures: tuple[MeasureText, ...] = ()
    ratios: tuple[Ratio, ...] = ()
    """Worked out of the measures, of `table` and `metric`."""
    filter: str = "*"
    """Beside that of the page."""
    top: int = Field(default=10, ge=1, le=MOST_TOP)
    other: bool = False
    """Whether what is beyond the top is shown as one more group."""
    ascending: bool = False
    fields: tuple[str, ...] = ()
    """Columns of `records`."""
    labels: dict[str, str] = {}
    """Words for fields and measures, where those of labels.yaml do not fit."""
    text: str = ""
    dataset: DatasetName | None = None
    """The kind of rows; None: the dashboard's."""

    @model_validator(mode="after")
    def _complete(self) -> "Panel":
        needs = {"sankey": 2, "map": 1, "bars": 1, "pie": 1, "table": 1}.get(self.kind, 0)
        if len(self.by) < needs:
            raise ValueError(f"a {self.kind} panel needs `by` with {needs} field{'s' if needs > 1 else ''}")
        if self.kind not in ("records", "text") and not self.measures:
            raise ValueError(f"a {self.kind} panel needs `measures`")
        if self.kind == "records" and not self.fields:
            raise ValueError("a records panel needs `fields`")
        if self.kind == "text" and not self.text:
            raise ValueError("a text panel needs `text`")
        return self

    @model_validator(mode="after")
    def _divisible(self) -> "Panel":
        if self.ratios and self.kind not in RATED:
            raise ValueError(f"a {self.kind} panel has no `ratios`")
        asked = {name for ratio in self.ratios for name in (ratio.of, ratio.to)}
        missing = sorted(asked.difference(self.measures))
        if missing:
            raise ValueError(f"a ratio of {missing[0]}, which is not in `measures`")
        return self

    @property
    def stacked(self) -> bool:
        """Whether groups of a series add up: sums and counts do, averages and percentiles do not."""
        return bool(self.by) and measure(self.measures[0]).kind in RATES


class Row(_Part):
    """Panels side by side."""

    height: int = Field(default=12, ge=3, le=MOST_HEIGHT)
    """Rows of the grid, of about 20 px."""
    panels: tuple[Panel, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> "Row":
        wide = sum(panel.width for panel in self.panels)
        if wide != COLUMNS:
            raise ValueError(f"the panels are {wide} columns wide together, and must be {COLUMNS}")
        return self


class Dashboard(_Part):
    """One page of panels; its name is that of its file."""

    title: str
    group: str
    """Heading under which it is listed."""
    position: int
    """Order in the list of all."""
    description: str
    dataset: DatasetName = "flows"
    controls: tuple[str, ...] = ()
    """Fields with a list of values to choose from, above the panels."""
    rows: tuple[Row, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sensible(self) -> "Dashboard":
        faults = list(self.faults())
        if faults:
            raise PydanticCustomError(FAULTS, "{text}", {"text": "; ".join(text for _, text in faults)})
        return self

    def faults(self) -> Iterator[Fault]:
        """What does not fit the rows that panels show, which are known when all keys have been read."""
        yield from controls(self.controls, DATASETS[self.dataset])
        seen: set[str] = set()
        for number, row in enumerate(self.rows):
            for place, panel in enumerate(row.panels):
                for key, text in of_panel(panel, self.dataset_of(panel), seen):
                    yield ("rows", number, "panels", place, *key), f"panel {panel.id}: {key[0]}: {text}"

    def panels(self) -> Iterator[Panel]:
        """All, row by row."""
        for row in self.rows:
            yield from row.panels

    def dataset_of(self, panel: Panel) -> Dataset:
        """The kind of rows that a panel shows."""
        return DATASETS[panel.dataset or self.dataset]
