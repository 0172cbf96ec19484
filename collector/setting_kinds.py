"""Kinds of settings: how the text of a flag, a variable or a file becomes the value. ValueError where it is none."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, InstanceOf, ValidationInfo

from collector.decode.configured import NetworkRate, network_rates
from collector.endpoints import Endpoint, endpoints
from collector.enrich.dns.servers import NameServer, name_servers
from collector.enrich.prefixes import Network
from collector.explore.report.plans import Plan, address, plans
from collector.geoip.sources import Source, edition, sources
from collector.query.rulefile import rules
from collector.query.rules import Rule

OFF = "off"


def _listed(value: Any) -> Any:
    """`a,b` from a flag or variable; a TOML file may have a list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _endpoints(value: Any) -> Any:
    return endpoints([] if value == OFF else _listed(value))


def _endpoint(value: Any) -> Any:
    if value in (None, OFF):
        return None
    (one,) = endpoints([value])
    return one


def _networks(value: Any) -> Any:
    return [ip_network(part) for part in _listed(value)]


def _sources(value: Any) -> Any:
    return sources([] if value == OFF else _listed(value))


def _editions(value: Any) -> Any:
    return [edition(part) for part in _listed(value)]


def _plans(value: Any, info: ValidationInfo) -> Any:
    return plans(value, info.data.get("dashboards"))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError("not a time zone such as UTC or Europe/Berlin") from error
    return value


def _sender(value: str | None) -> str | None:
    return None if value is None else address(value)


Editions = Annotated[tuple[str, ...], BeforeValidator(_editions)]
Endpoints = Annotated[tuple[Endpoint, ...], BeforeValidator(_endpoints)]
NameServers = Annotated[tuple[NameServer, ...], BeforeValidator(name_servers)]
NetworkRates = Annotated[tuple[NetworkRate, ...], BeforeValidator(network_rates)]
FlowRules = Annotated[tuple[InstanceOf[Rule], ...], BeforeValidator(rules)]
Plans = Annotated[tuple[InstanceOf[Plan], ...], BeforeValidator(_plans)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_listed)]
Sources = Annotated[tuple[InstanceOf[Source], ...], BeforeValidator(_sources)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Sender = Annotated[str | None, AfterValidator(_sender)]
Web = Annotated[Endpoint | None, BeforeValidator(_endpoint)]
Zone = Annotated[str, AfterValidator(_zone)]
