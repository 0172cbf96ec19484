"""Options data: what exporters tell about themselves, learned for the flows that follow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from collector.decode.exports import ExportColumns, Ints
from collector.decode.records import Records
from collector.decode.sampling import Sampling
from collector.decode.structured import Layouts, read
from collector.decode.values import milliseconds_of, rows

BOOT = "systemInitTimeMilliseconds"
IPFIX = 10


@dataclass(frozen=True, slots=True)
class Options:
    """One record of options data. Values are by element key; one that occurs several times is a list."""

    exporter: int
    """Row number in `Decoder.exporters`."""
    version: int
    domain: int
    scope: dict[str, Any]
    values: dict[str, Any]


def options_of(records: Records, exports: ExportColumns, layouts: Callable[[int], Layouts]) -> list[Options]:
    """The records of an options template; `exports` has the header of each, `layouts` the templates of a stream."""
    scopes = records.layout.scopes
    known = {stream: read(layouts(stream)) for stream in np.unique(exports.stream).tolist()}
    readers = [known[stream] for stream in exports.stream.tolist()]
    bounds = ((0, scopes), (scopes, len(records.layout.slots)))
    pairs = zip(*(rows(records, first, end, readers) for first, end in bounds), strict=True)
    names = zip(exports.exporter.tolist(), exports.version.tolist(), exports.domain.tolist(), strict=True)
    return [Options(*name, *pair) for name, pair in zip(names, pairs, strict=True)]


class Learned:
    """What options data taught, by exporter."""

    def __init__(self) -> None:
        self.sampling = Sampling()
        self._boots: dict[tuple[int, int], int] = {}
        """Milliseconds since 1970 when an exporter's uptime was 0, by exporter and domain."""

    def learn(self, record: Options) -> None:
        """Take what is of use out of one record."""
        self.sampling.learn(record.exporter, record.domain, record.scope, record.values)
        boot = milliseconds_of(record.values.get(BOOT))
        if boot:
            self._boots[record.exporter, record.domain] = boot

    def uptimes(self, exports: ExportColumns) -> Ints:
        """The uptime of each header: IPFIX has none, but may have told in options data when it was 0 (softflowd)."""
        if not self._boots:
            return exports.uptime
        names = zip(exports.exporter.tolist(), exports.domain.tolist(), strict=True)
        boots = np.array([self._boots.get(name, 0) for name in names], np.int64)
        return np.where((exports.version == IPFIX) & (boots > 0), exports.exported - boots, exports.uptime)
