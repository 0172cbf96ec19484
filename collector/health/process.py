"""What the collector takes of its machine."""

import os
from pathlib import Path

STATM = Path("/proc/self/statm")
RESIDENT = 1
"""Place of the resident pages there (proc(5))."""


def resident_bytes() -> int | None:
    """Memory of this process that is in use; None where the system does not tell."""
    try:
        pages = int(STATM.read_text(encoding="ascii").split()[RESIDENT])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
