"""What is wrong with a filter."""

from collector.errors import CollectorError


class FilterError(CollectorError):
    """A filter that makes no sense; `position` is where in its text, from 1 on, and `reason` why without the place."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"at position {position}: {reason}")
        self.reason = reason
        self.position = position
