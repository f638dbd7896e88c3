"""How the files in ``stored/`` came about: a home, a cancelled training, and what was answered from them.

They were made once, by the program as of commit 469f6e1 (version 0.1.0), which wrote and answered everything itself:
``home`` through its command line, ``interrupted`` through its models, ``expected.json`` through its session. A later
version must open the files as they are and give these answers. This script runs only with that commit, whose modules
it imports::

    git worktree add /tmp/base 469f6e1
    PYTHONPATH=/tmp/base python make_stored.py stored

Run again it makes other ids, times and seconds, and the same answers but for the last digits.

The data are invented: twelve tales that nobody has told, two of which nobody has rated, and eight readers.

- ``home`` is a whole ``RECSYS_TUI_HOME`` but for ``cache``, which can be made again, and for the empty lock files: a
  config file, one data set with its embeddings, its index of words, the search for good options of a model, and one
  trained model of every kind, the recent searches, the look, and which data set was open last.
- ``interrupted`` is a model whose training was cancelled in the middle of its third epoch: by its training state the
  next ``fit`` must complete it, with the result of a run that nobody cancelled.
- ``expected.json`` holds the answers; scores are rounded to six digits. See :func:`answers`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

NAME = "tales"
COMMIT = "469f6e1"
K = 5

#: id, title, year, genres, text, director; nobody has rated the last two.
ITEMS = (
    (
        "lamp-1",
        "The Lamp at Orrin Point",
        "1961",
        "Drama|Mystery",
        "A keeper counts ships that never arrive.",
        "Ada Vell",
    ),
    (
        "lamp-2",
        "The Lamp Goes Out",
        "1964",
        "Drama|Mystery",
        "The keeper's daughter sails to find the ships.",
        "Ada Vell",
    ),
    ("salt", "Salt and Copper", "1978", "Western", "Two miners share one mule across a desert of salt.", "Jory Pike"),
    ("heron", "Heron Street", "1983", "Comedy|Romance", "A baker and a plumber fall in love over a leak.", "Mina Osei"),
    ("orbit", "Slow Orbit", "1989", "Science Fiction", "A crew mends its spaceship with a garden.", "Tomas Rehn"),
    (
        "orbit-2",
        "Slow Orbit: Harvest",
        "1993",
        "Science Fiction|Drama",
        "The garden has grown larger than the spaceship.",
        "Tomas Rehn",
    ),
    (
        "thief",
        "The Polite Thief",
        "1997",
        "Comedy|Crime",
        "A burglar leaves thank-you notes and is found by them.",
        "Mina Osei",
    ),
    ("école", "L'École d'Hiver", "2002", "Drama", "A school in the snow keeps its last pupil.", "Ada Vell"),
    ("static", "Static, Static", "2010", "Horror|Mystery", "A radio answers questions nobody asked.", ""),
    (
        "glass",
        "A Glass of Weather",
        "2015",
        "Fantasy|Romance",
        "She bottles storms and sells them to sailors.",
        "Jory Pike",
    ),
    ("unseen", "Nobody's Matinée", "2021", "Comedy", "A cinema shows films to empty seats.", "Mina Osei"),
    ("moth", "Moth Engine", "", "Science Fiction|Fantasy", "Moths steer a machine that dreams of spaceships.", ""),
)
NUM_RATED = 10
USERS = (3, 7, 12, 20, 21, 105, 444, 9001)
#: Whose recommendations and histories are in ``expected.json``; what sequences are gone on from.
ASKED_USERS = (3, 21)
ASKED_SEQUENCES = (("lamp-1",), ("orbit", "thief", "heron"))
#: Query, mode, item, and how that item is to be like.
ASKED_SEARCHES = (
    ("spaceship garden", "keyword", None, None),
    ("the keeper of a lighthouse", "semantic", None, None),
    ("love story", "hybrid", None, None),
    ("genre:drama year:>=1990", "hybrid", None, None),
    ("", "hybrid", "orbit", "meaning"),
    ("", "hybrid", "lamp-1", "taste"),
    ("", "hybrid", "heron", "both"),
)
SEARCHED = ("spaceship garden", "love story genre:comedy", "director:vell")

#: Every kind of model with options that keep it small. ``attention`` is the one that goes by texts.
MODELS = {
    "bayesian": "embedding_dim=4 n_iter=8 burn_in=2 num_samples=4",
    "knn": "neighbors=5 shrinkage=2",
    "svd": "embedding_dim=4 n_iter=5",
    "explicit": "embedding_dim=4 n_iter=5 batch_size=16",
    "als": "embedding_dim=4 n_iter=3",
    "ease": "l2=5",
    "implicit": "embedding_dim=4 n_iter=5 batch_size=16",
    "baseline": "l2_user=4",
    "popular": "half_life=300",
    "blend": "embedding_dim=4 n_iter=3 batch_size=4",
    "attention": "embedding_dim=4 n_iter=3 batch_size=4 texts=true",
    "markov": "lags=5",
    "sequence": "embedding_dim=4 n_iter=3 batch_size=4",
}
#: The model that good options are looked for, and in how many trials.
TUNED, TRIALS = "ease", 3
#: The model that is cancelled, its options, and after how many of its four batches an epoch.
INTERRUPTED = "explicit"
INTERRUPTED_OPTIONS = {"embedding_dim": 4, "n_iter": 5, "batch_size": 16, "random_state": 7, "device": "cpu"}
CANCELLED_AFTER = 10
THEME = "recsys-light"


def main() -> None:
    """Make all three in a folder, which is replaced."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path, help="where to work, kept; by default a temporary folder, deleted")
    arguments = parser.parse_args()
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    with tempfile.TemporaryDirectory() as temporary:
        home = arguments.home or Path(temporary) / "home"
        shutil.rmtree(home, ignore_errors=True)
        os.environ["RECSYS_TUI_HOME"] = str(home)
        make_home(home, Path(temporary))
        cancelled = Path(temporary) / "interrupted"
        expected = answers(home) | {"interrupted": interrupt(home, cancelled)}
        shutil.rmtree(arguments.folder, ignore_errors=True)
        shutil.copytree(home, arguments.folder / "home", ignore=shutil.ignore_patterns("cache", "*.lock"))
        shutil.copytree(cancelled, arguments.folder / "interrupted")
    text = json.dumps(expected, indent=1, ensure_ascii=False)
    (arguments.folder / "expected.json").write_text(text + "\n", encoding="utf-8")


