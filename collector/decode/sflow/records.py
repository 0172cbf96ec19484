"""The records of samples: found by format, and what is wrong with them counted."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from collector.decode.columns import Mask
from collector.decode.octets import Octets, Places
from collector.decode.problems import Problem, tally
from collector.decode.sflow.samples import Samples
from collector.decode.sflow.structures import Column, Structure, name_of, read, structures
from collector.decode.sflow.walk import Parts, walk
from collector.decode.table import Values

FEW = 256


@dataclass(frozen=True, slots=True)
class Found:
    """All records of one structure among the samples, the first of each sample."""

    structure: Structure
    octets: Octets
    samples: Samples
    rows: Places
    """Row of the sample in its table."""
    columns: dict[str, Column]
    end: Places
    """Where each record ends."""


class Records:
    """The records of all samples of a family; `kind` is the part of the table of structures with their formats."""

    def __init__(self, kind: str, octets: Octets, samples: Samples) -> None:
        self._octets = octets
        self._samples = samples
        self._parts = walk(octets, samples.at, samples.end, samples.records)
        self._tags = _distinct(self._parts.tag)
        self._known = structures(kind)

    def found(self) -> Iterator[Found]:
        """The records structure by structure, in the order of their tags."""
        for structure in (self._known[tag] for tag in self._tags if tag in self._known):
            parts = self._parts
            which = (parts.tag == structure.tag).nonzero()[0]
            which = which[_firsts(parts.owner[which])]
            at, end = parts.at[which], parts.end[which]
            columns = read(structure, self._octets, at, end)
            yield Found(structure, self._octets, self._samples, parts.owner[which], columns, end)

    def problems(self, unknown_reason: str) -> list[Problem]:
        """Records that are longer than their sample, that are not there, or whose format is not known."""
        parts, exporter = self._parts, self._samples.exporter
        out: list[Problem] = []
        if parts.cut.any():
            out += tally("sflow-cut-record", exporter[parts.owner[parts.cut]])
        missing = parts.count < self._samples.records
        if missing.any():
            out += tally("sflow-missing-records", exporter[missing])
        strange = [tag for tag in self._tags if tag not in self._known]
        if not strange:
            return out
        unknown = np.isin(parts.tag, strange)
        return out + unknown_formats(unknown_reason, exporter[parts.owner[unknown]], parts.tag[unknown])


def unknown_formats(reason: str, exporters: Values, tags: Places) -> list[Problem]:
    """Count what was skipped, by format."""
    return tally(reason, exporters, np.array([name_of(tag) for tag in tags.tolist()]))


def _distinct(tags: Places) -> list[int]:
    """The tags that there are, in ascending order."""
    # Sorting a few numbers costs less than calling numpy for it.
    return sorted(set(tags.tolist())) if tags.size < FEW else np.unique(tags).tolist()


def _firsts(owners: Places) -> Mask:
    """Which of a list of owners in ascending order are the first of their kind."""
    out = np.ones(len(owners), np.bool_)
    out[1:] = owners[1:] != owners[:-1]
    return out


def chain_problems(parts: Parts, promised: Places, exporter: Values) -> list[Problem]:
    """Samples that are longer than their datagram, and datagrams with fewer samples than they promise."""
    out: list[Problem] = []
    if parts.cut.any():
        out += tally("sflow-cut-sample", exporter[parts.owner[parts.cut]])
    missing = parts.count < promised
    if missing.any():
        out += tally("sflow-missing-samples", exporter[missing])
    return out
