"""Put the fragments of IP packets together again (RFC 791, RFC 8200 section 4.5)."""

from dataclasses import dataclass, field

from collector.receive.ip import Piece

OPEN_PACKETS = 1024
"""Packets that may wait for fragments; with 64 KiB each at most, this bounds the memory."""
PATIENCE = 60_000_000_000
"""Nanoseconds of capture time that a packet waits, as RFC 8200 has it."""
LARGEST_PACKET = 65_535

Key = tuple[bytes, bytes, int, int]


@dataclass
class _Packet:
    """What has come of a packet."""

    since: int
    pieces: dict[int, bytes] = field(default_factory=dict)
    have: int = 0
    size: int | None = None
    """Bytes of the whole, once the last piece has come."""

    def contradicts(self, piece: Piece) -> bool:
        """Whether a piece belongs to another packet, whose identification is the same."""
        end = piece.offset + len(piece.data)
        known = self.pieces.get(piece.offset)
        if known is not None and known != piece.data:
            return True
        if piece.more:
            return self.size is not None and end >= self.size
        return self.size not in (None, end)

    def add(self, piece: Piece) -> None:
        if piece.offset not in self.pieces:
            self.pieces[piece.offset] = piece.data
            self.have += len(piece.data)
        if not piece.more:
            self.size = piece.offset + len(piece.data)

    def whole(self) -> bytes | None:
        """All pieces in order, None where they overlap (forbidden by RFC 5722) and so leave a gap."""
        joined = bytearray()
        for offset in sorted(self.pieces):
            if offset != len(joined):
                return None
            joined += self.pieces[offset]
        return bytes(joined)


class Reassembly:
    """Packets whose fragments have come in part."""

    def __init__(self) -> None:
        self.incomplete = 0
        """Packets given up."""
        self._open: dict[Key, _Packet] = {}  # the oldest first

    def add(self, piece: Piece, time: int) -> bytes | None:
        """What all fragments of a packet carry together, once this piece completes it; `time` in ns."""
        self._expire(time)
        key = (piece.source, piece.destination, piece.identification, piece.protocol)
        packet = self._open.get(key)
        if packet is not None and packet.contradicts(piece):
            self._give_up(key)
            packet = None
        if packet is None:
            packet = self._begin(key, time)
        packet.add(piece)
        return self._complete(key, packet)

    def finish(self) -> None:
        """Give up what is still open."""
        for key in list(self._open):
            self._give_up(key)

    def _begin(self, key: Key, time: int) -> _Packet:
        if len(self._open) >= OPEN_PACKETS:
            self._give_up(next(iter(self._open)))
        self._open[key] = packet = _Packet(time)
        return packet

    def _complete(self, key: Key, packet: _Packet) -> bytes | None:
        if packet.have < (LARGEST_PACKET + 1 if packet.size is None else packet.size):
            return None
        whole = packet.whole() if packet.have == packet.size else None
        if whole is None:
            self._give_up(key)
        else:
            del self._open[key]
        return whole

    def _expire(self, time: int) -> None:
        while self._open:
            key, oldest = next(iter(self._open.items()))
            if abs(time - oldest.since) <= PATIENCE:
                return
            self._give_up(key)

    def _give_up(self, key: Key) -> None:
        del self._open[key]
        self.incomplete += 1
