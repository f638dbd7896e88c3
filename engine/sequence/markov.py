"""What followed in the places most like this one: a Markov chain of many lags, and sharper than one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.errors import OptionError
from engine.interactions import SequenceInteractions
from engine.models.base import CHUNK
from engine.models.spec import ModelSpec
from engine.runtime.job import Job, Progress
from engine.sequence import specs
from engine.sequence.base import SequenceModel
from engine.sequence.windows import hold_out, reciprocal_ranks, tensor_of

#: So many places of an item are looked at, evenly spread over all of them: bounds the time of an answer.
MOST_PLACES = 4_000
#: By how many windows, at most, the ways of counting are judged.
MOST_WINDOWS = 600


class MarkovModel(SequenceModel):
    """Looks up where the items of a sequence stand in the training sequences, and counts what stands next to them.

    Every place of the training sequences is compared with the end of the sequence asked about: an item that is
    ``m`` items from the end there, and ``l`` places before the place here, adds ``decay ** (m + l - 2)`` to how alike
    they are. The place then votes for its item with that likeness to the power ``sharpness``. With a sharpness of 1
    this is a chain of decayed transitions over ``lags`` lags; above 1, places where several items agree count for more
    than as many places where one does, as in nearest-neighbour methods (Ludewig and Jannach, "Evaluation of
    session-based recommendation algorithms", UMUAI 2018). Votes are smoothed with the items' popularity.

    Parameters
    ----------
    lags
        How many items are looked at, of the sequence asked about and before each place.
    decay
        What an item one step further away counts for, compared with its neighbour.
    ahead
        What an item counts for that stands after a place, compared with one as far before it: 0 looks at the past
        only, 1 makes no difference between before and after (where many share one time, order says little).
    alignment
        What is added for an item as far before a place as it is from the end of the sequence asked about, in parts of
        what the last item counts for where it stands right before the place: the same items in the same order.
    sharpness
        See above; 1 or more.
    rarity
        An item chosen ``n`` times counts ``n ** -rarity`` as evidence.
    popularity
        Votes for an item chosen ``n`` times are divided by ``n ** popularity``.
    smoothing
        How many votes are given to all items, in proportion to how often they were chosen.
    held_out
        The share of the people (or rows, where it is not said whose they are) by whom it is judged, before counting
        all, whether order is strict here: whether to count as said above, or with nothing ``ahead`` and, if that is
        better still, with a decay of .6 and a sharpness of 4. 0 counts as said above.
    random_state, device
        See :class:`engine.models.closed_form.ClosedFormModel`. Counting is done by the CPU.

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
        if int(lags) != lags or lags < 1:
            raise OptionError(f"lags must be a whole number from 1 on, not {lags!r}.")
        for option, value, low, high in (
            ("decay", decay, 1e-6, 1.0),
            ("ahead", ahead, 0.0, 1.0),
            ("alignment", alignment, 0.0, 10.0),
            ("sharpness", sharpness, 1.0, 100.0),
            ("rarity", rarity, 0.0, 1.0),
            ("popularity", popularity, 0.0, 1.0),
            ("smoothing", smoothing, 1e-6, float("inf")),
            ("held_out", held_out, 0.0, 0.9),
        ):
            if not low <= value <= high:
                raise OptionError(f"{option} must be between {low:g} and {high:g}, not {value!r}.")
        self.lags, self.decay, self.ahead, self.alignment = int(lags), decay, ahead, alignment
        self.sharpness = sharpness
        self.rarity, self.popularity, self.smoothing = rarity, popularity, smoothing
        self.held_out = held_out
        #: The decay, what is ahead and the sharpness that are counted with.
        self.counting = (decay, ahead, sharpness)
        #: All training sequences one after the other, with ``lags`` zeros before, between and behind them.
        self._items = torch.zeros(0, dtype=torch.int32)
        #: What each of these places counts for; empty where all count alike.
        self._weights = torch.zeros(0)

    def _fit(self, interactions: SequenceInteractions, job: Job) -> None:
        job.report(Progress(f"counting for {self.name}"))
        self.counting = (self.decay, self.ahead, self.sharpness)
        parts = hold_out(interactions, self.held_out, self.random_state, MOST_WINDOWS)
        if parts is not None:
            self._count(parts[0])
            self._choose(tensor_of(parts[1]), job)
        self._count(interactions)
        job.checkpoint()

    def _choose(self, windows: Tensor, job: Job) -> None:
        """Take the best way of counting."""
        ways = (self.counting, (self.decay, 0.0, self.sharpness), (0.6, 0.0, 4.0))
        figures = []
        for way in ways:
            self.counting = way
            self.__dict__.pop("_offsets", None)
            total = 0.0
            for part in torch.split(windows, max(1, CHUNK // self.num_items)):
                job.checkpoint()
                total += reciprocal_ranks(self._log_probabilities(part[:, :-1]), part)
            figures.append(total)
        self.counting = ways[int(np.argmax(figures))]

    def _count(self, interactions: SequenceInteractions) -> None:
        for name in ("_places", "_counts", "_scale", "_offsets"):
            self.__dict__.pop(name, None)
        rows, columns = np.nonzero(interactions.sequences)
        # A row's items stand together, and ``lags`` zeros before each row keep the rows apart.
        slots = np.arange(len(rows)) + (np.cumsum(np.diff(rows, prepend=-1) > 0)) * self.lags
        items = np.zeros(slots[-1] + 1 + self.lags, dtype=np.int32)
        items[slots] = interactions.sequences[rows, columns]
        self._items = torch.from_numpy(items)
        self._weights = torch.zeros(0)
        if interactions.weights is not None:
            weights = np.zeros(len(items), dtype=np.float32)
            weights[slots] = interactions.weights[rows, columns]
            self._weights = torch.from_numpy(weights)

    # -- as a part of another model -------------------------------------------------------------------------------
    def tensors(self) -> dict[str, Tensor]:
        """What is stored of the model beside its options."""
        return self._pack_tensors()

    def take(self, num_items: int, tensors: Mapping[str, Tensor]) -> None:
        """Become the model whose :meth:`tensors` these are."""
        self.num_items = num_items
        self._unpack_tensors(tensors)
        self._fitted = True

    # -- what follows from the places, made when it is first needed ----------------------------------------------
    @cached_property
    def _counts(self) -> npt.NDArray[np.float64]:
        """How often each item was chosen (the sum of its places' weights), ``(num_items,)``."""
        weights = self._weights.cpu().numpy() if len(self._weights) else None
        counts = np.bincount(self._items.cpu().numpy(), weights, minlength=self.num_items).astype(np.float64)
        counts[0] = 0.0
        return counts

    @cached_property
    def _scale(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """What an item's votes are multiplied by, as it is popular, and what it has without any; ``(num_items,)``."""
        counts = self._counts
        return np.maximum(counts, 1.0) ** -self.popularity, self.smoothing * counts / max(counts.sum(), 1e-30)

    @cached_property
    def _places(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """The places in order of their items, and where each item's begin, ``(num_items + 1,)``."""
        items = self._items.cpu().numpy()
        order = np.argsort(items, kind="stable")
        return order, np.searchsorted(items[order], np.arange(self.num_items + 1))

    @cached_property
    def _offsets(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """How far from an item the places are that it is evidence for, and what it counts for there."""
        decay, ahead, _ = self.counting
        distance = np.arange(1, self.lags + 1)
        near = np.float64(decay) ** (distance - 1)
        if ahead == 0:
            return distance, near
        return np.concatenate([distance, -distance]), np.concatenate([near, ahead * near])

    # -- scoring ------------------------------------------------------------------------------------------------
    @property
    def ranked(self) -> Tensor:
        """Which items can score more than the lowest, ``(num_items,)``: those that training has met."""
        return torch.from_numpy(self._counts > 0).to(self.device)

    def _log_probabilities(self, sequences: Tensor) -> Tensor:
        discount, prior = self._scale
        votes = np.stack([self._votes(row) for row in sequences.cpu().numpy()]) if len(sequences) else np.empty((0, 1))
        return torch.from_numpy((votes * discount + prior).astype(np.float32)).to(self.device).log_()

    def _votes(self, sequence: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """What the places vote for, ``(num_items,)``."""
        decay, _, sharpness = self.counting
        recent = sequence[sequence > 0][::-1][: self.lags]
        order, starts = self._places
        offsets, near = self._offsets
        bounds = zip(starts[recent], starts[recent + 1], strict=True)
        found = [order[begin : end : -(-(end - begin) // MOST_PLACES) or 1] for begin, end in bounds]
        places = np.concatenate(found) if found else np.empty(0, dtype=np.intp)
        if not len(places):
            return np.zeros(self.num_items)
        # What a place counts for, by the item that leads to it, as it is recent and rare, and by the distance.
        steps = np.arange(len(recent))
        weight = decay**steps * np.maximum(self._counts[recent], 1e-30) ** -self.rarity
        likeness = weight[:, None] * near
        likeness[steps, steps] += weight * self.alignment
        where = (places[:, None] + offsets).reshape(-1)
        much = likeness.astype(np.float32)[np.repeat(steps, [len(one) for one in found])].reshape(-1)
        alike = np.zeros(len(self._items), dtype=np.float32)
        np.add.at(alike, where, much)
        touched = np.flatnonzero(alike > 0) if len(alike) < 5 * len(where) else _distinct(where, len(alike))
        votes = alike[touched]
        if sharpness != 1:
            votes = np.exp(sharpness * np.log(votes))  # many times faster than a power
        if len(self._weights):
            votes = votes * self._weights.cpu().numpy()[touched]
        counted: npt.NDArray[Any] = np.bincount(self._items.cpu().numpy()[touched], votes, self.num_items)
        counted[0] = 0.0
        return counted


def _distinct(places: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """Each place once, in any order; in time of the number of places, whatever ``size`` is."""
    number = np.arange(len(places))
    last = np.empty(size, dtype=np.intp)
    last[places] = number
    distinct: npt.NDArray[Any] = places[last[places] == number]
    return distinct
