"""What differs between the engines: Java version, settings file and command line."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

HERE = Path(__file__).parent

# Tests start an engine often and work it little. Without the optimising compiler and with one collector thread a start
# takes half the CPU (2.6 instead of 6.3 s for OpenSearch 3) and 10 to 40 % less time on two cores; even 200,000
# documents are indexed with less CPU, if at a lower peak rate.
FAST_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")

COMMON_SETTINGS = {
    "network.host": "127.0.0.1",
    "transport.port": "0",
    # Otherwise Elasticsearch 7 waits three seconds for other nodes.
    "discovery.type": "single-node",
    # It counts the heap's garbage, which the serial collector leaves for long: bulk requests would meet 429 by chance.
    "indices.breaker.total.use_real_memory": "false",
    # A developer's disk is often nearly full; shards would stay unassigned.
    "cluster.routing.allocation.disk.threshold_enabled": "false",
    "action.destructive_requires_name": "false",
}


@dataclass(frozen=True)
class Place:
    """Where one engine runs: its resolved artifacts, its own folder, its HTTP port, its cluster's name."""

    artifacts: Path
    folder: Path
    port: int
    cluster: str


@dataclass(frozen=True)
class Kind:
    """An engine: `java` is the oldest version that runs it, `sources` what is compiled for it."""

    name: str
    title: str
    java: int
    sources: tuple[str, ...]
    settings_file: str
    settings: Callable[[Place], dict[str, str]]
    arguments: Callable[[Place], list[str]]

    @property
    def pom(self) -> Path:
        return HERE / "pom" / f"{self.name}.xml"

    @property
    def version(self) -> str:
        """Of the artifacts; the runners' has a digit more than the engine's."""
        version = ET.parse(self.pom).findtext("version")
        assert version, self.pom
        return version


def _runner_settings(_: Place) -> dict[str, str]:
    return COMMON_SETTINGS


def _runner_arguments(place: Place, *, main: str) -> list[str]:
    """The runner numbers its nodes from one and adds that to the port it is given."""
    classes = f"{place.artifacts / 'classes'}:{place.artifacts / 'lib'}/*"
    options = {
        "-basePath": place.folder,
        "-clusterName": place.cluster,
        "-numOfNode": 1,
        "-baseHttpPort": place.port - 1,
    }
    return ["-cp", classes, "Guard", main, *(str(word) for option in options.items() for word in option)]


def _elasticsearch9_settings(place: Place) -> dict[str, str]:
    return COMMON_SETTINGS | {
        "cluster.name": place.cluster,
        "http.port": str(place.port),
        "http.type": "netty4",
        "transport.type": "netty4",
        "path.data": str(place.folder / "data"),
        "path.logs": str(place.folder / "logs"),
    }


def _elasticsearch9_arguments(place: Place) -> list[str]:
    """The server refuses to find its own providers on the class path: its jars are modules."""
    return [
        "--module-path",
        str(place.artifacts / "lib"),
        "--add-modules=jdk.incubator.vector,ALL-MODULE-PATH",
        f"-Des.path.home={place.artifacts / 'home'}",
        "-cp",
        str(place.artifacts / "classes"),
        "Guard",
        "Elasticsearch9",
        str(place.folder / "config"),
    ]


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            name="opensearch3",
            title="OpenSearch 3",
            java=21,
            sources=("Guard.java",),
            settings_file="node_1/config/opensearch.yml",
            settings=_runner_settings,
            arguments=partial(_runner_arguments, main="org.codelibs.opensearch.runner.OpenSearchRunner"),
        ),
        Kind(
            name="elasticsearch9",
            title="Elasticsearch 9",
            java=21,
            sources=("Guard.java", "Elasticsearch9.java"),
            settings_file="config/elasticsearch.yml",
            settings=_elasticsearch9_settings,
            arguments=_elasticsearch9_arguments,
        ),
        Kind(
            name="elasticsearch7",
            title="Elasticsearch 7.10",
            java=17,
            sources=("Guard.java",),
            settings_file="node_1/config/elasticsearch.yml",
            settings=_runner_settings,
            arguments=partial(_runner_arguments, main="org.codelibs.elasticsearch.runner.ElasticsearchClusterRunner"),
        ),
    )
}
