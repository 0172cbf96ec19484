"""Every setting, once: TOML key, environment variable, flag, help and docs/settings.md follow.

Flags win over environment variables (`FLOW_COLLECTOR_` and the flag's name), these over the file.
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from collector.endpoints import Endpoint, endpoints
from collector.errors import CollectorError
from collector.setting_kinds import (
    Editions,
    Endpoints,
    FlowRules,
    NameServers,
    NetworkRates,
    Networks,
    Paths,
    Plans,
    Sender,
    Sources,
    Texts,
    Web,
    Zone,
)

ENVIRONMENT = "FLOW_COLLECTOR_"
DEFAULT_FILE = "flow-collector.toml"
GIB = 1 << 30
OF_TESTS = "FLOW_COLLECTOR_TEST_"
"""Variables of the test suite, which are no settings."""

PRIVATE = tuple(
    ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7", "::1/128")
)
"""Where a community sent in clear text stays at home, even when the sender of a datagram is forged."""


class SettingsError(CollectorError):
    """A setting that is unknown or makes no sense."""


class Settings(BaseSettings):
    """Settings of the collector."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT,
        extra="forbid",
        frozen=True,
        env_ignore_empty=True,
        enable_decoding=False,  # a variable is read as its flag is, not as JSON
    )

    file: ClassVar[Path | None] = None
    """The file that they are from, where there is one."""
    in_file: ClassVar[frozenset[str]] = frozenset()
    """The names of those that it has."""

    udp: Endpoints = Field(
        default=endpoints(["[::]:2055", "[::]:4739", "[::]:6343"]),
        validate_default=True,
        description="Where datagrams are received, any protocol on any port: HOST:PORT[,HOST:PORT...], or off.",
    )
    tcp: Endpoints = Field(
        default=endpoints(["[::]:4739"]),
        validate_default=True,
        description="Where IPFIX sessions are received (TCP): HOST:PORT[,...], or off.",
    )
    tcp_tls: Endpoints = Field(
        default=(), description="Where IPFIX sessions over TLS are received: HOST:PORT[,...]; needs a certificate."
    )
    tls_certificate: Path | None = Field(
        default=None, description="File (PEM) of the certificate shown to exporters, and of those that signed it."
    )
    tls_key: Path | None = Field(
        default=None, description="File (PEM) of its key; by default the key is in the certificate's file."
    )
    tls_client_ca: Path | None = Field(
        default=None, description="File (PEM) of authorities; exporters must show a certificate of one of them."
    )
    sampling_default: NetworkRates = Field(
        default=(),
        description="Sampling rate (1 packet of so many) of exporters that tell none: RATE, or NETWORK=RATE[,...].",
    )
    sampling_override: NetworkRates = Field(
        default=(),
        description="Sampling rate whatever the exporter tells: NETWORK=RATE[,...], of an address or network; or RATE.",
    )
    geoip: Paths = Field(
        default=(),
        description="Databases of places and autonomous systems (mmdb), files or folders, the preferred first; without "
        "it, those in the folder.",
    )
    geo_urls: Sources = Field(
        default=(),
        description="Databases that `geo update` fetches: URL[#sha256=SUM][|URL...][,...], or off; see geoip.md.",
    )
    maxmind_account: str | None = Field(
        default=None, description="Number of an account at MaxMind, whose databases `geo update` fetches."
    )
    maxmind_key: SecretStr | None = Field(default=None, description="Licence key of that account.")
    maxmind_editions: Editions = Field(
        default=("GeoLite2-City", "GeoLite2-ASN"), description="Databases of MaxMind that are fetched: EDITION[,...]."
    )
    as_from_exporter: bool = Field(
        default=False, description="Prefer the AS numbers that exporters tell to those of the databases."
    )
    address_book: int = Field(
        default=1_000_000,
        ge=10_000,
        description="Addresses of flows that are known at a time (120 MB a million); the longest unused make room.",
    )
    community_id: bool = Field(
        default=False, description="Give flows their Community ID, a hash by which other tools know them too."
    )
    community_id_seed: int = Field(default=0, ge=0, le=65535, description="Seed of Community IDs, as in those tools.")
    dns: Literal["auto", "exporters", "endpoints", "both", "off"] = Field(
        default="auto",
        description="Host names are looked up of: exporters, endpoints (of flows), both, off; auto: enrichment-dns.md.",
    )
    dns_servers: NameServers = Field(
        default=(),
        description="Name servers, ADDRESS[:PORT], or NETWORK=ADDRESS[:PORT] for a network's addresses; [,...].",
    )
    exporters_file: Path | None = Field(
        default=None, description="CSV file of exporters' names, sites, roles and tags: see names.md."
    )
    interfaces_file: Path | None = Field(
        default=None, description="CSV file of interfaces' names, descriptions, speeds and roles: see names.md."
    )
    services_file: Path | None = Field(
        default=None, description="CSV file of applications by address or network and port: see names.md."
    )
    snmp_community: SecretStr | None = Field(
        default=None, description="Community (SNMP v2c) to ask exporters for their interfaces with."
    )
    snmp_user: str | None = Field(default=None, description="User of SNMP v3, instead of a community.")
    snmp_auth_protocol: str = Field(
        default="SHA",
        pattern="^(MD5|SHA|SHA224|SHA256|SHA384|SHA512)$",
        description="How that user is authenticated: MD5, SHA, SHA224, SHA256, SHA384 or SHA512.",
    )
    snmp_auth_password: SecretStr | None = Field(
        default=None, min_length=8, description="Password of that user; without it the user is not authenticated."
    )
    snmp_priv_protocol: str = Field(
        default="AES",
        pattern="^(DES|AES|AES192|AES256)$",
        description="How answers are encrypted: DES, AES, AES192 or AES256.",
    )
    snmp_priv_password: SecretStr | None = Field(
        default=None, min_length=8, description="Password of the encryption; without it nothing is encrypted."
    )
    snmp_networks: Networks = Field(
        default=PRIVATE,
        validate_default=True,
        description="Networks of exporters that are asked by SNMP: NETWORK[,...].",
    )
    snmp_port: int = Field(default=161, ge=1, le=65535, description="UDP port of the exporters' SNMP agents.")
    snmp_timeout: float = Field(default=2.0, gt=0, le=60, description="Seconds that an SNMP agent has for an answer.")
    snmp_minutes: float = Field(default=15, gt=0, description="Minutes until an SNMP agent is asked again.")
    folder: Path = Field(default=Path("flows"), description="Folder of segments, Parquet days, templates and state.")
    elasticsearch: Texts = Field(
        default=(),
        description="Elasticsearch or OpenSearch, http(s)://HOST:PORT[,...]; without it, Parquet in the folder.",
    )
    document: Literal["full", "lean"] = Field(
        default="full",
        description="full: documents have every field that ElastiFlow's users refer to; lean: they leave out what "
        "repeats others, for less of the engine's CPU and disk.",
    )
    message: bool = Field(
        default=False,
        description="Documents have the field message: the flow in a line of text, kept but not searched.",
    )
    elasticsearch_user: str | None = Field(default=None, description="User for basic authentication.")
    elasticsearch_password: SecretStr | None = Field(default=None, description="Password of that user.")
    elasticsearch_api_key: SecretStr | None = Field(default=None, description="API key (base64), instead of a user.")
    elasticsearch_token: SecretStr | None = Field(default=None, description="Bearer token, instead of a user.")
    elasticsearch_ca: Path | None = Field(
        default=None, description="File of the authority that signed the certificate."
    )
    elasticsearch_verify: bool = Field(default=True, description="Check the certificate of the server.")
    elasticsearch_gzip: bool = Field(default=False, description="Compress requests: for slow networks, costs CPU.")
    elasticsearch_parallel: int = Field(default=2, ge=1, le=64, description="Bulk requests in flight.")
    elasticsearch_shards: int = Field(default=1, ge=1, le=1024, description="Primary shards of each daily index.")
    elasticsearch_replicas: int | None = Field(
        default=None,
        ge=0,
        le=10,
        description="Copies of each daily index; by default one where the cluster has a second node to hold it.",
    )
    elasticsearch_refresh: int = Field(default=30, ge=1, description="Seconds until a new document can be found.")
    elasticsearch_best_compression: bool = Field(
        default=False, description="Smaller indices for a third more CPU of the engine."
    )
    kibana: str | None = Field(
        default=None,
        description="Kibana or OpenSearch Dashboards for setup, http(s)://HOST:PORT[/BASE/PATH].",
    )
    kibana_user: str | None = Field(default=None, description="User there, with its password; else the engine's.")
    kibana_password: SecretStr | None = Field(default=None, description="Password of that user.")
    kibana_api_key: SecretStr | None = Field(default=None, description="API key (base64) there, instead of a user.")
    kibana_token: SecretStr | None = Field(default=None, description="Bearer token there, instead of a user.")
    kibana_ca: Path | None = Field(default=None, description="File of the authority that signed its certificate.")
    kibana_verify: bool = Field(default=True, description="Check its certificate.")
    kibana_space: str | None = Field(default=None, description="Space of Kibana that the dashboards go to.")
    kibana_tenant: str | None = Field(
        default=None, description="Tenant of OpenSearch Dashboards: a name, global or private."
    )
    networks: Path | None = Field(
        default=None,
        description="File (CSV) of your networks, with the columns network, name, site, role, tags: see networks.md.",
    )
    local_networks: Networks = Field(
        default=(),
        description="Your own public networks, for directions: NETWORK[,...]; private ones are always yours.",
    )
    reputation: Paths = Field(
        default=(),
        description="Lists of addresses whose flows are tagged: PATH[,PATH...] of files or folders; see reputation.md.",
    )
    reputation_except: Path | None = Field(default=None, description="List of addresses that never have such tags.")
    keep_unknown: bool = Field(
        default=False, description="Keep what records say that no field is for, under flow.extra: see exporters.md."
    )
    rules: FlowRules = Field(
        default=(),
        description="Rules that change, tag or drop flows: a TOML file of [[rules]], or these in the settings file: "
        "see rules.md.",
    )
    dashboards: Path | None = Field(
        default=None,
        description="Folder of dashboards of your own (YAML), beside those that come along: see dashboards.md.",
    )
    reports: Plans = Field(
        default=(),
        description="Reports that are made by the day, week or month: a TOML file of [[reports]], or these in the "
        "settings file: see reports.md.",
    )
    smtp_host: str | None = Field(default=None, description="Mail server that reports are sent by.")
    smtp_port: int | None = Field(
        default=None, ge=1, le=65535, description="Its port; by default 587 for starttls, 465 for tls, 25 for off."
    )
    smtp_tls: Literal["starttls", "tls", "off"] = Field(
        default="starttls",
        description="How mail is encrypted on its way there: starttls, tls (from the first byte), off.",
    )
    smtp_user: str | None = Field(default=None, description="User who logs in there.")
    smtp_password: SecretStr | None = Field(default=None, description="Password of that user.")
    smtp_from: Sender = Field(default=None, description="Sender of the mails: an address.")
    smtp_ca: Path | None = Field(
        default=None, description="File of the authority that signed its certificate; by default those of the system."
    )
    web: Web = Field(
        default=Endpoint("127.0.0.1", 8080),
        description="Where the page, the API, /metrics and /healthz are served: HOST:PORT, or off.",
    )
    timezone: Zone = Field(default="UTC", description="Time zone whose days the indices and Parquet folders are.")
    keep_days: int | None = Field(default=None, ge=1, le=36_500, description="Delete days older than this.")
    keep_gib: float | None = Field(default=None, gt=0, description="Delete the oldest days when there are more GiB.")
    segments_gib: float = Field(
        default=10, gt=0, description="Flows kept on disk, in GiB, while the search engine does not take them."
    )
    receive_buffer_mib: int = Field(default=32, ge=1, le=1024, description="Receive buffer of each socket, in MiB.")
    batch_seconds: float = Field(
        default=1.0, gt=0, le=60, description="How long datagrams are collected before they are decoded together."
    )
    report_seconds: int = Field(default=60, ge=1, description="Seconds between two lines about what came and went.")
    log_level: Annotated[str, BeforeValidator(lambda v: str(v).upper())] = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level of log lines."
    )

    @property
    def keep_bytes(self) -> int | None:
        """What days may take together; None: whatever they need."""
        return None if self.keep_gib is None else int(self.keep_gib * GIB)

    @property
    def segment_bytes(self) -> int:
        """What waits for a search engine may take."""
        return int(self.segments_gib * GIB)


