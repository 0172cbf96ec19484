"""The command `flow-collector` whose minutes of health have a second: python -m tests.endtoend.every_second run."""

from functools import partial
from unittest.mock import patch

from collector import cli
from collector.app import Collector

if __name__ == "__main__":
    with patch("collector.commands.run.Collector", partial(Collector, health_seconds=1)):
        cli.main()
