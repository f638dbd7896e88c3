"""The service for answers to one's own ratings: what one would like, what comes next, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.data.results import Answer, Comparison, EmptyReason
from engine.errors import ErrorKind, RecsysError
from engine.profiles.store import DEFAULT
from engine.runtime.job import Job
from engine.session.me import MeService
from engine.session.models import ModelService
from engine.session.open_dataset import OpenDataset, check
from engine.session.what_if import next_what_if, what_if

if TYPE_CHECKING:
    from engine.data.history import History
    from engine.data.id_map import ExternalId
    from engine.data.ranked_pages import RankedPages
    from engine.profiles.resolved import Resolved
    from engine.what_if import Edit

#: The share of the highest rating from which on an item counts as liked.
_LIKED = 0.6


class OwnAnswerService:
    """Recommendations for the people who use the program, from their profiles.

    Parameters
    ----------
    opened
        The data set.
    models
        The models that answer.
    me
        The profiles.
    """

    def __init__(self, opened: OpenDataset, models: ModelService, me: MeService) -> None:
        self._opened = opened
        self._models = models
        self._me = me

    def what_if(
        self,
        edits: Sequence[Edit],
        k: int = 10,
        model: str | None = None,
        profile: str = DEFAULT,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Comparison:
        """What the person would like if their ratings were others; nothing is stored.

        Raises
        ------
        RecsysError, UnsupportedError, NotTrainedError, UnknownError, DataError
            As :meth:`recommend`.
        OptionError
            If a change is impossible; see :func:`engine.session.what_if.what_if`.
        """
        history = self._history(self._me.resolve(profile))
        whose = f"the profile {profile!r}"
        return what_if(self._opened, self._models, history, edits, whose, k, model, filter_seen, job)

    def recommend(
        self,
        k: int = 10,
        model: str | None = None,
        profile: str = DEFAULT,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Answer:
        """What the person would like, best first, without what they rated, saw or do not want.

        Raises
        ------
        RecsysError
            If the profile has no rating of an item that a model knows.
        UnsupportedError
            If the model answers only for the users that it was trained on.
        NotTrainedError, UnknownError
            If the model, or any that can answer, is not trained or does not exist.
        DataError
            If the profile cannot be read.
        """
        resolved = self._me.resolve(profile)
        history = self._history(resolved)
        self._require_known(resolved, history.items.tolist())
        scale = self._opened.manifest.overview.rating_range
        liked_from = -math.inf if scale is None else _LIKED * scale[1]
        excluded = set(resolved.excluded())
        if not filter_seen:
            excluded -= set(history.items.tolist())
        with self._opened.queue.turn():
            check(job)
            name, recommender, note = self._models.folding_in(model, rated=history.has_ratings)
            pages = recommender.recommend_to_pages(history, k, filter_seen, excluded, liked_from=liked_from)
            kept = pages.page(0, k)

        def whole() -> RankedPages:
            with self._opened.queue.turn():
                _, recommender, _ = self._models.folding_in(name, rated=history.has_ratings)
                pages = recommender.recommend_to_pages(history, None, filter_seen, excluded, liked_from=liked_from)
                return pages.inside(self._opened.queue.turn)

        if kept or k < 1:
            return Answer(tuple(kept), name, note, whole=whole if len(kept) == k else None)
        sentence = f"{name} has nothing left to recommend: you know every item that it can rank."
        return Answer((), name, empty=EmptyReason.ALL_SEEN, why_empty=sentence)

    def next_items(
        self, k: int = 10, model: str | None = None, profile: str = DEFAULT, job: Job | None = None
    ) -> Answer:
        """What comes next after everything that the person rated or saw, in the order of its dates.

        Raises
        ------
        RecsysError, NotTrainedError, UnknownError, DataError
            As :meth:`recommend`.
        """
        resolved = self._me.resolve(profile)
        items = list(resolved.timeline().items)
        excluded = set(resolved.excluded())
        with self._models.turn("sequence", model):
            check(job)
            name, recommender, note = self._models.answering("sequence", model)
            if "texts" not in recommender.model.capabilities.uses:
                items = [item for item in items if item <= recommender.known.num_rated_items]
            self._require_known(resolved, items)
            kept = recommender.next_items(items, k, excluded=excluded)
        sentence = "" if kept else f"{name} can rank no item that you do not know."
        empty = None if kept or k < 1 else EmptyReason.ALL_SEEN
        return Answer(tuple(kept), name, note, empty=empty, why_empty=sentence)

    def next_what_if(
        self,
        edits: Sequence[Edit],
        k: int = 10,
        model: str | None = None,
        profile: str = DEFAULT,
        job: Job | None = None,
    ) -> Comparison:
        """What would come next if the profile were another one; nothing is stored.

        Raises
        ------
        RecsysError, NotTrainedError, UnknownError, OptionError
            As :func:`engine.session.what_if.next_what_if`.
        DataError
            If the profile cannot be read.
        """
        resolved = self._me.resolve(profile)
        timeline, whose = resolved.timeline(), f"the profile {profile!r}"
        self._require_known(resolved, timeline.items)
        excluded = resolved.excluded()
        return next_what_if(self._opened, self._models, timeline, edits, whose, k, model, excluded, job)

    def explain(self, item: ExternalId, model: str | None = None, k: int = 3, profile: str = DEFAULT) -> Answer:
        """The items of the profile that speak most for an item.

        Raises
        ------
        RecsysError, NotTrainedError, UnknownError, DataError
            As :meth:`recommend`, and if the model cannot tell.
        """
        history = self._history(self._me.resolve(profile))
        with self._opened.queue.turn():
            name, recommender, _ = self._models.folding_in(model, rated=history.has_ratings)
            results = recommender.explain_to(history, item, k)
        note = "" if results else f"{name} finds nothing in your ratings that speaks for it"
        return Answer(tuple(results), name, note)

    def _history(self, resolved: Resolved) -> History:
        return resolved.history(self._opened.manifest.overview.rating_range)

    def _require_known(self, resolved: Resolved, items: Sequence[int]) -> None:
        if any(item <= self._opened.dataset.num_rated_items for item in items):
            return
        name = resolved.profile.name
        if resolved.profile.entries:
            why = f"Nothing in the profile {name!r} is an item of {self._opened.name!r} that somebody has rated"
        else:
            why = f"The profile {name!r} has no ratings yet"
        raise RecsysError(f"{why}: rate some items first.", kind=ErrorKind.EMPTY_PROFILE, name=name)
