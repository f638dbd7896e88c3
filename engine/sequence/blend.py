"""What is counted and what is learnt, together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.errors import OptionError
from engine.evaluation import mean_ranks
from engine.interactions import SequenceInteractions
from engine.job import Job
from engine.sequence.attention import AttentionModel
from engine.sequence.base import NEVER, SequenceModel
from engine.sequence.markov import MarkovModel
from engine.solved import CHUNK

#: Shares of attention in the blend that are tried on the sequences held out.
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
#: The length of the windows that the shares are judged by, the item asked for included, and how many at most.
WINDOW, MOST_WINDOWS = 10, 4_000
#: Fewer windows than this say too little to choose a share by.
FEWEST_WINDOWS = 30


class BlendModel(SequenceModel):
    """A mean of the probabilities that ``markov`` and ``attention`` give.

    The first remembers what was seen, also once; the second has an idea of what it has not seen. How much of each is
    best is found on sequences of people held out, by the mean reciprocal rank of each window's last item; then both
    learn from those too.

    Parameters
    ----------
    held_out
        The share of the people (or rows, where it is not said whose they are) that are held out.
    n_iter
        Epochs of attention over the rest; a quarter as many over all follow.
    embedding_dim, dropout, batch_size, learning_rate, num_negatives
        Of attention; see :class:`engine.sequence.attention.AttentionModel`.
    lags, decay, ahead, sharpness
        Of :class:`engine.sequence.markov.MarkovModel`.
    random_state, device
        See :class:`engine.solved.SolvedModel`.

    Raises
    ------
    ValueError
        If an option has an impossible value.
    """

    name: ClassVar[str] = "blend"
    _tensors: ClassVar[tuple[str, ...]] = ()
    _plain: ClassVar[tuple[str, ...]] = ("num_items", "share")

    def __init__(
        self,
        held_out: float = 0.1,
        n_iter: int = 15,
        embedding_dim: int = 64,
        dropout: float = 0.3,
        batch_size: int = 32,
        learning_rate: float = 2e-3,
        num_negatives: int = 0,
        lags: int = 20,
        decay: float = 0.85,
        ahead: float = 0.7,
        sharpness: float = 2.5,
        *,
        random_state: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(random_state=random_state, device=device)
        if not 0.0 < held_out < 1.0:
            raise OptionError(f"held_out must be between 0 and 1, not {held_out!r}.")
        self.held_out, self.n_iter, self.embedding_dim, self.dropout = held_out, n_iter, embedding_dim, dropout
        self.batch_size, self.learning_rate, self.num_negatives = batch_size, learning_rate, num_negatives
        self.lags, self.decay, self.ahead, self.sharpness = lags, decay, ahead, sharpness
        #: The share of attention.
        self.share = 0.5
        self._markov, self._attention = self._make_parts(n_iter)

    def _make_parts(self, n_iter: int) -> tuple[MarkovModel, AttentionModel]:
        device = str(self.device)
        markov = MarkovModel(self.lags, self.decay, self.ahead, self.sharpness, device=device)
        attention = AttentionModel(
            embedding_dim=self.embedding_dim,
            dropout=self.dropout,
            n_iter=n_iter,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            num_negatives=self.num_negatives,
            random_state=self.random_state,
            device=device,
        )
        return markov, attention

    # -- fitting ------------------------------------------------------------------------------------------------
    def _fit(self, interactions: SequenceInteractions, job: Job) -> None:
        self._markov, self._attention = self._make_parts(self.n_iter)
        kept, asked = self._part(interactions)
        self._attention.fit(_cut(kept, AttentionModel.sequence_length), job=job)
        if len(asked) >= FEWEST_WINDOWS:
            self._markov.fit(kept, job=job)
            self.share = self._best_share(asked, job)
        else:
            self.share = 0.5
        self._markov.fit(interactions, job=job)
        self._attention.n_iter = max(1, self.n_iter // 4)
        self._attention.fit(_cut(interactions, AttentionModel.sequence_length), job=job)

    def _part(self, interactions: SequenceInteractions) -> tuple[SequenceInteractions, SequenceInteractions]:
        """What to learn from, and windows of the rest."""
        rows = len(interactions)
        owners = np.arange(rows) if interactions.user_ids is None else interactions.user_ids
        people = np.unique(owners)
        out = np.random.RandomState(self.random_state).permutation(people)[: round(self.held_out * len(people))]
        held = np.isin(owners, out)
        windows = _cut(interactions.select(held), WINDOW)
        windows = windows.select((windows.sequences[:, -2] > 0).nonzero()[0][:MOST_WINDOWS])
        return interactions.select(~held), windows

    def _best_share(self, asked: SequenceInteractions, job: Job) -> float:
        """The share with the highest mean reciprocal rank, of what was not seen in the window."""
        total = np.zeros(len(SHARES))
        piece = max(1, CHUNK // self.num_items)
        for start in range(0, len(asked), piece):
            job.checkpoint()
            windows = torch.from_numpy(asked.sequences[start : start + piece].astype(np.int64))
            before, targets = windows[:, :-1], windows[:, -1].numpy()
            counted, learnt = self._both(before)
            rows = np.arange(len(windows))
            for place, share in enumerate(SHARES):
                scores = _mixed(counted, learnt, share).clamp_min_(NEVER).scatter_(1, before.to(self.device), NEVER)
                total[place] += (1.0 / mean_ranks(scores, rows, targets, 1)).sum()
        return SHARES[int(total.argmax())]

    # -- scoring ------------------------------------------------------------------------------------------------
    @property
    def parts(self) -> tuple[MarkovModel, AttentionModel]:
        """What is blended."""
        return self._markov, self._attention

    @property
    def ranked(self) -> Tensor:
        """Which items can score more than the lowest, ``(num_items,)``."""
        return self._markov.ranked | self._attention.ranked

    def _log_probabilities(self, sequences: Tensor) -> Tensor:
        return _mixed(*self._both(sequences), self.share)

    def _both(self, sequences: Tensor) -> tuple[Tensor, Tensor]:
        """The logarithms of what the two models hold probable."""
        counted = self._markov.scores(sequences).log_softmax(1)
        learnt = self._attention.scores(sequences[:, -self._attention.sequence_length :]).log_softmax(1)
        return counted, learnt

    # -- storing ------------------------------------------------------------------------------------------------
    def _give(self) -> dict[str, Tensor]:
        parts = {"markov": self._markov.tensors(), "attention": self._attention.tensors()}
        return {f"{part}.{name}": tensor for part, tensors in parts.items() for name, tensor in tensors.items()}

    def _take(self, tensors: Mapping[str, Tensor]) -> None:
        for name, part in (("markov.", self._markov), ("attention.", self._attention)):
            own = {key[len(name) :]: tensor for key, tensor in tensors.items() if key.startswith(name)}
            part.take(self.num_items, own)


def _mixed(counted: Tensor, learnt: Tensor, share: float) -> Tensor:
    """The logarithm of the mean of two probabilities, of which the second has this share."""
    if share in (0.0, 1.0):
        return (learnt if share else counted).clone()
    return torch.logaddexp(counted + math.log1p(-share), learnt + math.log(share))


def _cut(interactions: SequenceInteractions, length: int) -> SequenceInteractions:
    """The same sequences in pieces of at most this length, counted from their ends; weights stay with their items."""
    width = -(-interactions.max_sequence_length // length) * length
    pad = ((0, 0), (width - interactions.max_sequence_length, 0))

    def pieces(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.pad(array, pad).reshape(-1, length)

    sequences = pieces(interactions.sequences)
    real = sequences.any(1)
    weights = None if interactions.weights is None else pieces(interactions.weights)[real]
    return SequenceInteractions(sequences[real], num_items=interactions.num_items, weights=weights)
