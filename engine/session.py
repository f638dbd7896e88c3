"""One open data set and everything one can ask of it: what both the app and the command line call.

Nothing here starts a thread. Every method may be called from any thread; those that compute wait for their turn on
the device, so that only one thing computes at a time, and say how far they are through a
:class:`engine.job.Job`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine import models
from engine.errors import DataError
from engine.job import Job, Progress
from engine.loading import import_gently
from engine.once import once
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
from engine.shelf import ModelShelf
from engine.turns import Turns
from engine.version import __version__

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.dataset import Dataset
    from engine.histories import Histories, UserDirectory
    from engine.recommender import Recommender
    from engine.search import SearchIndex
    from engine.search.completion import Completion
    from engine.search.embedding import Encoder
    from engine.search.filters import ParsedQuery
    from engine.search.recent import RecentSearches
    from engine.titles import TitleMatcher
    from engine.tuning import Tuned
    from engine.vocabulary import OutsideId
    from engine.workspace import Manifest, Workspace

#: How much a list of items like another is varied; see engine.search.diversity.
_DIVERSITY = 0.4


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
    from engine.datasets.adding import add
    from engine.workspace import DEMO

    wanted = name or workspace.current() or DEMO
    if wanted == DEMO and DEMO not in workspace:
        try:
            add(workspace, DEMO, job=job)
        except DataError:
            if DEMO not in workspace:  # else another process was quicker
                raise
    workspace.manifest(wanted)
    return Session(workspace, wanted, device=device, patient=patient, embedding_model=embedding_model)


class Session:
    """A data set, its embeddings and its trained models.

    Parameters
    ----------
    workspace
        Where they lie.
    name
        The data set; it is read when something first needs it.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    patient
        Whether a hybrid search waits for the embedding model to load, rather than answer by keyword meanwhile.
    embedding_model
        A name or a folder; None for the one in the settings, else the one that comes with the package.
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        *,
        device: str = "auto",
        patient: bool = True,
        embedding_model: str | None = None,
    ) -> None:
        self.workspace = workspace
        self.name = name
        self.device = device
        self.patient = patient
        self.embedding_model = embedding_model
        self._turns = Turns()

    @once
    def manifest(self) -> Manifest:
        """The data set's description."""
        return self.workspace.manifest(self.name)

    @once
    def dataset(self) -> Dataset:
        """The data set itself."""
        # pandas too: pyarrow imports it of its own accord at the first array that it makes of Python objects.
        import_gently("pandas", "pyarrow.parquet", "pyarrow.compute")
        return self.workspace.open(self.name)

    @once
    def histories(self) -> Histories:
        """Who interacted with what."""
        from engine.histories import Histories

        return Histories(self.dataset.interactions)

    @once
    def _directory(self) -> UserDirectory:
        from engine.histories import UserDirectory

        return UserDirectory(self.dataset)

    @once
    def _popularity(self) -> npt.NDArray[np.int64]:
        """Interactions of each item, in dense order."""
        import numpy as np

        from engine.histories import item_counts

        popularity = np.zeros(self.dataset.num_items, dtype=np.int64)
        popularity[: self.dataset.num_rated_items] = item_counts(self.dataset.interactions)[1:]
        return popularity

    def overview(self) -> Overview:
        """The data set in one line."""
        return self.manifest.overview

    def device_name(self) -> str:
        """``"cpu"``, ``"cuda:0 NVIDIA H200"``, ``"mps"``: what computes (imports torch)."""
        import_gently("torch")
        from engine.device import describe, leave_a_core, resolve

        if not self.patient:
            leave_a_core()  # somebody is looking at a screen
        return describe(resolve(self.device))

    # -- search ---------------------------------------------------------------------------------------------
    @once
    def _encoder(self) -> Encoder:
        from engine.paths import find_paths
        from engine.search.embedding import Encoder
        from engine.search.model_files import DEFAULT_MODEL
        from engine.settings import read_settings

        paths = find_paths()
        model = self.embedding_model or read_settings(paths.config).embedding_model or DEFAULT_MODEL
        return Encoder(model, device=self.device, cache=paths.cache)

    @once
    def _search(self) -> SearchIndex:
        from engine.popularity import ratings_of_items
        from engine.search import SearchIndex
        from engine.search.store import EmbeddingStore
        from engine.search.taste import Taste
        from engine.search.word_index import KeptFile

        store = EmbeddingStore(self.workspace.embeddings_folder(self.name), self._encoder.identity)
        return SearchIndex(
            self.dataset.items,
            store,
            self._encoder,
            popularity=self._popularity,
            taste=Taste(self.dataset.interactions).likeness,
            facts=ratings_of_items(self.dataset),
            kept_words=KeptFile(
                self.workspace.dataset_folder(self.name) / "words.npz",
                f"{self.manifest.files['items']['sha256']} {__version__}",
            ),
        )

    def embedding_state(self) -> EmbeddingState:
        """How much of the catalogue is embedded; reads no vectors."""
        return self._search.embedding_state()

    def embed(self, job: Job | None = None) -> EmbeddingState:
        """Embed what is not embedded yet; what was done before a cancel is kept, and gone on from."""
        search, job = self._search, job or Job()
        state = search.embedding_state()
        if state.complete:
            return state
        self._load_encoder(job)
        with self._turns.long_turn(job) as turn:
            return search.embed(turn)

    def search(
        self,
        query: str | ParsedQuery,
        k: int = 10,
        mode: str = "hybrid",
        like: OutsideId | None = None,
        job: Job | None = None,
        *,
        like_by: str | None = None,
        diversity: float | None = None,
    ) -> Answer:
        """Items like these words, or like the item ``like``, best first.

        Parameters
        ----------
        query
            A line of words and filters (:mod:`engine.search.filters`); may be empty where ``like`` is given, and
            filters alone give what fits, the most popular first. Of a line that is parsed already the problems are
            passed over: whoever parsed it shows them.
        k
            How many.
        mode
            ``"hybrid"``, ``"semantic"`` or ``"keyword"``. ``keyword`` needs neither embeddings nor torch; ``hybrid`` is
            by keyword alone, with a note, until there are embeddings.
        like
            The id of an item in the source file.
        like_by
            ``"meaning"``, ``"taste"`` (who liked it) or ``"both"``; None for both where both are known of the item.
        diversity
            From 0 to 1: how much a result counts less for being like those before it. None for a little where items
            like another are wanted, so that its sequels do not take all the places, and else for 0.

        Raises
        ------
        RecsysError
            If there is nothing to search for.
        OptionError
            If a filter in a line of words cannot be understood, or an option is impossible.
        UnknownError
            If there is no such item.
        NotTrainedError
            If the search must go by meaning and nothing is embedded yet.
        """
        parsed = query
        if isinstance(parsed, str):
            parsed = self.parse_query(parsed)
            parsed.demand()
        text, filters = parsed.text, parsed.filters or None
        dense = None if like is None else self.dataset.items.vocabulary.encode_one(like)
        if diversity is None:
            diversity = 0.0 if like is None else _DIVERSITY
        if mode == "hybrid" and text and like is None and not (self.patient or self._encoder.loaded):
            answer = self._search.search(text, k, "keyword", filters, diversity=diversity, job=job)
            return replace(answer, note="by keyword only: the embedding model is not loaded yet")
        if mode != "keyword" and text and like_by != "taste":
            self._load_encoder(job or Job())
        with self._turns.turn():
            _check(job)
            return self._search.search(
                text, k, mode, filters, like=dense, like_by=like_by, diversity=diversity, job=job
            )

    def understand(self, lines: Sequence[str], job: Job | None = None) -> None:
        """Embed many queries at once, for the searches by meaning that follow; at most 256 are remembered."""
        texts = [text for line in lines if (text := self.parse_query(line).text)]
        if texts:
            self._load_encoder(job or Job())
            with self._turns.turn():
                self._search.understand(texts)

    def parse_query(self, line: str) -> ParsedQuery:
        """Take a typed line apart into text, filters and what is wrong with them; raises nothing."""
        from engine.search.filters import parse

        return parse(line, self._search.fields)

    def complete_filter(self, line: str, cursor: int, limit: int = 8) -> list[Completion]:
        """How a filter that is half typed before ``cursor`` may go on; see :mod:`engine.search.completion`."""
        from engine.search.completion import complete_filter

        return complete_filter(line, cursor, self._search.fields, limit)

    def highlights(self, k: int = 10) -> Answer:
        """What is worth seeing before anything is typed: the best known items. Needs no model and no index."""
        return self._search.popular(k)

    def explain_match(self, query: str, item: OutsideId) -> list[tuple[str, float]]:
        """The phrases of an item that come nearest to the query in meaning, with their cosines, best first.

        Parameters
        ----------
        query
            A typed line; its filters are left out.
        item
            The id in the source file.

        Raises
        ------
        UnknownError
            If there is no such item.
        """
        dense = self.dataset.items.vocabulary.encode_one(item)
        if not self._encoder.loaded or not (text := self.parse_query(query).text):
            return []
        with self._turns.turn():
            return self._search.explain(text, dense)

    def recent_searches(self, limit: int = 10) -> list[str]:
        """What was searched for in this data set, newest first."""
        return self._recent.list(limit)

    def remember_search(self, line: str) -> None:
        """Keep a search for :meth:`recent_searches`; that it cannot be written is no error."""
        self._recent.remember(line)

    @once
    def _recent(self) -> RecentSearches:
        from engine.paths import find_paths
        from engine.search.recent import RecentSearches

        return RecentSearches(find_paths().state, self.name)

    def warm_up(self, job: Job | None = None) -> None:
        """Make ready what the first questions need, so that they need not wait for it.

        The embedding model is loaded only where something is embedded that it could be asked about.
        """
        job = job or Job()
        self._search.prepare_keywords(job)
        if self._search.embedding_state().done:
            self._load_encoder(job)

    def _load_encoder(self, job: Job) -> None:
        # Not in a turn: this takes seconds and no computing, and other panes' questions need not wait for it.
        if not self._encoder.loaded:
            job.report(Progress("loading the embedding model"))
            self._encoder.load()
        job.checkpoint()

    # -- users ----------------------------------------------------------------------------------------------
    def find_users(self, text: str, limit: int = 50) -> list[UserSummary]:
        """Users whose id contains ``text``: equal, then prefix, then anywhere; an empty text gives the first ones."""
        return self._directory.find(text.strip(), limit)

    def history(self, user: OutsideId) -> list[HistoryEntry]:
        """What a user has interacted with, newest first.

        Raises
        ------
        UnknownError
            If there is no such user.
        """
        import numpy as np

        dataset = self.dataset
        rows = self.histories.rows(dataset.users.encode_one(user))[::-1]
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
        user: OutsideId,
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
            _check(job)
            results = self._recommender(name).recommend(user, k, filter_seen)
        return Answer(tuple(results), name)

    def explain(self, user: OutsideId, item: OutsideId, model: str | None = None, k: int = 3) -> Answer:
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
    @once
    def _titles(self) -> TitleMatcher:
        from engine.titles import TitleMatcher

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
        """What comes after these items (dense ids, oldest first), with probabilities.

        Raises
        ------
        NotTrainedError
            If the model, or any for sequences, is not trained yet.
        """
        name = self._shelf.choose("sequence", model)
        with self._turns.turn():
            _check(job)
            results = self._recommender(name).next_items(items, k, filter_seen)
        return Answer(tuple(results), name)

    # -- models ---------------------------------------------------------------------------------------------
    def models(self, task: Task | None = None) -> list[ModelState]:
        """The registry as seen from this data set; reads no model and imports no torch."""
        return self._shelf.states(task)

    def train(
        self, model: str, options: Mapping[str, Any] | None = None, job: Job | None = None, seed: int = 42
    ) -> FitReport:
        """Train a model on the whole data set and keep it; see :func:`engine.experiment.train`.

        A cancelled training keeps nothing, and an older model stays.

        Raises
        ------
        UnknownError
            If there is no such model.
        OptionError
            If an option is unknown or has an impossible value.
        RecsysError
            If the data set lacks what the model needs.
        """
        self._shelf.demand_trainable(models.get(model))
        import_gently("torch")
        from engine.experiment import train

        data, job = self.dataset, job or Job()
        vectors = self._vectors_for(model, options, job)
        with self._turns.long_turn(job) as turn:
            trained, report = train(
                data, model, options=options, seed=seed, device=self.device, job=turn, item_vectors=vectors
            )
            report = replace(report, path=str(self._shelf.folder(model)))
            self._shelf.store(trained, report)
        return report

    def evaluate(
        self,
        model: str,
        protocol: str | None = None,
        seed: int = 42,
        options: Mapping[str, Any] | None = None,
        job: Job | None = None,
        **how: Any,
    ) -> FitReport:
        """Train a model on a part of the data set and measure it on the rest; see :func:`engine.experiment.evaluate`.

        Parameters
        ----------
        model, protocol, seed, options, job, **how
            As of that function.

        Raises
        ------
        UnknownError, OptionError, RecsysError
            As :meth:`train`, and if the protocol does not suit the model.
        """
        self._shelf.demand_trainable(models.get(model))
        import_gently("torch")
        from engine.experiment import evaluate

        data, job = self.dataset, job or Job()
        how["item_vectors"] = self._vectors_for(model, options, job)
        with self._turns.long_turn(job) as turn:
            return evaluate(
                data, model, protocol=protocol, seed=seed, options=options, device=self.device, job=turn, **how
            )

    def tune(self, model: str, trials: int, job: Job | None = None, **how: Any) -> Tuned:
        """Look for good options of a model; see :func:`engine.tuning.tune`. The search is kept with the data set.

        Parameters
        ----------
        model, trials, job, **how
            As of that function.

        Raises
        ------
        UnknownError, OptionError, RecsysError
            As :meth:`evaluate`, and if Optuna is not installed.
        """
        self._shelf.demand_trainable(models.get(model))
        import_gently("torch")
        from engine.tuning import tune

        data, folder, job = self.dataset, self.workspace.dataset_folder(self.name) / "tuning", job or Job()
        how["item_vectors"] = self._vectors_for(model, how.get("options"), job)
        with self._turns.long_turn(job) as turn:
            return tune(data, model, trials, folder, device=self.device, job=turn, **how)

    def _vectors_for(self, model: str, options: Mapping[str, Any] | None, job: Job) -> npt.NDArray[np.float32] | None:
        """The vectors of all items' texts, embedded now where they are not yet; None for a model that takes none."""
        spec = models.get(model)
        if "texts" not in spec.uses or not spec.read_options(options or {}).get("texts", True):
            return None
        self.embed(job)
        return self._search.item_vectors(self.dataset.num_items + 1)

    @once
    def _shelf(self) -> ModelShelf:
        return ModelShelf(self.workspace, self.manifest)

    def _recommender(self, name: str) -> Recommender:
        """A recommender over a trained model. Within a turn: loading one computes."""
        import_gently("torch")
        from engine.recommender import Recommender

        rates = "ratings" in models.get(name).needs
        return Recommender(
            self.dataset,
            self._shelf.load(name, self.device),
            histories=self.histories,
            rating_range=self.overview().rating_range if rates else None,
        )


def _check(job: Job | None) -> None:
    """Stop before the work if somebody stopped waiting for it while it queued."""
    if job is not None:
        job.checkpoint()
