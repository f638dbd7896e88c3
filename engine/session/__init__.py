"""One open data set and everything one can ask of it: what both the app and the command line call.

Nothing here starts a thread. Every method may be called from any thread; those that compute wait for their turn on
the device, so that only one thing computes at a time, and say how far they are through a
:class:`engine.runtime.job.Job`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.data.results import Answer, HistoryEntry, TitleMatch, UserSummary
from engine.errors import DataError
from engine.runtime.job import Job
from engine.runtime.locked_property import locked_property
from engine.session.learning import LearntDataset
from engine.session.opened import check

if TYPE_CHECKING:
    from engine.data.id_map import ExternalId
    from engine.text.title_matcher import TitleMatcher
    from engine.workspace.dataset_store import Workspace


def open_session(
    workspace: Workspace,
    name: str | None = None,
    *,
    device: str = "auto",
    patient: bool = True,
    embedding_model: str | None = None,
    job: Job | None = None,
) -> Session:
    """Open a data set by name; without one, the set used last, else the bundled demo.

    The demo is stored at its first use, so that it is a data set like any other.

    Raises
    ------
    UnknownError
        If there is no data set of this name.
    """
    from engine.datasets.ingest import add
    from engine.workspace.dataset_store import DEMO

    wanted = name or workspace.current() or DEMO
    if wanted == DEMO and DEMO not in workspace:
        try:
            add(workspace, DEMO, job=job)
        except DataError:
            if DEMO not in workspace:  # else another process was quicker
                raise
    workspace.manifest(wanted)
    return Session(workspace, wanted, device=device, patient=patient, embedding_model=embedding_model)


class Session(LearntDataset):
    """A data set, its embeddings and its trained models; parameters as of :class:`engine.session.opened.OpenedDataset`.

    What it inherits searches the catalogue and trains models; here is what trained models answer.
    """

    # -- users ----------------------------------------------------------------------------------------------
    def find_users(self, text: str, limit: int = 50) -> list[UserSummary]:
        """Users whose id contains ``text``: equal, then prefix, then anywhere; an empty text gives the first ones."""
        return self._directory.find(text.strip(), limit)

    def history(self, user: ExternalId) -> list[HistoryEntry]:
        """What a user has interacted with, newest first.

        Raises
        ------
        UnknownError
            If there is no such user.
        """
        import numpy as np

        dataset = self.dataset
        rows = self.user_index.rows(dataset.users.encode_one(user))[::-1]
        log = dataset.interactions
        ratings = np.full(len(rows), np.nan) if log.ratings is None else log.ratings[rows]
        times = [None] * len(rows) if log.timestamps is None else log.timestamps[rows].tolist()
        items = dataset.items.take(log.item_ids[rows])
        return [
            HistoryEntry(item, None if np.isnan(rating) else float(rating), time)
            for item, rating, time in zip(items, ratings, times, strict=True)
        ]

    def recommend(
        self,
        user: ExternalId,
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Answer:
        """What this user would like, best first. Without ``model`` the best trained one answers.

        Raises
        ------
        UnknownError
            If there is no such user or model.
        NotTrainedError
            If the model, or any for users, is not trained yet.
        """
        self.dataset.users.encode_one(user)  # an unknown user is said before a model is loaded
        name = self._shelf.choose("user", model)
        with self._turns.turn():
            check(job)
            results = self._recommender(name).recommend(user, k, filter_seen)
        return Answer(tuple(results), name)

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
        self.dataset.users.encode_one(user)
        name = self._shelf.choose("user", model)
        with self._turns.turn():
            results = self._recommender(name).explain(user, item, k)
        return Answer(
            tuple(results), name, "" if results else f"{name} finds nothing in the history that speaks for it"
        )

    # -- sequences ------------------------------------------------------------------------------------------
    @locked_property
    def _titles(self) -> TitleMatcher:
        from engine.text.title_matcher import TitleMatcher

        return TitleMatcher(self.dataset.items, self._popularity)

    def complete_title(self, text: str, limit: int = 8) -> list[TitleMatch]:
        """Items that a half-typed title may mean, best first; forgives typos. Needs no torch."""
        return self._titles.complete(text, limit)

    def resolve_title(self, text: str, *, model: str | None = None) -> TitleMatch:
        """The one item that a title or an id means.

        Parameters
        ----------
        text
            What was typed.
        model
            Which sequence model is to be asked about it; None for the best trained one. It must occur in the
            interactions, except for a model that was trained to go by texts.

        Raises
        ------
        UnknownError
            With suggestions, where nothing fits, several things do, or nobody has rated what fits.
        """
        trained = (state for state in self.models("sequence") if state.trained and model in (None, state.name))
        asked = next(trained, None)
        return self._titles.resolve(text, rated=asked is None or not asked.options.get("texts"))

    def next_items(
        self,
        items: Sequence[int],
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Answer:
        """What comes after these items (internal ids, oldest first), with probabilities.

        Raises
        ------
        NotTrainedError
            If the model, or any for sequences, is not trained yet.
        """
        name = self._shelf.choose("sequence", model)
        with self._turns.turn():
            check(job)
            results = self._recommender(name).next_items(items, k, filter_seen)
        return Answer(tuple(results), name)
