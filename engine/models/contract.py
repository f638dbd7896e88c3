"""The contract of models: the ``Model`` protocol and the declared ``Capabilities``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from engine.data.results import Task

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch
    from torch import Tensor

    from engine.models.factors import Factors

#: The number of latest items that a sequence model is given, unless its declaration sets another number.
SEQUENCE_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model needs, uses and can do. The engine reads this declaration and never inspects the class.

    Attributes
    ----------
    task
        ``"user"``: the model is fitted on :class:`~engine.interactions.Interactions` and scores items for users.
        ``"sequence"``: it is fitted on :class:`~engine.interactions.SequenceInteractions` and scores items for
        sequences.
    needs
        The parts that the interactions must have: ``"ratings"``, ``"times"``. A model that needs ratings is
        fitted on rated interactions only.
    uses
        The data that the model uses if available: ``"ratings"``, ``"times"``, ``"features"`` (``fit`` takes
        ``features``) or ``"texts"`` (``fit`` takes ``item_vectors``, and items without interactions are scored too).
    predicts_ratings
        Whether scores are ratings on the scale of the interactions.
    predicts_at_times
        Whether ``predict`` takes the ``timestamps`` of the pairs.
    uncertain
        Whether ``std(user_ids, item_ids)`` gives the standard deviation of predicted ratings.
    folds_in
        Whether ``fold_in(item_ids, ratings)`` scores items for a new user.
    explains
        Whether ``contributions(item_ids, ratings, item)`` gives what each item of a history adds to a score.
    similar
        Whether ``similarities(item)`` compares one item with all others.
    factorizes
        Whether ``factors()`` gives vectors and biases from which the predictions follow.
    warm_starts
        Whether ``start_from(model)`` lets the next ``fit`` begin from an earlier model of the same class.
    sequence_length
        The number of latest items that a sequence model is given, in training and for predictions.
    distributes
        Whether ``fit`` takes an ``executor``, which has several machines or GPUs compute parts of the model.
    stores
        Whether ``save`` and ``restore`` store and load the model.
    """

    task: Task
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    predicts_ratings: bool = False
    predicts_at_times: bool = False
    uncertain: bool = False
    folds_in: bool = False
    explains: bool = False
    similar: bool = False
    factorizes: bool = False
    warm_starts: bool = False
    sequence_length: int = SEQUENCE_LENGTH
    distributes: bool = False
    stores: bool = True


@runtime_checkable
class ScoresAllItems(Protocol):
    """A network that can score all items at once. A network of the caller need not have this method."""

    def score_all(self, rows: Tensor, item_ids: Tensor | None = None) -> Tensor:
        """Return the scores of ``m`` items, or of all, for ``n`` users or final representations, ``(n, m)``."""
        ...


class Model(Protocol):
    """What the engine requires of a model. :class:`engine.models.base.BaseModel` implements most of it.

    Some methods work only if the model's ``capabilities`` declare them. Otherwise they raise
    :class:`engine.errors.UnsupportedError`.
    """

    device: torch.device

    @property
    def name(self) -> str:
        """The name of the model in the registry."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this model can do with its options."""
        ...

    @property
    def ranked(self) -> Tensor | None:
        """The items that the model can rank, as a mask ``(num_items,)``; None if it can rank all items."""
        ...

    def fit(self, interactions: Any, verbose: bool = False, job: Any = None) -> None:
        """Train. The ``job`` receives progress and may cancel between two pieces of work."""
        ...

    def predict(self, ids: Any, item_ids: Any = None, /) -> npt.NDArray[Any]:
        """Return the scores of all items for one user or sequence, or the scores of pairs.

        Predicted ratings are not clipped to the scale of the ratings, so that they rank the items beyond its end, too.
        Whoever shows or measures a rating clips it.
        """
        ...

    def scores(self, ids: npt.ArrayLike, item_ids: Tensor | None = None, /) -> Tensor:
        """Return finite scores for many users or sequences, ``(len(ids), items)``. The caller may change the tensor."""
        ...

    def require(self, capability: str) -> None:
        """Raise UnsupportedError unless ``capabilities`` declare this capability."""
        ...

    def fold_in(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None = None) -> npt.NDArray[Any]:
        """Score all items for a new user; declared by ``folds_in``."""
        ...

    def contributions(
        self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None, item: npt.ArrayLike
    ) -> npt.NDArray[Any]:
        """Return what each item of a history adds to a score; declared by ``explains``."""
        ...

    def removal_effects(
        self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None, item: npt.ArrayLike
    ) -> npt.NDArray[Any]:
        """Return how much a score falls without each item of a history; declared by ``explains``."""
        ...

    def similarities(self, item: int) -> npt.NDArray[Any]:
        """Return the similarity of an item to each item, ``(num_items,)``; declared by ``similar``."""
        ...

    def similarity_rows(self, items: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return the similarities of several items to each item, ``(len(items), num_items)``."""
        ...

    def factors(self) -> Factors:
        """Return the vectors and biases of users and items; declared by ``factorizes``."""
        ...

    def start_from(self, earlier: Any) -> bool:
        """Let the next ``fit`` begin from what an earlier model learnt; declared by ``warm_starts``.

        The first users and items of the training data are those of the earlier model. False if its options differ in
        what decides the form of the parameters, so that the fit begins anew.
        """
        ...

    def std(self, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return the standard deviation of the predicted ratings of pairs, ``(n,)``; declared by ``uncertain``."""
        ...

    def probabilities(self, sequences: npt.ArrayLike, temperature: float = 1.0) -> npt.NDArray[Any]:
        """Return each item's probability of being the next item. Every sequence model implements this."""
        ...

    def predict_with_probabilities(self, sequence: npt.ArrayLike) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return what ``predict`` and ``probabilities`` give for one sequence, from scores that are computed once."""
        ...

    def scores_with_probabilities(self, sequences: npt.ArrayLike) -> tuple[Tensor, Tensor]:
        """Return what ``scores`` and ``probabilities`` give for several sequences, from scores computed once."""
        ...

    def options(self) -> dict[str, Any]:
        """Return the constructor's options that can be stored."""
        ...

    def save(self, path: str | Path, metadata: Mapping[str, Any] | None = None) -> None:
        """Store the model in a folder."""
        ...
