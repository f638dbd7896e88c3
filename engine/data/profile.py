"""The profile of a data set: its sizes, its histograms, its most and least popular items, and doubts about its quality.

All figures are made with sorts and counts of whole arrays, so that 20 million interactions take seconds, and memory for
two more columns of whole numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.data.bins import Bin, count_bins, rating_bins, time_bins
from engine.data.id_map import ExternalId
from engine.data.user_index import item_counts

if TYPE_CHECKING:
    from engine.data.dataset import Dataset

#: How many of the most and of the least popular items are listed.
LISTED = 20
#: The reason under which readers count rows that repeat a user's item.
_REPEATED = "duplicate pair"


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many interactions users have, or items.

    Attributes
    ----------
    least, median, mean, most
        Over those that have at least one interaction.
    bins
        The histogram in bins that double in width.
    """

    least: int
    median: float
    mean: float
    most: int
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class ItemCount:
    """An item with the number of its interactions, and the mean of its ratings where it has some."""

    item_id: ExternalId
    title: str
    year: int | None
    count: int
    mean_rating: float | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something about the quality of a data set that a person should know.

    Attributes
    ----------
    name
        Identifies the kind of doubt: ``"repeats"``, ``"one-item-users"`` …
    count, total
        How many of how many are affected.
    text
        A sentence for a person.
    """

    name: str
    count: int
    total: int
    text: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What a data set is like.

    Attributes
    ----------
    num_users, num_items, num_rated_items, num_interactions, num_ratings
        Its sizes; ``num_rated_items`` occur in the interactions, and ``num_ratings`` interactions carry a rating.
    density
        The share of the pairs of a user and an item with interactions that occur. The sparsity is what is left of 1.
    mean_rating
        The mean of all ratings; None without ratings.
    ratings
        The histogram of the ratings.
    first, last
        The times of the first and of the last interaction in unix seconds; None where there are no dates.
    times
        The histogram of the times.
    users, items
        The interactions of each user, and of each item that has some; None without interactions.
    top_share
        The share of the interactions that the most popular tenth of the items has.
    popular, unpopular
        The items with the most interactions, the most first, and those with the least, the least first.
    doubts
        What may be wrong with the data.
    notes
        What the reader said of the files, and how many rows it left out for which reason.
    """

    num_users: int
    num_items: int
    num_rated_items: int
    num_interactions: int
    num_ratings: int
    density: float
    mean_rating: float | None
    ratings: tuple[Bin, ...]
    first: int | None
    last: int | None
    times: tuple[Bin, ...]
    users: Distribution | None
    items: Distribution | None
    top_share: float
    popular: tuple[ItemCount, ...]
    unpopular: tuple[ItemCount, ...]
    doubts: tuple[Doubt, ...]
    notes: tuple[str, ...]


