"""The engine for the store that the settings name."""

from collector.query.elastic.engine import ElasticEngine
from collector.query.model import Engine
from collector.query.parquet import ParquetEngine
from collector.settings import Settings
from collector.stores import access


def open_engine(settings: Settings) -> Engine:
    """The engine that answers questions about what the collector has stored. QueryError where it cannot be opened."""
    if settings.elasticsearch:
        return ElasticEngine(access(settings), settings.timezone, lean=settings.document == "lean")
    return ParquetEngine(settings.folder, settings.timezone)
