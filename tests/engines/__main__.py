"""`python -m tests.engines fetch`: resolves all engines before the tests ask for them."""

import sys

from tests.engines.fetch import FetchError, fetch
from tests.engines.kinds import KINDS
from tests.engines.tools import MissingToolError


def main(arguments: list[str]) -> int:
    """Exit status: 0 also where Java or Maven is missing, since the tests then skip; 1 when resolving failed."""
    if arguments != ["fetch"]:
        print("usage: python -m tests.engines fetch", file=sys.stderr)
        return 2
    return max([_fetch(name) for name in KINDS])


def _fetch(name: str) -> int:
    title = f"{name} {KINDS[name].version}"
    try:
        print(f"{title}: {fetch(name)}", flush=True)
    except MissingToolError as missing:
        print(f"{title}: its tests will be skipped: {missing}", flush=True)
    except FetchError as failure:
        print(f"{title}: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
