"""The filter bar: Lucene text with proposals, and what is wrong with it in place."""

import json
from typing import TYPE_CHECKING

from nicegui import ui
from nicegui.events import GenericEventArguments

from collector.datasets import DATASETS, Dataset
from collector.errors import CollectorError
from collector.explore.page import completion
from collector.explore.page.completion import Proposal
from collector.explore.page.state import MOST_TEXT
from collector.explore.page.words import words
from collector.query.errors import FilterError
from collector.query.filter import parse

if TYPE_CHECKING:
    from collector.explore.page.visit import Visit

HOLDER = 'Filter, e.g. flow.service_name:https AND NOT client.ip:"10.0.0.0/8"   ( / )'
PROPS = (
    "data-fc=filter type=text autocomplete=off autocapitalize=off spellcheck=false role=combobox aria-label=Filter "
    "aria-autocomplete=list aria-expanded=false"
)
LIST = "data-fc=proposals role=listbox tabindex=-1 hidden"
"""Out of the way of Tab, which would stop at a list that scrolls just before it folds."""


class FilterBar:
    """What was written is looked at when Enter is pressed."""

    def __init__(self, visit: "Visit") -> None:
        self.visit = visit

    @property
    def dataset(self) -> Dataset:
        """The rows that the dashboard is about."""
        return DATASETS[self.visit.site.dashboards[self.visit.view.dashboard].dataset]

    def build(self) -> None:
        """Make it."""
        with ui.element("div").classes("fc-filterbox"):
            self._box = ui.element("input").props(PROPS).classes("fc-filter")
            self._box.props.update({"placeholder": HOLDER, "maxlength": MOST_TEXT})
            self._list = ui.element("ul").props(LIST).classes("fc-proposals")
            self._box.props["aria-controls"] = self._list.html_id
            self._fault = ui.element("div").classes("fc-fault").props("role=alert")
        ui.on("fc_writes", self._writes)
        ui.on("fc_filter", self._submit)

    def show(self) -> None:
        """Write the view's filter, and what is wrong with it."""
        self.visit.script(f"fcFilter({json.dumps(self.visit.view.filter)})")
        self._check(self.visit.view.filter)

    def _submit(self, event: GenericEventArguments) -> None:
        text = str(event.args).strip()[:MOST_TEXT]
        if self._check(text):
            self.visit.go(self.visit.view.narrowed(filter=text))

    def _check(self, text: str) -> bool:
        """Whether a filter makes sense; says it where it does not."""
        self._fault.clear()
        try:
            if text:
                parse(text, self.dataset.asked)
        except FilterError as error:
            self._box.props["aria-invalid"] = "true"
            self._box.update()
            with self._fault:
                _marked(text, error)
            return False
        self._box.props["aria-invalid"] = "false"
        self._box.update()
        return True

    async def _writes(self, event: GenericEventArguments) -> None:
        """Propose what may be meant."""
        text, cursor = str(event.args["text"])[:MOST_TEXT], int(event.args["cursor"])
        found = await self._proposals(text, cursor)
        self._list.clear()
        with self._list:
            for one in found:
                self._entry(one)
        self.visit.script(f"fcProposals({len(found)}, {json.dumps(text)})")

    async def _proposals(self, text: str, cursor: int) -> list[Proposal]:
        at, known = completion.writing(text, cursor), self.dataset.asked
        if at.field is None:
            return completion.fields(text, at, known) if at.prefix or not text else []
        if at.field not in known:
            return []
        try:
            return completion.values(text, at, await self.values(at.field, at.prefix))
        except CollectorError:
            return []

    async def values(self, field: str, prefix: str, limit: int = completion.MOST_VALUES) -> list[str]:
        """The most frequent ones of a field in the view's range. CollectorError."""
        within, dataset = self.visit.request().within, self.dataset
        return await self.visit.site.ask(lambda engine: engine.values(field, prefix, within, limit, dataset))

    def _entry(self, one: Proposal) -> None:
        with ui.element("li").props("role=option aria-selected=false") as entry:
            words("b", one.word)
            words("span", one.hint)
        choice = f"() => fcFilter({json.dumps(one.text)}, {one.cursor})"
        entry.on("mousedown.prevent", js_handler="() => {}")
        entry.on("click", js_handler=choice)


def _marked(text: str, error: FilterError) -> None:
    """The filter with the place that is wrong, and the reason."""
    place = min(error.position - 1, len(text))
    with ui.element("code"):
        words("span", text[:place])
        words("mark", text[place : place + 1] or "…")
        words("span", text[place + 1 :])
    words("div", str(error))
