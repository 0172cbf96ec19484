"""What an operator may let be known beside the flows: databases, lists, files and a name server."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.enrich.dns.answers import Answer
from collector.enrich.dns.file import NAME, AnswersFile
from collector.enrich.enricher import Enricher
from collector.enrichers import open_enricher
from collector.settings import Settings
from tests.builders.dns import NameServer
from tests.builders.mmdb import write

CLIENT, SERVER = "10.1.0.10", "10.2.0.5"
"""Private addresses."""
BERLIN, PARIS, OSLO = "203.0.114.10", "203.0.115.20", "2a00:1::5"
"""Public ones."""
SCANNER, INFECTED = "203.0.114.66", "10.1.0.66"
"""With a reputation."""
FILES = {
    "networks.csv": (
        "network,name,site,role,tags\n"
        "10.1.0.0/16,Offices,Bergen,users,wired;floor-1\n"
        "10.2.0.0/16,Servers,Oslo,servers,dmz\n"
    ),
    "exporters.csv": "exporter,name,site,role,tags\n192.0.2.1,edge-1,Bergen,router,core;customers\n",
    "interfaces.csv": (
        "exporter,ifindex,name,alias,speed,role\n"
        "192.0.2.5,3,xe-0/0/3,to the provider,10G,transit\n"
        "192.0.2.5,4,xe-0/0/4,to the core,40G,core\n"
    ),
    "services.csv": f"address,port,protocol,name\n{SERVER},50443,tcp,payroll\n",
    "lists/scanners.txt": f"{SCANNER}\n",
    "lists/own.csv": f"address,tags\n{INFECTED},infected quarantine\n",
}
NAMES = {CLIENT: "pc-10.example.net", BERLIN: "www.example.org", "192.0.2.2": "edge-2.example.net"}
PLACES = {
    "203.0.114.0/24": ("Berlin", "Land Berlin", "DE", "Germany", 52.52, 13.41),
    "203.0.115.0/24": ("Paris", "Ile-de-France", "FR", "France", 48.86, 2.35),
    "2a00:1::/32": ("Oslo", "Oslo", "NO", "Norway", 59.91, 10.75),
}
SYSTEMS = {
    "203.0.114.0/24": (64496, "Example One"),
    "203.0.115.0/24": (64497, "Example Two"),
    "2a00:1::/32": (64511, "Example Six"),
}


def settings(folder: Path) -> dict[str, str]:
    """Settings that name the files, which are written below `folder`."""
    (folder / "lists").mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "databases").mkdir()
    write(folder / "databases" / "place.mmdb", {network: _place(*one) for network, one in PLACES.items()})
    write(folder / "databases" / "system.mmdb", {network: _system(*one) for network, one in SYSTEMS.items()})
    files = {
        "geoip": "databases",
        "networks": "networks.csv",
        "reputation": "lists",
        "exporters_file": "exporters.csv",
        "interfaces_file": "interfaces.csv",
        "services_file": "services.csv",
    }
    return {name: str(folder / file) for name, file in files.items()}


@contextmanager
def knowing(folder: Path) -> Iterator[Enricher]:
    """An enricher that knows all of that from the first flow on, ended with the `with`."""
    until = time.time() + 86_400
    AnswersFile(folder / NAME).save({address: Answer(name, until) for address, name in NAMES.items()})
    with NameServer() as server:
        more = {"dns": "both", "dns_servers": server.place, "folder": str(folder)}
        enricher = open_enricher(Settings(**settings(folder) | more), live=True)  # type: ignore[arg-type]
        assert enricher.hosts is not None
        enricher.hosts._turn = 0.0
        enricher.hosts.resolver.start()
        try:
            yield enricher
        finally:
            enricher.close()


def _place(city: str, region: str, code: str, country: str, latitude: float, longitude: float) -> dict[str, object]:
    return {
        "city": {"names": {"en": city}},
        "country": {"iso_code": code, "names": {"en": country}},
        "location": {"latitude": latitude, "longitude": longitude},
        "subdivisions": [{"names": {"en": region}}],
    }


def _system(number: int, organization: str) -> dict[str, object]:
    return {"autonomous_system_number": number, "autonomous_system_organization": organization}
