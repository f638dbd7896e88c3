"""A training run, the same for every model: shuffle, step, tell, stop, go on.

Reproducible by construction: what happens in an epoch depends on the run's seed and the epoch's number alone, so a
run that was stopped anywhere and taken up again ends where an uninterrupted one does.

The exceptions, all of them on CUDA:

- Sums over repeated rows are added in any order (``index_add_``, which the gradients of all tables go through).
- cuDNN may choose another algorithm for an LSTM.
- A batch halved for lack of memory, or a run moved to the CPU, goes on otherwise than it would have; both are said.

After the first two, models of one seed differ in the last digits, which many epochs may make more of. Nets from
:data:`engine.runtime.device.WIDE` on multiply in bfloat16 there: the same way each time, but not as on the CPU.
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

#: Examples that are shuffled, given negatives and cut into batches at a time: bounds memory and the time to a stop.
BLOCK = 65_536
#: Seconds between two progress reports.
REPORT_EVERY = 0.1


class Learner(Protocol):
    """What a run needs of a model: batches to take and a step to make."""

    num_examples: int
    device: torch.device
    #: Whether a step is too small a piece of work for several threads of the CPU, which would wait for each other
    #: longer than they compute, most of all on a busy machine.
    small_steps: bool

    def batches(self, examples: Tensor, generator: torch.Generator, batch_size: int) -> Sequence[Any]:
        """Cut ``examples`` (positions in the data) into batches, with whatever is drawn for them."""
        ...

    def step(self, batch: Any) -> Tensor:
        """Learn from one batch; its mean loss, still on the device."""
        ...

    def move(self, device: torch.device) -> None:
        """Take everything to another device."""
        ...


@dataclass
class RunState:
    """Where a run is. All of it is plain numbers, so it can be stored with the model.

    Attributes
    ----------
    seed
        Decides every shuffle and draw.
    epoch
        Epochs finished, over all calls of ``fit``.
    until
        The epoch at which the present call is done; more than ``epoch`` after an interruption.
    batch
        Batches done in the unfinished epoch.
    batch_size
        As used; smaller than asked for after a lack of memory.
    loss_sum
        The sum of those batches' losses.
    losses
        The mean loss of each finished epoch.
    data
        A checksum of the data of the last call, to know whether a run can be taken up.
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
        """Whether the last call was stopped before its end."""
        return self.epoch < self.until

    def begin(self, n_iter: int, batch_size: int, data: int) -> None:
        """Take up an interrupted run over the same data, or start ``n_iter`` more epochs."""
        if self.interrupted and self.data == data:
            return
        self.until = self.epoch + n_iter
        self.batch, self.batch_size, self.loss_sum, self.data = 0, batch_size, 0.0, data

    def to_dict(self) -> dict[str, Any]:
        """For storing as JSON."""
        return asdict(self)


class _Reporter:
    """Tells the job (ten times a second at most) and, if verbose, standard output (once an epoch)."""

    def __init__(self, job: Job | None, stage: str, verbose: bool) -> None:
        self._job, self._stage, self._verbose = job, stage, verbose
        self._next = self._start = time.monotonic()
        self._done = 0

    def batch(self, state: RunState, batches: int, loss_sum: Tensor) -> None:
        """After a step: the loss is fetched from the device only when it is reported."""
        self._done += 1
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
        loss = state.losses[-1]
        if self._verbose:
            sys.stdout.write(f"Epoch {state.epoch}/{state.until}: loss {loss:.6g}\n")
        if self._job is not None and not state.interrupted:
            done = state.epoch * batches
            values = {"epoch": float(state.epoch), "loss": loss}
            self._job.report(Progress(self._stage, done, done, "batches", values))

    def say(self, sentence: str) -> None:
        say(sentence, self._job)


def say(sentence: str, job: Job | None) -> None:
    """Tell whoever trains of something unasked for: as a warning, and as a report."""
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
    """Run from where ``state`` is to ``state.until``.

    Parameters
    ----------
    learner
        What learns.
    state
        Is brought forward as the run goes; after an interruption it says where to go on.
    stage
        What the progress calls it.
    job
        Receives progress in batches and is asked for a cancellation between them.
    verbose
        Write each epoch's loss to standard output.
    on_epoch
        Called after each epoch, for instance to store a checkpoint.

    Raises
    ------
    CancelledError
        After the job was cancelled; everything learnt so far stays.
    LearningError
        If an epoch's loss is not a number, infinite or zero (a ValueError).
    """
    reporter = _Reporter(job, stage, verbose)
    with _threads(1 if learner.small_steps and learner.device.type == "cpu" else None):
        while state.interrupted:
            batches = _train_epoch(learner, state, job, reporter)
            loss = state.loss_sum / batches
            _check_loss(loss, state.epoch + 1)
            state.losses.append(loss)
            state.epoch, state.batch, state.loss_sum = state.epoch + 1, 0, 0.0
            reporter.epoch(state, batches)
            if on_epoch is not None:
                on_epoch()


def _train_epoch(learner: Learner, state: RunState, job: Job | None, reporter: _Reporter) -> int:
    """Finish the epoch that ``state`` is in; the number of its batches."""
    while True:
        try:
            return _take_steps(learner, state, job, reporter)
        except torch.OutOfMemoryError:
            if learner.device.type == "cpu":
                raise
        # Out here, where the exception no longer holds the tensors of the step that failed. Batches of another size
        # are counted anew: the epoch starts again, with what it has learnt so far.
        state.batch, state.loss_sum = 0, 0.0
        _make_room(learner, state, reporter)


def _take_steps(learner: Learner, state: RunState, job: Job | None, reporter: _Reporter) -> int:
    count = learner.num_examples
    order = torch.randperm(count, generator=_generator(learner.device, state, 0), device=learner.device)
    size = state.batch_size
    block = size * max(1, BLOCK // size)
    batches_in_epoch = sum(math.ceil(min(block, count - start) / size) for start in range(0, count, block))
    loss_sum = torch.zeros((), device=learner.device)
    seen = 0
    try:
        for number, start in enumerate(range(0, count, block)):
            examples = order[start : start + block]
            in_block = math.ceil(len(examples) / size)
            if state.batch < seen + in_block:
                generator = _generator(learner.device, state, number + 1)
                for batch in learner.batches(examples, generator, size)[state.batch - seen :]:
                    if job is not None:
                        job.checkpoint()
                    loss_sum += learner.step(batch)
                    state.batch += 1
                    reporter.batch(state, batches_in_epoch, loss_sum)
            seen += in_block
    finally:
        state.loss_sum += float(loss_sum)
    return batches_in_epoch


@contextmanager
def _threads(number: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if number is None or number == before:
        yield
        return
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _make_room(learner: Learner, state: RunState, reporter: _Reporter) -> None:
    if state.batch_size > 16:
        state.batch_size = -(-state.batch_size // 2)
        reporter.say(f"{learner.device} is out of memory: the batch is halved to {state.batch_size}")
    else:
        reporter.say(f"{learner.device} is out of memory even with small batches: training goes on on the CPU")
        learner.move(torch.device("cpu"))
    torch.cuda.empty_cache()


def _generator(device: torch.device, state: RunState, stream: int) -> torch.Generator:
    """Random numbers of their own for each epoch and block, so that a resumed run draws the same ones."""
    # Two rounds of a 64-bit mixer (as in SplitMix64): neighbouring epochs must not give related streams.
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
            f"The loss of epoch {epoch} is exactly 0: there is nothing to learn from this data, or nothing more; try "
            f"an n_iter below {epoch}, or another loss."
        )
