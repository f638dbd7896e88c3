"""EASE: a linear item autoencoder, solved in closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import LearningError, OptionError
from engine.factorization.pairs import Pairs
from engine.interactions import Interactions
from engine.models.closed_form import ClosedFormUserModel
from engine.models.option_checks import require_positive
from engine.models.spec import ModelSpec
from engine.neighbours import specs
from engine.neighbours.inverse import invert_in_place
from engine.neighbours.memory import ease_matrices
from engine.neighbours.overlap import Overlap, compact
from engine.ranking import MASKED_SCORE
from engine.runtime import memory
from engine.runtime.job import Job, Progress


class EaseModel(ClosedFormUserModel):
    """EASE (Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019).

    ``X`` is the 0/1 matrix of interactions, users by items. The model minimises ``|X - X B|² + l2 |B|²`` where the
    diagonal of ``B`` is 0. The solution is ``B = I - P / diag(P)``, where ``P`` is the inverse of ``XᵀX + l2 I``. The
    scores of a user are the sum of the rows of ``B`` that belong to the user's items.

    An interaction with the weight ``w`` has ``√w`` instead of 1 in ``X``, in training and in the user's scores (Steck,
    section 2, allows any positive value). The diagonal of ``XᵀX`` is then the sum of each item's weights. If all
    interactions of a user have the weight ``w``, the model is the weighted least squares solution in which this user
    counts ``w`` times. To multiply all weights by a constant is to divide ``l2`` by it. A weight of each squared error
    alone would take an inverse for each item.

    Parameters
    ----------
    l2
        The strength of the regularisation.
    double
        Whether to solve in double precision, which takes 1.3 times the memory and about twice the time.
    random_state, device
        See :class:`engine.models.base.BaseModel`.

    Notes
    -----
    The memory grows with the square of the number of items that occur: 9,000 items need 970 MB (see
    :func:`engine.neighbours.memory.ease_matrices`). The job's progress reports the need before the memory is
    allocated, and ``fit`` refuses to start if less memory is free. An item without interactions comes after all
    others. :meth:`fold_in` and :meth:`contributions` are not given weights: each item of their history has the
    weight 1.
    """

    spec: ClassVar[ModelSpec] = specs.EASE
    _tensors: ClassVar[tuple[str, ...]] = ("_weights", "_kept", "_position", "_ends", "_history", "_history_values")
    _later_tensors: ClassVar[tuple[str, ...]] = ("_history_values",)

    def __init__(
        self, l2: float = 300.0, double: bool = False, *, random_state: int | None = None, device: str | None = None
    ) -> None:
        super().__init__(random_state=random_state, device=device)
        require_positive(l2=l2)
        if double and self.device.type == "mps":
            raise OptionError("Apple graphics compute in single precision: use double=false or device=cpu.")
        self.l2, self.double = float(l2), bool(double)
        self._weights = torch.zeros(0)
        # _kept: the items that occur. _position: each item's position among them, or -1. _history: the items of all
        # users as positions, one user after another. _ends: the end of each user's items in _history. _history_values:
        # the values of X of these items; empty if all are 1.
        self._kept = self._position = self._ends = self._history = torch.zeros(0, dtype=torch.long)
        self._history_values = torch.zeros(0)

    # -- training ------------------------------------------------------------------------------------------------
    def _fit(self, interactions: Interactions, job: Job) -> None:
        compacted, kept, position = compact(interactions)
        needed, free = ease_matrices(len(kept), self.double), memory.available(self.device)
        if free is not None and needed > free:
            raise LearningError(
                f"ease needs {memory.describe_bytes(needed)} of memory for {len(kept):,} items, and only "
                f"{memory.describe_bytes(free)} is free: train als, whose memory grows less with the number of items"
                f"{', or use double=false' if self.double else ''}."
            )
        stage = f"training ease ({memory.describe_bytes(needed)} of memory)"

        def report_progress(share: float) -> None:
            job.report(Progress(stage, round(100 * share), 100, "%"))
            job.checkpoint()

        report_progress(0.0)
        weights = None if compacted.weights is None else compacted.weights.astype(np.float32)
        by_user, by_item = Pairs.of(compacted, weights, self.device)
        matrix = self._co_occurrences(by_item, lambda share: report_progress(0.1 * share))
        matrix.diagonal().add_(self.l2)
        try:
            invert_in_place(matrix, lambda share: report_progress(0.1 + 0.9 * share))
        except ArithmeticError:
            raise LearningError(
                f"ease cannot solve its equations in this precision: give it a larger l2 than {self.l2:g}"
                f"{'' if self.double else ', or use double=true'}."
            ) from None
        matrix /= -matrix.diagonal().clone()
        self._weights = matrix.fill_diagonal_(0.0).float()
        self._kept, self._position = kept.to(self.device), position.to(self.device)
        self._ends, self._history = by_user.ends, by_user.columns
        self._history_values = torch.zeros(0, device=self.device) if weights is None else by_user.values.sqrt()

    def _co_occurrences(self, by_item: Pairs, report_progress: Callable[[float], None]) -> Tensor:
        """Count the users who interacted with both of two items, by the roots of both weights, ``(kept, kept)``."""
        size, values = len(by_item.ends), by_item.values.sqrt()
        counts = torch.empty(size, size, dtype=torch.float64 if self.double else torch.float32, device=self.device)
        overlap = Overlap(by_item, self.num_users)
        left = overlap.left(values)
        for piece in overlap.pieces():
            report_progress(piece.start / size)
            counts[:, piece] = left @ overlap.right(values, piece)
        return counts

    # -- predicting ---------------------------------------------------------------------------------------------
    @property
    def ranked(self) -> Tensor:
        """Which items can be ranked, ``(num_items,)``: those that training has met."""
        return self._position >= 0

    def _score_users(self, users: Tensor) -> Tensor:
        lengths = torch.diff(self._ends, prepend=self._ends.new_zeros(1))[users]
        stops = lengths.cumsum(0)
        # The positions of these users' items in _history: from the start to the end of each user.
        total = int(stops[-1]) if len(stops) else 0
        places = torch.arange(total, device=self.device) + torch.repeat_interleave(self._ends[users] - stops, lengths)
        values = self._history_values[places] if len(self._history_values) else None
        rows, starts = self._history[places], stops - lengths
        sums = functional.embedding_bag(rows, self._weights, starts, mode="sum", per_sample_weights=values)
        return self._expand(sums)

    def _fold_in(self, items: Tensor, ratings: Tensor | None) -> Tensor:
        places = self._position[items]
        known = places[places >= 0]
        return self._expand(self._weights[known].sum(0, keepdim=True))[0]

    def _expand(self, scores: Tensor) -> Tensor:
        """Expand the scores of the items that occur to all items."""
        whole = scores.new_full((len(scores), self.num_items), MASKED_SCORE)
        return whole.index_copy_(1, self._kept, scores)

    def _contributions(self, items: Tensor, ratings: Tensor | None, targets: Tensor) -> Tensor:
        rows, columns = self._position[items], self._position[targets]
        known = (rows >= 0) & (columns >= 0)[:, None]
        return torch.where(known, self._weights[rows.clamp_min(0), columns.clamp_min(0)[:, None]], 0.0)

    @torch.no_grad()
    def similarities(self, item: int) -> npt.NDArray[np.float32]:
        """The weight of this item in the score of each other one, ``(num_items,)``; 0 for items that nobody chose."""
        self._require_fitted()
        weights = self._fold_in(torch.tensor([item], device=self.device), None)
        return weights.masked_fill_(weights <= MASKED_SCORE, 0.0).cpu().numpy()
