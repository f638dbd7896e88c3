"""The training loop of all iterative models: resumable, cancellable and reproducible.

An epoch depends on nothing but the run's seed, the epoch's number and the model's state. A run that was stopped and
resumed therefore gives the same model as an uninterrupted run.

There are three exceptions, all on CUDA:

- ``index_add_``, which sums the gradients of all tables, adds repeated rows in an undefined order.
- cuDNN may choose another algorithm for an LSTM.
- A run continues differently after its batches were halved, or after it was moved to the CPU, for lack of memory. Both
  are reported.

Because of the first two, models of one seed differ in their last digits, and the difference may grow over the epochs.
Networks whose width is at least :data:`engine.runtime.device.WIDE` multiply in bfloat16 on CUDA: this is reproducible,
but differs from the CPU.
"""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from engine.errors import LearningError
from engine.runtime.job import Job, Progress

#: The number of examples that get negatives and are cut into batches at a time. It bounds memory and the time until a
#: cancellation takes effect.
BLOCK = 65_536
#: The seconds between two progress reports.
REPORT_EVERY = 0.1
#: If a step's largest tensor has fewer elements, several threads would wait for each other longer than they compute.
SMALL_STEP = 1_048_576


class Learner(Protocol):
    """What the training loop needs of a model: batches, and a step for each batch."""

    num_examples: int
    device: torch.device
    #: Whether a step is too small for several CPU threads: they would wait for each other longer than they compute,
    #: especially on a busy machine.
    small_steps: bool

    def batches(self, examples: Tensor, generator: torch.Generator, batch_size: int) -> Sequence[Any]:
        """Cut ``examples`` (positions in the data) into batches and draw what they need, such as negatives."""
        ...

    def step(self, batch: Any) -> Tensor:
        """Train on one batch. Return its mean loss, which stays on the device."""
        ...

    def move(self, device: torch.device) -> None:
        """Move the model and the data to another device."""
        ...


