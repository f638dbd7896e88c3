"""Ranked lists for a history that somebody imagines, of a user or of the person at the keyboard."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.data.results import Comparison
from engine.errors import OptionError, RecsysError, UnknownError
from engine.runtime.job import Job
from engine.session.models import ModelService
from engine.session.open_dataset import OpenDataset, check

if TYPE_CHECKING:
    from engine.data.history import History, Timeline
    from engine.what_if import Edit

#: Why the figures of a list differ from those of a user's own list even before anything is changed.
_BY_FOLD_IN = "Computed from the history alone, so figures differ from the user's own list."


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
    user: int | None = None,
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
    user
        The internal id of the user whose history it is; None if it is that of nobody in the data. If what the model
        learned of the user gives other figures than the history alone, the note of the comparison says so.

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

    _require_possible(opened, history.items.tolist(), edits, whose)
    for edit in edits:
        if edit.time is not None:
            title = opened.dataset.items[edit.item].title
            raise OptionError(
                f"The date of {title!r} would change nothing: a model of users does not look at the dates of a "
                "history. It counts for what comes next."
            )
    after = edited(history, edits)
    with opened.queue.turn():
        check(job)
        name, recommender, note = models.folding_in(model, rated=after.has_ratings)
        found = compare(recommender, history, after, k, filter_seen)
        if user is not None and recommender.fold_in_differs(user):
            note = f"{note} {_BY_FOLD_IN}".strip()
    return replace(found, method=name, note=note)


def next_what_if(
    opened: OpenDataset,
    models: ModelService,
    timeline: Timeline,
    edits: Sequence[Edit],
    whose: str,
    k: int = 10,
    model: str | None = None,
    excluded: Collection[int] = (),
    job: Job | None = None,
) -> Comparison:
    """Compare what comes after a history and after a changed one; nothing is stored.

    Parameters
    ----------
    timeline
        The history without the changes.
    excluded
        Internal ids of items that never come next.
    opened, models, edits, whose, k, model, job
        As of :func:`what_if`. The ratings of the edits change nothing.

    Raises
    ------
    OptionError
        If an item is changed twice, or given a time where the history has none.
    UnknownError
        If an item is to be taken out and is not in the history, or there is no such model.
    RecsysError
        If nobody has rated an item and the model does not use texts, or nothing is left of the history.
    NotTrainedError
        If the model, or any for sequences, is not trained.
    """
    from engine.what_if import compare_next, edited_timeline

    _require_possible(opened, timeline.items, edits, whose)
    for edit in edits:
        if edit.time is not None and not timeline.has_times:
            title = opened.dataset.items[edit.item].title
            raise OptionError(
                f"{title!r} cannot be given a date, since {whose} has none: leave the date out, and it comes last."
            )
    models.choose("sequence", model)
    after = edited_timeline(timeline, edits)
    if not after.items:
        raise RecsysError(f"Nothing is left of {whose}: take out less.")
    taken_out = {edit.item for edit in edits if edit.removed}
    with opened.queue.turn():
        check(job)
        name, recommender, note = models.answering("sequence", model)
        takes_texts = "texts" in recommender.model.capabilities.uses
        last = opened.dataset.num_items if takes_texts else recommender.known.num_rated_items
        named = {edit.item for edit in edits if not edit.removed}  # that the model does not know one of these is said
        before, now = ([item for item in one.items if item <= last or item in named] for one in (timeline, after))
        found = compare_next(recommender, before, now, k, True, [one for one in excluded if one not in taken_out])
    return replace(found, method=name, note=note)


def _require_possible(opened: OpenDataset, items: Collection[int], edits: Sequence[Edit], whose: str) -> None:
    dataset = opened.dataset
    changed: set[int] = set()
    for edit in edits:
        title = dataset.items[edit.item].title
        if edit.item in changed:
            raise OptionError(f"{title!r} is changed twice: name each item once.")
        changed.add(edit.item)
        if edit.removed and edit.item not in items:
            nearest = _nearest_in(opened, items, title)
            hint = f"; the nearest titles there are {'; '.join(nearest)}" if nearest else ""
            raise UnknownError(f"{title!r} is not in {whose}, so it cannot be taken out{hint}.", nearest)
        if edit.item > dataset.num_rated_items:
            raise RecsysError(f"Nobody has rated {title!r}, so no model knows it: name another item.")
        rating_range = opened.manifest.overview.rating_range
        if edit.rating is not None and rating_range is not None:
            lowest, highest = rating_range
            if not lowest <= edit.rating <= highest:  # this also rejects NaN
                raise OptionError(f"The rating {edit.rating:g} of {title!r} is not between {lowest:g} and {highest:g}.")


def _nearest_in(opened: OpenDataset, internal: Collection[int], title: str) -> list[str]:
    from engine.text.title_join import TitleIndex

    items = opened.dataset.items.take(list(internal))
    index = TitleIndex([one.title for one in items], [one.year for one in items])
    return list(index.match([title], [None])[0].candidates)