def profile_of(dataset: Dataset, report: Callable[[str, int, int], None] = lambda *_: None) -> Profile:
    """Compute the profile of a data set.

    Parameters
    ----------
    dataset
        The data set.
    report
        Called before each step with what it counts, the number of steps done, and that of all. It may raise, to stop.
    """
    steps = ("ratings", "users and items", "repeated pairs", "times", "items")
    log = dataset.interactions

    def begin(step: str) -> None:
        report(f"counting {step}", steps.index(step), len(steps))

    begin("ratings")
    given = np.empty(0) if log.ratings is None else log.ratings[~np.isnan(log.ratings)]
    ratings = rating_bins(given)

    begin("users and items")
    of_users = np.bincount(log.user_ids, minlength=dataset.num_users)
    of_items = item_counts(log)[1:]
    means = _mean_ratings(dataset)

    begin("repeated pairs")
    repeats = _num_repeats(log.user_ids, log.item_ids, log.num_items)

    begin("times")
    dates = log.timestamps if dataset.has_dates and len(log) else None
    out_of_order, ties = _time_faults(log.user_ids, log.timestamps)

    begin("items")
    order = np.argsort(-of_items, kind="stable")
    listed = order[of_items[order] > 0]
    pairs = dataset.num_users * dataset.num_rated_items
    doubts = [
        *_doubts_of_log(dataset, of_users, of_items, repeats),
        *_doubts_of_times(dataset, out_of_order, ties),
        *_doubts_of_catalogue(dataset),
    ]
    return Profile(
        dataset.num_users,
        dataset.num_items,
        dataset.num_rated_items,
        len(log),
        len(given),
        (len(log) - repeats) / pairs if pairs else 0.0,
        float(given.mean(dtype=np.float64)) if len(given) else None,
        ratings,
        None if dates is None else int(dates.min()),
        None if dates is None else int(dates.max()),
        () if dates is None else time_bins(dates),
        _distribution(of_users),
        _distribution(of_items),
        float(of_items[order[: -(-len(listed) // 10)]].sum() / len(log)) if len(log) else 0.0,
        _counted(dataset, listed[:LISTED], of_items, means),
        _counted(dataset, listed[::-1][:LISTED], of_items, means),
        tuple(doubts),
        _notes(dataset),
    )


def _mean_ratings(dataset: Dataset) -> npt.NDArray[np.float64] | None:
    """The mean rating of each item by its row, NaN for an item without one; None without ratings."""
    rated = dataset.rated()
    if rated.ratings is None or not len(rated):
        return None
    counts = item_counts(rated)[1:]
    sums: npt.NDArray[Any] = np.bincount(rated.item_ids, weights=rated.ratings, minlength=rated.num_items)[1:]
    means: npt.NDArray[np.float64] = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
    return means


def _num_repeats(users: npt.NDArray[Any], items: npt.NDArray[Any], num_items: int) -> int:
    """The number of interactions that repeat an earlier one of the same user and item."""
    keys = users.astype(np.int64)
    keys *= num_items
    keys += items
    keys.sort()
    return int(np.count_nonzero(keys[1:] == keys[:-1]))


def _time_faults(users: npt.NDArray[Any], times: npt.NDArray[Any] | None) -> tuple[int, int]:
    """How many interactions stand after a later one of their user, and how many are at the time of another one."""
    if times is None or len(times) < 2:
        return 0, 0
    order = np.argsort(users, kind="stable")
    same, sorted_times = np.diff(users[order]) == 0, times[order]
    out_of_order = int(np.count_nonzero(same & (np.diff(sorted_times) < 0)))
    if out_of_order:
        order = np.lexsort((times, users))
        sorted_times = times[order]
    tied = same & (np.diff(sorted_times) == 0)
    involved = np.zeros(len(times), dtype=bool)
    involved[1:] |= tied
    involved[:-1] |= tied
    return out_of_order, int(np.count_nonzero(involved))


def _distribution(counts: npt.NDArray[Any]) -> Distribution | None:
    counts = counts[counts > 0]
    if not len(counts):
        return None
    median, mean = float(np.median(counts)), float(counts.mean())
    return Distribution(int(counts.min()), median, mean, int(counts.max()), count_bins(counts))


def _counted(
    dataset: Dataset, rows: npt.NDArray[Any], counts: npt.NDArray[Any], means: npt.NDArray[Any] | None
) -> tuple[ItemCount, ...]:
    return tuple(
        ItemCount(
            item.item_id,
            item.title,
            item.year,
            int(counts[row]),
            None if means is None or np.isnan(means[row]) else float(means[row]),
        )
        for row, item in zip(rows, dataset.items.take(rows + 1), strict=True)
    )


def _doubts_of_log(
    dataset: Dataset, of_users: npt.NDArray[Any], of_items: npt.NDArray[Any], repeats: int
) -> list[Doubt]:
    log, doubts = dataset.interactions, []
    if left_out := int(dataset.skipped.get(_REPEATED, 0)):
        text = f"{left_out:,} rows repeat a user's rating of an item; only the latest of each was kept."
        doubts.append(Doubt("repeats-left-out", left_out, left_out + len(log), text))
    if repeats:
        text = f"{repeats:,} interactions repeat an earlier one of the same user and item."
        doubts.append(Doubt("repeats", repeats, len(log), text))
    if single := int(np.count_nonzero(of_users == 1)):
        text = f"{_many(single, 'user')} one interaction alone: nothing of theirs can be held out for a test."
        doubts.append(Doubt("one-item-users", single, dataset.num_users, text))
    if single := int(np.count_nonzero(of_items == 1)):
        them = "it" if single == 1 else "them"
        text = f"{_many(single, 'item')} one interaction alone: behaviour says little about {them}."
        doubts.append(Doubt("one-user-items", single, dataset.num_rated_items, text))
    ratings = log.ratings
    if ratings is not None and len(ratings):
        if unrated := int(np.count_nonzero(np.isnan(ratings))):
            text = f"{unrated:,} interactions carry no rating; models of ratings leave them out."
            doubts.append(Doubt("unrated", unrated, len(log), text))
        if np.nanmin(ratings) == np.nanmax(ratings) and unrated < len(log):
            text = f"All ratings are {np.nanmin(ratings):g}: nothing can be learned from them."
            doubts.append(Doubt("equal-ratings", len(log) - unrated, len(log), text))
    return doubts


def _doubts_of_times(dataset: Dataset, out_of_order: int, ties: int) -> list[Doubt]:
    times, doubts, total = dataset.interactions.timestamps, [], len(dataset.interactions)
    if times is None:
        return (
            [Doubt("no-times", total, total, "There are no times, so that no model can learn what comes next.")]
            if total
            else []
        )
    if out_of_order:
        text = f"{out_of_order:,} interactions stand after a later one of their user; their times order them anyway."
        doubts.append(Doubt("times-out-of-order", out_of_order, total, text))
    if ties:
        text = f"{ties:,} interactions are at the same time as another one of their user: their order is unknown."
        doubts.append(Doubt("equal-times", ties, total, text))
    if dataset.has_dates and (future := int(np.count_nonzero(times > time.time() + 86_400))):
        text = f"{future:,} interactions have a date in the future."
        doubts.append(Doubt("future-times", future, total, text))
    return doubts


def _doubts_of_catalogue(dataset: Dataset) -> list[Doubt]:
    import pyarrow.compute as pc

    table, total, doubts = dataset.items.table, dataset.num_items, []

    def empty(column: str) -> int:
        values = table[column]
        lengths = pc.list_value_length(values) if column == "genres" else pc.utf8_length(values)
        return int(pc.sum(pc.equal(pc.fill_null(lengths, 0), 0)).as_py() or 0)

    if without := empty("text"):
        text = f"{_many(without, 'item')} no text: search by meaning cannot find them."
        doubts.append(Doubt("no-text", without, total, text))
    if (without := empty("genres")) and without < total:
        doubts.append(Doubt("no-genres", without, total, f"{_many(without, 'item')} no genres."))
    if (without := table["year"].null_count) and without < total:
        doubts.append(Doubt("no-year", without, total, f"{_many(without, 'item')} no year."))
    if unrated := total - dataset.num_rated_items:
        text = f"{_many(unrated, 'item')} no interactions: only search and models that read texts know them."
        doubts.append(Doubt("never-chosen", unrated, total, text))
    repeated = total - _num_different(table.select(["title", "year"]))
    if repeated:
        text = f"{repeated:,} items have the title and the year of another item."
        doubts.append(Doubt("equal-titles", repeated, total, text))
    return doubts


def _num_different(table: Any) -> int:
    return int(table.group_by(table.column_names).aggregate([]).num_rows)


def _notes(dataset: Dataset) -> tuple[str, ...]:
    skipped = (f"left out: {count:,} × {reason}" for reason, count in dataset.skipped.items())
    return (*(str(note) for note in dataset.source.get("notes", ())), *skipped)


def _many(number: int, word: str) -> str:
    return f"1 {word} has" if number == 1 else f"{number:,} {word}s have"
