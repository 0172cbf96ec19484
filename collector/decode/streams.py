"""The streams of export: one exporter, one protocol version, one observation domain; and the templates of each.

RFC 7011 section 8 ties template ids to a transport session. Over TCP they live as long as it does.
Over UDP routers change their source port when they restart
a process, so the port is left out: a template holds for the exporter's address.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from collector.decode.exports import AGAIN, NO_UPTIME, ExportColumns, Exports, Header, Ints, Sets
from collector.decode.layout import Layout
from collector.decode.limits import FIELDS_OF_ONE, STREAMS_OF_ONE, TEMPLATE_COST, WAITING_OF_ONE, Budget, Limits
from collector.decode.problems import Problems
from collector.decode.templates import Definition
from collector.decode.waiting import Early, Key, Waiting

ALL_TEMPLATES, ALL_OPTIONS = 2, 3
"""Set ids that stand for every template in a withdrawal (RFC 7011 section 8.1)."""
EXPIRY_MILLISECONDS = 1000
"""How often waiting data is looked through for what is too old."""
GONE = -1
"""Exporter of a stream whose row is free."""


@dataclass(slots=True)
class Template:
    """A template in force, and the sets of the present batch that it describes."""

    number: int
    layout: Layout
    options: bool
    raw: bytes
    received: int
    """Milliseconds since 1970 when it last came."""
    sets: Sets | None = None

    @property
    def cost(self) -> int:
        """What it takes of `Limits.fields`; a fixed format, which has no bytes on the wire, takes nothing."""
        return len(self.layout.slots) + TEMPLATE_COST if self.raw else 0

    def doubt(self, body: bytes, header: Header) -> str:
        """What speaks against this template, known from the last run, for a data set; nothing where it may hold."""
        if header.uptime != NO_UPTIME and header.received - header.uptime > self.received:
            return "the exporter has restarted since"
        if not self.layout.fits(len(body)):
            return f"{len(body)} bytes are no records of {self.layout.smallest}"
        return ""


@dataclass(slots=True)
class Share:
    """What the streams of one exporter have together."""

    waiting: Waiting
    streams: Budget
    fields: Budget
    rows: set[int] = field(default_factory=set)
    """Their row numbers, those of ended sessions among them."""
    sessions: int = 0
    """Streams of sessions that are open."""

    def clear(self) -> None:
        """Give back all that is taken."""
        for budget in (self.waiting.room, self.streams, self.fields):
            budget.clear()


@dataclass(slots=True)
class Batch:
    """What the streams gather while the datagrams of one batch are walked."""

    exports: Exports = field(default_factory=Exports)
    problems: Problems = field(default_factory=Problems)
    touched: list[Template] = field(default_factory=list)
    """Templates with sets in this batch, also those replaced meanwhile."""
    incomplete: set[int] = field(default_factory=set)
    """Headers of messages with data that cannot be counted: it waits for its template."""
    changed: int = 0
    """Templates that are new, different or gone, without those of sessions."""
    ended: list[int] = field(default_factory=list)
    """Row numbers of the streams of sessions that ended."""


@dataclass(slots=True)
class Stream:
    """One exporter's templates under one version and observation domain."""

    row: int
    exporter: int
    version: int
    domain: int
    session: int
    share: Share
    templates: dict[int, Template] = field(default_factory=dict)
    remembered: dict[int, Template] = field(default_factory=dict)
    """Templates known from the last run, until the exporter sends them again or its data speaks against them."""
    redefined: int = 0
    """Times that a template became another, or was withdrawn."""

    def data(self, batch: Batch, number: int, body: bytes, header: int) -> None:
        """A data set under the header with that row number."""
        template = self.templates.get(number) or self._recall(batch, number, body, header)
        if template is None:
            self._wait(batch, number, body, header)
            return
        if template.sets is None:
            template.sets = Sets()
            batch.touched.append(template)
        template.sets.bodies.append(body)
        template.sets.headers.append(header)

    def layout(self, number: int) -> Layout | None:
        """The layout of a template, None where there is none."""
        template = self.templates.get(number)
        return None if template is None else template.layout

    def define(self, batch: Batch, definition: Definition, received: int) -> None:
        """A template record: new, repeated, changed from here on, or a withdrawal."""
        layout = definition.layout
        if layout is None:
            self._withdraw(batch, definition)
            return
        if not layout.smallest:
            batch.problems.add("empty-template", self.exporter, f"template {definition.number}")
            return
        if definition.number in self.remembered:
            self.templates[definition.number] = self.remembered.pop(definition.number)
        old = self.templates.get(definition.number)
        if old is not None and old.raw == definition.raw and old.options == definition.options:
            old.received = received
            return
        self._drop(definition.number)
        new = Template(definition.number, layout, definition.options, definition.raw, received)
        if not self.share.fields.take(new.cost):
            batch.problems.add("too-many-templates", self.exporter, f"template {definition.number}")
            return
        self.templates[definition.number] = new
        self._change(batch)
        for early in self.share.waiting.take((self.row, definition.number)):
            self.data(batch, definition.number, early.body, batch.exports.add(early.header))

    def remember(self, template: Template) -> bool:
        """Take a template of the last run; whether there is room for it."""
        self._drop(template.number)
        room = self.share.fields.take(template.cost)
        if room:
            self.remembered[template.number] = template
        return room

    def outdate(self, before: int) -> None:
        """Forget templates of the last run that had come for the last time before a time (milliseconds)."""
        for template in [one for one in self.remembered.values() if one.received < before]:
            self._drop(template.number)

    def clear(self) -> None:
        """Forget all templates, and the data that waits for others."""
        self.share.waiting.forget(self.row)
        every = [*self.templates.values(), *self.remembered.values()]
        self.share.fields.give(sum(template.cost for template in every))
        self.templates, self.remembered = {}, {}

    def _recall(self, batch: Batch, number: int, body: bytes, header: int) -> Template | None:
        """A template of the last run. Where anything speaks against it the data rather waits for the exporter's own."""
        template = self.remembered.get(number)
        doubt = template.doubt(body, batch.exports.rows[header]) if template else ""
        if not doubt:
            return template
        self._drop(number)
        self._change(batch)
        batch.problems.add("stale-template", self.exporter, f"template {number}: {doubt}")
        return None

    def _change(self, batch: Batch) -> None:
        if not self.session:
            batch.changed += 1

    def _wait(self, batch: Batch, number: int, body: bytes, header: int) -> None:
        batch.incomplete.add(header)
        early = Early(batch.exports.rows[header]._replace(units=AGAIN), body)
        for _, dropped in self.share.waiting.keep((self.row, number), early):
            batch.problems.add("template-overflow", self.exporter, f"template {dropped}")

    def _withdraw(self, batch: Batch, definition: Definition) -> None:
        if definition.number in (ALL_TEMPLATES, ALL_OPTIONS):
            options = definition.number == ALL_OPTIONS
            every = {**self.remembered, **self.templates}
            dropped = [self._drop(number) for number, template in every.items() if template.options == options]
        else:
            dropped = [self._drop(definition.number)]
        if any(dropped):
            self._change(batch)

    def _drop(self, number: int) -> bool:
        """Give up a template; whether there was one of that number."""
        old = self.templates.pop(number, None) or self.remembered.pop(number, None)
        if old is None:
            return False
        self.redefined += 1
        self.share.fields.give(old.cost)
        return True


