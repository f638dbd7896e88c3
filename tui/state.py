"""The state that all panes read: the open data set, the jobs, the sequence. Only the app changes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.draft import SequenceDraft
from tui.navigation import Changes
from tui.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Container

    from tui.messages import DatasetState, Failure, JobView


@dataclass(slots=True)
class AppState:
    """What is known at the moment.

    Attributes
    ----------
    name
        The data set's name.
    dataset
        None until the data set is open.
    failure
        Why it could not be opened.
    device
        The name of the device that computes; empty until the libraries are loaded.
    warm
        Whether what the first requests need is loaded, above all the embedding model.
    jobs
        Every job of this run, by number.
    changes
        What can be undone, wherever it was changed.
    draft
        The sequence being built; its changes are among them.
    profile
        The profile of one's own ratings that is rated for.
    own_changes
        How often one's own ratings have changed.
    marks
        How often items were pinned or hidden.
    """

    name: str
    pace: Pace
    dataset: DatasetState | None = None
    failure: Failure | None = None
    device: str = ""
    warm: bool = False
    jobs: dict[int, JobView] = field(default_factory=dict)
    profile: str = "me"
    own_changes: int = 0
    marks: int = 0
    changes: Changes = field(default_factory=Changes)
    draft: SequenceDraft = field(init=False)

    def __post_init__(self) -> None:
        """Have the changes of the sequence noted."""
        self.draft = SequenceDraft(self.changes)

    def active_job(self, task: str | None = None) -> JobView | None:
        """The job that works for a tab (for any, without ``task``): the running one before those that wait."""
        active = [job for job in self.jobs.values() if job.active and task in (None, job.task)]
        return next((job for job in active if job.state != "waiting"), next(iter(active), None))

    def job_to_lose(self, tabs: Container[str]) -> JobView | None:
        """The job of one of the tabs that leaving would stop. Opening a data set is none: the next start does that."""
        job = self.active_job()
        return job if job is not None and job.task in tabs else None

    def waiting_jobs(self) -> list[JobView]:
        """The jobs that wait, the next one first."""
        waiting = [job for job in self.jobs.values() if job.state == "waiting"]
        return sorted(waiting, key=lambda job: len(job.waits_for))

    def last_job(self, task: str) -> JobView | None:
        """The latest job for a tab, ended or not."""
        return next((job for job in reversed(self.jobs.values()) if job.task == task), None)
