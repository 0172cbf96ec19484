"""What outlives the process beside the flows: templates and whatever else exporters teach, in a file of the folder."""

from collector.state.keeper import Keeper, Keeps

__all__ = ["Keeper", "Keeps"]
