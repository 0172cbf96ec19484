"""The clocks of exporters against ours: a flow is not filed under a day on which it was not."""

from collections.abc import Iterable

import numpy as np

from collector.decode.columns import Mask
from collector.decode.exports import ExportColumns, Ints
from collector.decode.problems import Problems
from collector.decode.sheet import Part

BEHIND = 3_600_000
"""Milliseconds that an exporter's clock may be behind ours."""
AHEAD = 300_000
"""Milliseconds that it may be ahead."""
OLDEST = 86_400_000
"""A flow that, by a clock that is right, ended more than a day before it was received has no time to be filed under."""


class Clocks:
    """Knows whose clock is off, and says so once for each time that it goes wrong.

    `behind` and `ahead` are limits in milliseconds for the time of export against the time of receipt. Where a message
    is beyond them the time of receipt becomes the `@timestamp` of its flows; start and end stay as the exporter tells
    them.
    """

    def __init__(self, behind: int = BEHIND, ahead: int = AHEAD) -> None:
        self._behind = behind
        self._ahead = ahead
        self._off: set[int] = set()
        """Exporters whose clock is off."""

    def check(self, messages: ExportColumns, problems: Problems) -> Mask:
        """Which messages have a time of export that is off; tells the exporters that were right until now."""
        skew = messages.exported - messages.received
        off: Mask = (skew < -self._behind) | (skew > self._ahead)
        wrong, first = np.unique(messages.exporter[off], return_index=True)
        for exporter, by in zip(wrong.tolist(), skew[off][first].tolist(), strict=True):
            if exporter not in self._off:
                self._off.add(exporter)
                problems.add("clock-skew", exporter, describe(by))
        if self._off:
            self._off -= set(messages.exporter.tolist()) - set(wrong.tolist())
        return off

    def forget(self, exporters: Iterable[int]) -> None:
        """Forget exporters."""
        self._off.difference_update(exporters)

    def stamp(self, whole: Part, received: Ints, off: Mask) -> None:
        """Put the time of receipt into `@timestamp` where the clock is off, or the flow's own time is absurd."""
        column = whole.get("@timestamp")
        if column is not None:
            age = received - column[0]
            np.copyto(column[0], received, where=off | (age < -self._ahead) | (age > OLDEST))


def describe(skew: int) -> str:
    """A skew in milliseconds for people: `2 h 5 min behind`."""
    side = "behind" if skew < 0 else "ahead"
    minutes = abs(skew) // 60_000
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h {side}"
    return f"{hours} h {minutes % 60} min {side}" if hours else f"{minutes} min {side}"
