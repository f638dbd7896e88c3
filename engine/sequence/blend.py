"""Weighted ensemble of the Markov and the attention model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.errors import OptionError
from engine.interactions import SequenceInteractions
from engine.models.contract import Capabilities
from engine.models.option_checks import require_positive
from engine.models.spec import ModelSpec
from engine.ranking import CHUNK
from engine.runtime.job import Job
from engine.sequence import specs
from engine.sequence.attention import AttentionModel
from engine.sequence.base import SequenceModel
from engine.sequence.markov import MarkovModel
from engine.sequence.markov_votes import Counting
from engine.sequence.memory import BLEND_WINDOWS
from engine.sequence.windows import cut, hold_out, reciprocal_ranks, tensor_of

#: The shares of attention that are compared on the held-out sequences, and the share used if too few are held out.
SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SHARE = 0.3


class BlendModel(SequenceModel):
    """The weighted geometric mean of the probabilities that ``markov`` and ``attention`` give.

    ``markov`` memorises transitions, even those that occur once; ``attention`` generalises to sequences that do not
    occur. The share of attention is chosen on the sequences of held-out users, by the mean reciprocal rank of the last
    item of each window. Then both models are trained on all users.

    Parameters
    ----------
    held_out
        The share of the users that are held out (of the rows, if these have no user ids).
    n_iter
        The number of epochs of attention without the held-out users. A quarter as many epochs on all users follow.
    embedding_dim, dropout, batch_size, learning_rate, num_negatives, texts
        Options of attention; see :class:`engine.sequence.attention.AttentionModel`.
    lags, decay, ahead, alignment, sharpness
        Options of markov; see :class:`engine.sequence.markov.MarkovModel`.
    random_state, device
        See :class:`engine.models.base.BaseModel`.

    Raises
    ------
    ValueError
        If an option has an impossible value.
    """

    spec: ClassVar[ModelSpec] = specs.BLEND
    _tensors: ClassVar[tuple[str, ...]] = ()
    _plain: ClassVar[tuple[str, ...]] = ("num_items", "share", "_counting")
    #: Models stored by earlier versions do not say how markov counts, and count by the options.
    _plain_defaults: ClassVar[Mapping[str, Any]] = {"_counting": None}

    def __init__(
        self,
        held_out: float = 0.1,
        n_iter: int = 12,
        embedding_dim: int = 64,
        dropout: float = 0.4,
        batch_size: int = 32,
        learning_rate: float = 2e-3,
        num_negatives: int = 0,
        texts: bool = False,
        lags: int = 12,
        decay: float = 0.88,
        ahead: float = 0.5,
        alignment: float = 0.5,
        sharpness: float = 2.5,
        *,
        random_state: int | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(random_state=random_state, device=device)
        require_positive(held_out=held_out)
        if held_out >= 1:
            raise OptionError(f"held_out must be below 1, not {held_out!r}.")
        self.held_out, self.n_iter, self.embedding_dim, self.dropout = held_out, n_iter, embedding_dim, dropout
        self.batch_size, self.learning_rate, self.num_negatives = batch_size, learning_rate, num_negatives
        self.texts = bool(texts)
        self.lags, self.decay, self.ahead = lags, decay, ahead
        self.alignment, self.sharpness = alignment, sharpness
        #: The weight of attention in the ensemble.
        self.share = 0.5
        #: What markov has chosen in training; see :class:`engine.sequence.markov.MarkovModel`.
        self._counting: Counting | None = None
        self._item_vectors: npt.NDArray[np.float32] | None = None
        self._markov, self._attention = self._make_parts(n_iter)

    def _make_parts(self, n_iter: int) -> tuple[MarkovModel, AttentionModel]:
        device = str(self.device)
        markov = MarkovModel(
            self.lags,
            self.decay,
            self.ahead,
            self.alignment,
            self.sharpness,
            random_state=self.random_state,
            device=device,
        )
        attention = AttentionModel(
            embedding_dim=self.embedding_dim,
            dropout=self.dropout,
            n_iter=n_iter,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            num_negatives=self.num_negatives,
            texts=self.texts,
            random_state=self.random_state,
            device=device,
        )
        return markov, attention

    @property
    def capabilities(self) -> Capabilities:
        """What this model can do. Without ``texts`` it scores only items that occur in the training data."""
        declared = super().capabilities
        return declared if self.texts else replace(declared, uses=())

    # -- training ------------------------------------------------------------------------------------------------
    def fit(
        self,
        interactions: SequenceInteractions,
        verbose: bool = False,
        job: Job | None = None,
        item_vectors: npt.NDArray[np.float32] | None = None,
    ) -> None:
        """Train on sequences; see :meth:`engine.sequence.base.SequenceModel.fit`.

        For ``item_vectors`` see :meth:`engine.sequence.attention.AttentionModel.fit`.
        """
        self._item_vectors, self.texts = item_vectors, self.texts or item_vectors is not None
        try:
            super().fit(interactions, verbose, job)
        finally:
            self._item_vectors = None

    def _fit(self, interactions: SequenceInteractions, job: Job) -> None:
        self._markov, self._attention = self._make_parts(self.n_iter)
        self.share = SHARE
        parts = hold_out(interactions, self.held_out, self.random_state, BLEND_WINDOWS)
        if parts is not None:
            kept, windows = parts
            self._fit_attention(kept, job.named("training attention on most users"))
            self._markov.fit(kept, job=job)
            self.__dict__.pop("_attention_only", None)
            self.share = self._best_share(windows, job)
            self._attention.n_iter = max(1, self.n_iter // 4)
        self._markov.fit(interactions, job=job)
        self._counting = self._markov.counting
        self._fit_attention(interactions, job if parts is None else job.named("training attention on all users"))
        self.__dict__.pop("_attention_only", None)

    def _fit_attention(self, interactions: SequenceInteractions, job: Job) -> None:
        pieces = cut(interactions, AttentionModel.sequence_length)
        self._attention.fit(pieces, job=job, item_vectors=self._item_vectors)

    def _best_share(self, windows: SequenceInteractions, job: Job) -> float:
        """Return the share with the highest mean reciprocal rank."""
        total = np.zeros(len(SHARES))
        for part in torch.split(tensor_of(windows), max(1, CHUNK // self.num_items)):
            job.checkpoint()
            markov_scores, attention_scores = self._log_probabilities_of_both(part[:, :-1])
            total += [reciprocal_ranks(_interpolate(markov_scores, attention_scores, share), part) for share in SHARES]
        return SHARES[int(total.argmax())]

    # -- scoring ------------------------------------------------------------------------------------------------
    @property
    def parts(self) -> tuple[MarkovModel, AttentionModel]:
        """The two models of the ensemble."""
        return self._markov, self._attention

    @property
    def ranked(self) -> Tensor:
        """The items that the model can rank, as a mask ``(num_items,)``."""
        return self._markov.ranked | self._attention.ranked

    @cached_property
    def _attention_only(self) -> Tensor | None:
        """The items that only attention can rank, as a mask ``(num_items,)``; None if there are none."""
        alone = self._attention.ranked & ~self._markov.ranked
        return alone if alone.any() else None

    def _log_probabilities(self, sequences: Tensor) -> Tensor:
        return _interpolate(*self._log_probabilities_of_both(sequences), self.share)

    def _log_probabilities_of_both(self, sequences: Tensor) -> tuple[Tensor, Tensor]:
        """Return the log probabilities of both models."""
        markov_scores = self._markov.scores(sequences).log_softmax(1)
        attention_scores = self._attention.scores(sequences[:, -self._attention.sequence_length :]).log_softmax(1)
        if self._attention_only is not None:  # these items get their probabilities from attention alone
            markov_scores = torch.where(self._attention_only, attention_scores, markov_scores)
        return markov_scores, attention_scores

    # -- storage ------------------------------------------------------------------------------------------------
    def _pack_tensors(self) -> dict[str, Tensor]:
        parts = {"markov": self._markov.tensors(), "attention": self._attention.tensors()}
        return {f"{part}.{name}": tensor for part, tensors in parts.items() for name, tensor in tensors.items()}

    def _unpack_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        for name, part in (("markov.", self._markov), ("attention.", self._attention)):
            own = {key[len(name) :]: tensor for key, tensor in tensors.items() if key.startswith(name)}
            part.take(self.num_items, own)
        if self._counting is not None:
            decay, ahead, sharpness = self._counting
            self._markov.counting = float(decay), float(ahead), float(sharpness)
        self.__dict__.pop("_attention_only", None)


def _interpolate(markov_scores: Tensor, attention_scores: Tensor, share: float) -> Tensor:
    """Return the weighted mean of two log probabilities. ``share`` is the weight of the second."""
    return torch.lerp(markov_scores, attention_scores, share)
