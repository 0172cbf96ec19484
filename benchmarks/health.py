"""CPU time of a look at the health of many exporters.

    python -m benchmarks.health [--exporters 1000] [--looks 20]

Every exporter sends one datagram of 24 flows (NetFlow v9) before each look. Prints the milliseconds of CPU time that
the least, the median and the longest look took: once a minute, in the thread of the pipeline, rows and Parquet columns
included, files not.
"""

import argparse
import time
from statistics import median

from benchmarks.exporters import NOW, data, datagram, templates
from collector.flows import Flows
from collector.health.recorder import MINUTE, Recorder
from collector.inbox import BATCH, Inbox
from collector.pipeline import Pipeline
from collector.report import Report
from collector.store.counts import Counts


class Nowhere:
    """A store that only counts rows."""

    def __init__(self) -> None:
        self.rows = 0

    def write(self, flows: Flows) -> None:
        """Take rows over."""
        self.rows += len(flows)

    def flush(self, timeout: float) -> bool:
        """There is nothing to wait for."""
        return timeout >= 0

    def close(self, timeout: float) -> None:
        """Nothing to do."""

    def counts(self) -> Counts:
        """What was taken."""
        return Counts(self.rows)


def looks(exporters: int, count: int) -> list[float]:
    """Seconds of CPU time of so many looks."""
    pipeline = Pipeline(Nowhere())
    recorder = Recorder(Report([], [], Inbox(), pipeline), began=NOW)
    for begin in range(0, exporters, BATCH):
        pipeline.process([datagram(one, 0, templates(1)) for one in range(begin, min(begin + BATCH, exporters))])
    out = []
    for number in range(1, count + 1):
        for begin in range(0, exporters, BATCH):
            pipeline.process([datagram(one, number, data(0)) for one in range(begin, min(begin + BATCH, exporters))])
        start = time.process_time()
        recorder.step(NOW + number * MINUTE)
        out.append(time.process_time() - start)
    return out


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exporters", type=int, default=1000)
    parser.add_argument("--looks", type=int, default=20)
    chosen = parser.parse_args()
    took = [1000 * seconds for seconds in looks(chosen.exporters, chosen.looks)]
    print(f"{chosen.exporters:,} exporters: {min(took):.1f}, {median(took):.1f}, {max(took):.1f} ms a look")


if __name__ == "__main__":
    main()
