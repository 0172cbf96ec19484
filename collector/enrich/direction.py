"""Where flows go, seen from the operator's networks.

An address is inside or outside (attribute `inside`, see networks.py). What is sent to a group or to everybody goes no
further than the sender's networks, or has come into them: such a destination counts as inside. Where it is known which
interfaces lead outside, a flow through one of them has its direction from there.
"""

import polars as pl

from collector.registry import number_of

DIRECTION, LOCALITY, ROLE = "network.direction", "flow.traffic_locality", "role"
INTERNAL, EXTERNAL = "internal", "external"
"""Roles of interfaces, and marks of networks."""
_TABLE = "network_directions"
_INBOUND, _OUTBOUND, _PASSING = (number_of(_TABLE, word) for word in ("inbound", "outbound", "external"))
# At 3 * ingress + egress, each 1 for an internal interface, 2 for an external one, 0 for others.
_CROSSED = pl.Series([None, None, None, None, None, _OUTBOUND, None, _INBOUND, _PASSING], dtype=pl.UInt8)
Ends = tuple[pl.Series, pl.Series]
"""Whether source and destination of each flow are inside."""


def traffic(frame: pl.DataFrame, addresses: pl.DataFrame, interfaces: pl.DataFrame | None = None) -> list[pl.Series]:
    """Locality and direction of flows.

    The flows' codes point into `addresses` (attributes `inside` and `multicast`) and `interfaces` (attribute `role`, if
    it is known of any).
    """
    ends = _ends(frame, addresses)
    known = [one for one in (_by_interfaces(frame, interfaces), _by_addresses(ends)) if one is not None]
    if "flow.direction" in frame.columns and all(one.null_count() for one in known):
        known.append(_by_exporter(frame))
    return [*_locality(ends), *_first(known)]


def _ends(frame: pl.DataFrame, addresses: pl.DataFrame) -> Ends | None:
    if not {"source.ip", "destination.ip"} <= set(frame.columns):
        return None
    reached = addresses["inside"] | addresses["multicast"]
    return addresses["inside"].gather(frame["source.ip"]), reached.gather(frame["destination.ip"])


def _locality(ends: Ends | None) -> list[pl.Series]:
    if ends is None:
        return []
    public = ~(ends[0] & ends[1])  # row 1 of the table
    return [public.cast(pl.UInt8).alias(LOCALITY)]


def _by_addresses(ends: Ends | None) -> pl.Series | None:
    if ends is None:
        return None
    source, destination = (end.cast(pl.UInt8) for end in ends)
    return 2 * source + destination  # the order of the table


def _by_interfaces(frame: pl.DataFrame, interfaces: pl.DataFrame | None) -> pl.Series | None:
    """Null but where a flow goes in or out or through: between two internal interfaces it may be on its way out."""
    names = ("flow.input_ifname", "flow.output_ifname")
    if interfaces is None or ROLE not in interfaces.columns or not set(names) <= set(frame.columns):
        return None
    role = pl.col(ROLE)
    sides = interfaces.select(pl.when(role == INTERNAL).then(1).when(role == EXTERNAL).then(2).otherwise(0)).to_series()
    ingress, egress = (sides.cast(pl.UInt8).gather(frame[name]) for name in names)
    return _CROSSED.gather(3 * ingress + egress)


def _by_exporter(frame: pl.DataFrame) -> pl.Series:
    """By the side of the interface where the exporter saw the flow: for flows of which nothing else is known."""
    egress = number_of("flow_directions", "egress")
    rows = pl.when(pl.col("flow.direction") == egress).then(_OUTBOUND).otherwise(_INBOUND)
    return frame.select(pl.when(pl.col("flow.direction").is_not_null()).then(rows.cast(pl.UInt8))).to_series()


def _first(known: list[pl.Series]) -> list[pl.Series]:
    """For each flow the first that is known."""
    if len(known) > 1:
        known = [pl.select(pl.coalesce(known)).to_series()]
    return [one.alias(DIRECTION) for one in known]
