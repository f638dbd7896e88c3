"""Ranked lists for a history that somebody imagines, of a user or of the person at the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.data.results import Comparison
from engine.errors import OptionError, RecsysError, UnknownError
from engine.runtime.job import Job
from engine.session.models import ModelService
from engine.session.open_dataset import OpenDataset, check

if TYPE_CHECKING:
    from engine.data.history import History
    from engine.what_if import Edit


def what_if(
    opened: OpenDataset,
    models: ModelService,
    history: History,
    edits: Sequence[Edit],
    whose: str,
    k: int = 10,
    model: str | None = None,
    filter_seen: bool = True,
    job: Job | None = None,
) -> Comparison:
    """Compare the lists for a history and for a changed one; nothing is stored.

    Parameters
    ----------
    opened, models
        The data set and its models.
    history
        The history without the changes.
    edits
        The changes.
    whose
        The history in words: ``"the history of user 5"``.
    k, model, filter_seen, job
        As of :meth:`engine.session.users.UserService.recommend`.

    Raises
    ------
    OptionError
        If an item is changed twice, or given an impossible rating.
    UnknownError
        If an item is to be taken out and is not in the history, or there is no such model.
    RecsysError
        If nobody has rated an item, so that no model knows it.
    UnsupportedError, NotTrainedError
        If the model answers only for the users that it was trained on, or is not trained.
    """
    from engine.what_if import compare, edited

    _require_possible(opened, history, edits, whose)
    after = edited(history, edits)
    with opened.queue.turn():
        check(job)
        name, recommender, note = models.folding_in(model, rated=after.has_ratings)
        found = compare(recommender, history, after, k, filter_seen)
    return replace(found, method=name, note=note)


def _require_possible(opened: OpenDataset, history: History, edits: Sequence[Edit], whose: str) -> None:
    dataset = opened.dataset
    changed: set[int] = set()
    for edit in edits:
        title = dataset.items[edit.item].title
        if edit.item in changed:
            raise OptionError(f"{title!r} is changed twice: name each item once.")
        changed.add(edit.item)
        if edit.removed and edit.item not in history.items:
            nearest = _nearest_in(opened, history, title)
            hint = f"; the nearest titles there are {'; '.join(nearest)}" if nearest else ""
            raise UnknownError(f"{title!r} is not in {whose}, so it cannot be taken out{hint}.", nearest)
        if edit.item > dataset.num_rated_items:
            raise RecsysError(f"Nobody has rated {title!r}, so no model knows it: name another item.")
        rating_range = opened.manifest.overview.rating_range
        if edit.rating is not None and rating_range is not None:
            lowest, highest = rating_range
            if not lowest <= edit.rating <= highest:  # this also rejects NaN
                raise OptionError(f"The rating {edit.rating:g} of {title!r} is not between {lowest:g} and {highest:g}.")


def _nearest_in(opened: OpenDataset, history: History, title: str) -> list[str]:
    from engine.text.title_join import TitleIndex

    items = opened.dataset.items.take(history.items)
    index = TitleIndex([one.title for one in items], [one.year for one in items])
    return list(index.match([title], [None])[0].candidates)
