"""The enrichment that the settings ask for."""

from collector.enrich.dns.file import NAME, AnswersFile
from collector.enrich.dns.hostnames import HostNames, Wanted
from collector.enrich.dns.resolver import Resolver
from collector.enrich.dns.servers import Groups
from collector.enrich.enricher import Choices, Enricher
from collector.enrich.geo import Geo
from collector.enrich.interfaces import InterfaceFile
from collector.enrich.inventory import Inventory
from collector.enrich.networks import Networks
from collector.enrich.reputation import Reputation
from collector.enrich.services import Services
from collector.enrich.snmp import Access, Agents
from collector.enrich.sources import Sources
from collector.setting_kinds import OFF
from collector.settings import Settings, plain


def open_enricher(settings: Settings, names: bool = True, live: bool = False) -> Enricher:
    """An enricher that knows nothing yet. CollectorError where a file cannot be used.

    Without `names` it adds nothing to what the records say. Name servers and SNMP agents are asked where flows are
    `live`; `hosts`, if there are, wait for their resolver to be started.
    """
    if not names:
        return Enricher(names=False)
    reputation = Reputation(settings.reputation, settings.reputation_except) if settings.reputation else None
    return Enricher(
        sources=_sources(settings, live),
        networks=Networks(settings.networks, settings.local_networks),
        reputation=reputation,
        geo=open_geo(settings),
        choices=_choices(settings),
        hosts=_host_names(settings) if live else None,
    )


def _choices(settings: Settings) -> Choices:
    return Choices(
        exporters_as=settings.as_from_exporter,
        community_seed=settings.community_id_seed if settings.community_id else None,
        addresses=settings.address_book,
    )


def open_geo(settings: Settings) -> Geo:
    """The databases of places and autonomous systems. CollectorError where one that is named cannot be used."""
    return Geo(settings.geoip, None if settings.geoip else settings.folder)


def _sources(settings: Settings, live: bool) -> Sources:
    """The operator's files, and agents to ask where flows are `live`."""
    agents = Agents(_access(settings)) if live and (settings.snmp_community or settings.snmp_user) else None
    return Sources(
        Inventory(settings.exporters_file) if settings.exporters_file else None,
        Services(settings.services_file) if settings.services_file else None,
        InterfaceFile(settings.interfaces_file) if settings.interfaces_file else None,
        agents,
    )


def _access(settings: Settings) -> Access:
    return Access(
        networks=settings.snmp_networks,
        community=plain(settings.snmp_community),
        user=settings.snmp_user,
        auth_protocol=settings.snmp_auth_protocol,
        auth_password=plain(settings.snmp_auth_password),
        priv_protocol=settings.snmp_priv_protocol,
        priv_password=plain(settings.snmp_priv_password),
        port=settings.snmp_port,
        timeout=settings.snmp_timeout,
        interval=60 * settings.snmp_minutes,
    )


def _host_names(settings: Settings) -> HostNames | None:
    if settings.dns == OFF:
        return None
    groups = Groups.of(settings.dns_servers)
    resolver = Resolver(groups.servers, AnswersFile(settings.folder / NAME))
    return HostNames(Wanted(settings.dns), groups, resolver)
