"""Names of the columns of states."""

import polars as pl

BUCKET = "bucket"
"""Begin of the interval in milliseconds since 1970, 0 where there is none."""
NO_INTERVAL = pl.Int8()
"""Type of that 0, of which there may be millions."""
COUNT = "rows"
VALUE, TIMES = "value", "times"
SUM, THERE, LEAST, MOST = "sum", "there", "least", "most"
"""States of a field; each column is named by the state and the field."""


def column(state: str, name: str) -> str:
    """The name of a state's column."""
    return f"{state}:{name}"


def state(name: str) -> str:
    """How a column is added up: its state, or `sum`."""
    found = name.partition(":")[0]
    return found if found in (LEAST, MOST) else SUM
