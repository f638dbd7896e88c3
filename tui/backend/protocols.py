"""What the app needs of a session: one small protocol for each service, so that a pane depends on its own alone.

:class:`engine.session.Session` and the fake session of the tests both fit them.
"""
# The services of engine.session document these methods.
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from engine.data.comparison import Comparison as ModelComparison
    from engine.data.comparison import HeadToHead, SideBySide
    from engine.data.model_cards import ModelCard
    from engine.data.results import (
        Answer,
        Comparison,
        EmbeddingCost,
        EmbeddingState,
        Facet,
        Fan,
        FitReport,
        HistoryEntry,
        ImportReport,
        ModelState,
        Overview,
        OwnRating,
        TitleMatch,
        UserOrder,
        UserSummary,
    )
    from engine.data.study import Study
    from engine.session import (
        Completion,
        Draft,
        Edit,
        EvaluationConfig,
        ExportChoice,
        Exported,
        ExportOrder,
        ExternalId,
        Item,
        ItemMap,
        Job,
        Likeness,
        Mark,
        NewDataset,
        ParsedQuery,
        Profile,
        QueryResult,
        RunRecord,
        Status,
        StoredDataset,
        StoredRuns,
        Surroundings,
        Target,
        Task,
        Taste,
        Thumbnail,
    )


class Data(Protocol):
    """What the data set holds."""

    def overview(self) -> Overview: ...
    def items(self, ids: Iterable[object]) -> list[Item]: ...


class Search(Protocol):
    """What the Search pane asks."""

    def search(
        self,
        query: str | ParsedQuery,
        k: int = 10,
        mode: str = "hybrid",
        like: ExternalId | None = None,
        job: Job | None = None,
        *,
        like_by: str | None = None,
        diversity: float | None = None,
        literal: Collection[str] = (),
        adult: bool | None = None,
        for_me: str | None = None,
    ) -> Answer: ...
    def facets(
        self,
        query: str | ParsedQuery,
        mode: str = "hybrid",
        *,
        literal: Collection[str] = (),
        adult: bool | None = None,
    ) -> tuple[Facet, ...]: ...
    def parse_query(self, line: str) -> ParsedQuery: ...
    def complete_filter(self, line: str, cursor: int, limit: int = 8) -> list[Completion]: ...
    def highlights(self, k: int = 10, *, adult: bool | None = None) -> Answer: ...
    def explain_match(
        self,
        query: str,
        item: ExternalId,
        mode: str = "hybrid",
        *,
        literal: Collection[str] = (),
        job: Job | None = None,
    ) -> list[tuple[str, float]]: ...
    def explain(
        self,
        query: str,
        item: ExternalId,
        mode: str = "hybrid",
        *,
        literal: Collection[str] = (),
        for_me: str | None = None,
    ) -> list[tuple[str, float]]: ...
    def sample_queries(self, limit: int = 5) -> list[str]: ...
    def recent_searches(self, limit: int = 10) -> list[str]: ...
    def remember_search(self, line: str) -> None: ...


class Embedding(Protocol):
    """What makes search by meaning ready; the backend asks it."""

    def embedding_state(self) -> EmbeddingState: ...
    def embedding_cost(self) -> EmbeddingCost: ...
    def embed(self, job: Job | None = None) -> EmbeddingState: ...
    def forget_interruption(self) -> None: ...
    def warm_up(self, job: Job | None = None) -> None: ...


class SearchAndEmbedding(Search, Embedding, Protocol):
    """The search service as a whole."""


class Users(Protocol):
    """What the User pane asks."""

    def find(self, text: str, limit: int = 50) -> list[UserSummary]: ...
    def page(
        self, text: str, start: int, stop: int, order: UserOrder | None = None
    ) -> tuple[int, list[UserSummary]]: ...
    def history(self, user: ExternalId) -> list[HistoryEntry]: ...
    def fans(self, item: ExternalId, limit: int = 100) -> list[Fan]: ...
    def recommend(
        self,
        user: ExternalId,
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
        *,
        cautious: bool = True,
    ) -> Answer: ...
    def explain(self, user: ExternalId, item: ExternalId, model: str | None = None, k: int = 3) -> Answer: ...


