"""A session that needs no engine: small, deterministic, and held back by gates where a test looks in between.

Its services fit the protocols of :mod:`tui.backend.protocols`, which mypy checks.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.data.id_map import ExternalId, IdMap
from engine.data.items import Item, ItemTable
from engine.data.model_cards import Unfinished
from engine.data.results import (
    Answer,
    Change,
    Comparison,
    Correction,
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
    ProfileName,
    Result,
    Task,
    TitleMatch,
    Understood,
    Unmatched,
    UserOrder,
    UserSummary,
)
from engine.data.thumbnail import Thumbnail
from engine.errors import NotTrainedError, RecsysError, UnknownError
from engine.search.facets import facets
from engine.search.filters.completion import Completion, complete_filter
from engine.search.filters.fields import Fields
from engine.search.filters.parser import ParsedQuery, mask, parse
from engine.session import Edit, EvaluationConfig, Job, Mark, Progress, Status, Target
from tests.tui.fake_data import FakeDatasets, FakeProfiles, FakeQueries
from tests.tui.fake_exports import FakeExports
from tests.tui.fake_map import FakeMap
from tests.tui.fake_runs import FakeCards, FakeComparison, FakeRuns, make_study
from tests.tui.fake_taste import FakeTaste

if TYPE_CHECKING:
    from tui.backend.protocols import SessionLike

#: Title, year, genres, and what it is about.
FILMS = """
Reservoir Dogs|1992|Crime, Thriller|After a robbery goes wrong, the men who are left suspect an informant among them.
The Asphalt Jungle|1950|Crime, Noir|Small-time crooks plan an elaborate jewel heist, and each of them has a weakness.
Heat|1995|Crime, Drama, Thriller|Professional bank robbers feel the police close in on them after their latest heist.
The Killing|1956|Crime, Noir|A crook assembles five men to rob a racetrack, and one of them has a wife who talks.
Rififi|1955|Crime, Thriller|Four men plan a perfect crime in half an hour of silence.
Dog Day Afternoon|1975|Crime, Drama|Amateur bank robbers hold up a bank, and nothing goes as it should.
Blade Runner|1982|Science Fiction, Drama|A policeman hunts four artificial people who want more life.
Ghost in the Shell|1995|Animation, Science Fiction|A cyborg policewoman hunts a hacker called the Puppet Master.
A.I. Artificial Intelligence|2001|Science Fiction, Drama|A robot boy longs to become real, to be loved again.
The Iron Giant|1999|Animation, Family|A boy befriends a giant robot from space that the government wants to destroy.
Metropolis|1927|Science Fiction, Drama|In a city of planners and workers, the planner's son falls for a prophet.
Twilight|2008|Romance, Fantasy|A teenage girl risks everything when she falls in love with a vampire.
Twilight|1998|Crime, Mystery|A retired private detective in Los Angeles is drawn into an old murder.
Star Wars|1977|Adventure, Science Fiction|A farm boy, a smuggler and two droids set out to save a princess.
Harry Potter and the Philosopher's Stone|2001|Adventure, Fantasy|An orphan learns that he is a wizard.
Shallow Grave|1994|Crime, Thriller|Three friends find their new flatmate dead, and with him a suitcase of money.
The Matrix|1999|Action, Science Fiction|A hacker learns that the world he lives in is a simulation.
Amélie|2001|Comedy, Romance|A shy waitress decides to change the lives of those around her for the better.
Spirited Away|2001|Animation, Fantasy|A girl wanders into a world ruled by gods, witches and spirits.
Seven Samurai|1954|Action, Drama|A poor village under attack by bandits hires seven samurai to defend it.
"""

#: Words that a search corrects, and words that it understands as a condition.
TYPOS = (("robers", "robbers"), ("hiest", "heist"))
UNDERSTOOD = (
    Understood("before 1960", "year < 1960", "year:<1960"),
    Understood("in english", "language: English", "language:en"),
    Understood("from asia", "country: China, Japan, South Korea, Taiwan or 9 more", "country:China,Japan"),
)

#: Titles as a hostile or careless catalogue has them.
NASTY: tuple[str, ...] = (
    "[bold red]x[/]",
    "\x1b[31mX\x1b[0m",
    "a\nb",
    "zero\u200bwidth\u202eevil",
    "千と千尋の神隠し 完全版 ディレクターズカット",
    "👨‍👩‍👧‍👦 Family 🎬",
    "very " * 60 + "long",
    "[/nothing] [link=file:///]y",
    "Z̸̢̛̀́̂̃̄̅a̸̧̛l̸g̸o",
    "",
)


def make_items(titles: Sequence[str] | None = None) -> tuple[Item, ...]:
    """The films above, or items whose every text is one of these titles."""
    if titles is not None:
        return tuple(
            Item(number, number * 10, title, 2000, (title,), title, {"note": title})
            for number, title in enumerate(titles, 1)
        )
    items = []
    for number, line in enumerate(FILMS.strip().splitlines(), 1):
        title, year, genres, overview = line.split("|")
        facts = {"overview": overview, "language": "en", "runtime": 100 + number}
        text = f"{title} {genres} {overview}"
        items.append(Item(number, 100 + number, title, int(year), tuple(genres.split(", ")), text, facts))
    return tuple(items)


class Clock:
    """Time that passes only where something says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class FakeSession:
    """Answers at once, except where ``hold`` has closed a gate.

    Parameters
    ----------
    items
        The catalogue; the last one has never been rated.
    embedded
        How much of it is embedded; None for all.
    trained
        Names of the trained models.
    clock
        Advanced by what an answer or a step of a job takes.
    """

    def __init__(
        self,
        items: Sequence[Item] | None = None,
        *,
        embedded: int | None = None,
        trained: Sequence[str] = ("explicit", "sequence"),
        users: int = 60,
        simulated: bool = False,
        obstacle: str = "",
        recent: Sequence[str] = (),
        samples: Sequence[str] = (),
        title: str = "The Movies Dataset",
        adult_items: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.items = tuple(items if items is not None else make_items())
        self.cost: EmbeddingCost | None = None
        self.interrupted = 0 < (embedded or 0) < len(self.items)
        self.done = len(self.items) if embedded is None else embedded
        self.embedded_texts = (0, 0)
        self.trained_models = dict.fromkeys(trained, "2025-11-21T22:00:00Z")
        self.num_users = users
        self.simulated = simulated
        self.obstacle = obstacle
        self.samples = tuple(samples)
        self.title = title
        self.adult_items = adult_items
        self.recent = list(recent)
        self.further_models: list[ModelState] = []
        self.asked: list[tuple[Any, ...]] = []
        self.failures: dict[str, BaseException] = {}
        self._gates: dict[str, threading.Event] = {}
        self._stubborn = False
        self.warm = False
        self.device = "cpu"
        self.epochs = 10
        self.held_trials = 10_000
        self.unfinished: dict[str, Unfinished] = {}
        self.data = FakeData(self)
        self.datasets = FakeDatasets(self)
        self.profiles = FakeProfiles(self)
        self.queries = FakeQueries(self)
        self.pins = FakePins()
        self.search = FakeSearch(self)
        self.users = FakeUsers(self)
        self.people = FakePeople(self)
        self.me = FakeMe(self)
        self.sequences = FakeSequences(self)
        self.models = FakeModels(self)
        self.map = FakeMap(self)
        self.pictures = FakePictures(self)
        self.exports = FakeExports(self)
        self.taste = FakeTaste(self)
        self.cards = FakeCards(self)
        self.runs = FakeRuns(self)
        self.comparison = FakeComparison(self)

    # -- for tests --------------------------------------------------------------------------------------------
    def hold(self, method: str, *, stubborn: bool = False) -> threading.Event:
        """Hold calls of a method back until the event that this returns is set, or they are cancelled."""
        self._gates[method] = gate = threading.Event()
        self._stubborn = stubborn
        return gate

    def fail(self, method: str, error: BaseException) -> None:
        self.failures[method] = error

    # -- for the services -------------------------------------------------------------------------------------
    def enter(self, method: str, *arguments: Any, job: Job | None = None) -> None:
        self.asked.append((method, *arguments))
        gate = self._gates.get(method)
        if gate is not None:
            while not gate.wait(0.002):
                if job is not None and not self._stubborn:
                    job.checkpoint()
        error = self.failures.get(method)
        if error is not None:
            raise error

    def popularity(self, item: Item) -> int:
        return 0 if item.internal_id == len(self.items) else 400 - 17 * item.internal_id % 300

    # -- the session's own ------------------------------------------------------------------------------------
    def device_name(self) -> str:
        self.enter("device_name")
        return self.device


class FakeData:
    """What the data set holds."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake

    def items(self, ids: Iterable[object]) -> list[Item]:
        known = {item.item_id: item for item in self._fake.items}
        return [known[one] for one in ids if one in known]

    def overview(self) -> Overview:
        rated = max(len(self._fake.items) - 1, 0)
        return Overview(
            "fake",
            self._fake.title,
            "movies",
            self._fake.simulated,
            self._fake.num_users,
            len(self._fake.items),
            rated,
            1200,
            (0.5, 5.0),
            True,
        )


class FakePictures:
    """A picture in four colours for each item that names one."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake
        self.column = "poster" if any("poster" in item.metadata for item in fake.items) else ""

    def thumbnail(self, item: Item, width: int, height: int, job: Job | None = None) -> Thumbnail | None:
        self._fake.enter("thumbnail", item.item_id, width, height, job=job)
        height = min(height, width * 3 // 2)
        width = height * 2 // 3
        rows = range(height)
        reds = ((255 * y // height, 255 * x // width, 96) for y in rows for x in range(width))
        return Thumbnail(width, height, b"".join(map(bytes, reds)))


class FakePins:
    """Pinned and hidden items in a dictionary."""

    def __init__(self) -> None:
        self.marks: dict[ExternalId, Mark] = {}

    def mark(self, item: ExternalId, mark: Mark) -> Mark:
        before = self.marks.get(item, "")
        self.marks[item] = mark
        return before


class FakeSearch:
    """Finds items by counting words."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake
        self.options: list[tuple[frozenset[str], bool | None]] = []
        self.profiles: list[str | None] = []

    def warm_up(self, job: Job | None = None) -> None:
        self._fake.enter("warm_up", job=job)
        self._fake.warm = True

    def embedding_state(self) -> EmbeddingState:
        done, interrupted = self._fake.done, self._fake.interrupted
        return EmbeddingState(done, len(self._fake.items), "all-MiniLM-L6-v2", interrupted, *self._fake.embedded_texts)

    def embedding_cost(self) -> EmbeddingCost:
        if self._fake.cost is None:
            raise RecsysError("The cost is unknown.")
        return self._fake.cost

    def forget_interruption(self) -> None:
        self._fake.enter("forget_interruption")
        self._fake.interrupted = False

    def embed(self, job: Job | None = None) -> EmbeddingState:
        job = job or Job()
        total = len(self._fake.items)
        while self._fake.done < total:
            job.report(Progress("embedding", self._fake.done, total, "texts"))
            self._fake.enter("embed", self._fake.done, job=job)
            self._fake.clock.advance(0.5)
            job.checkpoint()
            self._fake.done = min(self._fake.done + 5, total)
        return self.embedding_state()

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
    ) -> Answer:
        parsed = self.parse_query(query) if isinstance(query, str) else query
        text = parsed.text
        self._fake.clock.advance(0.018)
        self._fake.enter("search", text, mode, like, job=job)
        self.options.append((frozenset(literal), adult))
        self.profiles.append(for_me)
        if mode == "semantic" and not self._fake.done:
            raise NotTrainedError("Search by meaning needs the catalogue to be embedded first.")
        fits = mask(parsed.filters, self.fields)
        hidden = [one for one, mark in self._fake.pins.marks.items() if mark == "hidden"]
        items = [item for item in self._fake.items if fits is None or fits[item.internal_id - 1]]
        items = [item for item in items if item.item_id not in hidden]
        words = text.casefold().split()
        if like is not None:
            found = [item for item in items if item.item_id != like]
            ranked = self._ranked(found[:k], "liked by the same people")
            if diversity is None and len(ranked) > 2:
                first, second, third, *others = ranked
                ranked = (first, replace(third, rank=2), replace(second, rank=3), *others)
            return Answer(ranked, like_by or ("meaning and taste" if self._fake.done else "taste"))
        if "nothing" in words:
            return Answer((), mode)
        if not words:
            return replace(self._popular(items, k), hidden=0 if adult else self._fake.adult_items)
        corrections = tuple(Correction(*pair) for pair in TYPOS if pair[0] in words and pair[0] not in literal)
        understood = tuple(one for one in UNDERSTOOD if one.typed in text and one.typed not in literal)
        unknown = tuple(word for word in words if word.startswith("zz"))
        if unknown == tuple(words):
            return Answer((), mode, unknown_words=unknown)
        if understood:
            items = [item for item in items if item.year is not None and item.year < 1960]
        hits = {item.internal_id: sum(word in item.text.casefold() for word in words) for item in items}
        found = sorted(items, key=lambda item: (-hits[item.internal_id], item.internal_id))
        fallback = mode == "hybrid" and not (self._fake.done and self._fake.warm)
        note = "by keyword only: the embedding model is not loaded yet" if fallback else ""
        reason = f'text "{words[0]}" · meaning 0.62'
        remark = "Few of the words occur here; the nearest are listed." if unknown else ""
        return Answer(
            self._ranked(found[:k], reason, words),
            "keyword" if fallback else mode,
            note,
            corrections=corrections,
            understood=understood,
            unknown_words=unknown,
            remark=remark,
            hidden=0 if adult else self._fake.adult_items,
            nudged="nudged by your ratings (als)" if for_me else "",
        )

    def _ranked(self, items: Sequence[Item], reason: str, words: Sequence[str] = ()) -> tuple[Result, ...]:
        return tuple(
            Result(
                rank,
                item,
                round(0.61 * 0.93 ** (rank - 1), 4),
                reason=reason,
                matched=tuple(word for word in words if word in item.text.casefold()),
            )
            for rank, item in enumerate(items, 1)
        )

    def facets(
        self,
        query: str | ParsedQuery,
        mode: str = "hybrid",
        *,
        literal: Collection[str] = (),
        adult: bool | None = None,
    ) -> tuple[Facet, ...]:
        parsed = self.parse_query(query) if isinstance(query, str) else query
        self._fake.enter("facets", parsed.text)
        fits = mask(parsed.filters, self.fields)
        rows = np.arange(len(self._fake.items)) if fits is None else np.flatnonzero(fits)
        return facets(self.fields, rows, filtered={one.field for one in parsed.filters})

    def _popular(self, items: Sequence[Item], k: int) -> Answer:
        best = sorted(items, key=lambda item: -self._fake.popularity(item))[:k]
        results = [Result(rank, item, float(self._fake.popularity(item))) for rank, item in enumerate(best, 1)]
        return Answer(tuple(results), "popular")

    @cached_property
    def fields(self) -> Fields:
        """The engine's own, over these few items."""
        import pyarrow as pa

        table = pa.table(
            {
                "title": [item.title for item in self._fake.items],
                "year": pa.array([item.year for item in self._fake.items], pa.int32()),
                "genres": pa.array([list(item.genres) for item in self._fake.items], pa.list_(pa.string())),
                "text": [item.text for item in self._fake.items],
                "runtime": [item.metadata.get("runtime", 90) for item in self._fake.items],
            }
        )
        ids: Any = [item.item_id for item in self._fake.items]
        return Fields(ItemTable(IdMap(ids, first=1), table))

    def parse_query(self, line: str) -> ParsedQuery:
        return parse(line, self.fields)

    def complete_filter(self, line: str, cursor: int, limit: int = 8) -> list[Completion]:
        self._fake.enter("complete_filter", line)
        return complete_filter(line, cursor, self.fields, limit)

    def highlights(self, k: int = 10, *, adult: bool | None = None) -> Answer:
        self._fake.enter("highlights")
        return replace(self._popular(self._fake.items, k), hidden=0 if adult else self._fake.adult_items)

    def explain_match(
        self,
        query: str,
        item: ExternalId,
        mode: str = "hybrid",
        *,
        literal: Collection[str] = (),
        job: Job | None = None,
    ) -> list[tuple[str, float]]:
        self._fake.enter("explain_match", query, item)
        found = next(one for one in self._fake.items if one.item_id == item)
        return [(str(found.metadata.get("overview", found.title)), 0.14), (found.genres[0], 0.05)]

    def explain(
        self,
        query: str,
        item: ExternalId,
        mode: str = "hybrid",
        *,
        literal: Collection[str] = (),
        for_me: str | None = None,
    ) -> list[tuple[str, float]]:
        self._fake.enter("explain_search", query, item)
        taste = [("taste", 0.6)] if for_me else []
        return [("words", 1.2), *taste, ("cosine", 0.4), ("known", -0.3)]

    def sample_queries(self, limit: int = 5) -> list[str]:
        return list(self._fake.samples[:limit])

    def recent_searches(self, limit: int = 10) -> list[str]:
        return self._fake.recent[:limit]

    def remember_search(self, line: str) -> None:
        self._fake.recent[:] = [line, *(one for one in self._fake.recent if one != line)]


class FakeUsers:
    """Users with numbers for names."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake

    def find(self, text: str, limit: int = 50) -> list[UserSummary]:
        self._fake.enter("find", text)
        found = [number for number in range(1, self._fake.num_users + 1) if text in str(number)]
        return [self._summary(number) for number in found[:limit]]

    def page(self, text: str, start: int, stop: int, order: UserOrder | None = None) -> tuple[int, list[UserSummary]]:
        found = self.find(text, self._fake.num_users)
        if order is not None and order.by == "interactions":
            found.sort(key=lambda user: user.num_interactions, reverse=order.descending)
        return len(found), found[start:stop]

    def history(self, user: ExternalId) -> list[HistoryEntry]:
        self._fake.enter("history", user)
        rated = self._fake.items[: 8 + int(user) % 5]
        return [
            HistoryEntry(
                item, None if number % 6 == 5 else ((number * 7 + int(user)) % 10 + 1) / 2, 1_000_000_000 + number
            )
            for number, item in enumerate(rated)
        ]

    def fans(self, item: ExternalId, limit: int = 100) -> list[Fan]:
        self._fake.enter("fans", item)
        found = range(3, self._fake.num_users + 1, 3)[:limit]
        return [Fan(self._summary(user), 5.0 - 0.5 * (place // 4), 1_000_000_000) for place, user in enumerate(found)]

    @staticmethod
    def _summary(number: int) -> UserSummary:
        return UserSummary(number, 20 + number % 7, 3.5)

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
        self._fake.clock.advance(0.018)
        self._fake.enter("recommend", user, job=job)
        if not {"bayesian", "explicit"} & set(self._fake.trained_models):
            raise NotTrainedError("No model for users is trained on this data set yet.")
        left = self._fake.items[8 + int(user) % 5 :]
        name = model or next(one for one in ("bayesian", "explicit") if one in self._fake.trained_models)
        results = tuple(
            Result(
                rank,
                item,
                4.87 - 0.13 * rank - 0.4 * cautious,
                # Ordered by caution, the second one has the higher prediction.
                predicted_rating=4.87 - 0.13 * rank + 0.2 * (cautious and rank == 2),
                reason="because of Heat and Rififi",
                std=0.6 + 0.05 * rank if name == "bayesian" else None,
            )
            for rank, item in enumerate(left[:k], 1)
        )
        return Answer(results, name)

    def explain(self, user: ExternalId, item: ExternalId, model: str | None = None, k: int = 3) -> Answer:
        self._fake.enter("explain", user, item, model)
        results = [Result(rank, one, 0.4 - 0.1 * rank) for rank, one in enumerate(self._fake.items[:k], 1)]
        return Answer(tuple(results), model or "explicit")


class FakePeople(FakeUsers):
    """The users, and the profile of one's own ratings before them."""

    def find(self, text: str, limit: int = 50) -> list[UserSummary]:
        own = [UserSummary(ProfileName("me"), len(self.own()), None)] if text in "me" else []
        return own + super().find(text, limit)

    def own(self) -> list[HistoryEntry]:
        said = self._fake.me.ratings()
        return [HistoryEntry(one.item, one.rating, 1) for one in said if one.item is not None and one.rating]

    def history(self, user: ExternalId) -> list[HistoryEntry]:
        return self.own() if isinstance(user, ProfileName) else super().history(user)

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
        if not isinstance(user, ProfileName):
            return super().recommend(user, k, model, filter_seen, job, cautious=cautious)
        known = {entry.item.internal_id for entry in self.own()}
        if not known:
            raise RecsysError("The profile 'me' has no ratings yet: rate some items first.")
        left = [item for item in self._fake.items if item.internal_id not in known]
        return Answer(
            tuple(Result(rank, item, 5.0 - rank / 9, 5.0 - rank / 9) for rank, item in enumerate(left, 1)), "knn"
        )

    def what_if(
        self,
        user: ExternalId,
        edits: Sequence[Edit],
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Comparison:
        self._fake.enter("what_if", user, tuple(edits), job=job)
        before = self.recommend(1 if isinstance(user, ProfileName) else user, k, model).results
        shift = sum(edit.item for edit in edits) % 3
        after = before[shift:] + before[:shift]
        old = {one.item.internal_id: one for one in before}
        results = tuple(replace(one, rank=rank) for rank, one in enumerate(after, 1))
        changes = tuple(
            Change(one.item, old[one.item.internal_id].rank, one.rank, one.score - 0.25 * shift, one.score)
            for one in results
        )
        return Comparison(results, changes, (), "knn")


class FakeMe:
    """One's own ratings in a dictionary."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake
        self._all: dict[str, dict[int, OwnRating]] = {"me": {}}
        self._trash: dict[str, dict[int, OwnRating]] = {}
        self._past: list[tuple[int, OwnRating | None]] = []
        self.other: list[OwnRating] = []
        """What is rated and not in the data set."""
        self.report: ImportReport | None = None
        """What an import does, instead of the usual."""

    @property
    def _said(self) -> dict[int, OwnRating]:
        return self._all["me"]

    def profiles(self) -> list[str]:
        return list(self._all)

    def summary(self, profile: str = "me") -> UserSummary:
        return UserSummary(ProfileName(profile), len(self._all.get(profile, {})), None)

    def make_profile(self, profile: str) -> None:
        if profile in self._all:
            raise RecsysError(f"There is a profile {profile!r} already: choose another name.")
        self._all[profile] = {}

    def rename_profile(self, profile: str, new_name: str) -> None:
        self._all[new_name] = self._all.pop(profile)

    def remove_profile(self, profile: str) -> bool:
        self._trash[profile] = self._all.pop(profile)
        return True

    def removed_profiles(self) -> list[str]:
        return list(reversed(self._trash))

    def restore_profile(self, profile: str) -> None:
        self._all[profile] = self._trash.pop(profile)

    def watchlist(self, profile: str = "me") -> list[OwnRating]:
        return [one for one in self.ratings(profile) if one.status == "watchlist"]

    def ratings(self, profile: str = "me") -> list[OwnRating]:
        return [*reversed(self._all[profile].values()), *self.other]

    def about(self, item: int, profile: str = "me") -> OwnRating | None:
        return self._all[profile].get(item)

    def rate(
        self,
        item: int,
        rating: float | None,
        highest: float = 5.0,
        profile: str = "me",
        *,
        status: Status = "rated",
    ) -> OwnRating:
        self._fake.enter("rate", item, rating, status)
        found = self._fake.items[item - 1]
        said = self._all[profile]
        self._past.append((item, said.pop(item, None)))
        said[item] = OwnRating(found.title, found.year, status, rating, highest, 1, found, "", rating)
        return said[item]

    def forget(self, item: int, profile: str = "me") -> OwnRating:
        self._past.append((item, self._all[profile][item]))
        return self._all[profile].pop(item)

    def undo(self, profile: str = "me") -> OwnRating | None:
        if not self._past:
            return None
        item, before = self._past.pop()
        self._all[profile].pop(item, None)
        if before is not None:
            self._all[profile][item] = before
        found = self._fake.items[item - 1]
        return before or OwnRating(found.title, found.year, "", None, 5.0, None, found)

    def import_file(
        self, path: Path, kind: str | None = None, profile: str = "me", job: Job | None = None
    ) -> ImportReport:
        self._fake.enter("import_file", str(path))
        if path.name == "nothing.csv":
            raise RecsysError(f"{path}: there is no such file or folder.")
        if self.report is not None:
            return self.report
        self.rate(1, 4.5)
        unmatched = (Unmatched(3, "Heatt", 1995, self._fake.items[2:4]), Unmatched(7, "Another film", None, ()))
        return ImportReport("me", "letterboxd", 3, 1, 3, 0, 0, 0, unmatched)

    def match(self, title: str, item: int, profile: str = "me") -> OwnRating:
        self._fake.enter("match", title, item)
        return self.rate(item, 4.0)

    def unmatch(self, title: str, profile: str = "me") -> OwnRating:
        self._fake.enter("unmatch", title)
        return OwnRating(title, None, "rated", 4.0, 5.0, None, None)

    def export(self, target: Target, profile: str = "me") -> int:
        self._fake.enter("export", str(target.path), target.replace)
        return len(self._said)


class FakeSequences:
    """Predicts the items in a fixed order."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake

    def complete_title(self, text: str, limit: int = 8) -> list[TitleMatch]:
        self._fake.enter("complete_title", text)
        wanted = text.casefold()
        found = [item for item in self._fake.items if wanted in item.title.casefold()]
        how = "prefix"
        if not found and wanted == "star wrs":
            found, how = [item for item in self._fake.items if item.title == "Star Wars"], "typo"
        return [TitleMatch(item, how, 0.9, self._fake.popularity(item)) for item in found[:limit]]  # type: ignore[arg-type]

    def resolve_title(self, text: str) -> TitleMatch:
        self._fake.enter("resolve_title", text)
        found = self.complete_title(text)
        if not found:
            raise UnknownError(f"There is no title like “{text}” in this data set.", ("Star Wars", "Heat"))
        return found[0]

    def explain(
        self, items: Sequence[int], item: ExternalId, model: str | None = None, k: int = 3, job: Job | None = None
    ) -> Answer:
        self._fake.enter("explain_next", tuple(items), item, model, job=job)
        known = [self._fake.items[number - 1] for number in dict.fromkeys(reversed(items))]
        return Answer(
            tuple(Result(rank, one, 0.9 / rank) for rank, one in enumerate(known[:k], 1)), model or "sequence"
        )

    def next_items(
        self,
        items: Sequence[int],
        k: int = 10,
        model: str | None = None,
        filter_seen: bool = True,
        job: Job | None = None,
    ) -> Answer:
        self._fake.clock.advance(0.018)
        self._fake.enter("next_items", tuple(items), job=job)
        if "sequence" not in self._fake.trained_models:
            raise NotTrainedError("No model for sequences is trained on this data set yet.")
        left = [item for item in self._fake.items if item.internal_id not in items]
        shift = sum(items) % len(left)
        left = left[shift:] + left[:shift]
        results = tuple(
            Result(rank, item, -float(rank), probability=0.21 * 0.7 ** (rank - 1))
            for rank, item in enumerate(left[:k], 1)
        )
        return Answer(results, "sequence")

    def compare(
        self,
        before: Sequence[int],
        after: Sequence[int],
        k: int = 10,
        model: str | None = None,
        job: Job | None = None,
    ) -> Comparison:
        self._fake.enter("compare", tuple(before), tuple(after), job=job)
        old = {one.item.internal_id: one for one in self.next_items(before, k).results}
        results = self.next_items(after, k).results
        nothing = Result(0, self._fake.items[0], 0.0)
        changes = tuple(
            Change(
                one.item,
                old[one.item.internal_id].rank if one.item.internal_id in old else None,
                one.rank,
                old.get(one.item.internal_id, nothing).probability,
                one.probability,
            )
            for one in results
        )
        return Comparison(results, changes, (), "sequence")


class FakeModels:
    """Two models, and those that a test adds."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake

    def states(self, task: Task | None = None) -> list[ModelState]:
        known = [
            *self._fake.further_models,
            ModelState("explicit", "user", "Predicts the rating that each user would give to each item."),
            ModelState("sequence", "sequence", "Learns from the order of what was watched what comes next."),
        ]
        return [
            replace(
                one,
                trained=one.name in self._fake.trained_models,
                trained_at=self._fake.trained_models.get(one.name),
                obstacle=self._fake.obstacle,
            )
            for one in known
            if task in (None, one.task)
        ]

    def train(
        self,
        model: str,
        options: Mapping[str, Any] | None = None,
        job: Job | None = None,
        seed: int = 42,
        *,
        validate: bool = False,
        resume: bool = False,
    ) -> FitReport:
        job = job or Job()
        for epoch in range(1, self._fake.epochs + 1):
            values = {"epoch": epoch, "epochs": self._fake.epochs, "loss": 1.0 / epoch + 0.5}
            values |= {"validation rmse": 1.0 - 0.01 * epoch} if validate else {}
            job.report(Progress(f"training {model}", 40 * epoch, 40 * self._fake.epochs, "batches", values))
            self._fake.enter("train", model, epoch, job=job)
            if resume:
                self._fake.unfinished.pop(model, None)
            self._fake.clock.advance(0.5)
            job.checkpoint()
        self._fake.trained_models[model] = "2025-11-21T23:00:00Z"
        self._fake.runs.add("train", model)
        return FitReport(model, "fake", None, seed, {"rmse": 0.9}, {"fit": 1.0}, None)

    def evaluate(self, model: str, config: EvaluationConfig | None = None, job: Job | None = None) -> FitReport:
        self._fake.enter("evaluate", model, config, job=job)
        self._fake.runs.add("evaluate", model)
        return FitReport(model, "fake", "random", 42, {"ndcg@10": 0.2}, {"fit": 1.0}, 10)

    def tune(
        self,
        model: str,
        trials: int,
        config: EvaluationConfig | None = None,
        job: Job | None = None,
        *,
        timeout: float | None = None,
        metric: str | None = None,
    ) -> object:
        job = job or Job()
        for ended in range(trials + 1):
            study = make_study(model, ended, trials, metric or "rmse")
            job.report(Progress(f"tuning {model}", ended, trials, "trials", {}, study))
            if ended == min(self._fake.held_trials, trials):
                self._fake.enter("tune", model, trials, metric, timeout, job=job)
            self._fake.clock.advance(0.5)
        self._fake.runs.add("tune", model, study=study)
        return None


if TYPE_CHECKING:

    def _conforms(session: FakeSession) -> SessionLike:
        return session