def load(flags: Mapping[str, Any], config: Path | None = None) -> Settings:
    """Read all settings; `flags` are those given on the command line, `config` the file given there.

    SettingsError, in one line, where the file cannot be read or a setting is unknown or makes no sense.
    """
    file = config or _default_file()
    try:
        _refuse_unknown_variables()
        return _reader(file)(**flags)
    except OSError as error:
        raise SettingsError(f"settings file {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"settings file {file}: {error}") from error
    except ValidationError as error:
        raise SettingsError("; ".join(_explain(one, flags, file) for one in error.errors())) from error


def plain(secret: SecretStr | None) -> str | None:
    """A secret as it is."""
    return None if secret is None else secret.get_secret_value()


def variable(name: str) -> str:
    """Environment variable of a setting."""
    return ENVIRONMENT + name.upper()


def flag(name: str) -> str:
    """Command line flag of a setting."""
    return "--" + name.replace("_", "-")


def _default_file() -> Path | None:
    named = os.environ.get(variable("config"))
    if named:
        return Path(named)
    path = Path(DEFAULT_FILE)
    return path if path.exists() else None


def _reader(read_from: Path | None) -> type[Settings]:
    """The settings with that file among their sources."""
    values = tomllib.loads(read_from.read_text(encoding="utf-8")) if read_from else {}

    class Reader(Settings):
        file: ClassVar[Path | None] = read_from
        in_file: ClassVar[frozenset[str]] = frozenset(values)

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, InitSettingsSource(settings_cls, values)

    return Reader


def _refuse_unknown_variables() -> None:
    known = {variable(name) for name in (*Settings.model_fields, "config")}
    for name in os.environ:
        if name.startswith(ENVIRONMENT) and not name.startswith(OF_TESTS) and name not in known:
            raise SettingsError(f"environment variable {name}: no such setting{_nearest(name, known)}")


def _explain(error: Any, flags: Mapping[str, Any], file: Path | None) -> str:
    name = str(error["loc"][0])
    if name not in Settings.model_fields:
        return f"settings file {file}: {name}: no such setting{_nearest(name, Settings.model_fields)}"
    if name in flags:
        place = flag(name)
    else:
        place = variable(name) if variable(name) in os.environ else f"settings file {file}: {name}"
    reason = error["msg"].removeprefix("Value error, ")
    return f"{place}: {reason[:1].lower()}{reason[1:]}"


def _nearest(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {found[0]}?" if found else ""
