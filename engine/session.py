"""One open data set and everything one can ask of it: what both the app and the command line call.

Nothing here starts a thread. Every method may be called from any thread; those that compute take the device's
lock, so that only one thing computes at a time, and say how far they are through a :class:`engine.job.Job`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.results import (
    Answer,
    EmbeddingState,
    FitReport,
    HistoryEntry,
    ModelState,
    Overview,
    Task,
    TitleMatch,
    UserSummary,
)

if TYPE_CHECKING:
    from engine.job import Job
    from engine.vocabulary import OutsideId


class Session:
    """STUB while the parts are being built: signatures are fixed, bodies follow."""

    def overview(self) -> Overview:
        """The data set in one line."""
        raise NotImplementedError

    def device_name(self) -> str:
        """``"cpu"``, ``"cuda:0 NVIDIA H200"``, ``"mps"``: what computes (imports torch)."""
        raise NotImplementedError

    # -- search ---------------------------------------------------------------------------------------------
    def embedding_state(self) -> EmbeddingState:
        """How much of the catalogue is embedded (cheap; reads no vectors)."""
        raise NotImplementedError

    def embed(self, job: Job | None = None) -> EmbeddingState:
        """Embed what is not embedded yet; cancelled work is kept and resumed."""
        raise NotImplementedError

    def search(
        self,
        query: str,
        k: int = 10,
        mode: str = "hybrid",
        like: OutsideId | None = None,
        job: Job | None = None,
    ) -> Answer:
        """Items like these words (or like the item ``like``), best first. Modes: hybrid, semantic, keyword.

        ``keyword`` needs neither embeddings nor torch. ``hybrid`` falls back to keyword alone, with a note, while
        the embeddings are not there; ``semantic`` then raises NotTrainedError.
        """
        raise NotImplementedError

    # -- users ----------------------------------------------------------------------------------------------
    def find_users(self, text: str, limit: int = 50) -> list[UserSummary]:
        """Users whose id contains ``text``: exact, then prefix, then anywhere; an empty text gives the first ones."""
        raise NotImplementedError

    def history(self, user: OutsideId) -> list[HistoryEntry]:
        """What a user has interacted with, newest first."""
        raise NotImplementedError

    def recommend(
        self,
        user: OutsideId,
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Answer:
        """What this user would like, best first. Without ``model`` the best trained one answers.

        Raises NotTrainedError if no model for users is trained, UnknownError for an unknown user or model.
        """
        raise NotImplementedError

    # -- sequences ------------------------------------------------------------------------------------------
    def complete_title(self, text: str, limit: int = 8) -> list[TitleMatch]:
        """Items that a half-typed title may mean, best first; forgives typos. Needs no torch."""
        raise NotImplementedError

    def resolve_title(self, text: str, *, rated: bool = True) -> TitleMatch:
        """The one item a title or id means; ``rated`` demands one that occurs in the interactions.

        Raises UnknownError, with suggestions, where nothing or nothing certain fits.
        """
        raise NotImplementedError

    def next_items(
        self,
        items: Sequence[int],
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Answer:
        """What comes after these items (dense ids, oldest first), with probabilities. Raises as `recommend`."""
        raise NotImplementedError

    # -- models ---------------------------------------------------------------------------------------------
    def models(self, task: Task | None = None) -> list[ModelState]:
        """The registry as seen from this data set (cheap: reads manifests only, imports no torch)."""
        raise NotImplementedError

    def train(
        self, model: str, options: Mapping[str, Any] | None = None, job: Job | None = None, seed: int = 42
    ) -> FitReport:
        """Train a model on the whole data set and store it."""
        raise NotImplementedError

    def evaluate(
        self,
        model: str,
        protocol: str | None = None,
        seed: int = 42,
        options: Mapping[str, Any] | None = None,
        job: Job | None = None,
    ) -> FitReport:
        """Train on a part, measure on the rest."""
        raise NotImplementedError
