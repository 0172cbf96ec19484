"""The enrichment that the settings ask for."""

from collector.enrich.enricher import Enricher
from collector.enrich.geo import Geo
from collector.settings import Settings


def open_enricher(settings: Settings, names: bool = True) -> Enricher:
    """An enricher that has seen nothing yet. CollectorError where a file cannot be used."""
    if not names:
        return Enricher(names=False)
    return Enricher(geo=Geo(settings.geoip or [settings.folder]), exporters_as=settings.as_from_exporter)
