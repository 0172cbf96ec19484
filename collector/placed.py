"""What addresses have in common by where they are: many addresses are in few places.

The table `addresses` of flows may have a column `place`. Addresses with the same number there have the same places and
systems, so that these need to be looked at once for each number.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.index import compacted

PLACE = "place"
ATTRIBUTES = (
    "as.organization.name",
    "geo.city_name",
    "geo.region_name",
    "geo.country_name",
    "geo.country_iso_code",
    "geo.location",
)
"""Attributes of an address that its number in the column `place` determines."""
Rows = npt.NDArray[np.intp]


def places(table: pl.DataFrame) -> tuple[Rows, npt.NDArray[np.uint32]] | None:
    """A row for each place, and which of these each row of the table has; None where the table does not tell."""
    if PLACE not in table.columns or table[PLACE].null_count() or not table.height:
        return None
    numbers = table[PLACE].to_numpy()
    least = numbers.min()
    codes, used = compacted(numbers - least, int(numbers.max() - least) + 1)
    first = np.empty(len(used), np.intp)
    first[codes] = np.arange(len(codes))
    return first, codes
