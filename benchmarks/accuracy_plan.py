"""What ``accuracy.py`` measures: data sets, splits, models; and what is known of other libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from engine import datasets, models
from engine.cross_validation import user_based_train_test_split
from engine.data.dataset import Dataset
from engine.evaluation.config import Ties
from engine.evaluation.splitters import Split, shuffle_ties, split
from engine.interactions import Interactions

SEEDS = (42, 43, 44)
#: The label of a row whose equal times are in random order.
SHUFFLED = "ties shuffled"


@dataclass(frozen=True)
class Case:
    """One row of the results.

    ``label`` tells cases of one model apart; ``protocol`` says what is asked; ``parts`` gives the split for a seed,
    or None for that of the protocol. ``ties`` is the order of interactions of one user at the same time: the page
    judges by the random one wherever the order of the file says something, and shows the file's beside it.
    """

    section: str
    data: str
    protocol: str
    model: str
    options: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    parts: Callable[[Dataset, Path, int], Split] | None = None
    split_words: str = ""
    seeds: tuple[int, ...] = SEEDS
    user_features: bool = False
    ties: Ties = "file"

    @property
    def key(self) -> str:
        return "/".join((self.section, self.data, self.protocol, self.model, self.label)).rstrip("/")

    @property
    def file_key(self) -> str:
        """The key of the same case with equal times in the order of the file."""
        return self.key.removesuffix(SHUFFLED).rstrip("/")


# -- data sets --------------------------------------------------------------------------------------------------
TITLES = {
    "movies": "ratings_small (The Movies Dataset)",
    "ml-100k": "MovieLens 100K",
    "demo": "the bundled demo (simulated audience)",
    "anime": "Anime Recommendations Database (first 101,001 rows)",
}


@cache
def read(name: str, folder: Path) -> Dataset:
    """A data set from the folder of real ones; the demo from where it is bundled."""
    files = {
        "movies": {
            "ratings": folder / "ratings_small.csv",
            "items": folder / "movies_metadata_rebuilt.csv.gz",
            "links": folder / "links.csv",
        },
        "ml-100k": {"source": folder / "ml-100k"},
        "anime": {"ratings": folder / "anime_rating_first101001.csv.gz", "items": folder / "anime.csv"},
        "demo": {},
    }[name]
    return datasets.read(name, {"ml-100k": "movielens"}.get(name, name), **files)


# -- splits that are not those of the protocols -----------------------------------------------------------------
def first_seed(data: Dataset, _: Path, __: int) -> Split:
    return split(data.interactions, "random", SEEDS[0])


def published_fold(number: int) -> Callable[[Dataset, Path, int], Split]:
    """MovieLens 100K's own folds: the n-th 20,000 lines of u.data are the test part of u_n (its mku.sh)."""

    def parts(data: Dataset, _: Path, __: int) -> Split:
        rows = np.arange(len(data.interactions)) // 20_000 == number - 1
        return Split(data.interactions.select(~rows), data.interactions.select(rows))

    return parts


def any_fold(data: Dataset, folder: Path, seed: int) -> Split:
    return published_fold(seed)(data, folder, seed)


def first_seed_without_times(data: Dataset, folder: Path, seed: int) -> Split:
    """The same parts, but the model is not told when the test ratings were given."""
    parts = first_seed(data, folder, seed)
    test = parts.test
    untimed = Interactions(
        test.user_ids, test.item_ids, test.ratings, num_users=test.num_users, num_items=test.num_items
    )
    return Split(parts.train, untimed)


def tutorials_users(data: Dataset, _: Path, seed: int, ties: Ties = "file") -> Split:
    """The users of Spotlight's tutorial: it hashes the ids of the file, not dense ones."""
    log = data.interactions if ties == "file" else shuffle_ties(data.interactions, seed)
    as_in_file = Interactions(
        np.asarray(data.users.ids)[log.user_ids].astype(np.int32),
        log.item_ids,
        log.ratings,
        log.timestamps,
        num_items=log.num_items,
    )
    return Split(*user_based_train_test_split(as_in_file, 0.2, np.random.RandomState(42)), ties)


def people_of_ml_100k(data: Dataset, folder: Path) -> dict[str, np.ndarray]:
    """Age, sex and occupation of MovieLens 100K's users, which the data set itself does not hold."""
    from engine.data.features import bumps, members

    rows = {
        int(line.split("|")[0]): line.split("|") for line in (folder / "ml-100k" / "u.user").read_text().splitlines()
    }
    people = [rows[int(user)] for user in data.users.ids]
    ages = np.array([float(row[1]) for row in people])
    return {
        "age": bumps(ages, 10, 70, 8),
        "sex": members([(row[2],) for row in people]),
        "occupation": members([(row[3],) for row in people]),
    }


