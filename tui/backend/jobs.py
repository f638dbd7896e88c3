"""Long jobs: one after the other, told of ten times a second, stopped when asked."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from typing import Any

from engine.errors import CancelledError
from engine.session import Job, Progress
from tui.backend.host import Host, Work
from tui.backend.services import SessionLike
from tui.backend.threads import start
from tui.messages import CatalogueChanged, Failure, JobChanged, JobState, JobView

#: The screen is told of progress at most this often, in seconds.
REPORT_EVERY = 0.1


class JobThread:
    """Runs long jobs one after the other."""

    def __init__(self, host: Host) -> None:
        self._host = host
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

        What waits or runs already is not begun a second time: a key may be pressed twice before the screen shows
        what the first one did.
        """
        reporter = Reporter(view, self._host)
        with self._changed:
            for other in (self._running, *(entry[0] for entry in self._waiting)):
                if other is not None and other.view.label == view.label and other.view.state in ("waiting", "running"):
                    return other.view.id
            self._waiting.append((reporter, work))
            self._changed.notify_all()
            if not self._started:
                self._started = True
                start("jobs", self._run)
        reporter.tell()
        return view.id

    def cancel(self, number: int) -> None:
        """Take a waiting job back at once, or ask the running one to stop."""
        with self._changed:
            for entry in self._waiting:
                if entry[0].view.id == number:
                    self._waiting.remove(entry)
                    entry[0].tell(state="stopped")
                    return
            running = self._running
        if running is not None and running.view.id == number:
            running.stop()

    def close(self, grace: float) -> bool:
        """Cancel all; whether the running one came to its end within ``grace`` seconds."""
        with self._changed:
            self._waiting.clear()
            if self._running is not None:
                self._running.job.cancel()
            return self._changed.wait_for(lambda: self._running is None, grace)

    def _run(self) -> None:
        session = self._host.wait_for_session()
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
    """Turns what a job reports into what the screen shows, often enough and no oftener."""

    #: Reports over which the pace is taken: three seconds' worth.
    _WINDOW = 30

    def __init__(self, view: JobView, host: Host) -> None:
        self.view = view
        self.job = Job(self._report)
        self._host = host
        self._told_at = float("-inf")
        self._seen: deque[tuple[float, int]] = deque(maxlen=self._WINDOW)
        self._losses: dict[int, float] = {}
        self._telling = threading.Lock()

    def run(self, work: Work, session: SessionLike) -> None:
        """Do the work, and tell how it begins, goes and ends."""
        started = self._host.clock()
        self.tell(state="running")
        state: JobState = "done"
        failure: Failure | None = None
        try:
            work(session, self.job)
        except CancelledError:
            state = "stopped"
        except Exception as error:
            state, failure = "failed", self._host.failure(error)
        # Also after a stop or a failure: what was done so far may have been kept.
        try:
            self._host.post(CatalogueChanged(self._host.dataset_state(session)))
        except Exception as error:
            failure = failure or self._host.failure(error)
        self.tell(state=state, failure=failure, seconds=self._host.clock() - started, seconds_left=None)

    def end(self) -> None:
        """Take what was reported off the screen; a job that never reported was never on it."""
        told = self.view.progress is not None
        self.view = replace(self.view, state="done")
        if told:
            self.tell()

    def stop(self) -> None:
        """Acknowledge first, then ask the job."""
        self.tell(state="stopping")
        self.job.cancel()

    def tell(self, **changes: Any) -> None:
        """Show the job as it has become."""
        with self._telling:
            if changes.get("state") == "stopping" and not self.view.active:
                return
            self.view = replace(self.view, **changes)
            self._host.post(JobChanged(self.view))

    def _report(self, progress: Progress) -> None:
        if not self.view.active:
            return
        now = self._host.clock()
        values = progress.values
        if "epoch" in values and "loss" in values:
            self._losses[int(values["epoch"])] = float(values["loss"])
        if now - self._told_at < REPORT_EVERY:
            return
        previous = self.view.progress
        if previous is None or previous.stage != progress.stage or progress.done < previous.done:
            self._seen.clear()
        elif previous.total is not None and progress.total is not None and progress.total < previous.total:
            # An epoch's end may be reported as an end of its own.
            progress = replace(progress, total=previous.total)
        self._told_at = now
        self._seen.append((now, progress.done))
        then, before = self._seen[0]
        pace = (progress.done - before) / (now - then) if now > then else None
        left = (progress.total - progress.done) / pace if pace and progress.total is not None else None
        self.tell(progress=progress, pace=pace, seconds_left=left, losses=tuple(self._losses.values()))
