"""Result records of the engine, which the screens and the command line show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from engine.data.id_map import ExternalId
    from engine.data.items import Item

Task = Literal["user", "sequence"]
#: How an item is treated by searches: always first where it is found, never found, or as any other.
Mark = Literal["pinned", "hidden", ""]


@dataclass(frozen=True, slots=True)
class Result:
    """One line of a ranked list.

    Attributes
    ----------
    rank
        The position in the list, from 1.
    item
        The item.
    score
        The number by which the list is ordered; each model has its own scale.
    predicted_rating
        The predicted rating, on the data set's scale. None if the model does not predict ratings.
    probability
        The probability that this is the next item, among all items that can come next. None if the model is not a
        sequence model.
    reason
        A few words that explain why the item is in the list; may be empty.
    std
        The standard deviation of ``predicted_rating``: about two thirds of the ratings lie within one standard
        deviation. None if the model does not estimate it.
    matched
        The folded words of the item that a search matched with words of the query, for highlighting.
    """

    rank: int
    item: Item
    score: float
    predicted_rating: float | None = None
    probability: float | None = None
    reason: str = ""
    std: float | None = None
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Where an item stands in two ranked lists, such as those for a history and for a changed one.

    Attributes
    ----------
    item
        The item.
    rank_before, rank_after
        Its ranks among all items that are ranked; None where it is not ranked, such as an item of the history.
    score_before, score_after
        Its scores; None where it is not ranked.
    """

    item: Item
    rank_before: int | None
    rank_after: int | None
    score_before: float | None
    score_after: float | None

    @property
    def difference(self) -> float | None:
        """By how much the score has risen; None if it is known on one side only."""
        if self.score_before is None or self.score_after is None:
            return None
        return self.score_after - self.score_before


@dataclass(frozen=True, slots=True)
class Comparison:
    """A ranked list, and what differs from the list before a change.

    Attributes
    ----------
    results
        The list after the change.
    changes
        For each result, where its item was before.
    gone
        The items that were in the list before and are not any more, in their order before.
    method
        The model that made both lists.
    note
        A remark for the user; may be empty.
    """

    results: tuple[Result, ...]
    changes: tuple[Change, ...]
    gone: tuple[Change, ...]
    method: str = ""
    note: str = ""


class EmptyReason(StrEnum):
    """Why a ranked list is empty, for a program that adds what its own user can do."""

    #: Known items are left out, and everything that could be listed is known.
    ALL_SEEN = "all-seen"
    #: The model can rank no item, or none but those of the sequence that it goes on from.
    NOTHING_TO_RANK = "nothing-to-rank"
    #: No item fits the filters.
    FILTERS = "filters"
    #: No item is like the words or the item that was asked for.
    NOTHING_LIKE_IT = "nothing-like-it"


class ResultPages(Protocol):
    """A ranked list of any length; see :class:`engine.data.ranked_pages.RankedPages`."""

    def __len__(self) -> int:
        """The number of all lines."""

    def page(self, start: int, stop: int) -> tuple[Result, ...]:
        """The lines from place ``start`` up to ``stop``, from 0; fewer at the end of the list."""


