"""The enrichment that the settings ask for."""

from collector.enrich.dns.file import NAME, AnswersFile
from collector.enrich.dns.hostnames import HostNames, Wanted
from collector.enrich.dns.resolver import Resolver
from collector.enrich.dns.servers import Groups
from collector.enrich.enricher import Enricher
from collector.enrich.geo import Geo
from collector.enrich.networks import Networks
from collector.enrich.reputation import Reputation
from collector.settings import OFF, Settings


def open_enricher(settings: Settings, names: bool = True, live: bool = False) -> Enricher:
    """An enricher that knows nothing yet. CollectorError where a file cannot be used.

    Without `names` it adds nothing to what the records say. Host names are looked up where flows are `live`; `hosts`,
    if there are, wait for their resolver to be started.
    """
    if not names:
        return Enricher(names=False)
    reputation = Reputation(settings.reputation, settings.reputation_except) if settings.reputation else None
    return Enricher(
        networks=Networks(settings.networks, settings.local_networks),
        reputation=reputation,
        geo=Geo(settings.geoip, None if settings.geoip else settings.folder),
        exporters_as=settings.as_from_exporter,
        hosts=_host_names(settings) if live else None,
    )


def _host_names(settings: Settings) -> HostNames | None:
    if settings.dns == OFF:
        return None
    groups = Groups.of(settings.dns_servers)
    resolver = Resolver(groups.servers, AnswersFile(settings.folder / NAME))
    return HostNames(Wanted(settings.dns), groups, resolver)
