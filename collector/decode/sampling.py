"""The sampling rate of each flow: from its own record, the header, or options data; and the scaling by it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.decode.columns import nulled
from collector.decode.exports import ExportColumns
from collector.decode.limits import RATES_OF_ONE, Budget
from collector.decode.rates import MAX_RATE, PLAIN, SAMPLERS, ExporterRates, rate_of, upright
from collector.decode.records import Records
from collector.decode.sheet import Part
from collector.registry import number_of

Rates = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.int64]
FROM_RECORD, FROM_HEADER, FROM_OPTIONS = (
    number_of("sampling_sources", word) for word in ("record", "header", "options")
)
EGRESS = 1
"""Row of the table of flow directions."""


def recorded(records: Records, part: Part) -> None:
    """Put in what the records themselves tell: their rate, or the name of their sampler."""
    for element in PLAIN:
        place = records.layout.first(element)
        if place is not None:
            values = upright(element, records.numbers(place).astype(np.uint64))
            part.fill("_rate", values, values > 0)
    for elements, share in _SHARES.items():
        places = [place for element in elements if (place := records.layout.first(element)) is not None]
        if len(places) == len(elements):
            with np.errstate(all="ignore"):
                values = np.rint(share(*(_floats(records, place) for place in places)))
            some = (values >= 1) & (values <= MAX_RATE)
            part.fill("_rate", np.where(some, values, 0).astype(np.uint64), some)
    place = records.layout.first(*SAMPLERS)
    if place is not None:
        part.put("_sampler", records.numbers(place))


def _floats(records: Records, place: int) -> Floats:
    """A number of any type; zero is none."""
    slot = records.layout.slots[place]
    if slot.element.type.startswith("float") and slot.length in (4, 8):
        values = records.cells(place).view(f">f{slot.length}").astype(np.float64)
    else:
        values = records.numbers(place).astype(np.float64)
    return np.where(values > 0, values, np.nan)


def _spaced(interval: Floats, space: Floats) -> Floats:
    return (interval + np.nan_to_num(space)) / interval


_SHARES: dict[tuple[str, ...], Callable[..., Floats]] = {
    ("samplingPacketInterval", "samplingPacketSpace"): _spaced,
    ("samplingSize", "samplingPopulation"): lambda size, population: population / size,
    ("samplingProbability",): lambda probability: 1 / probability,
}
"""Elements that tell a rate together."""


class Sampling:
    """Rates learned from options data, by exporter."""

    def __init__(self, room: Budget | None = None) -> None:
        self._room = room
        self._exporters: dict[int, ExporterRates] = {}
        self.unknown: set[int] = set()
        """Exporters with flows of a sampler whose rate is not known."""
        self._by_interface = False
        self._by_template = False

    def learn(self, exporter: int, domain: int, scope: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
        """Take the rate out of one record of options data, if it has one; whether it is news."""
        rate = rate_of(values)
        if not rate:
            return False
        known = self._rates(exporter)
        news = known.learn(domain, scope, values, rate)
        self._look_by(known)
        return news

    def count(self, exporter: int) -> int:
        """How many rates an exporter told."""
        known = self._exporters.get(exporter)
        return known.count() if known else 0

    def saved(self, exporter: int) -> dict[str, list[list[int]]]:
        """The rates of an exporter as JSON."""
        known = self._exporters.get(exporter)
        return known.saved() if known else {}

    def load(self, exporter: int, saved: Any) -> Iterator[str]:
        """Take what `saved` gave; yields what is wrong with each rate that cannot be used."""
        known = self._rates(exporter)
        yield from known.load(saved)
        self._look_by(known)

    def _rates(self, exporter: int) -> ExporterRates:
        known = self._exporters.get(exporter)
        if known is None:
            known = self._exporters[exporter] = ExporterRates(Budget(RATES_OF_ONE, self._room))
        return known

    def _look_by(self, known: ExporterRates) -> None:
        self._by_interface |= bool(known.interfaces)
        self._by_template |= bool(known.templates)

    def rates(self, exporter: int) -> list[int]:
        """All rates that an exporter's options data told, in order."""
        known = self._exporters.get(exporter)
        return known.all() if known else []

    def forget(self, exporters: Collection[int]) -> None:
        """Forget exporters."""
        self.unknown.difference_update(exporters)
        for exporter in exporters:
            known = self._exporters.pop(exporter, None)
            if known is not None:
                known.room.clear()

    def settle(self, whole: Part, exports: ExportColumns) -> None:
        """`flow.sampling_interval` and `flow.sampling_from` of all flows; null where the rate is unknown."""
        own = whole.get("_rate")
        if own is not None:
            _settle(whole, own[0], FROM_RECORD, own[1])
        if exports.rate.any():
            _settle(whole, exports.rate, FROM_HEADER, exports.rate > 0)
        known = whole.get("flow.sampling_interval")
        if self._exporters and (known is None or not known[1].all()):
            learned = self._learned(whole, exports)
            _settle(whole, learned, FROM_OPTIONS, learned > 0)
        self._note_unknown(whole, exports)

    def _note_unknown(self, whole: Part, exports: ExportColumns) -> None:
        """Who has flows that name a sampler and have no rate."""
        sampler, rate = whole.get("_sampler"), whole.get("flow.sampling_interval")
        if sampler is not None and (rate is None or not rate[1].all()):
            unknown = sampler[1] & (sampler[0] > 0)
            if rate is not None:
                unknown &= ~rate[1]
            self.unknown.update(np.unique(exports.exporter[unknown]).tolist())

    def _learned(self, whole: Part, exports: ExportColumns) -> Rates:
        """What options data say about each flow, 0 where they say nothing."""
        keys = np.stack([exports.exporter, exports.domain, *self._names(whole)])
        # Records of a set stand together and mostly agree: look up once for each run of equal keys.
        starts = np.append(0, np.flatnonzero((keys[:, 1:] != keys[:, :-1]).any(axis=0)) + 1)
        found = [self._find(*key) for key in keys[:, starts].T.tolist()]
        return np.repeat(np.array(found, np.uint64), np.diff(np.append(starts, whole.rows)))

    def _find(self, exporter: int, domain: int, sampler: int, interface: int, template: int) -> int:
        known = self._exporters.get(exporter)
        return known.find(domain, sampler, interface, template) if known else 0

    def _names(self, whole: Part) -> tuple[Keys, Keys, Keys]:
        """Sampler, interface and template of each flow, as far as anything was learned by them."""
        none = np.zeros(whole.rows, np.int64)
        return (
            _numbers(whole, "_sampler"),
            _interface(whole) if self._by_interface else none,
            _numbers(whole, "_template") if self._by_template else none,
        )


