"""Training on several machines or GPUs: this process directs the ranks, and has the model at the end of each epoch.

The ranks train a few batches at a time, so that this process can report, pause and stop between two calls. If a rank is
lost, a new group goes on from the last finished epoch.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import CancelledError, RecsysError, UnsupportedError
from engine.runtime.executor import FormsGroups
from engine.runtime.group import Group, MembersLostError
from engine.runtime.job import Job, Progress
from engine.training.loop import Reporter, RunState, end_epoch
from engine.training.ranks import Arrays, advance, collect, prepare

#: The seconds that the ranks train in a call, as far as the pace of the last one tells.
_SECONDS_A_CALL = 0.25
#: The number of times that a group is made anew since the last finished epoch.
_RESTARTS = 5
#: The seconds after which a cancelled training gives up what the ranks have learnt since the last finished epoch.
_PATIENCE = 10.0


class DistributedTraining:
    """A training whose batches are divided among the ranks of a group.

    Parameters
    ----------
    executor
        What forms the group.
    device
        ``"cpu"``, ``"cuda"``, or ``"auto"`` for GPUs if the machines have any.
    begin
        Gives the first arguments of :func:`engine.training.ranks.prepare` after the member, with the model as it is
        when it is called.
    take
        Takes the tensors and the plain data of the model that the ranks have trained.
    """

    def __init__(
        self,
        executor: FormsGroups,
        device: str,
        begin: Callable[[], Sequence[Any]],
        take: Callable[[Arrays, dict[str, Any]], None],
    ) -> None:
        self._executor, self._device, self._begin, self._take = executor, device, begin, take
        self._said = False

    def train(
        self,
        state: RunState,
        *,
        stage: str,
        job: Job | None = None,
        verbose: bool = False,
        on_epoch: Callable[[], None] | None = None,
    ) -> None:
        """Train up to the epoch ``state.until``; see :func:`engine.training.loop.train`.

        Raises
        ------
        CancelledError, LearningError
            As there.
        MembersLostError
            If ranks are lost again and again.
        UnsupportedError
            If a GPU is asked for, and the machines have none.
        RecsysError
            If the cluster cannot be reached.
        """
        given, job = job, job or Job()
        failures, epoch, reporter = 0, state.epoch, Reporter(job, stage, verbose)
        while state.interrupted:
            kept = state.batch, state.loss_sum
            try:
                with self._executor.group(self._device != "cpu") as group:
                    if self._device == "cuda" and not group.gpus:
                        raise UnsupportedError("The machines of the cluster have no CUDA device.")
                    self._say_if_slower(group, stage, given)
                    job.report(Progress("starting the processes of the training"))
                    group.start(job)
                    group.run(prepare, self._begin(), job)
                    while state.interrupted:
                        self._train_epoch(group, state, job, reporter, kept)
                        kept = 0, 0.0
                        if on_epoch is not None:
                            on_epoch()
            except MembersLostError as error:
                failures = 1 if state.epoch > epoch else failures + 1
                epoch = state.epoch
                if failures > _RESTARTS:
                    raise
                restart = f"goes on from the end of epoch {epoch}" if epoch else "begins again"
                job.report(Progress(stage, warning=f"{str(error).rstrip('.')}: the training {restart}."))

    def _train_epoch(
        self, group: Group, state: RunState, job: Job, reporter: Reporter, kept: tuple[int, float]
    ) -> None:
        """Finish an epoch, of which this process has the model after ``kept``: finished batches, and their loss."""
        steps, batches = 1, state.batch + 1
        job.checkpoint()
        try:
            while state.batch < batches:
                before, begun = state.batch, time.perf_counter()
                state.batch, batches, state.loss_sum = group.run(advance, (state.to_dict(), steps), job)[0]
                pace = (state.batch - before) / max(time.perf_counter() - begun, 1e-9)
                steps = max(1, min(2 * steps, int(pace * _SECONDS_A_CALL)))
                reporter.batch(state, batches, 0.0, state.batch - before)
            self._collect(group, state, job)
        except CancelledError:
            try:
                self._collect(group, state, Job(), _PATIENCE)
            except RecsysError:  # the ranks are gone, and with them what they have learnt since
                state.batch, state.loss_sum = kept
            raise
        except BaseException:
            state.batch, state.loss_sum = kept
            raise
        end_epoch(state, batches, reporter)

    def _collect(self, group: Group, state: RunState, job: Job, patience: float | None = None) -> None:
        state.batch, state.loss_sum, tensors, header = group.run(collect, (), job, patience)[0]
        self._take(tensors, header)

    def _say_if_slower(self, group: Group, stage: str, job: Job | None) -> None:
        if self._said or group.machines > 1 or (group.gpus and group.size > 1):
            return
        self._said = True
        sentence = (
            "The batches are divided among processes of one machine without several GPUs, which is slower than "
            "training in one process."
        )
        if job is None:
            warnings.warn(sentence, RuntimeWarning, stacklevel=4)
        else:
            job.report(Progress(stage, warning=sentence))
