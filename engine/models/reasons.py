"""Phrases that say which items of a history speak for a recommended item, by what the model computes from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.data.items import ItemTable
    from engine.models.contract import Model

#: The number of items of a history that a reason names.
_NAMED = 2


def reasons(
    model: Model,
    table: ItemTable,
    items: npt.NDArray[np.int64],
    history: npt.NDArray[np.int64],
    ratings: npt.NDArray[np.float32] | None,
    *,
    liked_from: float | None = None,
) -> list[str] | None:
    """For each item, the items of a history without which its score would be lowest, as a phrase.

    Parameters
    ----------
    model
        A model that ``explains``.
    table
        The catalogue, which has the titles.
    items
        The recommended items, ``(m,)``.
    history, ratings
        The items and ratings that the model is given, ``(n,)``.
    liked_from
        If the reader of the phrase is the person whose history it is: the rating from which on an item counts as
        liked. Only liked items are named then, since others say little to a person, even where they add to a score.

    Returns
    -------
    list of str or None
        A phrase for each item, which is empty if nothing speaks for it; None if there is no item or no history.
    """
    if not len(items) or not len(history):
        return None
    parts = np.array(model.removal_effects(history, ratings, items))
    begin = "because of"
    if liked_from is not None:
        begin = "because you liked"
        if ratings is not None:
            parts[:, ratings < liked_from] = 0.0
    best = np.argsort(-parts, axis=1, kind="stable")[:, :_NAMED]
    titles = {one.internal_id: one.title for one in table.take(np.unique(history[best]))}
    named = (
        [titles[int(history[place])] for place in row if part[place] > 0] for row, part in zip(best, parts, strict=True)
    )
    return [f"{begin} {' and '.join(names)}" if names else "" for names in named]
