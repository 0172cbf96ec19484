"""The streams of export: one exporter, one protocol version, one observation domain; and the templates of each.

RFC 7011 section 8 ties template ids to a transport session. Over TCP they live as long as it does.
Over UDP routers change their source port when they restart
a process, so the port is left out: a template holds for the exporter's address.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from collector.decode.exports import AGAIN, ExportColumns, Exports, Ints, Sets
from collector.decode.layout import Layout
from collector.decode.problems import Problems
from collector.decode.templates import Definition
from collector.decode.waiting import Early, Key, Waiting

ALL_TEMPLATES, ALL_OPTIONS = 2, 3
"""Set ids that stand for every template in a withdrawal (RFC 7011 section 8.1)."""
EXPIRY_MILLISECONDS = 1000
"""How often waiting data is looked through for what is too old."""


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


@dataclass(slots=True)
class Batch:
    """What the streams gather while the datagrams of one batch are walked."""

    exports: Exports = field(default_factory=Exports)
    problems: Problems = field(default_factory=Problems)
    touched: list[Template] = field(default_factory=list)
    """Templates with sets in this batch, also those replaced meanwhile."""
    incomplete: set[int] = field(default_factory=set)
    """Headers of messages with data that cannot be counted: it waits for its template."""


@dataclass(slots=True)
class Stream:
    """One exporter's templates under one version and observation domain."""

    row: int
    exporter: int
    version: int
    domain: int
    waiting: Waiting
    """Of the exporter: shared by its streams."""
    templates: dict[int, Template] = field(default_factory=dict)

    def data(self, batch: Batch, number: int, body: bytes, header: int) -> None:
        """A data set under the header with that row number."""
        template = self.templates.get(number)
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
            self._withdraw(definition)
            return
        if not layout.smallest:
            batch.problems.add("empty-template", self.exporter, f"template {definition.number}")
            return
        old = self.templates.get(definition.number)
        if old is not None and old.raw == definition.raw and old.options == definition.options:
            old.received = received
            return
        new = Template(definition.number, layout, definition.options, definition.raw, received)
        self.templates[definition.number] = new
        for early in self.waiting.take((self.row, definition.number)):
            self.data(batch, definition.number, early.body, batch.exports.add(early.header))

    def _wait(self, batch: Batch, number: int, body: bytes, header: int) -> None:
        batch.incomplete.add(header)
        early = Early(batch.exports.rows[header]._replace(units=AGAIN), body)
        for _, dropped in self.waiting.keep((self.row, number), early):
            batch.problems.add("template-overflow", self.exporter, f"template {dropped}")

    def _withdraw(self, definition: Definition) -> None:
        if definition.number in (ALL_TEMPLATES, ALL_OPTIONS):
            options = definition.number == ALL_OPTIONS
            self.templates = {n: t for n, t in self.templates.items() if t.options != options}
        else:
            self.templates.pop(definition.number, None)


class Streams:
    """All streams, by exporter, version, observation domain and, over TCP, session."""

    def __init__(self) -> None:
        self.rows: list[Stream] = []
        """By row number."""
        self._streams: dict[tuple[int, int, int, int], Stream] = {}
        self._ended: dict[tuple[int, int, int], list[int]] = {}
        """Row numbers that ended sessions left, for the next session of the same exporter and domain."""
        self._waiting: dict[int, Waiting] = {}
        self._looked = 0
        self._names = np.zeros((0, 3), np.int64)

    def of(self, exporter: int, version: int, domain: int, session: int = 0) -> Stream:
        """The stream, new where it has not been seen."""
        stream = self._streams.get((exporter, version, domain, session))
        return self._new(exporter, version, domain, session) if stream is None else stream

    def layouts(self, row: int) -> Callable[[int], Layout | None]:
        """The templates in force of the stream with that row number: their layouts by id."""
        return self.rows[row].layout

    def end(self, session: int) -> None:
        """Forget what a session defined, and its data that waits for templates."""
        for key in [key for key in self._streams if key[3] == session]:
            stream = self._streams.pop(key)
            stream.waiting.forget(stream.row)
            stream.templates = {}
            self._ended.setdefault(key[:3], []).append(stream.row)

    def _new(self, exporter: int, version: int, domain: int, session: int) -> Stream:
        name = exporter, version, domain
        waiting = self._waiting.setdefault(exporter, Waiting())
        ended = self._ended.get(name)
        stream = Stream(ended.pop() if ended else len(self.rows), *name, waiting)
        self.rows[stream.row : stream.row + 1] = [stream]
        self._streams[*name, session] = stream
        return stream

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
        for exporter, waiting in self._waiting.items():
            if waiting.sets:
                self._give_up(batch, exporter, waiting.expire(now))

    def _give_up(self, batch: Batch, exporter: int, dropped: Iterable[Key]) -> None:
        for row, number in dropped:
            batch.problems.add("no-template", exporter, f"template {number} of domain {self.rows[row].domain}")

    def _known(self) -> Ints:
        """Exporter, version and domain of each stream."""
        have = len(self._names)
        if have < len(self.rows):
            new = [(stream.exporter, stream.version, stream.domain) for stream in self.rows[have:]]
            self._names = np.concatenate([self._names, np.array(new, np.int64)])
        return self._names
