"""Communication with a long computation: it reports progress, and it can be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from engine.errors import CancelledError


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a job.

    Attributes
    ----------
    stage
        The current step, for a person: ``"reading ratings.csv"``, ``"embedding"``, ``"training explicit"``.
    done, total
        The number of pieces that are done, and of all pieces; ``total`` is None while it is unknown.
    unit
        What a piece is, in the plural: ``"rows"``, ``"texts"``, ``"batches"``.
    values
        Figures to show, such as ``{"epoch": 3, "loss": 0.81}``.
    detail
        A record that says more than figures can, such as the trials of a search; None if there is none.
    warning
        A sentence that a person has to read, such as that a result was not kept somewhere; mostly empty.
    """

    stage: str
    done: int = 0
    total: int | None = None
    unit: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    detail: object = None
    warning: str = ""


#: The name of a validation figure in the values of a report is this and the metric: ``"validation ndcg@10"``.
VALIDATION = "validation "


def validation_of(progress: Progress) -> tuple[str, float] | None:
    """The metric and the value of the validation that a report is about; None if it is about none."""
    found = next((name for name in progress.values if name.startswith(VALIDATION)), None)
    return None if found is None else (found.removeprefix(VALIDATION), float(progress.values[found]))


def _ignore(_: Progress) -> None:
    return None


class Job:
    """The connection between a long computation and the code that started it.

    The computation calls :meth:`report` as often as it likes, since the receiver may skip reports, and
    :meth:`checkpoint` between pieces of work. Any thread may call :meth:`cancel`.

    Parameters
    ----------
    on_progress
        Called with each report, in the thread that computes.
    """

    def __init__(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        self._on_progress = on_progress or _ignore
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._interrupt: Callable[[], None] | None = None
        self._going = threading.Event()
        self._going.set()

    def report(self, progress: Progress) -> None:
        """Report the progress."""
        self._on_progress(progress)

    def cancel(self) -> None:
        """Ask the computation to stop at its next checkpoint."""
        self._going.set()  # first, since a paused computation may hold the lock
        with self._lock:
            self._cancelled.set()
            if self._interrupt is not None:
                self._interrupt()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While the block runs, have :meth:`cancel` call a function too, such as the one that interrupts a library.

        Parameters
        ----------
        interrupt
            Called in the thread that cancels, at most once; it must return soon.

        Raises
        ------
        CancelledError
            If the job was cancelled before.
        """
        with self._lock:
            self.checkpoint()
            self._interrupt = interrupt
        try:
            yield
        finally:
            with self._lock:
                self._interrupt = None

    def pause(self) -> None:
        """Have the computation wait at its next checkpoint until :meth:`resume` or :meth:`cancel` is called."""
        self._going.clear()

    def resume(self) -> None:
        """Let a paused computation go on."""
        self._going.set()

    @property
    def paused(self) -> bool:
        """Whether the job was asked to wait."""
        return not self._going.is_set()

    @property
    def cancelled(self) -> bool:
        """Whether the job was asked to stop."""
        return self._cancelled.is_set()

    @property
    def watches_epochs(self) -> bool:
        """Whether :meth:`epoch_ended` does something, for which a training must bring its model up to date."""
        return False

    def epoch_ended(self, epoch: int, model: object) -> None:
        """Say that an epoch of a training has ended, and that its model can answer as it is now.

        Parameters
        ----------
        epoch
            The number of epochs that have ended.
        model
            The model that is trained.
        """

    def named(self, stage: str) -> Job:
        """This job for a part of its work: progress is reported under another name, and counted from the first report.

        A part that goes on from where an earlier one ended would otherwise seem to be nearly done from its beginning.

        Parameters
        ----------
        stage
            What the part does, for a person.
        """
        return _Part(self, stage)

    def checkpoint(self) -> None:
        """Wait here while the job is paused, and stop here if it was cancelled.

        Raises
        ------
        CancelledError
            If :meth:`cancel` was called.
        """
        self._going.wait()
        if self._cancelled.is_set():
            raise CancelledError


class ForwardingJob(Job):
    """A job that stands for another one, so that a part of a computation can be watched on its own.

    Whoever stops, pauses or asks either of them stops, pauses or asks both.

    Parameters
    ----------
    job
        The other job.
    """

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job

    def report(self, progress: Progress) -> None:
        """Report the progress."""
        self._job.report(progress)

    def cancel(self) -> None:
        """Ask the computation to stop; see :meth:`Job.cancel`."""
        self._job.cancel()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Have :meth:`cancel` call a function too; see :meth:`Job.interrupting`."""
        with self._job.interrupting(interrupt):
            yield

    @property
    def watches_epochs(self) -> bool:
        """Whether :meth:`epoch_ended` does something; see :meth:`Job.watches_epochs`."""
        return self._job.watches_epochs

    def epoch_ended(self, epoch: int, model: object) -> None:
        """Say that an epoch has ended; see :meth:`Job.epoch_ended`."""
        self._job.epoch_ended(epoch, model)

    def pause(self) -> None:
        """Have the computation wait; see :meth:`Job.pause`."""
        self._job.pause()

    def resume(self) -> None:
        """Let a paused computation go on."""
        self._job.resume()

    @property
    def paused(self) -> bool:
        """Whether the job was asked to wait."""
        return self._job.paused

    @property
    def cancelled(self) -> bool:
        """Whether the job was asked to stop."""
        return self._job.cancelled

    def checkpoint(self) -> None:
        """Wait while the job is paused, and stop if it was cancelled; see :meth:`Job.checkpoint`."""
        self._job.checkpoint()


class _Part(ForwardingJob):
    """A part of a job, under a name of its own."""

    def __init__(self, job: Job, stage: str) -> None:
        super().__init__(job)
        self._stage = stage
        self._before: int | None = None

    def report(self, progress: Progress) -> None:
        if self._before is None:
            self._before = max(progress.done - 1, 0)
        total = None if progress.total is None else progress.total - self._before
        self._job.report(replace(progress, stage=self._stage, done=progress.done - self._before, total=total))
