"""The bytes of a batch as one buffer, read at many places at once."""

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.intp]
"""Offsets into a buffer, or row numbers, as numpy likes to index with."""
Cells = npt.NDArray[np.void]
"""Structured array, one element for each place read."""

PAD = 256
"""Zero bytes behind the data: a structure of up to this size may be read wherever data may end."""


class Octets:
    """A buffer with room behind its end, so that a read which begins within the data (or at its end) is always safe.

    What a read finds beyond the end of a packet or record is somebody else's: the caller compares with that end.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        """The data and `PAD` bytes more."""
        self.bytes: npt.NDArray[np.uint8] = np.frombuffer(data, np.uint8)
        self._words = np.frombuffer(data, ">u4", len(data) // 4)
        self._windows: dict[int, Cells] = {}

    @classmethod
    def of(cls, data: bytes) -> "Octets":
        """From data without padding."""
        return cls(data + bytes(PAD))

    def words(self, at: Places) -> npt.NDArray[np.intp]:
        """The big-endian 32-bit words at offsets that are multiples of four."""
        words: Places = self._words[at >> 2].astype(np.intp)
        return words

    def cells(self, at: Places, dtype: np.dtype[np.void]) -> Cells:
        """Structures of up to `PAD` bytes at any offsets."""
        size = dtype.itemsize
        windows = self._windows.get(size)
        if windows is None:
            # Gathering opaque cells is a memcpy each; a structured dtype would be copied field by field.
            windows = np.ndarray((self.bytes.size - size + 1,), f"V{size}", self.data, strides=(1,))
            self._windows[size] = windows
        return windows[at].view(dtype)
