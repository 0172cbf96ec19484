"""Sampled packet headers as columns: all packets of a batch are parsed at once, layer by layer.

`parse` serves sFlow's sampled headers and the packet sections of IPFIX (elements 104, 313, 315), `parse_payload`
sections that begin behind the IP header (314). Both fill a `Table` with columns of the schema (addresses as NAME.hi and
NAME.lo):

* Ethernet: `source.mac`, `destination.mac`, `flow.ethertype`, `flow.vlan`, `flow.customer_vlan`, `flow.mpls_labels`;
* IP: `source.ip`, `destination.ip`, `network.iana_number`, `flow.ip_version`, `flow.tos`, `flow.ttl`,
  `flow.flow_label`, and of fragments `flow.fragment_id` and `flow.fragment_offset` (in units of eight bytes);
  `IP_LENGTH` has the length of the IP packet;
* transport: `source.port`, `destination.port`, `flow.tcp_flags`, `flow.icmp_type`, `flow.icmp_code`;
* tunnels: `flow.vni` and, of the packet inside, `network.inner.*`.

A packet that is cut short, or that is not what its outer layer says, has the columns of the layers that are whole.
"""

from collector.decode.headers.packets import IP_LENGTH
from collector.decode.headers.parse import Link, parse, parse_payload

__all__ = ["IP_LENGTH", "Link", "parse", "parse_payload"]
