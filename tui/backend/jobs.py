"""Long jobs: one after the other, reported ten times a second, stopped on request."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from typing import Any

from engine.errors import CancelledError
from engine.session import Job, Progress
from tui.backend.connection import Connection, Work
from tui.backend.protocols import SessionLike
from tui.backend.threads import start
from tui.messages import DatasetChanged, Failure, JobChanged, JobState, JobView

#: The least time between two reports to the screen, in seconds.
REPORT_EVERY = 0.1


class JobThread:
    """Runs long jobs one after the other.

    Parameters
    ----------
    connection
        The session, and how the screen is notified.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Reporter, Work]] = deque()
        self._running: Reporter | None = None
        self._started = False

    @property
    def busy(self) -> bool:
        """Whether a job waits or runs."""
        return bool(self._waiting) or self._running is not None

    def add(self, view: JobView, work: Work) -> int:
        """Have ``work(session, job)`` done when its turn comes; the number of the job.

        A job that already waits or runs is not added a second time: a key may be pressed twice before the screen
        shows what the first press did.
        """
        reporter = Reporter(view, self._connection)
        with self._changed:
            for other in (self._running, *(entry[0] for entry in self._waiting)):
                if other is not None and other.view.label == view.label and other.view.state in ("waiting", "running"):
                    return other.view.id
            self._waiting.append((reporter, work))
            self._changed.notify_all()
            if not self._started:
                self._started = True
                start("jobs", self._run)
        reporter.notify()
        return view.id

    def cancel(self, number: int) -> None:
        """Remove a waiting job at once, or ask the running one to stop."""
        with self._changed:
            for entry in self._waiting:
                if entry[0].view.id == number:
                    self._waiting.remove(entry)
                    entry[0].notify(state="stopped")
                    return
            running = self._running
        if running is not None and running.view.id == number:
            running.stop()

    def close(self, grace: float) -> bool:
        """Cancel all jobs; whether the running one ended within ``grace`` seconds."""
        with self._changed:
            self._waiting.clear()
            if self._running is not None:
                self._running.job.cancel()
            return self._changed.wait_for(lambda: self._running is None, grace)

    def _run(self) -> None:
        session = self._connection.wait_for_session()
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                reporter, work = self._waiting.popleft()
                self._running = reporter
            try:
                reporter.run(work, session)
            finally:
                with self._changed:
                    self._running = None
                    self._changed.notify_all()


class Reporter:
    """Turns the reports of a job into what the screen shows, at most ten times a second.

    Parameters
    ----------
    view
        The job as the screen shows it at first.
    connection
        How the screen is notified.
    """

    #: Reports over which the pace is measured: three seconds' worth.
    _WINDOW = 30

    def __init__(self, view: JobView, connection: Connection) -> None:
        self.view = view
        self.job = Job(self._report)
        self._connection = connection
        self._notified_at = float("-inf")
        self._recent: deque[tuple[float, int]] = deque(maxlen=self._WINDOW)
        self._losses: dict[int, float] = {}
        self._lock = threading.Lock()

    def run(self, work: Work, session: SessionLike) -> None:
        """Do the work, and notify the screen of its start, its progress and its end."""
        connection = self._connection
        started = connection.clock()
        self.notify(state="running")
        state: JobState = "done"
        failure: Failure | None = None
        try:
            work(session, self.job)
        except CancelledError:
            state = "stopped"
        except BaseException as error:  # the extensions written in Rust raise some that are no Exception
            state, failure = "failed", connection.failure(error)
        # Also after a stop or a failure, because a part of the work may have been stored.
        try:
            connection.post(DatasetChanged(connection.read_state(session)))
        except BaseException as error:
            failure = failure or connection.failure(error)
        self.notify(state=state, failure=failure, seconds=connection.clock() - started, seconds_left=None)

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

    def notify(self, **changes: Any) -> None:
        """Change the view of the job, and send it to the screen."""
        with self._lock:
            if changes.get("state") == "stopping" and not self.view.active:
                return
            self.view = replace(self.view, **changes)
            self._connection.post(JobChanged(self.view))

    def _report(self, progress: Progress) -> None:
        if not self.view.active:
            return
        now = self._connection.clock()
        values = progress.values
        if "epoch" in values and "loss" in values:
            self._losses[int(values["epoch"])] = float(values["loss"])
        if now - self._notified_at < REPORT_EVERY:
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
        self.notify(progress=progress, pace=pace, seconds_left=left, losses=tuple(self._losses.values()))
