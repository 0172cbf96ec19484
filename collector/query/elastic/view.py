"""Where documents have the values of a field: lean ones leave out what other fields say (store/lean.py).

What they lack is asked of those others. Filters are put together from these; groups and measures need a script.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network
from typing import Any

from collector.datasets import FLOWS, Dataset
from collector.query.conditions import Condition, Exists, Network, Pattern, Word
from collector.query.elastic.dsl import MAPPED, Dsl, wildcards
from collector.query.origins import Both, Constant, Stored, Turned, asked, origin, rewritten
from collector.query.tree import All, Has, Node, Not, Some
from collector.schema import field
from collector.store.full import END, ENDS

INSTEAD = {
    "source.domain": "source.ip",
    "destination.domain": "destination.ip",
    "source.bytes": "network.bytes",
    "source.packets": "network.packets",
    "event.end": "@timestamp",
}
"""What has the value of a field that a lean document lacks."""
VALUES = f"""
List values(def doc, def field) {{
  def found = new ArrayList();
  if (field.constant != null) found.add(field.constant);
  def parts = field.parts;
  if (field.turned) {{
    def known = doc.containsKey('{END}') && doc['{END}'].size() != 0;
    parts = known ? [parts[doc['{END}'].value == 'source' ? 0 : 1]] : [];
  }}
  for (names in parts) {{
    for (name in names) {{
      if (doc.containsKey(name) && doc[name].size() != 0) {{
        for (one in doc[name]) if (!found.contains(one)) found.add(one);
        break;
      }}
    }}
  }}
  return found;
}}
"""
"""The values of a field in a document, by a `Spot`."""
_OCTETS = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,2})\.\*")


@dataclass(frozen=True)
class Spot:
    """Where the values of a field are."""

    parts: tuple[tuple[str, ...], ...]
    """The values of all of these, of each those of the first field that is there."""
    turned: bool = False
    """Whether only the first of two parts counts where the client is the source, and else only the second."""
    constant: str | None = None
    """The same value in each document."""

    @property
    def params(self) -> Dsl:
        """As a script takes it."""
        return {"parts": [list(names) for names in self.parts], "turned": self.turned, "constant": self.constant}


@dataclass(frozen=True)
class View:
    """The fields of a dataset's documents."""

    dataset: Dataset
    lean: bool = False

    def spot(self, name: str) -> Spot:
        """Where the values of a field are."""
        if not self.lean or self.dataset is not FLOWS:
            return Spot(((name,),))
        return _spot(name)

    def plain(self, name: str) -> bool:
        """Whether documents have the field itself."""
        return self.spot(name) == Spot(((name,),))

    def source(self, name: str) -> Dsl:
        """Of a measure."""
        if self.plain(name):
            return {"field": name}
        params = {"field": self.spot(name).params}
        return {"script": {"source": f"{VALUES}return values(doc, params.field);", "params": params}}

    def tree(self, node: Node) -> Node:
        """A filter on fields that documents have."""
        return rewritten(node, lambda name, one: Has(name, one) if self.plain(name) else asked(name, one, _first))

    def values(self, document: Mapping[str, list[Any]], name: str) -> list[Any]:
        """What a document has, which is given by field."""
        spot = self.spot(name)
        if spot.constant is not None:
            return [spot.constant]
        parts = spot.parts
        if spot.turned:
            parts = tuple(part for part, end in zip(parts, ENDS, strict=True) if document.get(END) == [end])
        first = [next((document[one] for one in names if one in document), []) for names in parts]
        return list(dict.fromkeys(value for values in first for value in values))

    def names(self, name: str) -> list[str]:
        """All fields that have to be read for one."""
        spot = self.spot(name)
        return [*(one for names in spot.parts for one in names), *([END] if spot.turned else [])]


@cache
def _spot(name: str) -> Spot:
    match origin(FLOWS, name):
        case Stored(one):
            return Spot((_names(one.name),))
        case Turned(source, destination):
            return Spot((_names(source.name), _names(destination.name)), turned=True)
        case Both(several):
            return Spot(tuple(_names(one.name) for one in several))
        case Constant(text):
            return Spot((), constant=text)


def _names(name: str) -> tuple[str, ...]:
    return (name, INSTEAD[name]) if name in INSTEAD else (name,)


def _first(name: str, condition: Condition) -> Node:
    """Documents with a value of a field, or of what has it where they lack the field, that a condition holds for."""
    names = _names(name)
    own = Has(name, condition)
    if len(names) == 1:
        return own
    other = condition if field(name).kind != "keyword" else _of_address(condition)
    if other is None:
        return own
    return Some((own, All((Not(Has(name, Exists())), Has(names[1], other)))))


def _of_address(condition: Condition) -> Condition | None:
    """What a condition on an address as text means for the address; None where that is nothing that can be asked."""
    match condition:
        case Exists():
            return condition
        case Word(text):
            return _network(text)
        case Pattern(expression):
            octets = _OCTETS.fullmatch(wildcards(expression))
            known = octets[1].split(".") if octets else []
            return _network(f"{'.'.join([*known, *['0'] * (4 - len(known))])}/{8 * len(known)}") if known else None
    return None


def _network(text: str) -> Network | None:
    try:
        network = ip_network(text)
    except ValueError:
        return None
    first, last = int(network.network_address), int(network.broadcast_address)
    return Network(first | MAPPED, last | MAPPED) if network.version == 4 else Network(first, last)
