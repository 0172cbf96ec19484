"""The store that the settings ask for."""

from collector.pipeline import Store
from collector.settings import Settings, plain
from collector.store.access import Access
from collector.store.client import Client, Engine
from collector.store.elasticsearch import ElasticsearchStore
from collector.store.elasticsearch import Settings as ElasticsearchSettings
from collector.store.parquet.store import ParquetStore
from collector.store.template import IndexSettings

GIB = 1 << 30


def open_store(settings: Settings) -> Store:
    """A search engine where one is named, else Parquet files. CollectorError where it cannot be opened."""
    if settings.elasticsearch:
        return ElasticsearchStore(elasticsearch_settings(settings))
    return ParquetStore(
        settings.folder,
        zone=settings.timezone,
        keep_days=settings.keep_days,
        keep_bytes=_bytes(settings.keep_gib),
    )


def store_name(settings: Settings) -> str:
    """The store in words."""
    return ", ".join(settings.elasticsearch) or f"Parquet files in {settings.folder}"


def elasticsearch_settings(settings: Settings) -> ElasticsearchSettings:
    """What the store in a search engine needs of the settings."""
    codec = "best_compression" if settings.elasticsearch_best_compression else "default"
    index = IndexSettings(
        shards=settings.elasticsearch_shards,
        replicas=settings.elasticsearch_replicas,
        codec=codec,  # type: ignore[arg-type]
        refresh_interval=f"{settings.elasticsearch_refresh}s",
    )
    return ElasticsearchSettings(
        access=access(settings),
        folder=settings.folder,
        index=index,
        full=settings.document == "full",
        message=settings.message,
        zone=settings.timezone,
        parallel=settings.elasticsearch_parallel,
        segment_bytes=int(settings.segments_gib * GIB),
        keep_days=settings.keep_days,
        keep_bytes=_bytes(settings.keep_gib),
    )


def access(settings: Settings) -> Access:
    """How the search engine is reached."""
    return Access(
        urls=settings.elasticsearch,
        user=settings.elasticsearch_user,
        password=plain(settings.elasticsearch_password),
        api_key=plain(settings.elasticsearch_api_key),
        token=plain(settings.elasticsearch_token),
        ca_file=settings.elasticsearch_ca,
        verify=settings.elasticsearch_verify,
        compress=settings.elasticsearch_gzip,
    )


def engine(settings: Settings) -> Engine:
    """The search engine that answers. StoreError where none does."""
    client = Client(access(settings))
    try:
        return client.identify()
    finally:
        client.close()


def _bytes(gib: float | None) -> int | None:
    return None if gib is None else int(gib * GIB)
