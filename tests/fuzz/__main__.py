"""Looks for input that the collector does not stand.

    python -m tests.fuzz --seconds 600 [--seed N] [--folder tests/fuzz/found]

Stories of datagrams are drawn from successive seeds, broken, decoded, enriched and written as documents. The first one
that breaks a promise is kept as a capture; a test replays all that are kept. Ends with 1 where one was found.
"""

import argparse
import sys
import traceback
from pathlib import Path
from random import SystemRandom

from tests.fuzz.running import FOUND, FoundError, run


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1 << 48), help="of the first story")
    parser.add_argument("--folder", type=Path, default=FOUND, help="where what is found is kept")
    args = parser.parse_args()
    print(f"from seed {args.seed}", flush=True)
    try:
        print(f"{run(args.seconds, args.seed, args.folder):,} stories, and none breaks anything")
    except FoundError:
        traceback.print_exc()
        sys.exit(1)


if __name__ == "__main__":
    main()
