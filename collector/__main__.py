"""`python -m collector` is `flow-collector`."""

from collector.cli import main

main()
