"""The services that the app asks: one small protocol for each pane, and the session that holds them.

:class:`engine.session.Session` has them, and so has the fake session of the tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from engine.data.results import (
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
    from engine.session import Completion, ExternalId, Job, ParsedQuery


class DataService(Protocol):
    """What the app asks of :class:`engine.session.data.DataService`."""

    def overview(self) -> Overview: ...  # noqa: D102


class SearchService(Protocol):
    """What the search pane asks of :class:`engine.session.search.SearchService`."""

    def embedding_state(self) -> EmbeddingState: ...  # noqa: D102
    def embed(self, job: Job | None = None) -> EmbeddingState: ...  # noqa: D102
    def warm_up(self, job: Job | None = None) -> None: ...  # noqa: D102
    def search(  # noqa: D102
        self,
        query: str | ParsedQuery,
        k: int = 10,
        mode: str = "hybrid",
        like: ExternalId | None = None,
        job: Job | None = None,
        *,
        like_by: str | None = None,
    ) -> Answer: ...
    def parse_query(self, line: str) -> ParsedQuery: ...  # noqa: D102
    def complete_filter(self, line: str, cursor: int, limit: int = 8) -> list[Completion]: ...  # noqa: D102
    def highlights(self, k: int = 10) -> Answer: ...  # noqa: D102
    def explain_match(  # noqa: D102
        self, query: str, item: ExternalId, mode: str = "hybrid"
    ) -> list[tuple[str, float]]: ...
    def recent_searches(self, limit: int = 10) -> list[str]: ...  # noqa: D102
    def remember_search(self, line: str) -> None: ...  # noqa: D102


class UserService(Protocol):
    """What the user pane asks of :class:`engine.session.users.UserService`."""

    def find(self, text: str, limit: int = 50) -> list[UserSummary]: ...  # noqa: D102
    def history(self, user: ExternalId) -> list[HistoryEntry]: ...  # noqa: D102
    def recommend(  # noqa: D102
        self,
        user: ExternalId,
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Answer: ...
    def explain(  # noqa: D102
        self, user: ExternalId, item: ExternalId, model: str | None = None, k: int = 3
    ) -> Answer: ...


class SequenceService(Protocol):
    """What the sequence pane asks of :class:`engine.session.sequences.SequenceService`."""

    def complete_title(self, text: str, limit: int = 8) -> list[TitleMatch]: ...  # noqa: D102
    def resolve_title(self, text: str) -> TitleMatch: ...  # noqa: D102
    def next_items(  # noqa: D102
        self,
        items: Sequence[int],
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Answer: ...


class ModelService(Protocol):
    """What the backend asks of :class:`engine.session.models.ModelService`."""

    def states(self, task: Task | None = None) -> list[ModelState]: ...  # noqa: D102
    def train(  # noqa: D102
        self, model: str, options: Mapping[str, Any] | None = None, job: Job | None = None, seed: int = 42
    ) -> FitReport: ...


class SessionLike(Protocol):
    """What the app needs of :class:`engine.session.Session`: its services, and what computes."""

    @property
    def data(self) -> DataService: ...  # noqa: D102
    @property
    def search(self) -> SearchService: ...  # noqa: D102
    @property
    def users(self) -> UserService: ...  # noqa: D102
    @property
    def sequences(self) -> SequenceService: ...  # noqa: D102
    @property
    def models(self) -> ModelService: ...  # noqa: D102
    def device_name(self) -> str: ...  # noqa: D102