#: The method of a search that was given no words.
BY_POPULARITY = "popular"


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of a query that was replaced by a word of the catalogue.

    Attributes
    ----------
    typed
        The word as it was typed, folded.
    used
        The word that was searched for instead.
    """

    typed: str
    used: str


@dataclass(frozen=True, slots=True)
class Understood:
    """Words of a query that were understood as a condition rather than searched for.

    Attributes
    ----------
    typed
        The words as they were typed: ``before 1960``.
    label
        The condition in words, for users: ``year < 1960``.
    condition
        The condition as it can be typed instead: ``year:<1960``, or ``without zombies``, which no filter says.
    """

    typed: str
    label: str
    condition: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A ranked list and the method that made it.

    Attributes
    ----------
    results
        The lines of the list, best first.
    method
        The model or the search mode that made the list.
    note
        A remark for the user ("4,096 of 12,017 embedded"); may be empty.
    empty
        Why there are no results; None if there are some, or the reason is not known.
    why_empty
        A sentence that says so; may be empty.
    corrections
        The words of the query that were corrected.
    understood
        The words of the query that were understood as conditions.
    unknown_words
        The words of the query that no item has, and that could not be corrected.
    remark
        A sentence that says that the results may not be what was asked for; empty if there is no doubt.
    hidden
        The number of items that were left out because they are for adults; see :mod:`engine.search.hidden`.
    unlisted
        The number of items that were left out because somebody hid them; see :mod:`engine.data.pins`.
    nudged
        By whose taste the order is nudged, or why it is not though that was asked for; empty if it was not.
    whole
        Computes the whole list, of which the results are the beginning; None where they are all there is.
    """

    results: tuple[Result, ...]
    method: str
    note: str = ""
    empty: EmptyReason | None = None
    why_empty: str = ""
    corrections: tuple[Correction, ...] = ()
    understood: tuple[Understood, ...] = ()
    unknown_words: tuple[str, ...] = ()
    remark: str = ""
    hidden: int = 0
    unlisted: int = 0
    nudged: str = ""
    whole: Callable[[], ResultPages] | None = field(default=None, compare=False, repr=False)

    @property
    def by_popularity(self) -> bool:
        """Whether a search without words was answered by the most popular items."""
        return self.method == BY_POPULARITY


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet.

    Attributes
    ----------
    term
        The value as it can be typed in a filter, without quotes: ``Crime``, ``1990s``, ``>=8``.
    label
        The value as it is shown.
    count
        The number of found items that have it.
    condition
        The filter on this value: ``genre:Crime``.
    """

    term: str
    label: str
    count: int
    condition: str


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of one field among the items that were found, with their numbers.

    Attributes
    ----------
    field
        The name of the field in a filter.
    label
        The name of the field as it is shown.
    values
        The values that at least one item has: the most frequent first, or in their own order for decades and bounds.
    exclusive
        Whether an item has at most one of the values, or the values are bounds: a second one then replaces the first.
    """

    field: str
    label: str
    values: tuple[FacetValue, ...]
    exclusive: bool = False


class ProfileName(str):
    """The name of a profile of one's own ratings, where the id of a user is expected."""


@dataclass(frozen=True, slots=True)
class UserSummary:
    """One line of the user picker."""

    user_id: ExternalId
    num_interactions: int
    mean_rating: float | None


@dataclass(frozen=True, slots=True)
class Fan:
    """A user who rated an item, or interacted with it where there are no ratings.

    Attributes
    ----------
    user
        The user.
    rating
        The user's latest rating of the item; None if there is none.
    timestamp
        When, in seconds since 1970; None if the data does not say.
    """

    user: UserSummary
    rating: float | None
    timestamp: int | None