@dataclass
class RunState:
    """The progress of a training run. It is made of plain numbers, so it can be stored with the model.

    Attributes
    ----------
    seed
        The seed of every shuffle and draw.
    epoch
        The number of finished epochs, over all calls of ``fit``.
    until
        The value of ``epoch`` at which the current call ends. It is larger than ``epoch`` after an interruption.
    batch
        The number of finished batches in the unfinished epoch.
    batch_size
        The batch size in use. It is smaller than the requested one if memory was short.
    loss_sum
        The sum of the losses of the finished batches in the unfinished epoch.
    losses
        The mean loss of each finished epoch.
    data
        A checksum of the training data of the last call. A run can only be resumed with the same data.
    """

    seed: int
    epoch: int = 0
    until: int = 0
    batch: int = 0
    batch_size: int = 0
    loss_sum: float = 0.0
    losses: list[float] = field(default_factory=list)
    data: int = 0

    @property
    def interrupted(self) -> bool:
        """Whether the last call of ``fit`` was stopped before its end."""
        return self.epoch < self.until

    def begin(self, n_iter: int, batch_size: int, data: int) -> None:
        """Resume an interrupted run over the same data, or start ``n_iter`` more epochs."""
        if self.interrupted and self.data == data:
            return
        self.until = self.epoch + n_iter
        self.batch, self.batch_size, self.loss_sum, self.data = 0, batch_size, 0.0, data

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain data that JSON can store."""
        return asdict(self)


class Reporter:
    """Reports to the job (after each epoch, and at most ten times a second) and, if verbose, to standard output."""

    def __init__(self, job: Job | None, stage: str, verbose: bool) -> None:
        self._job, self._stage, self._verbose = job, stage, verbose
        self._next = self._start = time.monotonic()
        self._done = 0

    def batch(self, state: RunState, batches: int, loss_sum: Tensor | float, steps: int = 1) -> None:
        """Report steps if a report is due. Only then is the loss fetched from the device."""
        self._done += steps
        if self._job is None or (now := time.monotonic()) < self._next:
            return
        self._next = now + REPORT_EVERY
        done = state.epoch * batches + state.batch
        pace = self._done / max(now - self._start, 1e-9)
        total = state.until * batches
        loss = (state.loss_sum + float(loss_sum)) / state.batch
        values = {"epoch": state.epoch + 1, "loss": loss, "pace": pace, "seconds_left": (total - done) / pace}
        self._job.report(Progress(self._stage, done, total, "batches", values))

    def epoch(self, state: RunState, batches: int) -> None:
        """Report the end of an epoch."""
        loss = state.losses[-1]
        if self._verbose:
            sys.stdout.write(f"Epoch {state.epoch}/{state.until}: loss {loss:.6g}\n")
        if self._job is not None:
            done, total = state.epoch * batches, state.until * batches
            values = {"epoch": float(state.epoch), "loss": loss}
            self._job.report(Progress(self._stage, done, total, "batches", values))

    def warn(self, sentence: str) -> None:
        """Report an unexpected change of the training."""
        say(sentence, self._job)


def say(sentence: str, job: Job | None) -> None:
    """Tell the user about an unexpected change of the training, by a warning and by a progress report."""
    warnings.warn(sentence, RuntimeWarning, stacklevel=4)
    if job is not None:
        job.report(Progress(sentence))


def train(
    learner: Learner,
    state: RunState,
    *,
    stage: str = "training",
    job: Job | None = None,
    verbose: bool = False,
    on_epoch: Callable[[], None] | None = None,
) -> None:
    """Train from the epoch and batch of ``state`` up to the epoch ``state.until``.

    Parameters
    ----------
    learner
        The model's side of the training.
    state
        The progress of the run, which is updated in place. After an interruption it says where to continue.
    stage
        The name of the stage in progress reports.
    job
        The job that receives the progress, counted in batches, and that can cancel the run between two batches.
    verbose
        Whether to write each epoch's loss to standard output.
    on_epoch
        A function called after each epoch, for instance to store a checkpoint.

    Raises
    ------
    CancelledError
        If the job was cancelled. The model keeps the state of the last finished batch.
    LearningError
        If the loss of an epoch is NaN, infinite or zero. It is a ValueError.
    """
    reporter = Reporter(job, stage, verbose)
    with limited_threads(1 if learner.small_steps and learner.device.type == "cpu" else None):
        while state.interrupted:
            batches = _train_epoch(learner, state, job, reporter)
            end_epoch(state, batches, reporter)
            if on_epoch is not None:
                on_epoch()


def end_epoch(state: RunState, batches: int, reporter: Reporter) -> None:
    """Count an epoch of ``batches`` batches as finished, and report it.

    Raises
    ------
    LearningError
        If its loss is NaN, infinite or zero.
    """
    loss = state.loss_sum / batches
    _check_loss(loss, state.epoch + 1)
    state.losses.append(loss)
    state.epoch, state.batch, state.loss_sum = state.epoch + 1, 0, 0.0
    reporter.epoch(state, batches)


def _train_epoch(learner: Learner, state: RunState, job: Job | None, reporter: Reporter) -> int:
    """Finish the current epoch of ``state``. Return its number of batches."""
    while True:
        try:
            return _run_batches(learner, state, job, reporter)
        except torch.OutOfMemoryError:
            if learner.device.type == "cpu":
                raise
        # This is outside the except block, where the exception no longer holds the tensors of the failed step. The
        # epoch restarts because its batches now have another size; the parameters keep what they have learnt.
        state.batch, state.loss_sum = 0, 0.0
        _reduce_memory(learner, state, reporter)


def _run_batches(learner: Learner, state: RunState, job: Job | None, reporter: Reporter) -> int:
    batches_in_epoch = count_batches(learner.num_examples, state.batch_size)
    loss_sum = torch.zeros((), device=learner.device)
    try:
        for batch in remaining_batches(learner, state):
            if job is not None:
                job.checkpoint()
            loss_sum += learner.step(batch)
            state.batch += 1
            reporter.batch(state, batches_in_epoch, loss_sum)
    finally:
        state.loss_sum += float(loss_sum)
    return batches_in_epoch


def count_batches(num_examples: int, size: int) -> int:
    """Return the number of batches of an epoch whose batches have ``size`` examples."""
    block = _block(size)
    return sum(math.ceil(min(block, num_examples - start) / size) for start in range(0, num_examples, block))


def remaining_batches(learner: Learner, state: RunState) -> Iterator[Any]:
    """Yield the batches of the unfinished epoch that are not finished; the caller counts each in ``state.batch``."""
    count, size = learner.num_examples, state.batch_size
    order = torch.randperm(count, generator=_generator(learner.device, state, 0), device=learner.device)
    block, seen = _block(size), 0
    for number, start in enumerate(range(0, count, block)):
        examples = order[start : start + block]
        in_block = math.ceil(len(examples) / size)
        if state.batch < seen + in_block:
            generator = _generator(learner.device, state, number + 1)
            yield from learner.batches(examples, generator, size)[state.batch - seen :]
        seen += in_block


def _block(size: int) -> int:
    return size * max(1, BLOCK // size)


@contextmanager
def limited_threads(number: int | None) -> Iterator[None]:
    """Compute with this number of threads on the CPU within the block; None changes nothing."""
    before = torch.get_num_threads()
    if number is None or number == before:
        yield
        return
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _reduce_memory(learner: Learner, state: RunState, reporter: Reporter) -> None:
    if state.batch_size > 16:
        state.batch_size = -(-state.batch_size // 2)
        reporter.warn(f"{learner.device} is out of memory: the batch is halved to {state.batch_size}")
    else:
        reporter.warn(f"{learner.device} is out of memory even with small batches: training continues on the CPU")
        learner.move(torch.device("cpu"))
    torch.cuda.empty_cache()


def _generator(device: torch.device, state: RunState, stream: int) -> torch.Generator:
    """Make a random generator for one epoch and block, so that a resumed run draws the same numbers."""
    # Two rounds of SplitMix64's 64-bit mixer, so that the random numbers of successive epochs are unrelated.
    key = (state.seed << 40) ^ (state.epoch << 20) ^ stream
    for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        key = ((key ^ (key >> 30)) * factor) & 0xFFFF_FFFF_FFFF_FFFF
    return torch.Generator(device=device).manual_seed((key ^ (key >> 31)) & 0x7FFF_FFFF_FFFF_FFFF)


def _check_loss(loss: float, epoch: int) -> None:
    if not math.isfinite(loss):
        raise LearningError(
            f"The loss became {loss} in epoch {epoch}: use a lower learning_rate, and check that the ratings are "
            "finite and suit the loss."
        )
    if loss == 0.0:
        raise LearningError(
            f"The loss of epoch {epoch} is exactly 0, so the model cannot learn anything more from this data: try "
            f"an n_iter below {epoch}, or another loss."
        )