# -- cases ------------------------------------------------------------------------------------------------------
IDS_ONLY = {"history": False, "time": False, "side_features": False}
NO_METADATA = {"side_features": False}
#: The end of the label of a row whose model is not told when the test ratings were given.
UNTIMED = "test times unknown"

#: Data set -> protocols of the great table. The anime excerpt has no times: nothing can be asked in their order.
PROTOCOLS = {
    "ml-100k": ("leave-one-out", "random", "temporal", "user"),
    "movies": ("leave-one-out", "random", "temporal", "user"),
    "demo": ("leave-one-out", "random", "temporal", "user"),
    "anime": ("random", "user"),
}

#: Data set -> task -> the protocols under which the order of equal times in the file gives something away. In
#: ratings_small each user's ratings are listed by film id. MovieLens 100K lists all ratings in random order, and no two
#: of the demo's have the same time. Under ``temporal`` and ``user`` only sequence models see an order.
TELLING_TIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "movies": {"user": ("leave-one-out",), "sequence": ("leave-one-out", "temporal", "user")},
}


def cases() -> Iterator[Case]:
    """All rows, those that are to show something first."""
    there = models.describe()
    yield from _ratings()
    for name, spec in there.items():
        if spec.task == "sequence":
            words = "the tutorial's 20 % of users"
            yield Case("tutorial", "movies", "user", name, parts=tutorials_users, split_words=words)
            shuffled = partial(tutorials_users, ties="random")
            yield Case("tutorial", "movies", "user", name, {}, SHUFFLED, shuffled, words, ties="random")
    for name in there:
        yield Case("answers", "movies", "random", name, seeds=SEEDS[:1])
    for data, protocols in PROTOCOLS.items():
        for protocol in protocols:
            for name, spec in there.items():
                if data == "anime" and "times" in spec.needs:
                    continue
                if protocol == "random" and spec.task == "sequence":
                    continue
                yield Case("all", data, protocol, name)
                if data in TELLING_TIES and protocol in TELLING_TIES[data][spec.task]:
                    yield Case("all", data, protocol, name, label=SHUFFLED, ties="random")


def _ratings() -> Iterator[Case]:
    fixed = {"parts": first_seed, "split_words": "80/20, RandomState(42)"}
    for name in ("baseline", "svd", "knn", "explicit"):
        yield Case("ratings", "movies", "random", name, **fixed)
    yield Case("ratings", "movies", "random", "bayesian", IDS_ONLY, "ids only", **fixed)
    history = {"time": False, "side_features": False}
    yield Case("ratings", "movies", "random", "bayesian", history, "ids, history", **fixed)
    yield Case("ratings", "movies", "random", "bayesian", NO_METADATA, "ids, history, times", **fixed)
    unknown = {**fixed, "parts": first_seed_without_times}
    yield Case("ratings", "movies", "random", "bayesian", NO_METADATA, f"ids, history, times, {UNTIMED}", **unknown)
    yield Case("ratings", "movies", "random", "bayesian", {}, "ids, history, times, film metadata", **fixed)
    label = f"ids, history, times, film metadata, {UNTIMED}"
    yield Case("ratings", "movies", "random", "bayesian", {}, label, **unknown)
    films = {"history": False, "time": False}
    yield Case("ratings", "movies", "random", "bayesian", films, "ids, film metadata", **fixed)
    u1 = {"parts": published_fold(1), "split_words": "u1"}
    for likelihood in ("gaussian", "ordinal"):
        options = {"likelihood": likelihood}
        yield Case(
            "ratings", "ml-100k", "random", "bayesian", options, f"all features, {likelihood}", user_features=True, **u1
        )
    for name in ("baseline", "svd", "knn", "explicit"):
        yield Case("ratings", "ml-100k", "random", name, **_folds())
    for likelihood in ("gaussian", "ordinal"):
        options = {**IDS_ONLY, "likelihood": likelihood}
        yield Case("ratings", "ml-100k", "random", "bayesian", options, f"ids only, {likelihood}", **_folds())


def _folds() -> dict[str, Any]:
    return {"parts": any_fold, "split_words": "u1 to u5, mean", "seeds": (1, 2, 3, 4, 5)}


