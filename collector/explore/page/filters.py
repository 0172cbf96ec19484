"""What is below the header: the dashboard's controls, and the filters that came by clicks."""

from typing import TYPE_CHECKING

from nicegui import ui

from collector.errors import CollectorError
from collector.explore import labels
from collector.explore.page.chips import Chip
from collector.explore.page.words import words

if TYPE_CHECKING:
    from collector.explore.page.visit import Visit

MOST_CHOICES = 50


class Chips:
    """Each can be turned into its opposite, and removed."""

    def __init__(self, visit: "Visit") -> None:
        self.visit = visit
        self._controls = ui.element("div").classes("fc-controls")
        self._chips = ui.element("div").classes("fc-chips").props('role=group aria-label="Filters that were clicked"')
        self._shown: tuple[str, ...] = ()
        self._selects: dict[str, Control] = {}

    def show(self) -> None:
        """Show those of the view."""
        controls = self.visit.site.dashboards[self.visit.view.dashboard].controls
        if controls != self._shown:
            self._shown = controls
            self._controls.clear()
            with self._controls:
                self._selects = {field: Control(self.visit, field) for field in controls}
        for control in self._selects.values():
            control.show()
        self._chips.clear()
        with self._chips:
            for chip in self.visit.view.chips:
                self._chip(chip)
            if len(self.visit.view.chips) > 1:
                ui.button("Remove all", on_click=lambda: self._set(())).props("flat dense no-caps size=sm")

    def _chip(self, chip: Chip) -> None:
        label = labels.label(chip.field)
        with ui.element("div").classes("fc-chip" + (" fc-out" if chip.out else "")):
            if chip.out:
                words("span", "not", "fc-not")
            words("span", f"{label}: {chip.value}").tooltip(chip.text)
            self._button("swap_horiz", "Filter for it" if chip.out else "Filter it out", self._inverted(chip))
            self._button("close", "Remove this filter", tuple(one for one in self.visit.view.chips if one != chip))

    def _button(self, icon: str, label: str, chips: tuple[Chip, ...]) -> None:
        made = ui.button(icon=icon, on_click=lambda: self._set(chips))
        made.props(f'flat dense round size=xs aria-label="{label}"').tooltip(label)

    def _inverted(self, chip: Chip) -> tuple[Chip, ...]:
        return tuple(one.inverted if one == chip else one for one in self.visit.view.chips)

    def _set(self, chips: tuple[Chip, ...]) -> None:
        self.visit.go(self.visit.view.narrowed(chips=chips))


class Control:
    """A field with its most frequent values to choose from: those that rows may have."""

    def __init__(self, visit: "Visit", field: str) -> None:
        self.visit = visit
        self.field = field
        self._syncing = False
        self._opened = False
        self._select = (
            ui.select([], multiple=True, with_input=True, label=labels.label(field), on_change=self._chosen)
            .props("dense outlined options-dense clearable")
            .classes("fc-control")
        )
        self._select.on("focus", self._open)  # a list without entries does not open
        self._select.on("blur", self._closed)

    def show(self) -> None:
        """Show what the view filters for."""
        self._set(self._select.options, self._wanted())  # type: ignore[arg-type]

    def _wanted(self) -> list[str]:
        return [chip.value for chip in self.visit.view.chips if chip.field == self.field and not chip.out]

    async def _open(self) -> None:
        """Look which values there are, and show them."""
        if self._opened:
            return
        self._opened = True
        try:
            found = await self.visit.bar.values(self.field, "", MOST_CHOICES)
        except CollectorError as error:
            self.visit.messages.say(str(error))
            return
        self._set(found, self._wanted())
        self.visit.script(f"fcUnfold({self._select.id})")

    def _closed(self) -> None:
        self._opened = False

    def _set(self, options: list[str], wanted: list[str]) -> None:
        self._syncing = True
        self._select.set_options([*dict.fromkeys([*options, *wanted])], value=wanted)
        self._syncing = False

    def _chosen(self) -> None:
        if self._syncing:
            return
        wanted = [Chip(self.field, str(value)) for value in self._select.value or []]
        others = [chip for chip in self.visit.view.chips if chip.field != self.field or chip.out]
        kept = [chip for chip in others if chip.inverted not in wanted]
        self.visit.go(self.visit.view.narrowed(chips=(*kept, *wanted)))
