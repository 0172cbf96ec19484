"""The lists in use, and the files they come from."""

import logging
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from collector.enrich import blocklists
from collector.enrich.blocklists import BlockList
from collector.enrich.locality import MULTICAST, PRIVATE
from collector.enrich.tagsets import Layer, TagSets, four_ranges, six_ranges
from collector.errors import CollectorError
from collector.stamps import Stamp, stamp

ENDINGS = (".csv", ".dat", ".ipset", ".list", ".lst", ".netset", ".txt")
"""Files of a folder that are taken for lists."""
_NEVER = [ip_network(one) for one in (*PRIVATE, *MULTICAST)]
_NEVER_4 = [one for one in _NEVER if isinstance(one, IPv4Network)]
_NEVER_6 = [one for one in _NEVER if isinstance(one, IPv6Network)]
log = logging.getLogger(__name__)


class ReputationError(CollectorError):
    """A list that cannot be used; the text has its file's name."""


class Shelf:
    """Reads lists, and again those that change."""

    def __init__(self, paths: Sequence[Path], exceptions: Path | None = None) -> None:
        """`paths` are files and folders; `exceptions` is a list of addresses that are to have no tags."""
        self._paths, self._exceptions = paths, exceptions
        self._lists: dict[Path, BlockList] = {}
        self._stamps: dict[Path, Stamp] = {}

    def changed(self) -> bool:
        """Whether files have changed, come or gone since they were read."""
        return self._look() != self._stamps

    def read(self, strict: bool = False) -> TagSets:
        """Take what has changed; of a file that cannot be used now, what was read before stays.

        If `strict`, ReputationError where that is a file that was named (the folder's others are told and left out).
        """
        before, self._stamps = self._stamps, self._look()
        found = {}
        for path, now in self._stamps.items():
            same = path in before and now == before[path]
            found[path] = self._lists.get(path) if same else self._read(path, strict)
        self._lists = {path: one for path, one in found.items() if one}
        entries = sum(one.entries for one in self._lists.values())
        log.info("reputation: addresses and networks: %d, lists: %d", entries, len(self._lists))
        return TagSets(list(self._layers()))

    def _look(self) -> dict[Path, Stamp]:
        return {path: stamp(path) for path in self._files()}

    def _files(self) -> Iterator[Path]:
        for path in self._paths:
            yield from _listed(path) if path.is_dir() else [path]
        if self._exceptions:
            yield self._exceptions

    def _read(self, path: Path, strict: bool) -> BlockList | None:
        try:
            return _list(path)
        except ReputationError as error:
            if strict and path in (*self._paths, self._exceptions):
                raise
            old = self._lists.get(path)
            log.warning("%s; %s", error, "what was read of it before stays in use" if old else "not used")
            return old

    def _layers(self) -> Iterator[Layer]:
        lists = [one for path, one in self._lists.items() if path != self._exceptions]
        for one in lists:
            yield from () if one.tagged else one.layers()
        # Public lists name private addresses too, as such that must not come from outside.
        yield Layer(None, four_ranges(_NEVER_4), six_ranges(_NEVER_6))
        for one in lists:
            yield from one.layers() if one.tagged else ()
        if self._exceptions in self._lists:
            yield from (layer._replace(tag=None) for layer in self._lists[self._exceptions].layers())


def _listed(folder: Path) -> list[Path]:
    """The lists in a folder; the folder itself, which is no list, where it cannot be looked into."""
    try:
        return sorted(one for one in folder.iterdir() if one.suffix in ENDINGS and not one.name.startswith("."))
    except OSError:
        return [folder]


def _list(path: Path) -> BlockList:
    """What a file says. ReputationError where it cannot be read or says nothing of addresses."""
    try:
        found = blocklists.read(path)
    except OSError as error:
        raise ReputationError(f"reputation {path}: {error.strerror}") from error
    if found.bad and not found.entries:
        raise ReputationError(f"reputation {path}: no line has an address; {found.first_bad}")
    if found.bad:
        log.warning("reputation %s: lines without an address: %d, the first is %s", path, found.bad, found.first_bad)
    return found
