"""The base class of sequence models that are not trained iteratively."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy.typing as npt
import torch
from torch import Tensor

from engine.data.ids import as_ids
from engine.errors import LearningError
from engine.interactions import SequenceInteractions
from engine.models.base import Scores, pieces
from engine.models.closed_form import ClosedFormModel
from engine.ranking import CHUNK, MASKED_SCORE, finite_scores
from engine.runtime.job import Job


class SequenceModel(ClosedFormModel):
    """A model that gives log probabilities of the next item. :meth:`fit` sets ``num_items``."""

    _plain: ClassVar[tuple[str, ...]] = ("num_items",)

    num_items = 0

    # -- what a model implements ------------------------------------------------------------------------------------
    @abstractmethod
    def _fit(self, interactions: SequenceInteractions, job: Job) -> None:
        """Train. ``num_items`` is already set. Call ``job.checkpoint()`` between pieces of work."""

    @abstractmethod
    def _log_probabilities(self, sequences: Tensor) -> Tensor:
        """Return log probabilities ``(n, num_items)`` for sequences ``(n, length)`` padded on the left.

        Each row may differ by a constant. An item that cannot be next has the value -inf.
        """

    @property
    @abstractmethod
    def ranked(self) -> Tensor:
        """The items that the model can rank, as a mask ``(num_items,)``."""

    # -- training ------------------------------------------------------------------------------------------------
    def fit(self, interactions: SequenceInteractions, verbose: bool = False, job: Job | None = None) -> None:
        """Train on sequences. Each call starts from scratch.

        Parameters
        ----------
        interactions
            The training data, preferably from ``to_sequence(sequence_length)``. Transitions between two rows of one
            user are not counted.
        verbose
            Has no effect. It exists because all models have the same signature.
        job
            The job that receives progress and may cancel. A model whose fit was cancelled is untrained.

        Raises
        ------
        CancelledError
            If the job was cancelled.
        ValueError
            If there are no sequences.
        """
        if interactions.sequences.size == 0 or not interactions.sequences.any():
            raise LearningError("There are no sequences to learn from.")
        self._fitted = False
        self.num_items = interactions.num_items
        self._fit(interactions, job or Job())
        self._complete_fit()

    # -- predicting ---------------------------------------------------------------------------------------------
    def predict(self, sequences: npt.ArrayLike, item_ids: npt.ArrayLike | None = None) -> Scores:
        """Scores of the items that may come next: log probabilities.

        Parameters
        ----------
        sequences
            Items, oldest first: one sequence ``(length,)`` or ``(1, length)``, or several, padded with 0 on the
            left, ``(n, length)``. An empty sequence asks what is chosen most.
        item_ids
            Which items to score; None means all.

        Returns
        -------
        numpy.ndarray
            One sequence: ``(num_items,)`` or ``(len(item_ids),)``; several: the same for each, ``(n, …)``. The items
            that training has not met, and the padding, get a number just below all other scores of the same
            sequence: they come last, and means and plots stay readable. Their probability is 0 (see
            :meth:`probabilities`).

        Raises
        ------
        NotTrainedError
            Before the first fit.
        ValueError
            If an id is out of range.
        """
        self._require_fitted()
        items = None if item_ids is None else as_ids(item_ids, self.num_items, "item").reshape(-1)
        result: Scores = finite_scores(self.scores(sequences).cpu().numpy())
        if items is not None:
            result = result[:, items.numpy()]
        return result[0] if len(result) == 1 else result

    def probabilities(self, sequences: npt.ArrayLike, temperature: float = 1.0) -> Scores:
        """Return each item's probability of being the next item; for the shapes see :meth:`predict`.

        A ``temperature`` above 1 makes the distribution more uniform, one below 1 more concentrated.
        """
        result: Scores = (self.scores(sequences) / temperature).softmax(1).cpu().numpy()
        return result[0] if len(result) == 1 else result

    def predict_with_probabilities(self, sequence: npt.ArrayLike) -> tuple[Scores, Scores]:
        """Return :meth:`predict` and :meth:`probabilities` of one sequence, from the same scores."""
        scores = self.scores(sequence)[:1]
        probabilities: Scores = scores.softmax(1).cpu().numpy()[0]  # before the scores are changed in place
        return finite_scores(scores.cpu().numpy())[0], probabilities

    def scores_with_probabilities(self, sequences: npt.ArrayLike) -> tuple[Tensor, Tensor]:
        """Return :meth:`scores` and :meth:`probabilities` of several sequences, from the same scores."""
        scores = self.scores(sequences)
        return scores, scores.softmax(1)

    @torch.no_grad()
    def scores(self, sequences: npt.ArrayLike, item_ids: Tensor | None = None) -> Tensor:
        """Return the scores of items, ``(num_sequences, items)`` even for one sequence, on the model's device.

        The caller bounds the number of sequences and leaves out the padding (id 0). An item that must not be ranked
        has :data:`engine.ranking.MASKED_SCORE`. ``item_ids`` are on the model's device; None means all.
        """
        self._require_fitted()
        rows = as_ids(sequences, self.num_items, "item")
        if rows.dim() == 1:
            rows = rows.unsqueeze(0)
        piece = max(1, CHUNK // max(1, self.num_items))
        parts = [self._log_probabilities(part) for part in pieces(rows, piece)]
        scores = parts[0] if len(parts) == 1 else torch.cat(parts)
        scores.clamp_min_(MASKED_SCORE)
        return scores if item_ids is None else scores[:, item_ids]
