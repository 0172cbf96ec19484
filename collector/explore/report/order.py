"""One report that is wanted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from collector.query.model import Range


@dataclass(frozen=True)
class Order:
    """What to make."""

    dashboard: str
    """Its name, or the path of its file."""
    within: Range
    filter: str = ""
    format: str = "pdf"
    spread: bool = False
    """Whether series spread flows over their time."""

    def told(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def read(told: Mapping[str, Any]) -> Order:
    """The order that was told so."""
    return Order(**{**told, "within": Range(**told["within"])})
