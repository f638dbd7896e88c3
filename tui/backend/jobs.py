"""Long jobs: one after the other, reported at most ten times a second, stopped on request."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import CancelledError, RecsysError
from engine.session import Job, Progress, ValidationCurve, validation_of
from tui.backend.connection import Connection, Work
from tui.backend.protocols import SessionLike
from tui.backend.threads import start
from tui.messages import DatasetChanged, Failure, JobChanged, JobState, JobView, Warned

_GOING_ON = ("waiting", "running", "paused")
#: The least time between two reports of how long a job waits, in seconds.
_TOLD_EVERY = 1.0
#: Seconds after which a job that was asked to stop is left to end by itself.
_OBEDIENCE = 0.8
#: Seconds that a job is taken to last of which nothing is known.
_UNKNOWN_LENGTH = 60.0


@dataclass(eq=False)
class _Entry:
    """A job of the queue, from when it is asked for until it has ended."""

    reporter: Reporter
    work: Work
    expected: float
    resumable: bool
    on_stop: Callable[[SessionLike], None] | None
    set_aside: bool = False
    is_done: bool = False
    stopped_at: float | None = None

    def begin(self) -> None:
        """Note that it is done now, perhaps once more."""
        self.is_done, self.stopped_at = False, None
        self.reporter.renew()

    @property
    def seconds_left(self) -> float:
        """What is left of it, as far as it is known; else what such a job is taken for."""
        left = self.reporter.view.seconds_left
        return self.expected if left is None else left


class JobThread:
    """Runs long jobs one after the other, the short ones first.

    A running job that can go on later from where it was is set aside for one that takes less time. A job that does not
    obey a stop within a second, since it is loading a library or computing one long step, is left to end by itself: it
    counts as stopped, and the next job begins.

    Parameters
    ----------
    connection
        The session, and how the screen is notified.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._changed = threading.Condition()
        self._waiting: list[_Entry] = []
        self._running: _Entry | None = None
        self._threads = 0
        self._told_at = float("-inf")
        self._started = False
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a job waits or runs."""
        return bool(self._waiting) or self._running is not None

    def add(
        self,
        view: JobView,
        work: Work,
        *,
        expected: float | None = None,
        resumable: bool = False,
        on_stop: Callable[[SessionLike], None] | None = None,
    ) -> int:
        """Have ``work(session, job)`` done when its turn comes; the number of the job.

        A job that already waits or runs is not added a second time: a key may be pressed twice before the screen
        shows what the first press did.

        Parameters
        ----------
        view, work
            What the screen shows of the job, and what it does. A text that it returns is shown at its end.
        expected
            How many seconds it may take; None if nothing is known.
        resumable
            Whether it can be stopped and goes on from there when it is done again.
        on_stop
            Called in a thread when the job was stopped on request, and not because the app is left.
        """
        unknown = math.inf if resumable else _UNKNOWN_LENGTH
        reporter = Reporter(replace(view, resumable=resumable), self._connection, self._reported)
        entry = _Entry(reporter, work, unknown if expected is None else expected, resumable, on_stop)
        with self._changed:
            running = self._running
            for other in filter(None, (running, *self._waiting)):
                known = other.reporter.view
                if known.label == view.label and known.state in _GOING_ON:
                    return known.id
            self._waiting.append(entry)
            self._waiting.sort(key=lambda one: (one.seconds_left, one.reporter.view.id))
            if running is not None and running.resumable and entry.seconds_left < running.seconds_left:
                running.set_aside, running.expected = True, running.seconds_left
                running.reporter.job.cancel()
            self._changed.notify_all()
            if not self._started:
                self._started = True
                start("jobs", self._run)
        reporter.notify()
        self._tell_waiting()
        return view.id

    def cancel(self, number: int) -> None:
        """Remove a waiting job at once, or ask the running one to stop."""
        with self._changed:
            for entry in self._waiting:
                if entry.reporter.view.id == number:
                    self._waiting.remove(entry)
                    entry.reporter.notify(state="stopped")
                    if entry.on_stop is not None:
                        start("stop", self._stopped, entry)
                    break
            running = self._running
            if running is not None and running.reporter.view.id == number:
                running.set_aside = False
                running.stopped_at = time.monotonic()
                running.reporter.stop()
                self._changed.notify_all()
        self._tell_waiting()

    def pause(self, number: int) -> None:
        """Have the running job wait, or go on."""
        with self._changed:
            running = self._running
        if running is not None and running.reporter.view.id == number:
            running.reporter.pause()

    def close(self, grace: float) -> bool:
        """Cancel all jobs; whether all that ran ended within ``grace`` seconds."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            if self._running is not None:
                self._running.set_aside = False
                self._running.reporter.job.cancel()
            return self._changed.wait_for(lambda: not self._threads, grace)

    # -- in threads -------------------------------------------------------------------------------------------
    def _run(self) -> None:
        session = self._connection.wait_for_session()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                entry = self._running = self._waiting.pop(0)
                entry.begin()
                self._threads += 1
            self._tell_waiting()
            start("job", self._work, entry, session)
            with self._changed:
                self._changed.wait_for(lambda: entry.is_done or entry.stopped_at is not None)  # noqa: B023
                if not self._changed.wait_for(lambda: entry.is_done, _OBEDIENCE):  # noqa: B023
                    entry.reporter.leave()
                if entry.reporter.view.state == "waiting" and not self._closed:
                    self._waiting.append(entry)
                entry.set_aside = False
                self._running = None
                self._changed.notify_all()
            if entry.stopped_at is not None and not self._closed:
                self._stopped(entry)

    def _work(self, entry: _Entry, session: SessionLike) -> None:
        try:
            entry.reporter.run(entry.work, session, lambda: entry.set_aside)
        finally:
            with self._changed:
                self._threads -= 1
                entry.is_done = True
                left = entry.stopped_at is not None and self._running is not entry and not self._closed
                self._changed.notify_all()
            if left:  # it may have gone on a while after the stop was carried out
                self._stopped(entry)

    def _stopped(self, entry: _Entry) -> None:
        if entry.on_stop is not None:
            with suppress(RecsysError, OSError):  # it is a remark for the next start only
                entry.on_stop(self._connection.wait_for_session())

    # -- the queue --------------------------------------------------------------------------------------------
    def _reported(self) -> None:
        """Say again how long the others wait, about once a second."""
        now = self._connection.clock()
        if self._waiting and now - self._told_at >= _TOLD_EVERY:
            self._told_at = now
            self._tell_waiting()

    def _tell_waiting(self) -> None:
        """Say of each waiting job what it waits for, and for how long."""
        with self._changed:
            ahead = [] if self._running is None else [self._running]
            for entry in self._waiting:
                seconds = [one.reporter.view.seconds_left for one in ahead]
                known = [one for one in seconds if one is not None]
                entry.reporter.notify(
                    waits_for=tuple(one.reporter.view.label for one in ahead),
                    wait=sum(known) if len(known) == len(seconds) else None,
                )
                ahead.append(entry)


