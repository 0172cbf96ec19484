"""The engine for the store that the settings name."""

from collector.query.model import Engine, QueryError
from collector.query.parquet import ParquetEngine
from collector.settings import Settings


def check_folder(settings: Settings) -> None:
    """QueryError where the folder to be read is none; it may be made later."""
    if not settings.elasticsearch and settings.folder.exists() and not settings.folder.is_dir():
        raise QueryError(f"{settings.folder} is no folder: --folder names the one that the collector fills")


def check_there(settings: Settings) -> None:
    """QueryError where there is no folder to be read: its name is mistyped, perhaps."""
    check_folder(settings)
    if not settings.elasticsearch and not settings.folder.exists():
        raise QueryError(f"there is no folder {settings.folder}: --folder names the one that the collector fills")


def open_engine(settings: Settings) -> Engine:
    """The engine that answers questions about what the collector has stored. QueryError where it cannot be opened."""
    if settings.elasticsearch:
        # Its client takes a quarter of a second.
        from collector.query.elastic.engine import ElasticEngine  # noqa: PLC0415
        from collector.search_engine import access  # noqa: PLC0415

        return ElasticEngine(access(settings), settings.timezone, lean=settings.document == "lean")
    check_folder(settings)
    return ParquetEngine(settings.folder, settings.timezone)
