"""What `check` says of one thing that it looked at."""

from collections.abc import Callable
from dataclasses import dataclass

from collector.errors import CollectorError


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    verdict: str
    """`ok`, `warning` or `error`."""
    text: str


def tried(look: Callable[[], str]) -> Finding:
    """What a look says where all is well, or else what is wrong."""
    try:
        return Finding("ok", look())
    except CollectorError as error:
        return Finding("error", str(error))