class Reporter:
    """Turns the reports of a job into what the screen shows, at most ten times a second.

    Parameters
    ----------
    view
        The job as the screen shows it at first.
    connection
        How the screen is notified.
    reported
        Called after each report of progress.
    """

    #: Reports over which the pace is measured: three seconds' worth, or more where reports are rarer.
    _WINDOW = 30

    def __init__(self, view: JobView, connection: Connection, reported: Callable[[], None] = lambda: None) -> None:
        self.view = view
        self.job = Job(self._report)
        self._reported = reported
        self._connection = connection
        self._notified_at = float("-inf")
        self._recent: deque[tuple[float, int]] = deque(maxlen=self._WINDOW)
        self._losses: dict[int, float] = {}
        self._validation: dict[int, tuple[str, float]] = {}
        self._detail: object = None
        self._late: threading.Timer | None = None
        self._lock = threading.Lock()

    def renew(self) -> None:
        """Begin anew: a job that was set aside has been cancelled."""
        self.job = Job(self._report)
        self._recent.clear()

    def run(self, work: Work, session: SessionLike, is_set_aside: Callable[[], bool] = lambda: False) -> None:
        """Do the work, and notify the screen of its start, its progress and its end.

        Parameters
        ----------
        work, session
            What is done, and with what.
        is_set_aside
            Whether a cancelled job is to be done again later.
        """
        connection = self._connection
        started = connection.clock()
        if not self.job.cancelled:
            self.notify(state="running", waits_for=(), wait=None, progress=None)
        state: JobState = "done"
        failure: Failure | None = None
        outcome: object = ""
        try:
            outcome = work(session, self.job)
        except CancelledError:
            state = "waiting" if is_set_aside() else "stopped"
        except BaseException as error:  # the extensions written in Rust raise some that are no Exception
            state, failure = "failed", connection.failure(error)
        # Also after a stop or a failure, because a part of the work may have been stored.
        try:
            connection.post(DatasetChanged(connection.read_state(session)))
        except BaseException as error:
            failure = failure or connection.failure(error)
        if self.view.active:
            seconds = connection.clock() - started
            told = outcome if isinstance(outcome, str) else ""
            self.notify(
                state=state,
                failure=failure,
                seconds=seconds,
                seconds_left=None,
                outcome=told,
                losses=tuple(self._losses.values()),  # the last ones may have come too soon after a report
                validation=self._curve(),
                detail=self._detail,
            )

    def leave(self) -> None:
        """Show the job as stopped, although it has not ended yet."""
        self.notify(state="stopped", seconds_left=None)

    def end(self) -> None:
        """Remove the job from the screen, if it ever reported and so was shown there."""
        shown = self.view.progress is not None
        self.view = replace(self.view, state="done")
        if shown:
            self.notify()

    def stop(self) -> None:
        """Acknowledge the stop first, then ask the job to stop."""
        self.notify(state="stopping")
        self.job.cancel()

    def pause(self) -> None:
        """Have the job wait at its next checkpoint, or go on if it waits there."""
        if self.view.state == "running":
            self.job.pause()
            self.notify(state="paused", pace=None, seconds_left=None)
        elif self.view.state == "paused":
            self._recent.clear()
            self.notify(state="running")
            self.job.resume()

    def notify(self, **changes: Any) -> None:
        """Change the view of the job, and send it to the screen."""
        with self._lock:
            if changes.get("state") == "stopping" and not self.view.active:
                return
            self.view = replace(self.view, **changes)
            self._connection.post(JobChanged(self.view))

    def _report(self, progress: Progress) -> None:
        if progress.warning:
            self._connection.post(Warned(progress.warning))
        if not self.view.active:
            return
        now = self._connection.clock()
        values = progress.values
        if "epoch" in values and "loss" in values:
            self._losses[int(values["epoch"])] = float(values["loss"])
        if (figure := validation_of(progress)) is not None:
            self._validation[int(values["epoch"])] = figure
        if progress.detail is not None:
            self._detail = progress.detail
        if (wait := self._notified_at + self._connection.report_every() - now) > 0:
            if progress.detail is not None:
                self._show_later(wait)
            return
        previous = self.view.progress
        if previous is None or previous.stage != progress.stage or progress.done < previous.done:
            self._recent.clear()
        elif previous.total is not None and progress.total is not None and progress.total < previous.total:
            # The end of an epoch may be reported with a total of its own.
            progress = replace(progress, total=previous.total)
        self._notified_at = now
        self._recent.append((now, progress.done))
        then, before = self._recent[0]
        pace = (progress.done - before) / (now - then) if now > then else None
        left = (progress.total - progress.done) / pace if pace and progress.total is not None else None
        self.notify(
            progress=progress,
            pace=pace,
            seconds_left=left,
            losses=tuple(self._losses.values()),
            validation=self._curve(),
            detail=self._detail,
        )
        self._reported()

    def _show_later(self, wait: float) -> None:
        """Show what came too soon after a report; the next one may be hours away, as between trials of a search."""
        if self._late is None or not self._late.is_alive():
            self._late = threading.Timer(wait, self._show_late)
            self._late.daemon = True
            self._late.start()

    def _show_late(self) -> None:
        if self.view.active and self.view.detail is not self._detail:
            self.notify(detail=self._detail)

    def _curve(self) -> ValidationCurve | None:
        epochs = sorted(self._validation)
        if not epochs:
            return None
        figures = [self._validation[epoch] for epoch in epochs]
        return ValidationCurve(figures[-1][0], tuple(epochs), tuple(value for _, value in figures))
