"""The progress of a sampler within its sweeps."""

from __future__ import annotations

import time
from collections.abc import Mapping

from engine.runtime.job import ForwardingJob, Job, Progress

#: The seconds between two reports within a sweep.
_REPORT_EVERY = 0.1


class SweepJob(ForwardingJob):
    """A job for a sampler, which calls :meth:`block_done` after each block of rows and :meth:`sweep_ended`.

    The share of all blocks that are done is reported from the first block on.

    Parameters
    ----------
    job
        The job that receives the progress and may cancel.
    stage
        What the sampler does, for a person.
    sweeps
        The number of sweeps, with those of a warm start.
    blocks
        The number of blocks in a sweep.
    """

    def __init__(self, job: Job, stage: str, sweeps: int, blocks: int) -> None:
        super().__init__(job)
        self._stage, self._total, self._blocks = stage, sweeps * blocks, blocks
        self._done = self._sweep = 0
        self._values: Mapping[str, float] = {}
        self._next = time.monotonic()

    def block_done(self) -> None:
        """Count a block, report if a report is due, and stop if the job was cancelled."""
        self.checkpoint()
        self._done += 1
        if time.monotonic() >= self._next:
            self._report()

    def sweep_ended(self, values: Mapping[str, float] | None = None) -> None:
        """Report the end of a sweep, with its figures; without figures for a sweep of the warm start."""
        self._sweep += 1
        self._done = self._sweep * self._blocks
        if values is not None:
            self._values = values
            self._report()

    def _report(self) -> None:
        self._next = time.monotonic() + _REPORT_EVERY
        self.report(Progress(self._stage, self._done, self._total, "blocks", self._values))
