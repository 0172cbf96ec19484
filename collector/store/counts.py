"""What every store can say of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Counts:
    """Flows, since the start."""

    stored: int = 0
    """Where they belong, for good."""
    waiting: int = 0
    """Taken over, not there yet."""
    lost: Mapping[str, int] = field(default_factory=dict)
    """Not kept, by reason."""
    status: str = "ok"
    """One line on what does not work, and since when."""
    others: Mapping[str, int] = field(default_factory=dict)
    """As `stored`, rows of other datasets by name; `waiting` and `lost` have them as well."""
