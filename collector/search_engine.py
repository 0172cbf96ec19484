"""The search engine that the settings name."""

from collector.settings import Settings, plain
from collector.store.access import Access
from collector.store.client import Client, Engine
from collector.store.elasticsearch import ElasticsearchStore
from collector.store.elasticsearch import Settings as StoreSettings
from collector.store.template import IndexSettings


def search_store(settings: Settings) -> ElasticsearchStore:
    """The store in it."""
    return ElasticsearchStore(elasticsearch_settings(settings))


def elasticsearch_settings(settings: Settings) -> StoreSettings:
    """What the store in a search engine needs of the settings."""
    codec = "best_compression" if settings.elasticsearch_best_compression else "default"
    index = IndexSettings(
        shards=settings.elasticsearch_shards,
        replicas=settings.elasticsearch_replicas,
        codec=codec,  # type: ignore[arg-type]
        refresh_interval=f"{settings.elasticsearch_refresh}s",
    )
    return StoreSettings(
        access=access(settings),
        folder=settings.folder,
        index=index,
        full=settings.document == "full",
        message=settings.message,
        zone=settings.timezone,
        parallel=settings.elasticsearch_parallel,
        segment_bytes=settings.segment_bytes,
        keep_days=settings.keep_days,
        keep_bytes=settings.keep_bytes,
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