# -- what is stored -------------------------------------------------------------------------------------------------
def make_home(home: Path, sources: Path) -> None:
    """Store everything, by the command line as a person would."""
    from engine.session import open_session
    from engine.workspace import Workspace
    from tui.remembered import write_theme

    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text('embedding-model = "all-MiniLM-L6-v2"\n', encoding="utf-8")
    items, ratings = write_sources(sources)
    run("datasets", "add", NAME, "--items", items, "--ratings", ratings)
    run("search", "a radio at night", "--device", "cpu")  # embeds the catalogue, keeps the index of words
    for model, options in MODELS.items():
        run("train", model, "--set", options, "--device", "cpu")
    run("tune", TUNED, "--trials", TRIALS, "--device", "cpu")
    session = open_session(Workspace(home / "data"), NAME)
    for line in SEARCHED:  # only the app keeps searches and its look
        session.remember_search(line)
    write_theme(home / "state", THEME)


def run(*words: object) -> None:
    """One command of the program.

    Raises
    ------
    SystemExit
        If it fails.
    """
    from tui.cli import main as command_line

    if status := command_line([str(word) for word in words]):
        raise SystemExit(f"recsys-tui {' '.join(map(str, words))} ended with {status}")


def write_sources(folder: Path) -> tuple[Path, Path]:
    """The two files that the data set is read from.

    Returns
    -------
    tuple of Path
        ``items.csv``; ``ratings.csv``, in which each user has rated five to eight of the first ten items, one row is a
        second rating of the same item, and one has no rating, so that it is left out.
    """
    items, ratings = folder / "items.csv", folder / "ratings.csv"
    with items.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "title", "year", "genres", "text", "director"), *ITEMS])
    draw = random.Random(469)
    rows: list[tuple[object, ...]] = []
    for place, user in enumerate(USERS):
        order = draw.sample(range(NUM_RATED), 5 + place % 4)
        for step, item in enumerate(order):
            likes = 2.0 * ((item + place) % 2) + draw.choice((1.0, 1.5, 2.0, 2.5, 3.0))
            rows.append((user, ITEMS[item][0], likes, 1_000_000_000 + 86_400 * (40 * place + 3 * step)))
    rows.append((rows[0][0], rows[0][1], 4.5, 1_100_000_000))
    rows.append((USERS[0], ITEMS[0][0], "", 1_100_000_000))
    with ratings.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("user", "item", "rating", "timestamp"), *rows])
    return items, ratings


def interrupt(home: Path, folder: Path) -> dict[str, Any]:
    """Cancel a training in the middle of an epoch and store the model with its training state.

    Returns
    -------
    dict
        ``model`` and ``options``; ``epochs`` and ``batches`` done when it was cancelled; what it predicts for the
        first user ``before`` it is taken up; ``after``, and the ``losses`` of all epochs, once
        ``load(folder).fit(interactions)`` has completed it.
    """
    from engine import models
    from engine.errors import CancelledError
    from engine.job import Job
    from engine.workspace import Workspace

    class Impatient(Job):
        """Cancels itself at a checkpoint."""

        left = CANCELLED_AFTER

        def checkpoint(self) -> None:
            if not self.left:
                self.cancel()
            self.left -= 1
            super().checkpoint()

    interactions = Workspace(home / "data").open(NAME).interactions
    model = models.create(INTERRUPTED, **INTERRUPTED_OPTIONS)
    try:
        model.fit(interactions, job=Impatient())
    except CancelledError:
        model.save(folder, metadata={"why": "cancelled"}, training_state=True)
    again = models.load(folder, device="cpu")
    state = json.loads((folder / "model.json").read_text(encoding="utf-8"))["run"]
    before = digits(again.predict(0))
    again.fit(interactions)
    whole = models.create(INTERRUPTED, **INTERRUPTED_OPTIONS)
    whole.fit(interactions)
    assert digits(whole.predict(0)) == digits(again.predict(0))
    return {
        "model": INTERRUPTED,
        "options": INTERRUPTED_OPTIONS,
        "metadata": {"why": "cancelled"},
        "epochs": state["epoch"],
        "batches": state["batch"],
        "before": before,
        "after": digits(again.predict(0)),
        "losses": digits(again.losses_by_epoch),
    }


