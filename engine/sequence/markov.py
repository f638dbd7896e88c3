"""Markov chain of many lags with nearest-neighbour matching of contexts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.interactions import SequenceInteractions
from engine.models.base import CHUNK
from engine.models.option_checks import require_between, require_whole
from engine.models.spec import ModelSpec
from engine.runtime.job import Job, Progress
from engine.sequence import specs
from engine.sequence.base import SequenceModel
from engine.sequence.memory import MARKOV_WINDOWS
from engine.sequence.windows import hold_out, reciprocal_ranks, tensor_of

#: At most so many occurrences of an item are compared, evenly spread over all. It bounds the time of a prediction.
MOST_PLACES = 4_000


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
            self.__dict__.pop("_offsets", None)
            total = 0.0
            for part in torch.split(windows, max(1, CHUNK // self.num_items)):
                job.checkpoint()
                total += reciprocal_ranks(self._log_probabilities(part[:, :-1]), part)
            totals.append(total)
        self.counting = settings[int(np.argmax(totals))]

    def _count(self, interactions: SequenceInteractions) -> None:
        for name in ("_places", "_counts", "_scale", "_offsets"):
            self.__dict__.pop(name, None)
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
        self._fitted = True

    # -- values derived from the sequences, computed when first needed ------------------------------------------
    @cached_property
    def _counts(self) -> npt.NDArray[np.float64]:
        """The number of interactions of each item, or the sum of their weights, ``(num_items,)``."""
        weights = self._weights.cpu().numpy() if len(self._weights) else None
        counts = np.bincount(self._items.cpu().numpy(), weights, minlength=self.num_items).astype(np.float64)
        counts[0] = 0.0
        return counts

    @cached_property
    def _scale(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The popularity discount of each item's votes, and each item's smoothing votes, ``(num_items,)``."""
        counts = self._counts
        return np.maximum(counts, 1.0) ** -self.popularity, self.smoothing * counts / max(counts.sum(), 1e-30)

    @cached_property
    def _places(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """The positions sorted by item, and the start of each item's positions, ``(num_items + 1,)``."""
        from scipy.sparse import csr_matrix

        # Transposing a matrix of one row sorts it by counting, which is stable and takes a tenth of the time of a sort.
        items = self._items.cpu().numpy()
        places = np.arange(len(items), dtype=np.int32 if len(items) < 1 << 31 else np.int64)
        by_item = csr_matrix((places, items, [0, len(items)]), shape=(1, self.num_items)).tocsc()
        return by_item.data, by_item.indptr

    @cached_property
    def _offsets(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """The distances from an item to the positions that it is evidence for, and the weights at these distances."""
        decay, ahead, _ = self.counting
        distance = np.arange(1, self.lags + 1)
        distance_weights = np.float64(decay) ** (distance - 1)
        if ahead == 0:
            return distance, distance_weights
        return np.concatenate([distance, -distance]), np.concatenate([distance_weights, ahead * distance_weights])

    # -- scoring ------------------------------------------------------------------------------------------------
    @property
    def ranked(self) -> Tensor:
        """The items that the model can rank, as a mask ``(num_items,)``: those that occur in the training data."""
        return torch.from_numpy(self._counts > 0).to(self.device)

    def _log_probabilities(self, sequences: Tensor) -> Tensor:
        discount, prior = self._scale
        votes = np.stack([self._votes(row) for row in sequences.cpu().numpy()]) if len(sequences) else np.empty((0, 1))
        return torch.from_numpy((votes * discount + prior).astype(np.float32)).to(self.device).log_()

    def _votes(self, sequence: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Count the votes for each item, ``(num_items,)``."""
        decay, _, sharpness = self.counting
        recent = sequence[sequence > 0][::-1][: self.lags]
        order, starts = self._places
        offsets, distance_weights = self._offsets
        bounds = zip(starts[recent], starts[recent + 1], strict=True)
        found = [order[begin : end : -(-(end - begin) // MOST_PLACES) or 1] for begin, end in bounds]
        places = np.concatenate(found) if found else np.empty(0, dtype=np.intp)
        if not len(places):
            return np.zeros(self.num_items)
        # The weight of the evidence, by the item's recency and rarity (rows) and by its distance (columns).
        steps = np.arange(len(recent))
        weight = decay**steps * np.maximum(self._counts[recent], 1e-30) ** -self.rarity
        evidence = weight[:, None] * distance_weights
        evidence[steps, steps] += weight * self.alignment
        targets = (places[:, None] + offsets).reshape(-1)
        added = evidence.astype(np.float32)[np.repeat(steps, [len(one) for one in found])].reshape(-1)
        similarity = np.zeros(len(self._items), dtype=np.float32)
        np.add.at(similarity, targets, added)
        dense = len(similarity) < 5 * len(targets)
        touched = np.flatnonzero(similarity > 0) if dense else _distinct(targets, len(similarity))
        votes = similarity[touched]
        if sharpness != 1:
            votes = np.exp(sharpness * np.log(votes))  # many times faster than a power
        if len(self._weights):
            votes = votes * self._weights.cpu().numpy()[touched]
        counted: npt.NDArray[Any] = np.bincount(self._items.cpu().numpy()[touched], votes, self.num_items)
        counted[0] = 0.0
        return counted


def _distinct(places: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """Return the distinct positions in any order. The time depends on their number and not on ``size``."""
    kind = np.int32 if len(places) < 1 << 31 else np.int64
    number = np.arange(len(places), dtype=kind)
    last = np.empty(size, dtype=kind)
    last[places] = number
    distinct: npt.NDArray[Any] = places[last[places] == number]
    return distinct
