"""The engine for the store that the settings name."""

from collector.query.model import Engine
from collector.query.parquet import ParquetEngine
from collector.settings import Settings


def open_engine(settings: Settings) -> Engine:
    """The engine that answers questions about what the collector has stored. QueryError where it cannot be opened."""
    if settings.elasticsearch:
        # Its client takes a quarter of a second.
        from collector.query.elastic.engine import ElasticEngine  # noqa: PLC0415
        from collector.search_engine import access  # noqa: PLC0415

        return ElasticEngine(access(settings), settings.timezone, lean=settings.document == "lean")
    return ParquetEngine(settings.folder, settings.timezone)
