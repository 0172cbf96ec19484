"""Names for the bits of IP and ICMP headers: type of service, code point, congestion, ICMP messages."""

import numpy as np
import polars as pl

from collector import registry
from collector.decode import columns
from collector.registry import CODE_POINTS, ICMP, ICMPV6

TOS, DSCP = "flow.tos", "flow.dscp"
TYPE, CODE, NAME = "flow.icmp_type", "flow.icmp_code", "flow.icmp_type_name"


def one_byte(frame: pl.DataFrame) -> pl.DataFrame:
    """The code points that exporters tell instead of the whole byte, as rows of the byte's table."""
    byte = frame[TOS].cast(pl.UInt16) if TOS in frame.columns else None
    if DSCP not in frame.columns:
        return frame if byte is None else frame.with_columns(byte)
    point = frame[DSCP].cast(pl.UInt16)
    told = pl.when(pl.lit(point) < 64).then(pl.lit(point) + CODE_POINTS)
    return frame.drop(DSCP).with_columns((told if byte is None else pl.coalesce(pl.lit(byte), told)).alias(TOS))


def icmp_names(frame: pl.DataFrame) -> list[pl.Series]:
    """Row numbers of the messages of ICMP and ICMPv6."""
    if TYPE not in frame.columns or "network.iana_number" not in frame.columns:
        return []
    protocol = frame["network.iana_number"].fill_null(0).to_numpy()
    there = np.flatnonzero((protocol == ICMP) | (protocol == ICMPV6))
    there = there[frame[TYPE].gather(there).is_not_null().to_numpy()]
    messages = frame.select(name for name in (TYPE, CODE) if name in frame.columns)[there]
    kind, code = columns.filled(messages, TYPE), columns.filled(messages, CODE)
    rows, some = np.zeros(frame.height, np.uint16), np.zeros(frame.height, np.bool_)
    rows[there], some[there] = registry.icmp_rows()[(protocol[there] == ICMPV6).astype(np.uint8), kind, code], True
    return [columns.codes(NAME, rows, some)] if len(there) else []
