"""Options data: what exporters tell about themselves, learned for the flows that follow."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from collector.decode.exports import ExportColumns, Ints
from collector.decode.limits import MOST_RATES, RATES_OF_ONE, Budget
from collector.decode.records import Records
from collector.decode.sampling import Sampling
from collector.decode.structured import Layouts, read
from collector.decode.values import milliseconds_of, rows

_NONE: Mapping[int, int] = {}
BOOT = "systemInitTimeMilliseconds"
IPFIX = 10
JITTER = 1000
"""Milliseconds by which an exporter that reckons its start anew each time may come to another one."""
MAX_TIME = 1 << 53
MAX_DOMAIN = 0xFFFFFFFF


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

    def __init__(self, room: Budget | None = None) -> None:
        self.sampling = Sampling(room)
        self.changes = 0
        """Grows whenever a record tells something new."""
        self._room = Budget(MOST_RATES, room)
        self._boots: dict[int, dict[int, int]] = {}
        """Milliseconds since 1970 when an exporter's uptime was 0, by exporter and domain."""

    def learn(self, record: Options) -> None:
        """Take what is of use out of one record."""
        self.changes += self.sampling.learn(record.exporter, record.domain, record.scope, record.values)
        boot = milliseconds_of(record.values.get(BOOT))
        if boot:
            self.changes += self._boot(record.exporter, record.domain, boot)

    def saved(self, exporter: int) -> dict[str, Any]:
        """What an exporter taught, as JSON."""
        boots = [[domain, boot] for domain, boot in self._boots.get(exporter, {}).items()]
        every = {"sampling": self.sampling.saved(exporter), "boots": boots}
        return {name: part for name, part in every.items() if part}

    def load(self, exporter: int, name: str, saved: Any) -> Iterator[str]:
        """Take one part of what `saved` gave; yields what is wrong with each entry that cannot be used."""
        if name == "sampling":
            yield from self.sampling.load(exporter, saved)
        elif name == "boots":
            yield from self._load_boots(exporter, saved)
        else:
            yield f"{name} is unknown"

    def _boot(self, exporter: int, domain: int, boot: int) -> bool:
        """Take the time of an exporter's start; whether it is news."""
        boots = self._boots.setdefault(exporter, {})
        if domain not in boots and not (len(boots) < RATES_OF_ONE and self._room.take()):
            return False
        news = abs(boot - boots.get(domain, 0)) > JITTER
        boots[domain] = boot
        return news

    def _load_boots(self, exporter: int, saved: Any) -> Iterator[str]:
        for row in saved if isinstance(saved, list) else [saved]:
            match row:
                case [int(domain), int(boot)] if 0 <= domain <= MAX_DOMAIN and 0 < boot <= MAX_TIME:
                    self._boot(exporter, domain, boot)
                case _:
                    yield f"time of start: {str(row)[:80]}"

    def forget(self, exporters: Collection[int]) -> None:
        """Forget exporters."""
        self.sampling.forget(exporters)
        for exporter in exporters:
            self._room.give(len(self._boots.pop(exporter, ())))

    def uptimes(self, exports: ExportColumns) -> Ints:
        """The uptime of each header: IPFIX has none, but may have told in options data when it was 0 (softflowd)."""
        if not self._boots:
            return exports.uptime
        names = zip(exports.exporter.tolist(), exports.domain.tolist(), strict=True)
        boots = np.array([self._boots.get(exporter, _NONE).get(domain, 0) for exporter, domain in names], np.int64)
        return np.where((exports.version == IPFIX) & (boots > 0), exports.exported - boots, exports.uptime)