# -- what is to be reached, and what others reach -----------------------------------------------------------------
@dataclass(frozen=True)
class Goal:
    """A row of the table of goals: which case, which figure, how good it must be, and the best of others."""

    words: str
    keys: tuple[str, ...]
    metric: str
    bound: float
    seconds: float | None
    others: str


GOALS = (
    Goal(
        "ratings_small, `RandomState(42)` 80/20, ids only",
        ("ratings/movies/random/bayesian/ids only",),
        "rmse",
        0.862,
        7,
        "myFM .8631 in 13 s",
    ),
    Goal(
        "the same, everything in ratings_small (history on both sides, times)",
        ("ratings/movies/random/bayesian/ids, history, times",),
        "rmse",
        0.840,
        20,
        "myFM with the same features .8423 in 31 s",
    ),
    Goal(
        "the same, without the times of the test ratings",
        (f"ratings/movies/random/bayesian/ids, history, times, {UNTIMED}",),
        "rmse",
        0.840,
        20,
        "none measured",
    ),
    Goal(
        "ratings_small, the same split, with film metadata",
        ("ratings/movies/random/bayesian/ids, history, times, film metadata",),
        "rmse",
        0.820,
        30,
        "myFM .8242 in 37 s",
    ),
    Goal(
        "the same, without the times of the test ratings",
        (f"ratings/movies/random/bayesian/ids, history, times, film metadata, {UNTIMED}",),
        "rmse",
        0.820,
        30,
        "none measured",
    ),
    Goal(
        "ML-100K u1, all features",
        (
            "ratings/ml-100k/random/bayesian/all features, ordinal",
            "ratings/ml-100k/random/bayesian/all features, gaussian",
        ),
        "rmse",
        0.880,
        None,
        "probit myFM .8808, GLocal-K .8889",
    ),
    Goal(
        "ML-100K u1 to u5, ids only",
        ("ratings/ml-100k/random/bayesian/ids only, ordinal", "ratings/ml-100k/random/bayesian/ids only, gaussian"),
        "rmse",
        0.897,
        None,
        "myFM .898",
    ),
    Goal(
        "ratings_small, the tutorial's user split, sequences of 10, seen removed",
        tuple(f"tutorial/movies/user/{model}/{SHUFFLED}" for model in ("blend", "attention", "markov")),
        "mrr",
        0.080,
        60,
        "in file order: decayed Markov .068, Spotlight .013",
    ),
)

_TUTORIAL = "ratings_small, the tutorial's user split, file order"
_SMALL, _U = "ratings_small, `RandomState(42)` 80/20", "MovieLens 100K, u1 to u5"
#: (data and protocol, library and model, figure): measured on two cores or published, see the text of the page.
OTHERS = (
    (_SMALL, "mean rating", "RMSE 1.064"),
    (_SMALL, "Spotlight, explicit", "RMSE 1.109, 4.4 s"),
    (_SMALL, "Surprise, SVD", "RMSE .9012, 1 s"),
    (_SMALL, "Surprise, baseline", "RMSE .8989"),
    (_SMALL, "Surprise, SVD++", "RMSE .8922, 39 s"),
    (_SMALL, "Surprise, item-kNN on the baseline", "RMSE .8815, 10 s"),
    (_SMALL, "myFM, ids only, rank 8 / 16", "RMSE .8657, 7 s / .8631, 13 s"),
    (_SMALL, "myFM, history on both sides, rank 10 / 20", "RMSE .8543, 15 s / .8517, 53 s"),
    (_SMALL, "myFM, + time / + user-day", "RMSE .8449, 28 s / .8423, 31 s"),
    (_SMALL, "myFM, + film metadata", "RMSE .8242, 37 s"),
    ("MovieLens 100K, u1", "GLocal-K", "RMSE .8889"),
    ("MovieLens 100K, u1", "myFM ids only / history / + time / + user-day", "RMSE .9065 / .8902 / .8882 / .8856"),
    ("MovieLens 100K, u1", "myFM with side features / ordered probit", "RMSE .8833 / .8808"),
    (_U, "Surprise: baseline / SVD / SVD++", "RMSE .944 / .934 / .919"),
    (_U, "myFM, ids only", "RMSE .898"),
    (_TUTORIAL, "Spotlight, cnn and bpr, as its tutorial has it", "MRR .0132, 26.7 s"),
    (_TUTORIAL, "popularity / decayed Markov (seen removed)", "MRR .0169 / .068"),
)
