"""Makes reports when they are due, in a thread of its own."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from collector.errors import CollectorError
from collector.explore.report import apart
from collector.explore.report.apart import StoppedError
from collector.explore.report.by_hand import by_hand
from collector.explore.report.journal import Journal
from collector.explore.report.mail import Letter, Post, send
from collector.explore.report.periods import after, covered, due, moment, named
from collector.explore.report.plans import Plan
from collector.explore.report.post import letter, open_post
from collector.explore.report.saving import save
from collector.query.model import Range
from collector.settings import Settings

WAITS = (60.0, 300.0)
"""Seconds between one try and the next."""
LOOK = 30.0
"""Seconds from look to look: the clock may be set meanwhile."""
LATEST = timedelta(days=1)
"""How long after it was due a report is still made."""
log = logging.getLogger(__name__)


def open_scheduler(settings: Settings) -> "Scheduler | None":
    """What makes the reports of the settings, not yet started; None where there are none. SettingsError, MailError."""
    if not settings.reports:
        return None
    post = open_post(settings) if any(plan.mail for plan in settings.reports) else None
    return Scheduler(settings, post)


class Scheduler:
    """Looks from time to time what is due. One process alone makes the reports of a folder."""

    def __init__(
        self,
        settings: Settings,
        post: Post | None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        waits: tuple[float, ...] = WAITS,
    ) -> None:
        self.settings, self.post, self.clock = settings, post, clock
        self._zone = ZoneInfo(settings.timezone)
        self._journal = Journal(settings.folder)
        self._waits = waits
        self._given_up: dict[str, date] = {}
        self.ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a report under way is made at the next start."""
        self.ending.set()
        if self._thread.ident is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        try:
            if self._claimed():
                self._look_on()
        except Exception:
            log.exception("no more reports are made by a fault of the collector: please report it")
        finally:
            self._journal.release()

    def _claimed(self) -> bool:
        """Whether the reports are this process's; waits as long as another one makes them."""
        told = False
        while not self.ending.is_set():
            try:
                if self._journal.claim():
                    return True
                reason = f"another process makes the reports of {self.settings.folder}"
            except CollectorError as error:
                reason = f"no reports are made: {error}"
            if not told:
                log.warning("%s", reason)
            told = True
            self.ending.wait(LOOK)
        return False

    def _look_on(self) -> None:
        while not self.ending.is_set():
            self.step()
            self.ending.wait(LOOK)

    def step(self) -> None:
        """Make what is due."""
        for plan in self.settings.reports:
            if not self.ending.is_set():
                self._look(plan)

    def _look(self, plan: Plan) -> None:
        now = self.clock()
        day = due(plan.every, plan.at, now, self._zone)
        last = self._journal.last(plan.key)
        if last is None:
            log.info("report %s: the first one is due on %s", plan.key, self._next(plan, day))
            self._note(plan, day)
        elif last < day and self._given_up.get(plan.key) != day:
            within = covered(plan.every, day, self._zone)
            if now - moment(day, plan.at, self._zone) > LATEST:
                log.warning("report %s was due while the collector was down; %s", plan.key, self._by_hand(plan, within))
                self._note(plan, day)
            else:
                self._make(plan, day, within)

    def _next(self, plan: Plan, day: date) -> str:
        when = moment(after(plan.every, day), plan.at, self._zone).astimezone(self._zone)
        return f"{when:%Y-%m-%d %H:%M} ({self.settings.timezone})"

    def _make(self, plan: Plan, day: date, within: Range) -> None:
        try:
            done = self._made(plan, day, within)
        except StoppedError:
            return
        if done:
            self._note(plan, day)
        elif not self.ending.is_set():
            log.error("report %s of %s is given up; %s", plan.key, named(plan.every, day), self._by_hand(plan, within))
            self._given_up[plan.key] = day

    def _made(self, plan: Plan, day: date, within: Range) -> bool:
        """Whether all have it that should."""
        found: list[bytes] = []
        order = plan.order(within)
        name = f"{plan.name}-{named(plan.every, day)}.{plan.format}"
        if not self._tried(plan, lambda: found.append(apart.made(self.settings, order, self.ending))):
            return False
        done = True
        if plan.folder:
            path = plan.folder / name
            done = self._tried(plan, lambda: self._save(found[0], plan, path.name))
        if plan.mail:
            done &= self._tried(plan, lambda: self._send(plan, letter(self.settings, order, name, found[0])))
        return done

    def _save(self, data: bytes, plan: Plan, name: str) -> None:
        folder = plan.folder or self.settings.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CollectorError(f"{folder}: {error.strerror}") from error
        save(data, folder / name)
        log.info("report %s: %s", plan.key, folder / name)

    def _send(self, plan: Plan, made: Letter) -> None:
        assert self.post  # noqa: S101 - `open_scheduler` looks after it
        if refused := send(self.post, made, plan.mail):
            log.warning("report %s: %s", plan.key, refused)
        log.info("report %s: %s sent by mail", plan.key, made.name)

    def _tried(self, plan: Plan, action: Callable[[], None]) -> bool:
        """Whether an action succeeds, at the latest at the last of some tries."""
        for wait in (*self._waits, None):
            try:
                action()
            except StoppedError:
                raise
            except CollectorError as error:
                again = "" if wait is None else f"; tried again in {wait:g} s"
                log.warning("report %s: %s%s", plan.key, error, again)
                if wait is None or self.ending.wait(wait):
                    return False
            else:
                return True
        return False

    def _note(self, plan: Plan, day: date) -> None:
        try:
            self._journal.note(plan.key, day)
        except CollectorError as error:
            log.warning("report %s may be made once more after a restart: %s", plan.key, error)

    def _by_hand(self, plan: Plan, within: Range) -> str:
        return by_hand(self.settings, plan.order(within), f"{plan.name}.{plan.format}")
