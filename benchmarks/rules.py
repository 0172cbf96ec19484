"""CPU time of filters and rules over enriched flows.

    python -m benchmarks.rules [--flows 100000] [--batch 20000] [--rounds 7]

Prints CPU microseconds a flow, the best of the rounds; polars has one thread.
"""

import os

# One core is measured; polars reads this when it is imported.
os.environ["POLARS_MAX_THREADS"] = "1"

import argparse
import time
from typing import Any

from benchmarks.enriched import enriched
from collector.flows import Flows
from collector.query.rulefile import rules
from collector.query.rules import Rules

FILTERS = (
    "destination.port:443",
    "source.ip:10.0.0.0/8",
    "host.name:*1 AND flow.tcp_flags:SYN",
    "source.ip:10.0.0.0/8 AND destination.port:(80 OR 443) AND NOT network.bytes:<1000",
)
WHEN = "destination.port:443"
CHANGES: tuple[list[dict[str, Any]], ...] = (
    [{"drop": True}],
    [{"tag": "seen"}],
    [{"tag": "seen"}, {"name": "again", "tag": ["seen", "twice"]}],
    [{"set": {"flow.vlan": 7}}],
    [{"set": {"host.name": "edge"}}],
    [{"set": {"source.domain": "server"}}],
)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    whole = enriched(args.flows)
    batches = [Flows(whole.frame[row : row + args.batch], whole.tables) for row in range(0, args.flows, args.batch)]
    for text in FILTERS:
        (rule,) = rules([{"when": text, "drop": True}])
        seconds = min(_mask(rule, batches) for _ in range(args.rounds))
        print(f"{seconds / args.flows * 1e6:6.3f}  {text}")
    for change in CHANGES:
        made = rules([{"when": WHEN, **one} for one in change])
        seconds = min(_apply(made, batches) for _ in range(args.rounds))
        print(f"{seconds / args.flows * 1e6:6.3f}  {change}")


def _mask(rule: Any, batches: list[Flows]) -> float:
    start = time.process_time()
    for batch in batches:
        rule.when.mask(batch)
    return time.process_time() - start


def _apply(made: Any, batches: list[Flows]) -> float:
    start = time.process_time()
    for batch in batches:
        Rules(made).apply(batch)
    return time.process_time() - start


if __name__ == "__main__":
    main()
