"""Keeping trainings that take long, so that one that is interrupted can go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from engine.errors import RecsysError
from engine.models.estimator import Estimator
from engine.runtime.job import ForwardingJob, Job, Progress
from engine.workspace.checkpoints import CheckpointStore, Request

#: The least seconds between two times at which a training under way is kept.
KEEP_EVERY = 30.0
#: The share of the training's time that keeping it may take.
_TIME_SHARE = 0.05
_log = logging.getLogger(__name__)


class CheckpointingJob(ForwardingJob):
    """A job that keeps the model after an epoch, now and then, and when the training is interrupted.

    That it cannot be kept is reported once and stops no training. It is tried again the next time, since another
    process may have held the workspace for long.

    Parameters
    ----------
    job
        The job of the training.
    store
        Where the model is kept.
    request
        What is trained.
    clock
        Seconds.
    """

    def __init__(
        self, job: Job, store: CheckpointStore, request: Request, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(job)
        self._store, self._request, self._clock = store, request, clock
        self._next = clock() + KEEP_EVERY
        self._failed = False

    @property
    def watches_epochs(self) -> bool:
        """Whether the end of an epoch matters: if it is time to keep the model."""
        return super().watches_epochs or self._clock() >= self._next

    def epoch_ended(self, epoch: int, model: object) -> None:
        """Keep the model, if it is time."""
        super().epoch_ended(epoch, model)
        begun = self._clock()
        if begun >= self._next:
            self.keep(model)
            taken = self._clock() - begun
            self._next = begun + max(KEEP_EVERY, taken / _TIME_SHARE)

    def keep(self, model: object) -> None:
        """Keep the model of a training that is interrupted or under way, if it is of a kind that can go on."""
        if not isinstance(model, Estimator):
            return
        try:
            self._store.save(model, self._request)
        except RecsysError as error:
            if self._failed:
                return
            self._failed = True
            _log.warning("a training of %s is not kept: %s", model.name, error)
            self.report(Progress(f"the training cannot be kept: {error}"))