_NO_SHARE = Share(Waiting(), Budget(0), Budget(0))
"""Of streams that are gone."""


class Streams:
    """All streams, by exporter, version, observation domain and, over TCP, session."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.rows: list[Stream] = []
        """By row number; the exporter is `GONE` where a row is free."""
        self.shares: dict[int, Share] = {}
        """By exporter."""
        self._limits = limits or Limits()
        self._streams: dict[tuple[int, int, int, int], Stream] = {}
        self._ended: dict[tuple[int, int, int], list[int]] = {}
        """Row numbers that ended sessions left, for the next session of the same exporter and domain."""
        self._free: list[int] = []
        self.crowded: set[int] = set()
        """Exporters with more streams than one may have."""
        self._looked = 0
        self._names = np.zeros((0, 3), np.int64)
        self._unnamed: list[int] = []
        """Rows whose names are not in `_names` yet."""

    def of(self, exporter: int, version: int, domain: int, session: int = 0) -> Stream | None:
        """The stream, new where it has not been seen; None where there is no room for another."""
        stream = self._streams.get((exporter, version, domain, session))
        return self._new(exporter, version, domain, session) if stream is None else stream

    def layouts(self, row: int) -> Callable[[int], Layout | None]:
        """The templates in force of the stream with that row number: their layouts by id."""
        return self.rows[row].layout

    def lasting(self, exporter: int) -> list[Stream]:
        """The streams of an exporter that belong to no session, in the order in which they began."""
        share = self.shares.get(exporter)
        rows = sorted(share.rows) if share else []
        return [self.rows[row] for row in rows if not self.rows[row].session]

    def end(self, batch: Batch, session: int) -> None:
        """Forget what a session defined, and its data that waits for templates."""
        for key in [key for key in self._streams if key[3] == session]:
            stream = self._streams.pop(key)
            stream.clear()
            stream.share.sessions -= 1
            batch.ended.append(stream.row)

    def reuse(self, rows: Iterable[int]) -> None:
        """Give the rows of ended sessions to those that come: after their batch, in which they mean the old ones."""
        for row in rows:
            stream = self.rows[row]
            self._ended.setdefault((stream.exporter, stream.version, stream.domain), []).append(row)

    def in_session(self) -> Iterator[int]:
        """Exporters with sessions that are open: nobody can forge those, and their templates come once."""
        return (exporter for exporter, share in self.shares.items() if share.sessions)

    def forget(self, exporters: Iterable[int]) -> list[int]:
        """Forget exporters; the rows of their streams, which will be others' from now on."""
        rows = [row for exporter in exporters if exporter in self.shares for row in self._forget(exporter)]
        self._release(rows)
        return rows

    def trim(self, received: Ints) -> list[int]:
        """Forget streams of the exporters that have too many: those without templates first, then those whose last
        message (in `received`, by row) is longest ago; the rows that are free. Streams of open sessions stay.
        """
        rows = [row for exporter in self.crowded for row in self._surplus(self.shares[exporter], received)]
        for row in rows:
            stream = self.rows[row]
            stream.clear()
            stream.share.streams.give()
            stream.share.rows.discard(row)
        self._release(rows)
        self.crowded.clear()
        return rows

    def _new(self, exporter: int, version: int, domain: int, session: int) -> Stream | None:
        name = exporter, version, domain
        share = self.shares.get(exporter) or self._share(exporter)
        ended = self._ended.get(name)
        if not ended and not share.streams.take():
            if share.streams.used == share.streams.limit:
                self.crowded.add(exporter)
            return None
        if ended:
            row = ended[-1]
            self._resume(name, row)
        else:
            row = self._free.pop() if self._free else len(self.rows)
        stream = Stream(row, *name, session, share)
        self.rows[row : row + 1] = [stream]
        self._streams[*name, session] = stream
        self._unnamed.append(row)
        share.rows.add(row)
        share.sessions += session > 0
        return stream

    def _resume(self, name: tuple[int, int, int], row: int) -> None:
        """Take a row out of those that ended sessions left."""
        self._ended[name].remove(row)
        if not self._ended[name]:
            del self._ended[name]

    def _share(self, exporter: int) -> Share:
        limits = self._limits
        waiting = Waiting(Budget(WAITING_OF_ONE, limits.waiting))
        share = Share(waiting, Budget(STREAMS_OF_ONE, limits.streams), Budget(FIELDS_OF_ONE, limits.fields))
        self.shares[exporter] = share
        return share

    def _forget(self, exporter: int) -> set[int]:
        share = self.shares.pop(exporter)
        share.clear()
        self.crowded.discard(exporter)
        return share.rows

    def _surplus(self, share: Share, received: Ints) -> list[int]:
        """A quarter of an exporter's streams."""
        streams = [stream for row in share.rows if not self._open(stream := self.rows[row])]
        streams.sort(key=lambda stream: (bool(stream.templates or stream.remembered), received[stream.row]))
        return [stream.row for stream in streams[: -(-len(share.rows) // 4)]]

    def _open(self, stream: Stream) -> bool:
        return stream.session > 0 and (stream.exporter, stream.version, stream.domain, stream.session) in self._streams

    def _release(self, rows: Iterable[int]) -> None:
        """Make rows free."""
        for row in rows:
            stream = self.rows[row]
            name = stream.exporter, stream.version, stream.domain
            if self._streams.pop((*name, stream.session), None) is None:
                self._resume(name, row)
            self.rows[row] = Stream(row, GONE, 0, 0, 0, _NO_SHARE)
            self._free.append(row)

    def headers(self, exports: Exports) -> ExportColumns:
        """The headers of a batch with the names of their streams."""
        columns = exports.columns()
        names = np.ascontiguousarray(self._known()[columns[0]].T)
        return ExportColumns(*columns, *names)

    def expire(self, batch: Batch, now: int) -> None:
        """Give up data that waited too long at `now` (milliseconds)."""
        if now - self._looked < EXPIRY_MILLISECONDS:
            return
        self._looked = now
        for exporter, share in self.shares.items():
            if share.waiting.sets:
                self._give_up(batch, exporter, share.waiting.expire(now))

    def _give_up(self, batch: Batch, exporter: int, dropped: Iterable[Key]) -> None:
        for row, number in dropped:
            batch.problems.add("no-template", exporter, f"template {number} of domain {self.rows[row].domain}")

    def _known(self) -> Ints:
        """Exporter, version and domain of each stream."""
        if self._unnamed:
            more = max(len(self.rows) - len(self._names), 0)
            self._names = np.concatenate([self._names, np.zeros((more, 3), np.int64)])
            new = [self.rows[row] for row in self._unnamed]
            self._names[self._unnamed] = [(stream.exporter, stream.version, stream.domain) for stream in new]
            self._unnamed = []
        return self._names
