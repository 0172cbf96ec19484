"""What an operator may see when datagrams cannot be had."""

from collector.errors import CollectorError


class ReceiveError(CollectorError):
    """A socket that cannot be opened or sent to."""


class CaptureError(CollectorError):
    """A capture file that cannot be read any further."""
