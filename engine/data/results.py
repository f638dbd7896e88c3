"""What the engine answers with: small frozen records that screens and the command line show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from engine.data.id_map import ExternalId
    from engine.data.items import Item

Task = Literal["user", "sequence"]


@dataclass(frozen=True, slots=True)
class Result:
    """One line of a ranked list.

    Attributes
    ----------
    rank
        From 1.
    item
        The item.
    score
        What the list is ordered by; its scale is the model's own.
    predicted_rating
        On the data set's rating scale; only where the model predicts ratings.
    probability
        Of being the next item, over all items that can come next; only for sequence models.
    reason
        Why it is here, in a few words; may be empty.
    std
        Standard deviation of ``predicted_rating``: two times in three the rating is no farther off. Only where the
        model tells.
    """

    rank: int
    item: Item
    score: float
    predicted_rating: float | None = None
    probability: float | None = None
    reason: str = ""
    std: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A ranked list and how it came about.

    Attributes
    ----------
    results
        Best first.
    method
        The model or the search mode that answered.
    note
        Something the person should know ("4,096 of 12,017 embedded"); may be empty.
    """

    results: tuple[Result, ...]
    method: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class UserSummary:
    """One line of the user picker."""

    user_id: ExternalId
    num_interactions: int
    mean_rating: float | None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One interaction of a user; ``timestamp`` in unix seconds."""

    item: Item
    rating: float | None
    timestamp: int | None


@dataclass(frozen=True, slots=True)
class TitleMatch:
    """An item that a typed title may mean.

    Attributes
    ----------
    item
        The item.
    how
        ``"exact"``, ``"id"``, ``"folded"`` (case, accents, articles, punctuation, word order), ``"prefix"`` or
        ``"typo"``, from the surest to the least sure.
    similarity
        0 to 1.
    num_interactions
        How often it occurs in the interactions; ties go to the more popular.
    """

    item: Item
    how: Literal["exact", "id", "folded", "prefix", "typo"]
    similarity: float
    num_interactions: int


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model of the registry as seen from one data set.

    Attributes
    ----------
    name, task, description
        From the registry.
    trained
        Whether a usable trained model is stored.
    trained_at
        ISO 8601, UTC.
    options, metrics, seconds
        Of the last training.
    obstacle
        Why it cannot be trained on this data set ("no ratings", "no times"); empty if it can.
    """

    name: str
    task: Task
    description: str
    trained: bool = False
    trained_at: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """A data set in one line, for headers and lists."""

    name: str
    title: str
    kind: str
    simulated: bool
    num_users: int
    num_items: int
    num_rated_items: int
    num_interactions: int
    rating_range: tuple[float, float] | None
    has_timestamps: bool


@dataclass(frozen=True, slots=True)
class EmbeddingState:
    """How much of the catalogue search by meaning covers.

    Attributes
    ----------
    done, total
        Items.
    model
        By whose vectors.
    interrupted
        Whether the embedding was begun and stopped or killed, so that it is to be gone on with.
    """

    done: int
    total: int
    model: str
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Whether every item is embedded."""
        return self.done >= self.total


@dataclass(frozen=True, slots=True)
class FitReport:
    """What a training or an evaluation came to.

    Attributes
    ----------
    model, dataset, protocol, seed, options
        What was trained, on what, how parted.
    metrics
        By name.
    seconds
        ``fit`` and, of an evaluation, ``evaluate``.
    num_test
        How many right items, or ratings, were asked for: the more of the two.
    path
        Where the trained model lies.
    intervals
        Lower and upper bound of metrics.
    segments
        Figures by the name of a part of the users or items.
    about
        What was asked in an evaluation, and how its figures are to be read.
    """

    model: str
    dataset: str
    protocol: str | None
    seed: int | None
    metrics: Mapping[str, float]
    seconds: Mapping[str, float]
    num_test: int | None
    path: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    segments: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
