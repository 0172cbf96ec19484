"""What front ends share: ids, labels and colours of the panels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from collector.datasets import Dataset
from collector.explore.dashboard import Panel

PREFIX = "flow-collector-"


@dataclass(frozen=True)
class Words:
    """How things are called in a file."""

    label: Callable[..., str]
    """The words for a field or a measure."""
    unit: Callable[..., str]
    """The unit of their numbers, one of `units.UNITS`."""
    colours: Mapping[str, Mapping[str, str]]
    """The colours of known values, by field."""
    other: str
    """The colour of what is beyond the top."""
    prefix: str = PREFIX
    """What all ids begin with; with the name of a space or tenant in it where there are several."""

    def dashboard(self, name: str) -> str:
        """Id of a dashboard."""
        return f"{self.prefix}{name}"

    def panel(self, dashboard: str, panel: str) -> str:
        """Id of a panel."""
        return f"{self.prefix}{dashboard}-{panel}"

    def view(self, dataset: Dataset) -> str:
        """Id of an index pattern."""
        own = "" if self.prefix == PREFIX else self.prefix
        return f"{own}{dataset.prefix}*"

    def coloured(self, panel: Panel) -> Mapping[str, str]:
        """The colours of known values in a panel that has a colour for each group; empty where there are none."""
        return self.colours.get(panel.by[-1], {}) if panel.kind in ("series", "pie") and panel.by else {}

    def of(self, panel: Panel, name: str) -> str:
        """The words for a field or measure in a panel."""
        return self.label(name, panel)