# -- what is answered -----------------------------------------------------------------------------------------------
def answers(home: Path) -> dict[str, Any]:
    """What the program answers from a home, by its session alone.

    Returns
    -------
    dict
        A list of results is a list of ``[item id, score, …]``, ``K`` at most. ``recommend`` (unseen items) and
        ``recommend_seen_too``, by model and user, add the predicted rating, its spread and the reason; ``next_items``,
        by model and sequence (ids joined by a space), the probability; ``search`` nothing. ``tuned`` is what is
        answered once no trial is left to be made.
    """
    from engine.paths import find_paths
    from engine.session import open_session
    from engine.version import __version__
    from engine.workspace import Workspace
    from tui.remembered import read_theme

    workspace = Workspace(find_paths().data)
    session = open_session(workspace, NAME, device="cpu")
    states = session.models()
    assert {state.name for state in states if state.trained} == {*MODELS} == {state.name for state in states}
    of_task = {task: [state.name for state in states if state.task == task] for task in ("user", "sequence")}
    vocabulary = session.dataset.items.vocabulary
    manifest = workspace.manifest(NAME)
    tuned = session.tune(TUNED, TRIALS)
    return {
        "program": __version__,
        "commit": COMMIT,
        "dataset": NAME,
        "current": workspace.current(),
        "theme": read_theme(home / "state"),
        "recent_searches": session.recent_searches(),
        "overview": asdict(session.overview()),
        "skipped": dict(manifest.skipped),
        "fingerprints": dict(manifest.fingerprints),
        "items": [
            {
                "dense_id": item.dense_id,
                "item_id": item.item_id,
                "title": item.title,
                "year": item.year,
                "genres": item.genres,
                "text": item.text,
                "metadata": dict(item.metadata),
            }
            for item in session.dataset.items.take(range(1, len(vocabulary) + 1))
        ],
        "users": session.dataset.users.ids.tolist(),
        "embedding_state": asdict(session.embedding_state()),
        "models": [
            {
                "name": state.name,
                "task": state.task,
                "trained": state.trained,
                "trained_at": state.trained_at,
                "options": dict(state.options),
                "metrics": dict(state.metrics),
                "obstacle": state.obstacle,
            }
            for state in states
        ],
        "best": {
            "user": session.recommend(ASKED_USERS[0], 1).method,
            "sequence": session.next_items([vocabulary.encode_one(ASKED_SEQUENCES[0][0])], 1).method,
        },
        "history": {
            str(user): [[one.item.item_id, one.rating, one.timestamp] for one in session.history(user)]
            for user in ASKED_USERS
        },
        "recommend": {name: recommended(session, name, filter_seen=True) for name in of_task["user"]},
        "recommend_seen_too": {name: recommended(session, name, filter_seen=False) for name in of_task["user"]},
        "next_items": {
            name: {
                " ".join(ids): lines(
                    session.next_items([vocabulary.encode_one(one) for one in ids], K, name).results,
                    lambda one: [digit(one.probability)],
                )
                for ids in ASKED_SEQUENCES
            }
            for name in of_task["sequence"]
        },
        "search": [searched(session, *asked) for asked in ASKED_SEARCHES],
        "tuned": {name: getattr(tuned, name) for name in ("metric", "best_options", "best_value", "finished")},
    }


def recommended(session: Any, model: str, *, filter_seen: bool) -> dict[str, Any]:
    """By user, what a model recommends."""
    return {
        str(user): lines(
            session.recommend(user, K, model, filter_seen).results,
            lambda one: [digit(one.predicted_rating), digit(one.spread), one.reason],
        )
        for user in ASKED_USERS
    }


def searched(session: Any, query: str, mode: str, like: str | None, like_by: str | None) -> dict[str, Any]:
    """One search and its answer."""
    answer = session.search(query, K, mode, like=like, like_by=like_by)
    asked = {"query": query, "mode": mode, "like": like, "like_by": like_by}
    return asked | {"method": answer.method, "note": answer.note, "results": lines(answer.results)}


def lines(results: Iterable[Any], more: Callable[[Any], list[Any]] = lambda _: []) -> list[list[Any]]:
    """Results as lists: the item's id, the score, and what else is asked for."""
    return [[one.item.item_id, digit(one.score), *more(one)] for one in results]


def digits(numbers: Iterable[Any]) -> list[float | None]:
    """Each number to six digits."""
    return [digit(one) for one in numbers]


def digit(number: Any) -> float | None:
    """A number to six significant digits."""
    return None if number is None else float(f"{float(number):.6g}")


if __name__ == "__main__":
    sys.exit(main())
