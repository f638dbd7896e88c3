"""What a change of a history does to a ranked list: the ranks and scores of each item before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from engine.data.results import Change, Comparison, Result
from engine.ranking import Scores, top_k

if TYPE_CHECKING:
    from engine.data.history import History, Timeline
    from engine.recommender import Recommender

    #: The scores by which items are ranked, and the figures that are told of them.
    _Ranking: TypeAlias = tuple[Scores, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a history.

    Attributes
    ----------
    item
        The internal id of the item.
    rating
        The rating that the item is given; None if it counts as seen and not rated.
    removed
        Whether the item is taken out of the history instead.
    time
        Seconds since 1970 at which the item is met; None for now. Only what comes next depends on it.
    """

    item: int
    rating: float | None = None
    removed: bool = False
    time: int | None = None


def edited(history: History, edits: Iterable[Edit]) -> History:
    """A history with changes applied, one after the other."""
    for edit in edits:
        history = history.without(edit.item) if edit.removed else history.with_rating(edit.item, edit.rating)
    return history


def edited_timeline(timeline: Timeline, edits: Iterable[Edit]) -> Timeline:
    """A timeline with changes applied, one after the other."""
    for edit in edits:
        timeline = timeline.without(edit.item) if edit.removed else timeline.with_item(edit.item, edit.time)
    return timeline


def compare(
    recommender: Recommender, before: History, after: History, k: int = 10, filter_seen: bool = True
) -> Comparison:
    """Recommend to whoever has the history ``after``, and tell what differs from the history ``before``.

    Both lists are computed by fold-in, so that nothing but the histories differs.

    Parameters
    ----------
    recommender
        The model that answers.
    before, after
        The two histories.
    k
        The number of items in each list.
    filter_seen
        Whether a list leaves out the items of its own history.

    Raises
    ------
    UnsupportedError
        If the model answers only for the users that it was trained on.
    """
    results = recommender.recommend_to(after, k, filter_seen)
    old, new = (_rankable(recommender, history, filter_seen) for history in (before, after))
    return _compared(recommender, results, k, (old, old), (new, new))


def compare_next(
    recommender: Recommender,
    before: Sequence[int],
    after: Sequence[int],
    k: int = 10,
    filter_seen: bool = True,
    excluded: Collection[int] = (),
) -> Comparison:
    """Tell what comes after the sequence ``after``, and what differs from what comes after ``before``.

    Parameters
    ----------
    recommender
        The model that answers.
    before, after
        The two sequences, internal ids, oldest first.
    k
        The number of items in each list.
    filter_seen
        Whether a list leaves out the items of its own sequence.
    excluded
        Internal ids of further items that both lists leave out.

    Returns
    -------
    Comparison
        The scores of its changes are probabilities.

    Raises
    ------
    RecsysError
        As :meth:`engine.recommender.Recommender.next_items`, for either sequence.
    """
    old, new = (recommender.next_scores(items, filter_seen, excluded) for items in (before, after))
    return _compared(recommender, recommender.next_items(after, k, filter_seen, excluded), k, old, new)


def _compared(
    recommender: Recommender,
    results: Sequence[Result],
    k: int,
    old: _Ranking,
    new: _Ranking,
) -> Comparison:
    """What differs between two lists, each given by the scores that it is ordered by and by the figures to compare."""
    listed = [result.item.internal_id for result in results]
    still_listed = set(listed)
    gone = [one for one in top_k(old[0], k).tolist() if one not in still_listed]
    changed = [*listed, *gone]
    changes = [
        Change(item, old_rank, new_rank, old_score, new_score)
        for item, (old_rank, old_score), (new_rank, new_score) in zip(
            recommender.dataset.items.take(changed), _places(*old, changed), _places(*new, changed), strict=True
        )
    ]
    return Comparison(tuple(results), tuple(changes[: len(listed)]), tuple(changes[len(listed) :]))


def _rankable(recommender: Recommender, history: History, filter_seen: bool) -> Scores:
    scores, _ = recommender.scores_for(history)
    if filter_seen:
        scores[history.items[history.items < len(scores)]] = -np.inf
    return scores


def _places(scores: Scores, figures: npt.NDArray[Any], items: list[int]) -> list[tuple[int | None, float | None]]:
    """The rank and the figure of each item; None for one that is not ranked. Ties go to the smaller internal id."""
    places: list[tuple[int | None, float | None]] = []
    for item in items:
        score = scores[item] if item < len(scores) else -np.inf
        if not np.isfinite(score):
            places.append((None, None))
        else:
            ahead = int((scores > score).sum()) + int((scores[:item] == score).sum())
            places.append((1 + ahead, float(figures[item])))
    return places
