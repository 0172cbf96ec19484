"""What exporters call their interfaces, VRFs, applications and so on, as their options data and counter samples tell.

Names are kept by the exporter's address alone: IOS-XE sends its tables under another source id than its flows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from collector.decode.options import Options
from collector.decode.texts import application_id

LIMIT = 65_536
"""Names of a kind kept for one exporter; what comes beyond them is not learned."""
MOST = 1 << 20
"""Names kept of all exporters together: senders can be forged."""
LENGTH = 255
"""Characters of a name that are kept."""
MAX_NUMBER = 2**64 - 1
INTERFACES, APPLICATIONS = "interfaces", "applications"
Key = int | str


class Entry(NamedTuple):
    """What one thing is called."""

    name: str
    alias: str | None = None
    """What its description says beyond the name."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How options data name things of a kind: elements in order of preference."""

    kind: str
    keys: tuple[str, ...]
    names: tuple[str, ...]
    description: str = ""


RULES = (
    Rule(
        INTERFACES,
        ("scopeInterface", "ingressInterface", "egressInterface", "ingressPhysicalInterface"),
        ("interfaceName", "interfaceDescription"),  # IOS-XR may send its names as descriptions and nothing else
        "interfaceDescription",
    ),
    Rule("vrfs", ("ingressVRFID", "egressVRFID"), ("VRFname",)),
    Rule(APPLICATIONS, ("applicationId",), ("applicationName", "applicationDescription")),
    Rule("classes", ("classId", "9:classCceId"), ("className", "9:className")),
    Rule("policies", ("9:policyCceId",), ("9:policyName",)),
    Rule("samplers", ("samplerId", "selectorId"), ("samplerName", "selectorName")),
)
KINDS = tuple(rule.kind for rule in RULES)
"""The kinds of things that have names: also the names of the tables of `Flows` (but for applications)."""


class Names:
    """The names that each exporter told."""

    def __init__(self, limit: int = LIMIT, most: int = MOST) -> None:
        self._limit = limit
        self._left = most
        self._known: dict[str, dict[str, dict[Key, Entry]]] = {kind: {} for kind in KINDS}
        """By kind, exporter's address, and number of the thing (or application id)."""
        self.revision = 0
        """How often anything has changed."""
        self._changed: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
        """The revision in which names of a kind last changed at an exporter's address."""

    def learn(self, options: Iterable[Options], exporters: Sequence[str]) -> None:
        """Take the names out of options data; `exporters` are the addresses that they refer to by row number."""
        for record in options:
            told = {**record.scope, **record.values}
            for rule in RULES:
                entry = _entry(told, rule)
                if entry and (key := _key(told, rule)) is not None:
                    self._put(rule.kind, exporters[record.exporter], key, entry)

    def learn_ports(self, counters: pl.DataFrame, exporters: Sequence[str]) -> None:
        """Take names of interfaces out of counter samples of sFlow: see `SflowDecoded.counters`."""
        name = "port_name.name"
        if name not in counters.columns:
            return
        index = pl.when(pl.col("sflow.source_type") == 0).then(pl.col("sflow.source_index"))
        ports = counters.filter(pl.col(name).is_not_null()).select("host.ip", index, name)
        for exporter, number, text in ports.drop_nulls().unique(maintain_order=True).iter_rows():
            if named := _text(text):
                self._put(INTERFACES, exporters[exporter], number, Entry(named))

    def of(self, kind: str, address: str) -> Mapping[Key, Entry]:
        """What an exporter named, by number (applications by `engine:selector`)."""
        return self._known[kind].get(address, {})

    def entry(self, kind: str, address: str, number: int) -> Entry | None:
        """What an exporter calls a number."""
        return self.of(kind, address).get(number)

    def any(self, kind: str) -> bool:
        """Whether any exporter named things of this kind."""
        return bool(self._known[kind])

    def changed(self, kind: str, revision: int) -> set[str]:
        """The addresses of exporters whose names of a kind have changed since that revision."""
        if revision == self.revision:
            return set()
        return {address for address, last in self._changed[kind].items() if last > revision}

    @property
    def changes(self) -> int:
        """Grows whenever `saved` would give something new."""
        return self.revision

    def forget(self, address: str) -> None:
        """Forget an exporter."""
        for kind in KINDS:
            self._left += len(self._known[kind].pop(address, ()))
            self._changed[kind].pop(address, None)

    def counts(self, address: str) -> Mapping[str, int]:
        """How many names of each kind are known of an exporter; kinds without any are left out."""
        return {kind: len(known) for kind in KINDS if (known := self.of(kind, address))}

    def saved(self, address: str) -> dict[str, Any]:
        """What is known of an exporter as JSON takes it: by kind pairs of key and [name] or [name, alias]."""
        return {
            kind: [[key, _list(one)] for key, one in self.of(kind, address).items()] for kind in self.counts(address)
        }

    def load(self, address: str, saved: object) -> Sequence[str]:
        """Take over what `saved` gave; what is not of that form, whatever JSON has there, is passed over.

        Returns what cannot be used, in words.
        """
        if not isinstance(saved, Mapping):
            return ["its names are no table"]
        for kind in KINDS:
            entries = saved.get(kind)
            for one in entries if isinstance(entries, list) else ():
                match one:
                    case [int() | str() as key, [str() as name, *rest]] if _fits(kind, key) and _text(name):
                        self._put(kind, address, key, Entry(_text(name), _text(rest[0] if rest else "") or None))
        return []

    def _put(self, kind: str, address: str, key: Key, entry: Entry) -> None:
        known = self._known[kind].setdefault(address, {})
        if known.get(key) != entry and (key in known or (len(known) < self._limit and self._left > 0)):
            self._left -= key not in known
            known[key] = entry
            self.revision += 1
            self._changed[kind][address] = self.revision


def _entry(told: Mapping[str, Any], rule: Rule) -> Entry | None:
    name = next((text for element in rule.names if (text := _text(told.get(element)))), "")
    if not name:
        return None
    description = _text(told.get(rule.description))
    return Entry(name, description if description and description != name else None)


def _key(told: Mapping[str, Any], rule: Rule) -> Key | None:
    """The number of what is named, not 0 if there is another one; an application id as text."""
    given = [told[element] for element in rule.keys if element in told]
    if rule.kind == APPLICATIONS:
        return _application(given[0]) if given else None
    numbers = [number for number in given if _fits(rule.kind, number)]
    return next(filter(None, numbers), 0) if numbers else None


def _application(value: Any) -> str | None:
    try:
        return application_id(bytes.fromhex(value))
    except (TypeError, ValueError):
        return None


def _fits(kind: str, key: Any) -> bool:
    """Whether a key is of the kind's type: text for applications, else a number of at most 64 bits."""
    if kind == APPLICATIONS:
        return isinstance(key, str)
    return isinstance(key, int) and 0 <= key <= MAX_NUMBER


def _text(value: Any) -> str:
    """A name as it is kept; empty where there is none. JSON may have halves of surrogate pairs, which are no text."""
    return value.strip()[:LENGTH].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _list(entry: Entry) -> list[str]:
    return [text for text in entry if text is not None]
