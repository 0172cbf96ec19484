"""Walks messages of NetFlow v9 (RFC 3954) and IPFIX (RFC 7011): headers, sets, templates; data sets are put aside."""

import struct
from collections.abc import Callable, Iterator

from collector.datagram import Datagram
from collector.decode.exports import COUNTED, NO_RATE, NO_UPTIME, Header
from collector.decode.streams import Batch, Stream, Streams
from collector.decode.templates import (
    FIRST_DATA_SET,
    Definition,
    TemplateError,
    ipfix_options,
    ipfix_templates,
    netflow9_options,
    netflow9_templates,
)

V9_HEADER = struct.Struct("!HHIIII")
IPFIX_HEADER = struct.Struct("!HHIII")
IPFIX_VERSION = b"\0\x0a"
SET_HEADER = struct.Struct("!HH")
Reader = Callable[[bytes], Iterator[Definition]]
V9_READERS: dict[int, Reader] = {0: netflow9_templates, 1: netflow9_options}
IPFIX_READERS: dict[int, Reader] = {2: ipfix_templates, 3: ipfix_options}


def netflow9(streams: Streams, batch: Batch, payload: bytes, exporter: int, received: int) -> None:
    """Walk one v9 datagram; `received` in milliseconds. Its count of records does not hold and is not used."""
    if len(payload) < V9_HEADER.size:
        batch.problems.add("too-short", exporter, f"{len(payload)} bytes of NetFlow v9")
        return
    _, _, uptime, seconds, sequence, domain = V9_HEADER.unpack_from(payload)
    stream = streams.of(exporter, 9, domain)
    if stream is None:
        batch.problems.add("too-many-domains", exporter, f"domain {domain}")
        return
    header = Header(stream.row, seconds * 1000, uptime, sequence, received, NO_RATE, 1)
    _walk(batch, stream, payload, (V9_HEADER.size, len(payload)), header, V9_READERS)


def ipfix(streams: Streams, batch: Batch, datagram: Datagram, exporter: int, received: int) -> None:
    """Walk the IPFIX messages of one datagram (it should be one); `received` in milliseconds."""
    start = 0
    while start < len(datagram.payload):
        start = _message(streams, batch, datagram, start, exporter, received)


def _message(streams: Streams, batch: Batch, datagram: Datagram, start: int, exporter: int, received: int) -> int:
    """Walk the message at `start` and return where it ends."""
    payload = datagram.payload
    if len(payload) - start < IPFIX_HEADER.size:
        batch.problems.add("too-short", exporter, f"{len(payload) - start} bytes of IPFIX")
        return len(payload)
    _, length, seconds, sequence, domain = IPFIX_HEADER.unpack_from(payload, start)
    end = _end(batch, payload, start, int(length), exporter)
    stream = streams.of(exporter, 10, domain, datagram.session)
    if stream is None:
        batch.problems.add("too-many-domains", exporter, f"domain {domain}")
        return end
    header = Header(stream.row, seconds * 1000, NO_UPTIME, sequence, received, NO_RATE, COUNTED)
    _walk(batch, stream, payload, (start + IPFIX_HEADER.size, end), header, IPFIX_READERS)
    return end


def _end(batch: Batch, payload: bytes, start: int, length: int, exporter: int) -> int:
    """Where a message ends: as it says where that is the datagram's end or another message, else with the datagram."""
    end = start + length
    if length >= IPFIX_HEADER.size and (end == len(payload) or payload[end : end + 2] == IPFIX_VERSION):
        return end
    found = f"length {length}, {len(payload) - start} bytes in the datagram"
    batch.problems.add("length-mismatch", exporter, found)
    return len(payload)


def _walk(
    batch: Batch,
    stream: Stream,
    payload: bytes,
    bounds: tuple[int, int],
    header: Header,
    readers: dict[int, Reader],
) -> None:
    """Walk the sets of a message. Every step consumes bytes, and a bad set costs no other one."""
    offset, end = bounds
    row = batch.exports.add(header)
    while offset + 4 <= end:
        number, length = SET_HEADER.unpack_from(payload, offset)
        stop = offset + length
        if length < 4 or stop > end:
            if not any(payload[offset:end]):  # a datagram filled up with zeros (seen: PAN-OS)
                return
            batch.problems.add("bad-set", stream.exporter, f"set {number} of {length} bytes at byte {offset} of {end}")
            if length < 4:
                return
            stop = end
        if number >= FIRST_DATA_SET:
            stream.data(batch, number, payload[offset + 4 : stop], row)
        elif number in readers:
            _define(batch, stream, readers[number](payload[offset + 4 : stop]), header.received)
        else:
            batch.problems.add("reserved-set", stream.exporter, f"set id {number}")
        offset = stop


def _define(batch: Batch, stream: Stream, definitions: Iterator[Definition], received: int) -> None:
    try:
        for definition in definitions:
            stream.define(batch, definition, received)
    except TemplateError as error:
        batch.problems.add("bad-template", stream.exporter, str(error))
