"""The taste of a profile, as searches are nudged by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import RecsysError
from engine.profiles.store import DEFAULT
from engine.session.me import MeService
from engine.session.models import ModelService
from engine.session.open_dataset import OpenDataset

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.data.history import History
    from engine.profiles.resolved import Resolved
    from engine.search.encoder.encoder import Vectors
    from engine.search.nudge import Nudge
    from engine.search.semantic.vector_store import Rows

    Scores = npt.NDArray[np.floating]

#: The share of the highest rating from which on an item counts as liked.
_LIKED = 0.6


class OwnTaste:
    """Tells how much each item of the data set suits a profile.

    The best trained model that can answer for a new history tells it; without one, the mean of the vectors of the liked
    items. The last answer is kept until the profile, the model or the vectors change.

    Parameters
    ----------
    opened
        The data set.
    models
        The trained models.
    me
        The profiles.
    stored_vectors
        Returns for each item the row of its vector, -1 where it has none, and the vectors.
    """

    def __init__(
        self,
        opened: OpenDataset,
        models: ModelService,
        me: MeService,
        stored_vectors: Callable[[], tuple[Rows, Vectors]],
    ) -> None:
        self._opened = opened
        self._models = models
        self._me = me
        self._stored_vectors = stored_vectors
        self._last: tuple[tuple[object, ...], Nudge] | None = None

    def nudge(self, profile: str = DEFAULT) -> tuple[Nudge | None, str]:
        """How much a search is to raise each item, or why it is not to.

        Parameters
        ----------
        profile
            Whose taste.

        Returns
        -------
        nudge, why_not
            The nudge, and an empty text; or None, and what is missing.
        """
        try:
            resolved = self._me.resolve(profile)
        except RecsysError as error:
            return None, f"not nudged: {error}"
        history = resolved.history(self._opened.manifest.overview.rating_range)
        if not len(history):
            what = f"no item of {self._opened.name!r} is rated in the profile {profile!r} yet"
            return None, f"not nudged: {what}"
        with self._opened.queue.turn():
            found = self._by_model(resolved, history) or self._by_meaning(resolved, history)
        if found is None:
            what = "train a model that can answer for new ratings, or embed the catalogue"
            return None, f"not nudged: your taste is not known yet; {what}"
        return found, ""

    def _by_model(self, resolved: Resolved, history: History) -> Nudge | None:
        """By the scores of the best trained model; None if there is none, or it knows none of the items."""
        try:
            name, recommender, _ = self._models.folding_in(None, rated=history.has_ratings)
        except RecsysError:
            return None
        key = resolved, recommender
        if self._last is None or self._last[0] != key:
            if not (history.items <= recommender.known.num_rated_items).any():
                return None
            try:
                scores = recommender.scores_for(history)[0]
            except RecsysError:
                return None
            self._last = key, self._raised(resolved, scores[1:], name)
        return self._last[1]

    def _by_meaning(self, resolved: Resolved, history: History) -> Nudge | None:
        """By nearness to the mean vector of the liked items (Rocchio, 1971); None if none of them is embedded."""
        import numpy as np

        try:
            rows, vectors = self._stored_vectors()
        except RecsysError:
            return None
        key = resolved, len(vectors), int(np.count_nonzero(rows >= 0))
        if self._last is None or self._last[0] != key:
            liked = rows[np.setdiff1d(history.items, self._disliked(resolved)) - 1]
            liked = liked[liked >= 0]
            if not len(liked):
                return None
            direction = np.asarray(vectors[liked], np.float32).mean(axis=0) - np.asarray(
                vectors.mean(axis=0), np.float32
            )
            scores = np.where(rows >= 0, (vectors @ direction)[rows], -np.inf)
            self._last = key, self._raised(resolved, scores, "meaning")
        return self._last[1]

    def _raised(self, resolved: Resolved, scores: Scores, method: str) -> Nudge:
        import numpy as np

        from engine.search.nudge import Nudge, raise_by_rank

        known = np.full(self._opened.dataset.num_items, -np.inf)
        known[: len(scores)] = scores[: len(known)]
        raised = raise_by_rank(known)
        # What the person rated low or does not want is found as before, and not raised.
        raised[np.array(self._disliked(resolved), dtype=np.int64) - 1] = 0.0
        whose = "your ratings" if resolved.profile.name == DEFAULT else f"the ratings of {resolved.profile.name}"
        return Nudge(raised, f"nudged by {whose} ({method})")

    @staticmethod
    def _disliked(resolved: Resolved) -> list[int]:
        """The items that were rated low or are not wanted."""
        found = []
        for item, place in resolved.positions.items():
            entry = resolved.profile.entries[place]
            is_low = entry.share is not None and entry.share < _LIKED
            if is_low or entry.status == "not-interested":
                found.append(item)
        return found
