"""What goes wrong between the collector and a store."""

from collector.errors import CollectorError


class StoreError(CollectorError):
    """A store cannot be reached or used. `status` is the HTTP status where one was answered."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status
