"""The full documents of the model's traffic."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from collector.captures import in_order
from collector.decode.decoder import Decoder
from collector.store.documents import documents
from tests.model.traffic import datagrams
from tests.model.world import knowing

Document = dict[str, Any]


def made(folder: Path) -> dict[str, list[Document]]:
    """The documents of each group, in the order of their receipt; `folder` is for what is known beside the flows."""
    decoder = Decoder(keep_unknown=True)
    out: dict[str, list[Document]] = {}
    with knowing(folder) as enricher:
        for name, batch in datagrams():
            out[name] = []
            for one in batch:  # so that names hold from the next datagram on
                decoded = decoder.decode([one])
                assert decoded.problems == [], name
                enricher.learn(decoded.options, decoded.counters, decoder.exporters)
                if not decoded.flows.is_empty():
                    flows = in_order(enricher.enrich(decoded.flows, decoder.exporters))
                    out[name] += [json.loads(line) for line in documents(flows, message=True)]
    return out


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and values, as a search engine reads them."""
    if isinstance(value, list):
        for one in value:
            yield from leaves(one, name)
    elif isinstance(value, dict) and name != "flow.extra":
        for key, one in value.items():
            yield from leaves(one, f"{name}.{key}" if name else key)
    else:
        yield name, value
