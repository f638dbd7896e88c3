"""Users of the data set and profiles of the people who use the program, asked in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.data.results import Answer, Comparison, Fan, HistoryEntry, ProfileName, UserOrder, UserSummary
from engine.runtime.job import Job
from engine.session.me import MeService
from engine.session.own_answers import OwnAnswerService
from engine.session.users import UserService

if TYPE_CHECKING:
    from engine.data.id_map import ExternalId
    from engine.what_if import Edit


class PeopleService:
    """Answers for a :class:`~engine.data.results.ProfileName` from the profile, and for other ids from the data set.

    Parameters
    ----------
    users
        The users of the data set.
    me
        The profiles.
    own_answers
        What is recommended to them.
    """

    def __init__(self, users: UserService, me: MeService, own_answers: OwnAnswerService) -> None:
        self._users, self._me, self._own_answers = users, me, own_answers

    def find(self, text: str, limit: int = 50) -> list[UserSummary]:
        """The profiles whose name contains ``text``, and then the users whose id does."""
        wanted = text.strip().casefold()
        own = [self._me.summary(name) for name in self._me.profiles() if wanted in name.casefold()]
        return [*own, *self._users.find(text, limit)]

    def page(self, text: str, start: int, stop: int, order: UserOrder | None = None) -> tuple[int, list[UserSummary]]:
        """A part of these people, and their number; see :meth:`engine.session.users.UserService.page`.

        The profiles come first in every order.
        """
        wanted = text.strip().casefold()
        own = [name for name in self._me.profiles() if wanted in name.casefold()]
        number, users = self._users.page(text, max(start - len(own), 0), max(stop - len(own), 0), order)
        return len(own) + number, [*(self._me.summary(name) for name in own[start:stop]), *users]

    def history(self, user: ExternalId) -> list[HistoryEntry]:
        """What somebody has interacted with, newest first; see :meth:`engine.session.users.UserService.history`."""
        return self._me.history(user) if isinstance(user, ProfileName) else self._users.history(user)

    def fans(self, item: ExternalId, limit: int = 100) -> list[Fan]:
        """The users of the data set who rated an item highest."""
        return self._users.fans(item, limit)

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
        """What somebody would like, best first; see :meth:`engine.session.users.UserService.recommend`."""
        if isinstance(user, ProfileName):
            return self._own_answers.recommend(k, model, user, filter_seen, job)
        return self._users.recommend(user, k, model, filter_seen, job, cautious=cautious)

    def explain(self, user: ExternalId, item: ExternalId, model: str | None = None, k: int = 3) -> Answer:
        """What speaks for an item; see :meth:`engine.session.users.UserService.explain`."""
        if isinstance(user, ProfileName):
            return self._own_answers.explain(item, model, k, user)
        return self._users.explain(user, item, model, k)

    def what_if(
        self,
        user: ExternalId,
        edits: Sequence[Edit],
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Comparison:
        """What somebody would like with another history; see :meth:`engine.session.users.UserService.what_if`."""
        if isinstance(user, ProfileName):
            return self._own_answers.what_if(edits, k, model, user, filter_seen, job)
        return self._users.what_if(user, edits, k, model, filter_seen, job)
