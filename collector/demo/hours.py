"""When things happen: how busy each hour of the day (UTC) is, and times that follow it."""

import numpy as np
import numpy.typing as npt

MILLISECONDS = 1000
HOUR = 3600 * MILLISECONDS
STEP = 5 * 60 * MILLISECONDS
"""Between the times at which a curve is read; it is straight between them."""
CURVES = {
    "flat": (1,),
    "office": (3, 2, 2, 2, 2, 4, 14, 38, 76, 96, 100, 97, 78, 88, 100, 98, 92, 70, 40, 24, 17, 12, 8, 5),
    "lunch": (8, 4, 2, 2, 2, 4, 10, 22, 40, 50, 55, 85, 100, 80, 55, 50, 52, 60, 45, 30, 25, 20, 16, 12),
    "evening": (18, 8, 4, 3, 3, 5, 10, 25, 40, 48, 52, 66, 80, 70, 62, 64, 72, 88, 100, 98, 90, 70, 48, 30),
    "public": (30, 22, 17, 15, 16, 20, 30, 46, 62, 72, 78, 80, 82, 80, 78, 78, 80, 84, 90, 98, 100, 90, 70, 48),
}
"""Share of the busiest hour, for each hour of the day or for all."""
Times = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


class Curve:
    """How what happens between two times (milliseconds since 1970) is spread over it."""

    def __init__(self, name: str, start: int, end: int) -> None:
        self._times = np.append(np.arange(start, end, STEP), end)
        weights = busy(name, (self._times[:-1] + self._times[1:]) // 2) * np.diff(self._times)
        self._shares = np.concatenate([[0.0], np.cumsum(weights) / weights.sum()])

    def share(self, times: Times) -> Shares:
        """How much of all has happened by then: 0 to 1."""
        found: Shares = np.interp(times, self._times, self._shares)
        return found

    def times(self, shares: Shares) -> Times:
        """When so much of all has happened."""
        found: Times = np.interp(shares, self._shares, self._times).astype(np.int64)
        return found


def busy(name: str, times: Times) -> Shares:
    """How busy those times are, as a share of the busiest hour."""
    hours = CURVES[name]
    return np.interp((times / HOUR - 0.5) % len(hours), np.arange(len(hours) + 1), [*hours, hours[0]]) / max(hours)
