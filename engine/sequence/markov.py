"""Markov chain of many lags with nearest-neighbour matching of contexts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from engine.interactions import SequenceInteractions
from engine.models.option_checks import require_between, require_whole
from engine.models.spec import ModelSpec
from engine.ranking import CHUNK
from engine.runtime.job import Job, Progress
from engine.sequence import specs
from engine.sequence.base import SequenceModel
from engine.sequence.markov_votes import MarkovVotes
from engine.sequence.memory import MARKOV_WINDOWS
from engine.sequence.windows import hold_out, reciprocal_ranks, tensor_of


class MarkovModel(SequenceModel):
    """Finds the items of a sequence in the training sequences, and counts which items are near them.

    Each position of the training sequences is compared with the end of the given sequence. An item that is the ``m``-th
    from the end of the sequence, and is ``l`` positions before the training position, adds ``decay ** (m + l - 2)`` to
    the similarity of the two. The training position then votes for its item with its similarity to the power
    ``sharpness``. With a sharpness of 1 the model is a chain of decayed transitions over ``lags`` lags. With a higher
    sharpness, one position where several items match counts more than several positions where one matches, as in
    nearest-neighbour methods (Ludewig and Jannach, "Evaluation of session-based recommendation algorithms", UMUAI
    2018). The votes are smoothed with the items' popularity.

    Parameters
    ----------
    lags
        The number of items that are used: the last ones of the given sequence, and those near each training
        position.
    decay
        The factor by which an item's weight decreases for each step of distance.
    ahead
        The weight of an item after a training position relative to an item at the same distance before it. 0 uses only
        items before it. 1 ignores the direction, which suits data in which many interactions have the same time.
    alignment
        The extra weight of an item that is as far before the training position as it is from the end of the given
        sequence, so that the order is the same. The unit is the weight of the last item directly before the position.
    sharpness
        The exponent of the similarity, 1 or more.
    rarity
        An item with ``n`` interactions is weighted by ``n ** -rarity`` as evidence.
    popularity
        The votes for an item with ``n`` interactions are divided by ``n ** popularity``.
    smoothing
        The number of votes that are distributed over all items in proportion to their interactions.
    held_out
        The share of the users that are held out (of the rows, if these have no user ids) to test whether the order of
        items is strict. Three settings are compared: the options above, the same with ``ahead`` 0, and ``ahead`` 0
        with a decay of .6 and a sharpness of 4. The best one is used. With 0 there is no test.
    random_state, device
        See :class:`engine.models.base.BaseModel`. The counting always runs on the CPU.

    Raises
    ------
    ValueError
        If an option has an impossible value.
    """

    spec: ClassVar[ModelSpec] = specs.MARKOV
    _tensors: ClassVar[tuple[str, ...]] = ("_items", "_weights")
    _plain: ClassVar[tuple[str, ...]] = ("num_items", "counting")

    def __init__(
        self,
        lags: int = 12,
        decay: float = 0.88,
        ahead: float = 0.5,
        alignment: float = 0.5,
        sharpness: float = 2.5,
        rarity: float = 0.1,
        popularity: float = 0.05,
        smoothing: float = 0.1,
        held_out: float = 0.1,
        *,
        random_state: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(random_state=random_state, device=device)
        require_whole(lags=lags)
        require_between(1e-6, 1, decay=decay)
        require_between(0, 1, ahead=ahead, rarity=rarity, popularity=popularity)
        require_between(0, 10, alignment=alignment)
        require_between(1, 100, sharpness=sharpness)
        require_between(0, 0.9, held_out=held_out)
        require_between(1e-6, math.inf, smoothing=smoothing)
        self.lags, self.decay, self.ahead, self.alignment = int(lags), decay, ahead, alignment
        self.sharpness = sharpness
        self.rarity, self.popularity, self.smoothing = rarity, popularity, smoothing
        self.held_out = held_out
        #: The decay, ``ahead`` and the sharpness in use.
        self.counting = (decay, ahead, sharpness)
        #: All training sequences, one after another, with ``lags`` zeros before, between and after them.
        self._items = torch.zeros(0, dtype=torch.int32)
        #: The weight of each position in ``_items``; empty if all weights are equal.
        self._weights = torch.zeros(0)

    def _fit(self, interactions: SequenceInteractions, job: Job) -> None:
        job.report(Progress(f"counting for {self.name}"))
        self.counting = (self.decay, self.ahead, self.sharpness)
        parts = hold_out(interactions, self.held_out, self.random_state, MARKOV_WINDOWS)
        if parts is not None:
            self._count(parts[0])
            self._choose(tensor_of(parts[1]), job)
        self._count(interactions)
        job.checkpoint()

    def _choose(self, windows: Tensor, job: Job) -> None:
        """Choose the best setting of decay, ``ahead`` and sharpness on the held-out windows."""
        settings = (self.counting, (self.decay, 0.0, self.sharpness), (0.6, 0.0, 4.0))
        totals = []
        for setting in settings:
            self.counting = setting
            total = 0.0
            for part in torch.split(windows, max(1, CHUNK // self.num_items)):
                job.checkpoint()
                total += reciprocal_ranks(self._log_probabilities(part[:, :-1]), part)
            totals.append(total)
        self.counting = settings[int(np.argmax(totals))]

    def _count(self, interactions: SequenceInteractions) -> None:
        self.__dict__.pop("_votes", None)
        rows, columns = np.nonzero(interactions.sequences)
        # The items of a row are adjacent, and ``lags`` zeros before each row separate the rows.
        slots = np.arange(len(rows)) + (np.cumsum(np.diff(rows, prepend=-1) > 0)) * self.lags
        items = np.zeros(slots[-1] + 1 + self.lags, dtype=np.int32)
        items[slots] = interactions.sequences[rows, columns]
        self._items = torch.from_numpy(items)
        self._weights = torch.zeros(0)
        if interactions.weights is not None:
            weights = np.zeros(len(items), dtype=np.float32)
            weights[slots] = interactions.weights[rows, columns]
            self._weights = torch.from_numpy(weights)

    # -- storage as a part of another model ---------------------------------------------------------------------
    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors of the model that are stored, by name."""
        return self._pack_tensors()

    def take(self, num_items: int, tensors: Mapping[str, Tensor]) -> None:
        """Load the result of :meth:`tensors`."""
        self.num_items = num_items
        self._unpack_tensors(tensors)
        self.__dict__.pop("_votes", None)
        self._fitted = True

    @cached_property
    def _votes(self) -> MarkovVotes:
        """What is computed from the sequences, on the CPU."""
        return MarkovVotes(
            self._items.cpu().numpy(),
            self._weights.cpu().numpy() if len(self._weights) else None,
            self.num_items,
            self.lags,
            self.alignment,
            self.rarity,
            self.popularity,
            self.smoothing,
        )

    # -- scoring ------------------------------------------------------------------------------------------------
    @property
    def ranked(self) -> Tensor:
        """The items that the model can rank, as a mask ``(num_items,)``: those that occur in the training data."""
        return torch.from_numpy(self._votes.counts > 0).to(self.device)

    def _log_probabilities(self, sequences: Tensor) -> Tensor:
        votes = np.empty((len(sequences), self.num_items), dtype=np.float32)
        for row, sequence in zip(votes, sequences.cpu().numpy(), strict=True):
            row[:] = self._votes.smoothed(sequence, self.counting)
        return torch.from_numpy(votes).to(self.device).log_()