@dataclass(frozen=True, slots=True)
class UserOrder:
    """An order of users: ``by`` is ``"id"`` (as in the data set), ``"interactions"`` or ``"mean"`` (of the ratings)."""

    by: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One interaction of a user. The ``timestamp`` is in unix seconds; None if the data set has no dates."""

    item: Item
    rating: float | None
    timestamp: int | None


@dataclass(frozen=True, slots=True)
class OwnRating:
    """What a person who uses the program says about an item.

    Attributes
    ----------
    title, year
        The item as the person or the export names it.
    status
        ``"rated"``, ``"seen"``, ``"watchlist"`` or ``"not-interested"``; empty if nothing is said any more.
    rating, highest
        The rating, or None, and the highest one of its scale.
    timestamp
        When it was said, in unix seconds; None if it is not known.
    item
        The item of the open data set; None if it has none of this title.
    source
        The kind of export that it comes from; empty for what was typed.
    rating_here
        The rating on the scale of the open data set.
    lowest
        The lowest rating of the scale of ``rating`` if that reaches to 0 or below; else None.
    """

    title: str
    year: int | None
    status: str
    rating: float | None
    highest: float
    timestamp: int | None
    item: Item | None
    source: str = ""
    rating_here: float | None = None
    lowest: float | None = None


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An item of an export that the open data set does not have.

    Attributes
    ----------
    row
        The row or line of the file; None if it has none.
    title, year
        The item as the export names it.
    nearest
        The items with the nearest titles, best first.
    """

    row: int | None
    title: str
    year: int | None
    nearest: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import of a person's export did.

    Attributes
    ----------
    profile
        The profile that it was added to.
    kind
        The kind of the export.
    rows
        The number of items in the export.
    matched
        How many of them are in the open data set.
    added, updated, unchanged
        How many are new in the profile, changed what it said, and changed nothing.
    kept
        How many entries of earlier exports of this kind are not in the export any more, and stay.
    unmatched
        The items that are not in the open data set. They are in the profile all the same.
    respelled
        Titles that were matched despite a typing error, with their items.
    notes
        Sentences for a person.
    """

    profile: str
    kind: str
    rows: int
    matched: int
    added: int
    updated: int
    unchanged: int
    kept: int
    unmatched: tuple[Unmatched, ...] = ()
    respelled: tuple[tuple[str, Item], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TitleMatch:
    """An item that a typed title may mean.

    Attributes
    ----------
    item
        The item.
    how
        The kind of match: ``"exact"``, ``"id"``, ``"folded"`` (case, accents, articles, punctuation, word order),
        ``"prefix"`` or ``"typo"``, in the order of decreasing certainty.
    similarity
        The similarity of the two titles, from 0 to 1.
    num_interactions
        The number of the item's interactions; the more popular item wins a tie.
    """

    item: Item
    how: Literal["exact", "id", "folded", "prefix", "typo"]
    similarity: float
    num_interactions: int


@dataclass(frozen=True, slots=True)
class ModelState:
    """The state of one model of the registry for one data set.

    Attributes
    ----------
    name, task, description
        The fields of the model's declaration in the registry.
    trained
        Whether a usable trained model is stored.
    trained_at
        The time of the last training, in ISO 8601 and UTC.
    options, metrics, seconds
        The options, the metrics and the duration of the last training.
    obstacle
        The reason why the model cannot be trained on this data set ("no ratings", "no times"); empty if it can.
    uses_texts
        Whether the trained model uses the texts of items, and so knows items that nobody has rated.
    damage
        A sentence that says what is wrong with the files of the stored model, which then counts as untrained; empty if
        they are whole, or there is no stored model.
    default
        Whether a person chose it to answer for its task when no model is asked for.
    before_update
        Whether it was trained before the last update of the data set. It still answers, as far as it knows.
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
    uses_texts: bool = False
    damage: str = ""
    default: bool = False
    before_update: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """A summary of a data set for headers and lists."""

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
    """How much of the catalogue is embedded, so that semantic search can find it.

    Attributes
    ----------
    done, total
        The number of embedded items and the number of all items.
    model
        The name of the embedding model.
    interrupted
        Whether an embedding run was stopped before its end and can be continued.
    texts_done, num_texts
        The number of stored texts of the items, and of all of them: an item has two where its text is long, and counts
        as embedded when both are. 0 of 0 where it is not known.
    """

    done: int
    total: int
    model: str
    interrupted: bool = False
    texts_done: int = 0
    num_texts: int = 0

    @property
    def complete(self) -> bool:
        """Whether every item is embedded."""
        return self.done >= self.total


@dataclass(frozen=True, slots=True)
class EmbeddingCost:
    """What it costs to embed the rest of a catalogue with a model, known before the model is loaded.

    Attributes
    ----------
    model
        The name of the embedding model.
    multilingual
        Whether the model knows other languages than English.
    model_size
        The bytes of the model's files.
    parameters, dim
        The number of the model's parameters, and the numbers in a vector; None where its folder does not tell.
    texts
        The number of different texts that are still to be embedded.
    size
        The bytes that their vectors take on disk; None if ``dim`` is.
    seconds
        An estimate of the time on this machine's processor; None if the parameters are unknown.
    """

    model: str
    multilingual: bool
    model_size: int
    parameters: int | None
    dim: int | None
    texts: int
    size: int | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class FitReport:
    """The result of a training or of an evaluation.

    Attributes
    ----------
    model, dataset, protocol, seed, options
        The model, the data set, the evaluation protocol, the random seed and the model's options.
    metrics
        The metrics by name.
    seconds
        The duration of each stage: ``fit`` and, for an evaluation, ``evaluate``.
    num_test
        The number of relevant test items or of test ratings, whichever is larger.
    path
        The folder of the stored model.
    intervals
        The lower and the upper bound of the confidence interval of each metric.
    segments
        The metrics of each segment of the users or items, by the segment's name.
    about
        Further facts about an evaluation that are needed to read its metrics.
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
