"""Fields of the schema that an information element feeds as it is."""

from collections.abc import Callable
from functools import lru_cache, partial

from collector.decode import addresses, texts
from collector.decode.addresses import INNER
from collector.decode.layout import Layout
from collector.decode.records import Records
from collector.decode.sheet import Part
from collector.schema import Field, field, fields

Step = Callable[[Records, Part], None]
"""Puts one field of records into their part of the sheet."""
ZERO_IS_UNKNOWN = frozenset(
    {
        "source.as.number",
        "destination.as.number",
        "flow.next_as",
        "flow.previous_as",
        "flow.class_id",
        "flow.policy_id",
        # The packet was not sampled.
        "flow.sampler_id",
        "flow.extended_event",
        # No translation took place.
        "source.nat.port",
        "destination.nat.port",
        # 802.1Q: a tag with VLAN 0 carries a priority alone; exporters send it for untagged frames.
        "flow.vlan",
        "flow.post_vlan",
        "flow.customer_vlan",
    }
)
"""Fields that exporters fill with 0 when there is nothing to say."""


def direct(records: Records, part: Part) -> None:
    """Put in all fields that the records' elements feed as they are."""
    for step in plan(records.layout):
        step(records, part)


@lru_cache(maxsize=4096)
def plan(layout: Layout) -> tuple[Step, ...]:
    """What to do for the fields that a layout feeds directly: worked out once for a layout."""
    return tuple(step for one in fields().values() if (step := _step(layout, one)) is not None)


def _step(layout: Layout, one: Field) -> Step | None:
    if one.kind == "ip":
        return addresses.step(layout, one)
    place = _place(layout, one)
    if place is None:
        return None
    if one.kind == "mac":
        return partial(texts.mac, one.name, place) if layout.slots[place].length == 6 else None
    if one.kind == "keyword" and one.table is None:
        key = layout.slots[place].element.key
        if key == texts.AVC:
            return partial(texts.sub_application, one.name, layout.occurrences[key])
        return partial(texts.keyword, one.name, place)
    return partial(_known if one.name in ZERO_IS_UNKNOWN else _number, one.name, place)


def _place(layout: Layout, one: Field) -> int | None:
    """The slot of the preferred element; for a field inside a tunnel that of the element's second occurrence."""
    outer, rank = (field(INNER[one.name]), 1) if one.name in INNER else (one, 0)
    for key in outer.elements:
        places = layout.occurrences.get(key, ())
        if places:
            return places[rank] if len(places) > rank else None
    return None


def _number(name: str, place: int, records: Records, part: Part) -> None:
    part.put(name, records.numbers(place))


def _known(name: str, place: int, records: Records, part: Part) -> None:
    part.limit(name, part.put(name, records.numbers(place)) != 0)
