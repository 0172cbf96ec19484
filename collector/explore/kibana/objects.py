"""Saved objects of Kibana and OpenSearch Dashboards: the envelope that all kinds of them share.

Two dialects: `classic` is read by Kibana 7.10 to 8.8 and by OpenSearch Dashboards, `lens` by Kibana 8.9 and later. Tags
say which form an object has; the server migrates it from there on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Json = dict[str, Any]
CLASSIC_TAGS: Mapping[str, str] = {
    "index-pattern": "7.6.0",
    "visualization": "7.10.0",
    "search": "7.9.3",
    "dashboard": "7.9.3",
}
LENS_TAGS: Mapping[str, str] = {
    "index-pattern": "7.11.0",
    "visualization": "7.14.0",
    "search": "7.9.3",
    "dashboard": "8.9.0",
    "lens": "8.9.0",
}
CORE_TAG = "8.8.0"
SEARCH_SOURCE = "kibanaSavedObjectMeta.searchSourceJSON.index"
"""Name of the reference to the index pattern of a panel."""


@dataclass(frozen=True)
class Target:
    """What a file is made for."""

    name: str
    lens: bool
    """The dialect."""
    add_filter: str
    """The function by which a Vega panel sets a filter; a wrong name kills the panel."""
    multi_terms: bool
    """Whether the engine knows this aggregation; a script does the same on all, slower."""

    @property
    def spaces(self) -> bool:
        """Whether it has spaces, as Kibana; else tenants."""
        return self.name.startswith("kibana")


TARGETS: Mapping[str, Target] = {
    one.name: one
    for one in (
        Target("kibana-7", lens=False, add_filter="kibanaAddFilter", multi_terms=False),
        Target("kibana-9", lens=True, add_filter="kibanaAddFilter", multi_terms=True),
        Target("opensearch-dashboards", lens=False, add_filter="opensearchDashboardsAddFilter", multi_terms=True),
    )
}
"""All by name: Kibana 7.10 to 8.8, Kibana 8.9 and later, OpenSearch Dashboards 2 and later."""


class Reference(NamedTuple):
    """One object's use of another."""

    name: str
    type: str
    id: str


def saved(target: Target, kind: str, identifier: str, attributes: Json, references: Sequence[Reference] = ()) -> Json:
    """An object as a line of the file has it."""
    out: Json = {
        "type": kind,
        "id": identifier,
        "attributes": attributes,
        "references": [one._asdict() for one in references],
    }
    if target.lens:
        return out | {"coreMigrationVersion": CORE_TAG, "typeMigrationVersion": LENS_TAGS[kind]}
    return out | {"migrationVersion": {kind: CLASSIC_TAGS[kind]}}


def text(value: Any) -> str:
    """JSON in JSON: the form of what these programs keep as text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def search_source(query: str, indexed: bool = True) -> Json:
    """The attribute with a panel's own filter, in Lucene syntax, and the place of its index pattern."""
    source: Json = {"query": {"query": query, "language": "lucene"}, "filter": []}
    if indexed:
        source["indexRefName"] = SEARCH_SOURCE
    return {"searchSourceJSON": text(source)}
