"""The user service: who is in the data set, and what they would like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.data.results import Answer, Comparison, EmptyReason, Fan, HistoryEntry, UserOrder, UserSummary
from engine.runtime.job import Job
from engine.runtime.locked_property import locked_property
from engine.session.models import ModelService
from engine.session.open_dataset import OpenDataset, check
from engine.session.short_floats import shortest
from engine.session.what_if import what_if

if TYPE_CHECKING:
    from engine.data.history import Timeline
    from engine.data.id_map import ExternalId
    from engine.data.ranked_pages import RankedPages
    from engine.data.user_index import UserSearch
    from engine.what_if import Edit


class UserService:
    """Finds users and recommends items to them.

    Parameters
    ----------
    opened
        The data set.
    models
        The models that answer.
    """

    def __init__(self, opened: OpenDataset, models: ModelService) -> None:
        self._opened = opened
        self._models = models

    @locked_property
    def _user_search(self) -> UserSearch:
        from engine.data.user_index import UserSearch

        return UserSearch(self._opened.dataset.users, self._opened.stats)

    def find(self, text: str, limit: int = 50) -> list[UserSummary]:
        """Users whose id contains ``text``: equal, then prefix, then anywhere; an empty text gives the first ones."""
        return self._user_search.find(text.strip(), limit)

    def page(self, text: str, start: int, stop: int, order: UserOrder | None = None) -> tuple[int, list[UserSummary]]:
        """A part of all users whose id contains ``text``.

        Parameters
        ----------
        text
            A part of an id; empty for all users.
        start, stop
            The places of the first user and behind the last one, from 0.
        order
            Their order; None for the one of :meth:`find`.

        Returns
        -------
        int
            The number of all these users.
        list of UserSummary
            Those of the part.
        """
        search = self._user_search
        found = search.matching(text.strip(), order)
        return len(found), [search.summary(int(user)) for user in found[start:stop]]

    def history(self, user: ExternalId) -> list[HistoryEntry]:
        """What a user has interacted with, newest first.

        Raises
        ------
        UnknownError
            If there is no such user.
        """
        import numpy as np

        dataset, index = self._opened.dataset, self._opened.user_index
        internal = dataset.users.encode_one(user)
        found, given = index.items(internal)[::-1], index.ratings(internal)
        ratings = np.full(len(found), np.nan) if given is None else given[::-1]
        # Numbers that only tell an order would be shown as dates of the year 1970.
        dates = index.times(internal) if dataset.has_dates else None
        times = [None] * len(found) if dates is None else dates[::-1].tolist()
        return [
            HistoryEntry(item, None if np.isnan(rating) else shortest(rating), time)
            for item, rating, time in zip(dataset.items.take(found), ratings, times, strict=True)
        ]

    def timeline(self, user: ExternalId) -> Timeline:
        """What a user has interacted with, oldest first, for what would come next.

        Raises
        ------
        UnknownError
            If there is no such user.
        """
        from engine.data.history import Timeline

        entries = self.history(user)[::-1]
        return Timeline(tuple(one.item.internal_id for one in entries), tuple(one.timestamp for one in entries))

    def fans(self, item: ExternalId, limit: int = 100) -> list[Fan]:
        """The users who rated an item highest. Of equal ratings, those of users who rate lower on average come first.

        Without ratings, these are the users who interacted with it, those who have seen the least first: to them it is
        a larger part of what they know.

        Raises
        ------
        UnknownError
            If there is no such item.
        """
        import numpy as np

        dataset = self._opened.dataset
        users, rated, times = self._opened.user_index.latest_of(dataset.items.id_map.encode_one(item))
        ratings = np.full(len(users), np.nan) if rated is None else rated.astype(float)
        search = self._user_search
        means = ratings if search.means is None else search.means[users]
        order = np.lexsort((search.counts[users], means, -ratings))[:limit]
        dates = times if dataset.has_dates else None
        return [
            Fan(
                search.summary(int(users[place])),
                None if np.isnan(ratings[place]) else shortest(ratings[place]),
                None if dates is None else int(dates[place]),
            )
            for place in order.tolist()
        ]

    def recommend(
        self,
        user: ExternalId,
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
        *,
        cautious: bool = True,
    ) -> Answer:
        """What this user would like, best first. Without ``model`` the best trained one answers.

        Parameters
        ----------
        user, k, filter_seen, cautious
            As in :meth:`engine.recommender.Recommender.recommend`.
        model
            The name of the model that answers.
        job
            Checked for cancellation before the model is asked.

        Raises
        ------
        UnknownError
            If there is no such user or model.
        NotTrainedError
            If the model, or any for users, is not trained yet.
        """
        internal = self._opened.dataset.users.encode_one(user)  # an unknown user is said before a model is loaded
        with self._models.turn("user", model):
            check(job)
            name, recommender, note = self._models.answering("user", model, internal)
            results = recommender.recommend(user, k, filter_seen, cautious)

        def whole() -> RankedPages:
            with self._opened.queue.turn():
                _, recommender, _ = self._models.answering("user", name)
                pages = recommender.recommend_pages(user, None, filter_seen, cautious)
                return pages.inside(self._opened.queue.turn)

        if results or k < 1:
            return Answer(tuple(results), name, note, whole=whole if len(results) == k else None)
        known = self._opened.dataset.num_rated_items
        if filter_seen:
            sentence = f"{name} has nothing left to recommend: user {user} already knows every item that it can rank."
            return Answer((), name, empty=EmptyReason.ALL_SEEN, why_empty=sentence)
        sentence = f"{name} can rank none of the {known:,} items that have interactions."
        return Answer((), name, empty=EmptyReason.NOTHING_TO_RANK, why_empty=sentence)

    def what_if(
        self,
        user: ExternalId,
        edits: Sequence[Edit],
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Comparison:
        """What this user would like if their history were another one; nothing is stored.

        Both lists, before and after, are computed by fold-in. Without ``model`` the best trained one that folds in
        answers.

        Raises
        ------
        UnknownError
            If there is no such user or model.
        OptionError
            If a change is impossible; see :func:`engine.session.what_if.what_if`.
        UnsupportedError
            If the model answers only for the users that it was trained on.
        NotTrainedError
            If the model, or any that folds in, is not trained yet.
        """
        internal = self._opened.dataset.users.encode_one(user)
        history = self._opened.user_index.history(internal)
        whose = f"the history of user {user}"
        return what_if(self._opened, self._models, history, edits, whose, k, model, filter_seen, job, internal)

    def explain(self, user: ExternalId, item: ExternalId, model: str | None = None, k: int = 3) -> Answer:
        """The items of a user's history that speak most for an item. Without ``model`` the best trained one answers.

        Raises
        ------
        UnknownError
            If there is no such user, item or model.
        NotTrainedError
            If the model, or any for users, is not trained yet.
        RecsysError
            If the model cannot tell.
        """
        self._opened.dataset.users.encode_one(user)
        with self._models.turn("user", model):
            name, recommender, _ = self._models.answering("user", model)
            results = recommender.explain(user, item, k)
        note = "" if results else f"{name} finds nothing in the history that speaks for it"
        return Answer(tuple(results), name, note)