class People(Users, Protocol):
    """The users of the data set and the profiles of one's own ratings."""

    def what_if(
        self,
        user: ExternalId,
        edits: Sequence[Edit],
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Comparison: ...


class Me(Protocol):
    """One's own ratings."""

    def profiles(self) -> list[str]: ...
    def summary(self, profile: str = "me") -> UserSummary: ...
    def make_profile(self, profile: str) -> None: ...
    def rename_profile(self, profile: str, new_name: str) -> None: ...
    def remove_profile(self, profile: str) -> bool: ...
    def removed_profiles(self) -> list[str]: ...
    def restore_profile(self, profile: str) -> None: ...
    def ratings(self, profile: str = "me") -> list[OwnRating]: ...
    def watchlist(self, profile: str = "me") -> list[OwnRating]: ...
    def about(self, item: int, profile: str = "me") -> OwnRating | None: ...
    def rate(
        self,
        item: int,
        rating: float | None,
        highest: float = 5.0,
        profile: str = "me",
        *,
        status: Status = "rated",
    ) -> OwnRating: ...
    def forget(self, item: int, profile: str = "me") -> OwnRating: ...
    def undo(self, profile: str = "me") -> OwnRating | None: ...
    def import_file(
        self, path: Path, kind: str | None = None, profile: str = "me", job: Job | None = None
    ) -> ImportReport: ...
    def match(self, title: str, item: int, profile: str = "me") -> OwnRating: ...
    def unmatch(self, title: str, profile: str = "me") -> OwnRating: ...
    def export(self, target: Target, profile: str = "me") -> int: ...


class Marks(Protocol):
    """Which items searches show first, and which they leave out."""

    def mark(self, item: ExternalId, mark: Mark) -> Mark: ...


class Sequences(Protocol):
    """What the Sequence pane asks."""

    def complete_title(self, text: str, limit: int = 8) -> list[TitleMatch]: ...
    def resolve_title(self, text: str) -> TitleMatch: ...
    def explain(
        self, items: Sequence[int], item: ExternalId, model: str | None = None, k: int = 3, job: Job | None = None
    ) -> Answer: ...
    def next_items(
        self,
        items: Sequence[int],
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Answer: ...
    def compare(
        self,
        before: Sequence[int],
        after: Sequence[int],
        k: int = 10,
        model: str | None = None,
        job: Job | None = None,
    ) -> Comparison: ...


class Models(Protocol):
    """Which models there are, and training them; the backend asks it."""

    def states(self, task: Task | None = None) -> list[ModelState]: ...
    def train(
        self,
        model: str,
        options: Mapping[str, Any] | None = None,
        job: Job | None = None,
        seed: int = 42,
        *,
        validate: bool = False,
        resume: bool = False,
    ) -> FitReport: ...


class Map(Protocol):
    """What the map asks."""

    def current(self, job: Job | None = None) -> ItemMap: ...
    def refine(self, job: Job | None = None) -> ItemMap: ...
    def around(self, item: int, k: int = 10, job: Job | None = None) -> Surroundings: ...


class Pictures(Protocol):
    """The pictures of items."""

    @property
    def column(self) -> str: ...
    def thumbnail(self, item: Item, width: int, height: int, job: Job | None = None) -> Thumbnail | None: ...


class Datasets(Protocol):
    """The stored data sets, which the Data pane lists and changes."""

    def stored(self) -> list[StoredDataset]: ...
    def removed(self) -> Sequence[str]: ...
    def complete(self, text: str) -> list[str]: ...
    def complete_path(self, text: str) -> list[str]: ...
    def preview(self, new: NewDataset, job: Job | None = None) -> Draft: ...
    def add(self, new: NewDataset, job: Job | None = None, log: Callable[[str], None] = ...) -> str: ...
    def rename(self, name: str, new_name: str) -> str: ...
    def remove(self, name: str) -> None: ...
    def restore(self, name: str) -> str: ...


class Profiles(Protocol):
    """What the open data set is like."""

    def profile(self, job: Job | None = None) -> Profile: ...


class Queries(Protocol):
    """Queries over the tables of the open data set."""

    def query(self, text: str, limit: int = 1000, job: Job | None = None) -> QueryResult: ...


class DataTab(Protocol):
    """What the Data pane asks."""

    @property
    def datasets(self) -> Datasets: ...
    @property
    def profiles(self) -> Profiles: ...
    @property
    def queries(self) -> Queries: ...


class TasteOfUsers(Protocol):
    """What is asked of users' taste."""

    def of(self, user: ExternalId) -> Taste: ...
    def compare(self, first: ExternalId, second: ExternalId) -> Likeness: ...
    def similar(self, user: ExternalId, k: int = 50) -> tuple[Likeness, ...]: ...


class MeasuringModels(Models, Protocol):
    """Training, measuring and tuning models; the backend asks it."""

    def evaluate(self, model: str, config: EvaluationConfig | None = None, job: Job | None = None) -> FitReport: ...
    def tune(
        self,
        model: str,
        trials: int,
        config: EvaluationConfig | None = None,
        job: Job | None = None,
        *,
        timeout: float | None = None,
        metric: str | None = None,
    ) -> object: ...


class ModelCards(Protocol):
    """What the Models pane asks about models."""

    def list(self, *, memory: bool = True) -> list[ModelCard]: ...
    def read(self, model: str, values: Mapping[str, str]) -> dict[str, Any]: ...


class Runs(Protocol):
    """What the Models pane asks about runs."""

    def list(self, *, removed: bool = False) -> StoredRuns: ...
    def is_current(self, run: RunRecord) -> bool: ...
    def diff(self, first: int, second: int) -> dict[str, tuple[Any, Any]]: ...
    def annotate(self, number: int, note: str) -> RunRecord: ...
    def remove(self, numbers: Iterable[int]) -> None: ...
    def restore(self, numbers: Iterable[int]) -> None: ...
    def promote(self, number: int) -> str: ...


class Comparisons(Protocol):
    """What the page of a comparison asks, and the backend for the winner of a search."""

    def compare(
        self,
        names: Sequence[str],
        config: EvaluationConfig | None = None,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        job: Job | None = None,
    ) -> ModelComparison: ...
    def compare_runs(self, numbers: Sequence[int], metric: str | None = None) -> ModelComparison: ...
    def prove(self, study: Study, job: Job | None = None) -> ModelComparison: ...
    def side_by_side(self, comparison: ModelComparison, user: ExternalId) -> SideBySide: ...
    def side_by_side_after(
        self, comparison: ModelComparison, items: Sequence[int], job: Job | None = None
    ) -> SideBySide: ...
    def head_to_head(
        self, comparison: ModelComparison, k: int = 10, count: int = 50, job: Job | None = None
    ) -> Sequence[HeadToHead]: ...


class ModelDesk(Protocol):
    """The services of the Models pane."""

    @property
    def cards(self) -> ModelCards: ...
    @property
    def runs(self) -> Runs: ...


class Exports(Protocol):
    """What the form of an export asks; the backend has it written."""

    def choices(self) -> list[ExportChoice]: ...
    def require(self, order: ExportOrder) -> Path | None: ...
    def write(self, order: ExportOrder, job: Job | None = None) -> Exported: ...


class SessionLike(DataTab, Protocol):
    """A session: its services, and what computes."""

    @property
    def data(self) -> Data: ...
    @property
    def search(self) -> SearchAndEmbedding: ...
    @property
    def users(self) -> Users: ...
    @property
    def people(self) -> People: ...
    @property
    def me(self) -> Me: ...
    @property
    def pins(self) -> Marks: ...
    @property
    def sequences(self) -> Sequences: ...
    @property
    def models(self) -> MeasuringModels: ...
    @property
    def cards(self) -> ModelCards: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def comparison(self) -> Comparisons: ...
    @property
    def exports(self) -> Exports: ...
    @property
    def map(self) -> Map: ...
    @property
    def pictures(self) -> Pictures: ...
    @property
    def taste(self) -> TasteOfUsers: ...
    def device_name(self) -> str: ...


if TYPE_CHECKING:
    from engine.session import Session

    def _conforms(session: Session) -> SessionLike:
        return session
