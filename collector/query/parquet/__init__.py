"""Questions answered from the folder of Parquet files.

Texts are numbers from the reading on (`texts`), so that filters are worked out once for each different text and groups
are made of numbers. Columns stay in memory for the next question (`shelf`). What is asked of a file becomes states,
which add up to those of all files (`states`). Of groups of which there may be millions, only those that lead are told
apart (`leading`).
"""

from collector.query.parquet.engine import ParquetEngine

__all__ = ["ParquetEngine"]