def _interface(whole: Part) -> Keys:
    """Where the flow was observed: at its ingress unless it says otherwise."""
    place = _numbers(whole, "flow.input_snmp")
    direction = whole.get("flow.direction")
    if direction is not None:
        place = np.where(direction[1] & (direction[0] == EGRESS), _numbers(whole, "flow.output_snmp"), place)
    return place


def _numbers(whole: Part, name: str) -> Keys:
    column = whole.get(name)
    return np.zeros(whole.rows, np.int64) if column is None else np.where(column[1], column[0], 0).astype(np.int64)


def _settle(whole: Part, rates: npt.NDArray[Any], source: int, valid: npt.NDArray[np.bool_]) -> None:
    """Set rate and source of the flows that have none yet."""
    if valid.any():
        whole.fill("flow.sampling_interval", np.minimum(rates, MAX_RATE), valid)
        whole.fill("flow.sampling_from", np.full(whole.rows, source, np.uint8), valid)


def scaled(frame: pl.DataFrame) -> pl.DataFrame:
    """Bytes and packets of all directions times the rate; where it is above 1 the exported counts stay beside them."""
    have = {column.name: column for column in frame.get_columns()}
    rates = have.get("flow.sampling_interval")
    if rates is None or rates.max() in (None, 1):
        return frame
    factors = np.nan_to_num(rates.to_numpy(), nan=1).astype(np.uint64)
    for unit in ("bytes", "packets"):
        if f"network.{unit}" in have:
            counts = have[f"network.{unit}"].alias(f"flow.{unit}_unscaled")
            have[counts.name] = nulled(counts, factors > 1)
        for name in (f"{side}.{unit}" for side in ("network", "source", "destination")):
            if name in have:
                have[name] = have[name] * pl.Series(factors)
    return pl.DataFrame(list(have.values()))
