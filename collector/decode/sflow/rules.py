"""Which fields of flow records fill which columns of the schema."""

from collections.abc import Callable, Mapping

import numpy as np

from collector.decode.columns import Mask
from collector.decode.table import ADDRESS, COMMUNITIES, PATH, Values, ipv4, ipv6

Converted = tuple[Values, Mask | None]
"""Values in the column's type, and which of them say something (None: all)."""
Convert = Callable[[Values], Converted]


def bounded(dtype: type[np.unsignedinteger], least: int, most: int) -> Convert:
    """Numbers that only mean something within bounds."""

    def convert(values: Values) -> Converted:
        native = values.astype(np.uint32)
        return native.astype(dtype), (native >= least) & (native <= most)

    return convert


def _as_is(values: Values) -> Converted:
    return values, None


def _address(values: Values) -> Converted:
    """All zeros: no address."""
    if values.dtype == ADDRESS:
        return values, (values["hi"] > 0) | ((values["lo"] & np.uint64(0xFFFFFFFF)) > 0)
    if values.dtype.itemsize == 4:
        return ipv4(values), values > 0
    return ipv6(values), (values["hi"] > 0) | (values["lo"] > 0)


def _text(values: Values) -> Converted:
    return values, values["size"] > 0


def _labels(values: Values) -> Converted:
    return values, values["depth"] > 0


def _first(values: Values) -> Converted:
    return _number(values["first"])


def _last(values: Values) -> Converted:
    return _number(values["last"])


def _path(values: Values) -> Converted:
    out = np.zeros(len(values), PATH)
    out["at"], out["path"] = values["at"], values["size"] // 4
    return out, None


def _communities(values: Values) -> Converted:
    out = np.zeros(len(values), COMMUNITIES)
    out["at"], out["communities"] = values["at"], values["depth"]
    return out, values["depth"] > 0


def _time(values: Values) -> Converted:
    """Nanoseconds to the schema's milliseconds."""
    milliseconds = values.astype(np.int64) // 1_000_000
    return milliseconds.astype("datetime64[ms]"), milliseconds > 0


VLAN = bounded(np.uint16, 1, 4094)
_number = bounded(np.uint32, 1, 0xFFFFFFFE)
_prefix = bounded(np.uint8, 0, 128)
_port = bounded(np.uint16, 1, 0xFFFF)
_protocol = bounded(np.uint8, 1, 0xFF)
_vni = bounded(np.uint64, 1, 0xFFFFFF)

Rule = tuple[str, str, Convert]

_SOCKET: tuple[Rule, ...] = (
    # The agent sits at the server of the transaction: the remote end asked.
    ("remote_ip", "source.ip", _address),
    ("remote_port", "source.port", _port),
    ("local_ip", "destination.ip", _address),
    ("local_port", "destination.port", _port),
    ("protocol", "network.iana_number", _protocol),
)
_OUTER: tuple[Rule, ...] = (
    ("src_ip", "network.outer.source.ip", _address),
    ("dst_ip", "network.outer.destination.ip", _address),
    ("protocol", "network.outer.iana_number", _protocol),
)
_REQUEST: tuple[Rule, ...] = (
    ("uri", "flow.http_url", _text),
    ("host", "flow.http_host", _text),
    ("authuser", "flow.user_name", _text),
)
_WIRELESS: tuple[Rule, ...] = (("ssid", "flow.wifi_ssid", _text), ("bssid", "flow.wifi_wtp_mac", _as_is))

RULES: Mapping[str, tuple[Rule, ...]] = {
    "extended_switch": (("src_vlan", "flow.vlan", VLAN), ("dst_vlan", "flow.post_vlan", VLAN)),
    "extended_router": (
        ("nexthop", "flow.next_hop", _address),
        ("src_mask_len", "flow.src_mask_len", _prefix),
        ("dst_mask_len", "flow.dst_mask_len", _prefix),
    ),
    "extended_gateway": (
        ("nexthop", "flow.bgp_next_hop", _address),
        ("src_as", "source.as.number", _number),
        ("src_peer_as", "flow.previous_as", _number),
        ("dst_as_path", "flow.next_as", _first),
        ("dst_as_path", "destination.as.number", _last),
        ("dst_as_path", "flow.as_path", _path),
        ("communities", "flow.bgp_communities", _communities),
    ),
    "extended_user": (("src_user", "flow.user_name", _text), ("dst_user", "destination.user.name", _text)),
    "extended_url": (("url", "flow.http_url", _text), ("host", "flow.http_host", _text)),
    "extended_mpls": (("nexthop", "flow.next_hop", _address), ("in_stack", "flow.mpls_labels", _labels)),
    "extended_nat": (("src_address", "source.nat.ip", _address), ("dst_address", "destination.nat.ip", _address)),
    "extended_nat_port": (("src_port", "source.nat.port", _port), ("dst_port", "destination.nat.port", _port)),
    "extended_80211_rx": _WIRELESS,
    "extended_80211_tx": _WIRELESS,
    "extended_ipv4_tunnel_egress": _OUTER,
    "extended_ipv4_tunnel_ingress": _OUTER,
    "extended_ipv6_tunnel_egress": _OUTER,
    "extended_ipv6_tunnel_ingress": _OUTER,
    "extended_vni_egress": (("vni", "flow.vni", _vni),),
    "extended_vni_ingress": (("vni", "flow.vni", _vni),),
    "extended_timestamp": (("nanoseconds", "event.start", _time), ("nanoseconds", "event.end", _time)),
    "extended_http_transaction": (
        ("url", "flow.http_url", _text),
        ("host", "flow.http_host", _text),
        ("user", "flow.user_name", _text),
    ),
    "extended_socket_ipv4": _SOCKET,
    "extended_socket_ipv6": _SOCKET,
    "http_request": _REQUEST,
    "http_request_v1": _REQUEST,
    "app_operation": (("application", "network.application", _text),),
}
"""By structure: field, column, conversion. They fill columns that nothing better has filled: the header comes first."""
VLAN_STACKS: Mapping[str, tuple[str, ...]] = {
    "extended_vlantunnel": ("flow.vlan", "flow.customer_vlan"),
    "extended_vlanin": ("flow.vlan", "flow.customer_vlan"),
    "extended_vlanout": ("flow.post_vlan",),
}
"""Structures with the tags of a frame, the outer one first, and the columns for the first ones."""
