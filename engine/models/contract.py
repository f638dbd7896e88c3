"""The contract of models: what every model brings, and the declaration of what it can do beyond that."""

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

#: How many of the latest items a sequence model is given where its declaration says nothing else.
SEQUENCE_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model needs, uses and can do. Nobody asks a model's class for methods: this declaration is the answer.

    Attributes
    ----------
    task
        ``"user"``: the model is fitted on :class:`~engine.interactions.Interactions` and scores items for users.
        ``"sequence"``: it is fitted on :class:`~engine.interactions.SequenceInteractions` and scores items for
        sequences.
    needs
        What the interactions must have: ``"ratings"``, ``"times"``. A model that needs ratings is fitted on rated
        interactions only.
    uses
        What the model takes into account where it is there: ``"ratings"``, ``"times"``, ``"features"`` (``fit`` takes
        ``features``) or ``"texts"`` (``fit`` takes ``item_vectors``, and items that nobody chose are scored too).
    predicts_ratings
        Scores are ratings on the scale of the interactions.
    predicts_at_times
        ``predict`` takes the ``timestamps`` of the pairs.
    uncertain
        ``std(user_ids, item_ids)`` gives the standard deviation of predicted ratings.
    folds_in
        ``fold_in(item_ids, ratings)`` scores items for a person in no training set.
    explains
        ``contributions(item_ids, ratings, item)`` says how much each item of a history adds to a score.
    similar
        ``similarities(item)`` compares one item with all others.
    sequence_length
        How many of the latest items a sequence model is given, in training and for predictions.
    stores
        ``save`` and ``restore`` keep the model.
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
    sequence_length: int = SEQUENCE_LENGTH
    stores: bool = True


@runtime_checkable
class ScoresAllItems(Protocol):
    """A net that scores all items at once; nets of a caller's own need not."""

    def score_all(self, rows: Tensor, item_ids: Tensor | None = None) -> Tensor:
        """Scores of ``m`` items, or of all, for each of ``n`` users or final representations, ``(n, m)``."""
        ...


class Model(Protocol):
    """What the rest of the engine asks of a model. :class:`engine.models.base.BaseModel` brings most of it.

    Beyond these members a model has the methods that its ``capabilities`` declare; a method that is not declared
    raises :class:`engine.errors.UnsupportedError`, in one sentence.
    """

    device: torch.device

    @property
    def name(self) -> str:
        """The name in the registry."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this model can do with the options that it was made with."""
        ...

    @property
    def ranked(self) -> Tensor | None:
        """Which items can score above the lowest, ``(num_items,)``; None where all can."""
        ...

    def fit(self, interactions: Any, verbose: bool = False, job: Any = None) -> None:
        """Learn; ``job`` takes the progress and may cancel between two pieces of work."""
        ...

    def predict(self, ids: Any, item_ids: Any = None, /) -> npt.NDArray[Any]:
        """Scores of all items for one user or sequence, or of pairs."""
        ...

    def scores(self, ids: npt.ArrayLike, item_ids: Tensor | None = None, /) -> Tensor:
        """Finite scores for many users or sequences, ``(len(ids), items)``, in a tensor that the caller may change."""
        ...

    def require(self, capability: str) -> None:
        """Raise UnsupportedError, in one sentence, unless ``capabilities`` declare it."""
        ...

    def fold_in(self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None = None) -> npt.NDArray[Any]:
        """Scores for a person in no training set; declared by ``folds_in``."""
        ...

    def contributions(
        self, item_ids: npt.ArrayLike, ratings: npt.ArrayLike | None, item: npt.ArrayLike
    ) -> npt.NDArray[Any]:
        """What each item of a history adds to a score; declared by ``explains``."""
        ...

    def similarities(self, item: int) -> npt.NDArray[Any]:
        """How alike an item is to each other one, ``(num_items,)``; declared by ``similar``."""
        ...

    def std(self, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike) -> npt.NDArray[Any]:
        """The standard deviation of the predicted ratings of pairs, ``(n,)``; declared by ``uncertain``."""
        ...

    def probabilities(self, sequences: npt.ArrayLike, temperature: float = 1.0) -> npt.NDArray[Any]:
        """Probabilities of being the next item; every model of sequences gives them."""
        ...

    def options(self) -> dict[str, Any]:
        """The constructor's options that can be written down."""
        ...

    def save(self, path: str | Path, metadata: Mapping[str, Any] | None = None) -> None:
        """Store the model in a folder."""
        ...
