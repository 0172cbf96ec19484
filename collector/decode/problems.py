"""What a decoder could not read: counted by reason and exporter, never raised."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

MAX_DETAILS = 32
"""Distinct details that one call of `tally` names: what is hostile or broken must not make the counters grow."""

REASONS: Mapping[str, str] = {
    "too-short": "A datagram was dropped because it is shorter than its header: something else sends to this port, or a"
    " relay cuts UDP payloads.",
    "unknown-version": "A datagram was dropped because it is neither NetFlow, IPFIX nor sFlow 5: something else sends"
    " to this port.",
    "length-mismatch": "A message says another length than its datagram has; the sets that are whole were kept: look"
    " for a relay that cuts UDP payloads, or newer firmware.",
    "bad-set": "A set is longer than its message or shorter than its header; what is whole was kept: look for a relay"
    " that cuts UDP payloads, or newer firmware.",
    "bad-template": "A template record does not fit its set and was dropped: its flows cannot be decoded until a whole"
    " one comes.",
    "empty-template": "A template describes records of zero bytes and was refused: look for newer firmware.",
    "reserved-set": "A set with an id that its protocol reserves was skipped: look for newer firmware.",
    "no-template": "Data was dropped because its template did not come in time: let the exporter send templates more"
    " often (Cisco: `template data timeout 60`).",
    "template-overflow": "Data was dropped because more of it waits for templates than is kept: let the exporter send"
    " templates more often (Cisco: `template data timeout 60`).",
    "stale-template": "A template known from the last run does not fit what the exporter sends now and was forgotten;"
    " the data waits for the exporter's own, which may take as long as it sends templates seldom.",
    "too-many-exporters": "Datagrams were dropped because there is no room for another exporter: look for forged sender"
    " addresses, and let only exporters reach this port.",
    "too-many-domains": "A message was dropped because its exporter has more observation domains, or all exporters have"
    " more together, than are kept: look for forged datagrams or a faulty exporter.",
    "too-many-templates": "A template was refused because its exporter has more of them, or all exporters have more"
    " together, than are kept: look for forged datagrams or a faulty exporter.",
    "missing-records": "A datagram has fewer records than it says; what is there was kept: look for a relay that cuts"
    " UDP payloads.",
    "cut-record": "A set ends within a record; the records before it were kept: look for a relay that cuts UDP"
    " payloads, or newer firmware.",
    "clock-skew": "The exporter's clock is off; its flows are filed under the time of receipt: set up NTP on the"
    " exporter, or look at the clock of this machine.",
    "extra-names": "What no field is for was dropped, because as much as can be kept has other names already; the flow"
    " was kept: do without --keep-unknown, or send fewer kinds of fields.",
    "sflow-version": "A datagram of another sFlow version than 5 was dropped: set the agent to sFlow version 5.",
    "sflow-short-datagram": "A datagram was dropped because it ends within its header: look for a relay or firewall"
    " that cuts UDP payloads.",
    "sflow-agent-address": "A datagram was dropped because its agent address is neither IPv4 nor IPv6: set the agent's"
    " address on the device.",
    "sflow-short-sample": "A sample was dropped because it ends within its header: the agent writes wrong lengths or"
    " the datagram was cut on its way.",
    "sflow-cut-sample": "A sample is longer than its datagram; the records that are whole were kept: look for a relay"
    " that cuts UDP payloads, or lower the agent's maximum datagram size.",
    "sflow-cut-record": "A record is longer than its sample; what is there was kept: the agent writes wrong lengths,"
    " look for newer firmware.",
    "sflow-missing-samples": "A datagram has fewer samples than it says: the agent counts wrongly or the datagram was"
    " cut on its way.",
    "sflow-missing-records": "A sample has fewer records than it says: the agent counts wrongly or the datagram was cut"
    " on its way.",
    "sflow-trailing-bytes": "A datagram goes on after its last sample; the rest was skipped: the agent counts its"
    " samples wrongly, look for newer firmware.",
    "sflow-unknown-sample": "A sample of a format that is not known here was skipped (enterprise:format).",
    "sflow-unknown-record": "A flow record of a format that is not known here was skipped (enterprise:format); its flow"
    " was kept.",
    "sflow-unknown-counter": "A counter record of a format that is not known here was skipped (enterprise:format); the"
    " others of its sample were kept.",
    "sflow-header-protocol": "The sampled headers are of a link layer that is not read here (header_protocol number);"
    " the flows have bytes but no addresses.",
}
"""Every reason there is: what happened, and how an operator mends it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """So many times the same trouble with one exporter."""

    reason: str
    """A key of `REASONS`."""
    exporter: int
    """Row number in the caller's table of exporters."""
    count: int = 1
    detail: str = ""
    """What the reason says in brackets, such as a format number."""


def tally(reason: str, exporters: npt.NDArray[np.uint32], details: npt.NDArray[np.str_] | None = None) -> list[Problem]:
    """One problem for each exporter (and detail) among the occurrences given, at most `MAX_DETAILS` with a detail."""
    if details is None:
        found, counts = np.unique(exporters, return_counts=True)
        return [Problem(reason, e, n) for e, n in zip(found.tolist(), counts.tolist(), strict=True)]
    names, number, sizes = np.unique(details, return_inverse=True, return_counts=True)
    named = np.argsort(-sizes, kind="stable")[:MAX_DETAILS]
    out = [
        Problem(p.reason, p.exporter, p.count, str(names[name]))
        for name in named.tolist()
        for p in tally(reason, exporters[number == name])
    ]
    return out + tally(reason, exporters[~np.isin(number, named)])


@dataclass(slots=True)
class Problems:
    """Counts the problems of one batch, by reason and exporter; the detail of the first of each is kept."""

    _counts: dict[tuple[str, int], int] = field(default_factory=dict)
    _details: dict[tuple[str, int], str] = field(default_factory=dict)

    def add(self, reason: str, exporter: int, detail: str = "", count: int = 1) -> None:
        """Count a problem."""
        key = reason, exporter
        self._counts[key] = self._counts.get(key, 0) + count
        self._details.setdefault(key, detail)

    def list(self) -> list[Problem]:
        """All problems counted."""
        return [Problem(*key, count, self._details[key]) for key, count in self._counts.items()]
