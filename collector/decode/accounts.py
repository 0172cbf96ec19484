"""What is new in records with totals, given what was counted before.

Records are sorted by flow, those of a flow by time. Counts have the shape (records, counters), and `total` says which
of them are totals; the others are new as they are. `over` says after which records the flow has ended, `first` which
are the first of their flow in the batch, and `kept` has what was kept of the flow of each. What is returned is what is
new in each record and what to keep after it.
"""

import numpy as np

from collector.decode.columns import Mask
from collector.decode.tallies import Counts

ZERO = np.uint64(0)


def of_flows(told: Counts, total: Mask, over: Mask, first: Mask, kept: Counts) -> tuple[Counts, Counts]:
    """Flows with running totals: the last totals of each are kept, zeros once it is over."""
    after = np.where(over[:, None], ZERO, told)
    before = np.where(first[:, None], kept, np.roll(after, 1, axis=0))
    return _risen(told, total, before), after


def of_connections(told: Counts, total: Mask, over: Mask, first: Mask, kept: Counts) -> tuple[Counts, Counts]:
    """Connections with updates of what is new, and totals where they are over: the sum of the updates is kept.

    Behind the counters `kept` has one more column: not zero where the end has come. It told all, also what an update
    that was overtaken by it tells.
    """
    end = over[:, None]
    closed = (_since(end.astype(np.uint64), first) > 0) | (kept[:, -1:] > 0)
    updates = np.where(end | closed, ZERO, told)
    summed = kept[:, :-1] + _since(updates, first)
    new = np.where(end, _risen(told, total, np.where(closed, ZERO, summed)), updates)
    after = np.where(end | closed, ZERO, summed + updates)
    return new, np.column_stack([after, (end | closed).astype(np.uint64)])


def _risen(told: Counts, total: Mask, before: Counts) -> Counts:
    """How much totals have risen; all of them where one is smaller than before, for it is another flow's then."""
    risen = ((told >= before) | ~total).all(axis=1, keepdims=True)
    return np.where(total & risen, told - before, told)


def _since(counts: Counts, first: Mask) -> Counts:
    """The sum of the records of the same flow before each record."""
    before = np.cumsum(counts, axis=0) - counts
    begin = np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))
    since: Counts = before - before[begin]
    return since
