"""Makes one report in a process of its own: `python -m collector.explore.report.worker`.

The order comes as JSON on standard input, the document goes to standard output; what is wrong is one line on stderr.
"""

import json
import logging
import os
import sys
from typing import Any

from collector.errors import CollectorError
from collector.explore.report.order import read
from collector.settings import Settings

POLITE = 10
"""How much other processes are preferred."""


def main() -> None:
    """Do as told. Exit code 1 where there is no document."""
    os.nice(POLITE)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    given = json.load(sys.stdin.buffer)
    try:
        sys.stdout.buffer.write(_made(given))
    except CollectorError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(1)


def _made(given: dict[str, Any]) -> bytes:
    from collector.explore.report.making import make  # noqa: PLC0415 - after the process has become polite

    return make(Settings(**given["settings"]), read(given["order"])).data


if __name__ == "__main__":
    main()
