"""The command `flow-collector`."""

import sys
from collections.abc import Sequence

import typer

from collector import commands
from collector.errors import CollectorError
from collector.settings import SettingsError

USAGE, FAILURE = 2, 1
"""Exit codes: a command or setting that makes no sense, and anything else that went wrong."""


def application(command: str | None = None) -> typer.Typer:
    """With all commands, or at least with one of them."""
    app = typer.Typer(
        name="flow-collector",
        help="Collects NetFlow, IPFIX and sFlow. Without a command it runs the collector (`run`).",
        no_args_is_help=False,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    commands.register(app, command)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code; errors are one line on stderr."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        application(given[0] if given else "run")(args=given)
    except CollectorError as error:
        print(f"flow-collector: {error}", file=sys.stderr)
        sys.exit(USAGE if isinstance(error, SettingsError) else FAILURE)
