"""The services of the Data tab over the fake session: data sets in memory, a profile, and queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.data.bins import Bin
from engine.data.profile import Distribution, Doubt, ItemCount, Profile
from engine.data.results import Overview
from engine.datasets.ingest import Preview
from engine.errors import DataError
from engine.session import Draft, Job, NewDataset, Progress, QueryResult, StoredDataset

if TYPE_CHECKING:
    from tests.tui.fake import FakeSession

COLUMNS = ("who", "what", "stars", "when")
SAMPLES = {"who": ("ann", "bob"), "what": ("Heat", "Rififi"), "stars": ("4.5", "3"), "when": ("2021-01-01",)}
GUESSED: Mapping[str, str] = {"user": "who", "item": "what", "rating": "stars", "time": "", "title": ""}


def overview(name: str, title: str = "", items: int = 1000) -> Overview:
    return Overview(name, title or name, "table", False, 60, items, items - 1, 100 * items, (0.5, 5.0), True)


class FakeDatasets:
    """Three data sets, of which the first is open."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake
        self._stored = {name: overview(name) for name in ("anime", "fake", "songs")}
        self._trash: list[str] = []

    def stored(self) -> list[StoredDataset]:
        self._fake.enter("list_datasets")
        return [StoredDataset(name, one, "", name == "fake") for name, one in sorted(self._stored.items())]

    def removed(self) -> Sequence[str]:
        return tuple(reversed(self._trash))

    def complete(self, text: str) -> list[str]:
        self._fake.enter("complete", text)
        return [one for one in ("/data/", "/data/films/", "/data/ratings.csv") if one.startswith(text)]

    def complete_path(self, text: str) -> list[str]:
        self._fake.enter("complete_path", text)
        return [one for one in ("/data/", "/data/films/", "/data/letterboxd.zip") if one.startswith(text)]

    def preview(self, new: NewDataset, job: Job | None = None) -> Draft:
        self._fake.enter("preview", new, job=job)
        roles = {**GUESSED, **new.mapping}
        unclear = ("when",) if "unclear" in new.source and new.day_first is None else ()
        if unclear and new.is_update:
            return Draft(None, (), {}, "unclear.csv: the dates of when do not tell which is the day.", unclear)
        if not roles["item"]:
            return Draft(None, COLUMNS, roles, "ratings.csv: has no column for the item.", samples=SAMPLES)
        interactions = [{"user": "ann", "item": "Heat", "rating": "4.5"}]
        found = Preview(
            overview(new.name),
            {"duplicate pair": 3},
            {"notes": ["ratings.csv: columns not used: mood (words)."]},
            {"title": "string", "year": "int32"},
            [{"title": "Heat", "year": "1995"}],
            interactions,
        )
        return Draft(found, COLUMNS, roles, unclear_dates=unclear, samples=SAMPLES)

    def add(self, new: NewDataset, job: Job | None = None, log: Callable[[str], None] = lambda _: None) -> str:
        job = job or Job()
        job.report(Progress(f"reading {new.source}", 500, 1000, "rows"))
        self._fake.enter("add", new, job=job)
        job.checkpoint()
        self._stored[new.name] = overview(new.name)
        return new.name

    def rename(self, name: str, new_name: str) -> str:
        self._fake.enter("rename", name, new_name)
        if new_name in self._stored:
            raise DataError(f"A data set named {new_name!r} is already stored.")
        self._stored[new_name] = self._stored.pop(name)
        return new_name

    def remove(self, name: str) -> None:
        self._fake.enter("remove", name)
        if name == "fake":
            raise DataError("fake is open: open another data set before this one is removed.")
        self._trash.append(name)
        del self._stored[name]

    def restore(self, name: str) -> str:
        self._fake.enter("restore", name)
        self._trash.remove(name)
        self._stored[name] = overview(name)
        return name


def profile(items: Sequence[Any] = ()) -> Profile:
    """The profile of a small data set with everything in it."""
    ratings = tuple(Bin(f"{rating / 2:g}", 40 * rating) for rating in range(1, 11))
    spread = Distribution(1, 20.0, 24.5, 90, tuple(Bin(label, 7 * n) for n, label in enumerate(("1", "2", "3–4"), 1)))
    popular = tuple(ItemCount(one.item_id, one.title, one.year, 90 - one.internal_id, 3.9) for one in items[:10])
    doubts = (
        Doubt("one-item-users", 7, 60, "7 users have one interaction alone: nothing of theirs can be held out."),
        Doubt("no-text", 1, 20, "1 item has no text: search by meaning cannot find them."),
    )
    return Profile(
        num_users=60,
        num_items=20,
        num_rated_items=19,
        num_interactions=1200,
        num_ratings=1100,
        density=0.42,
        mean_rating=3.4,
        ratings=ratings,
        first=789_652_009,
        last=1_476_640_644,
        times=tuple(Bin(str(year), 10 * (year - 1990)) for year in range(1995, 2017)),
        users=spread,
        items=replace(spread, most=300),
        top_share=0.38,
        popular=popular,
        unpopular=popular[::-1],
        doubts=doubts,
        notes=("ratings.csv: 3 rows left out (duplicate pair), the first at row 8.",),
    )


class FakeProfiles:
    """A profile of the films."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake

    def profile(self, job: Job | None = None) -> Profile:
        self._fake.enter("profile", job=job)
        return profile(self._fake.items)


class FakeQueries:
    """Answers every query with the films."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake

    def query(self, text: str, limit: int = 1000, job: Job | None = None) -> QueryResult:
        self._fake.enter("query", text, job=job)
        if not text.casefold().startswith("select"):
            raise DataError("The query cannot be answered: syntax error.")
        rows = tuple((item.title, item.year) for item in self._fake.items)
        return QueryResult(("title", "year"), rows[:limit], len(rows) > limit)
