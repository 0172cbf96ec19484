"""The store that the settings ask for."""

from collector.pipeline import Store
from collector.settings import Settings
from collector.store.parquet.store import ParquetStore


def open_store(settings: Settings) -> Store:
    """A search engine where one is named, else Parquet files. CollectorError where it cannot be opened."""
    if settings.elasticsearch:
        from collector.search_engine import search_store  # noqa: PLC0415 - its client takes a quarter of a second

        return search_store(settings)
    return ParquetStore(
        settings.folder,
        zone=settings.timezone,
        keep_days=settings.keep_days,
        keep_bytes=settings.keep_bytes,
    )


def store_name(settings: Settings) -> str:
    """The store in words."""
    return ", ".join(settings.elasticsearch) or f"Parquet files in {settings.folder}"
