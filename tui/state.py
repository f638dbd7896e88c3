"""What all panes see: the open data set, the jobs, the sequence. Written by the app alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.draft import SequenceDraft
from tui.messages import DatasetState, Failure, JobView


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the screen reacts; tests and snapshots make it steady.

    Attributes
    ----------
    settle
        Seconds that typing or moving must rest before the engine is asked.
    glance
        Seconds that the cursor must rest before details follow it.
    patience
        Seconds of waiting before a spinner shows.
    frame
        Seconds a frame of the spinner; 0 keeps it still.
    """

    settle: float = 0.15
    glance: float = 0.05
    patience: float = 0.15
    frame: float = 0.1


@dataclass(slots=True)
class AppState:
    """What is known at the moment.

    Attributes
    ----------
    name
        The data set's name.
    catalogue
        None until the data set is open.
    failure
        Why it could not be opened.
    device
        The name of what computes; empty until the libraries are loaded.
    warm
        Whether what the first questions need is loaded, the language model above all.
    device_failure
        Why they could not be.
    jobs
        Every job of this run, by number.
    draft
        The sequence being built.
    """

    name: str
    pace: Pace
    catalogue: DatasetState | None = None
    failure: Failure | None = None
    device: str = ""
    warm: bool = False
    device_failure: Failure | None = None
    jobs: dict[int, JobView] = field(default_factory=dict)
    draft: SequenceDraft = field(default_factory=SequenceDraft)

    def active_job(self, task: str | None = None) -> JobView | None:
        """The job that works for a tab (for any, without ``task``): the running one before those that wait."""
        active = [job for job in self.jobs.values() if job.active and task in (None, job.task)]
        return next((job for job in active if job.state != "waiting"), next(iter(active), None))

    def last_job(self, task: str) -> JobView | None:
        """The latest job for a tab, ended or not."""
        return next((job for job in reversed(self.jobs.values()) if job.task == task), None)
