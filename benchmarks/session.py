"""Time to a list of ten items through the session, beside that of the bare model: its scores and the best ten of them.

    python benchmarks/session.py [--parts demo,generated] [--ratings N] [--rounds N] [--threads N]

Both parts answer in this process, on the CPU, from trained models in a home of their own:

demo        the bundled data set, some users and sequences of many lengths
generated   ratings of two hundred thousand people: how many an item has falls as a power law, how many a person gives
            is lognormal, and a rating follows the item, the person and a few tastes that both share

Every question is asked once before it is timed, except for the first answer. Bare model and session take turns,
question by question, so that both meet the same machine. A round gives a median (p50) and a 95th percentile (p95), and
the table has the medians of all rounds. "Adds" is the difference of the two p50. "CPU" is the median of the
processor's time for a question, which other work on the machine affects less. "First answer" is the time of the first
question to a session that was just opened, in a process that has imported everything.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from tables import lines_of

from engine import models
from engine.data.dataset import Dataset
from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.interactions import Interactions
from engine.ranking import top_k
from engine.session.session import Session, open_session
from engine.workspace.dataset_store import Workspace

K, SEED = 10, 0
PARTS = ("demo", "generated")
GENERATED = "generated"
#: How soon a list is there does not depend on for how long the model has learnt, so they learn briefly: ``bayesian``
#: just long enough for as many samples as it keeps by default.
DEMO_MODELS: dict[str, dict[str, Any]] = {
    "bayesian": {"n_iter": 50, "burn_in": 2},
    "knn": {},
    "svd": {},
    "als": {},
    "ease": {},
    "popular": {},
    "markov": {},
    "blend": {"n_iter": 1},
    "attention": {"n_iter": 1},
    "sequence": {"n_iter": 1},
}
GENERATED_MODELS: dict[str, dict[str, Any]] = {
    "popular": {},
    "baseline": {},
    "als": {"embedding_dim": 16, "n_iter": 1},
}
#: Items of the sequences that are gone on from.
LENGTHS = (1, 2, 3, 5, 10, 20, 50)
HEADER = (
    "data, model",
    "asked by",
    "bare p50, ms",
    "bare p95",
    "session p50, ms",
    "session p95",
    "adds, ms",
    "session CPU, ms",
    "first answer, ms",
)


# -- what is asked ----------------------------------------------------------------------------------------------------
def asking_session(session: Session, model: str) -> Callable[[Any], Any]:
    """A function that asks the session, given the external id of a user or the internal ids of items."""
    if models.get(model).task == "user":
        return lambda user: session.users.recommend(user, K, model)
    return lambda items: session.sequences.next_items(items, K, model)


def asking_bare(workspace: Workspace, name: str, model: str) -> Callable[[Any], Any]:
    """A function that asks the stored model itself: its scores of all items, and the best of them."""
    bare = models.load(workspace.model_folder(name, model), device="cpu")
    if models.get(model).task == "user":
        internal = workspace.open(name).users.encode_one
        return lambda user: top_k(np.asarray(bare.predict(internal(user))), K)
    return lambda items: top_k(np.asarray(bare.predict(items)), K)


# -- measuring --------------------------------------------------------------------------------------------------------
class Times:
    """Milliseconds of each question of a round, by the clock and of the processor."""

    def __init__(self, ask: Callable[[Any], Any]) -> None:
        self.ask = ask
        self.clock: list[float] = []
        self.processor: list[float] = []

    def take(self, question: Any) -> None:
        clock, processor = time.perf_counter(), time.process_time()
        self.ask(question)
        self.processor.append(1e3 * (time.process_time() - processor))
        self.clock.append(1e3 * (time.perf_counter() - clock))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--rounds", type=int, default=7, help="default %(default)s")
    parser.add_argument("--questions", type=int, default=40, help="users or sequences a round (default %(default)s)")
    parser.add_argument("--people", type=int, default=200_000, help="of the generated ratings (default %(default)s)")
    parser.add_argument("--items", type=int, default=20_000, help="default %(default)s")
    parser.add_argument("--ratings", type=int, default=20_000_000, help="default %(default)s")
    parser.add_argument("--threads", type=int, help="of torch; 1 where other work keeps the cores busy")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    parts = arguments.parts.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such parts: {', '.join(sorted(unknown))}")
    rows: list[tuple[str, ...]] = []
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="recsys-tui-bench-") as folder:
        os.environ |= {"RECSYS_TUI_HOME": folder, "HF_HUB_OFFLINE": "1"}
        workspace = Workspace(Path(folder) / "data")
        for part in PARTS:
            if part not in parts:
                continue
            if part == GENERATED:
                say(f"generating {arguments.ratings:,} ratings")
                workspace.add(generate(arguments.people, arguments.items, arguments.ratings))
            trained = DEMO_MODELS if part == "demo" else GENERATED_MODELS
            train(workspace, part, trained)
            rows += measure(workspace, part, list(trained), arguments.questions, arguments.rounds)
    print("\n".join(lines_of(HEADER, rows)))
    print(
        f"\nMedians of {arguments.rounds} rounds of {arguments.questions} questions on {os.cpu_count()} cores with a "
        f"load of {os.getloadavg()[0]:.1f}, torch with {torch.get_num_threads()} threads; "
        f"{time.perf_counter() - begun:.0f} s in all, at most {peak():.1f} GB of memory."
    )


def train(workspace: Workspace, name: str, options: dict[str, dict[str, Any]]) -> None:
    """Train the models, and leave nothing of it in memory."""
    session = open_session(workspace, name, device="cpu")
    for model, given in options.items():
        report = session.models.train(model, given)
        say(f"{name}: {model} learnt in {report.seconds['fit']:.1f} s; {peak():.1f} GB of memory so far")


def measure(
    workspace: Workspace, name: str, trained: Sequence[str], number: int, rounds: int
) -> Iterator[tuple[str, ...]]:
    """A row of the table for each model."""
    session = open_session(workspace, name, device="cpu")
    tasks = {models.get(model).task for model in trained}
    questions = {task: questions_of(workspace.open(name), task, number) for task in tasks}
    firsts = {}
    for model in trained:
        session = open_session(workspace, name, device="cpu")  # the one before is gone then, with all it had read
        first = Times(asking_session(session, model))
        first.take(questions[models.get(model).task][0])
        firsts[model] = first.clock[0]
    for model in trained:
        task = models.get(model).task
        askers = asking_bare(workspace, name, model), asking_session(session, model)
        found = [one_round(*askers, questions[task]) for _ in range(rounds + 1)][1:]  # the first one warms up
        bare, ours = ([one[place] for one in found] for place in (0, 1))
        numbers = (
            middle(bare, 50),
            middle(bare, 95),
            middle(ours, 50),
            middle(ours, 95),
            middle(ours, 50) - middle(bare, 50),
            statistics.median(np.median(one.processor) for one in ours),
        )
        say(f"{name}: {model} is measured")
        yield (f"{name}, {model}", task, *(f"{one:.2f}" for one in numbers), f"{firsts[model]:.0f}")


def one_round(
    bare: Callable[[Any], Any], session: Callable[[Any], Any], questions: Sequence[Any]
) -> tuple[Times, Times]:
    """Every question once, to the bare model and to the session in turn."""
    times = Times(bare), Times(session)
    for question in questions:
        for one in times:
            one.take(question)
    return times


def middle(rounds: Sequence[Times], share: int) -> float:
    """The median over rounds of a percentile."""
    return statistics.median(float(np.percentile(one.clock, share)) for one in rounds)


def questions_of(dataset: Dataset, task: str, number: int) -> list[Any]:
    """External ids of users, drawn from all; or beginnings of users' histories, of all ``LENGTHS`` in turn."""
    random = np.random.RandomState(SEED)
    log = dataset.interactions
    if task == "user":
        drawn = random.choice(dataset.num_users, min(number, dataset.num_users), replace=False)
        return [dataset.users.decode_one(user) for user in drawn]
    assert log.timestamps is not None
    order = np.lexsort((log.timestamps, log.user_ids))
    histories = np.split(log.item_ids[order], np.cumsum(np.bincount(log.user_ids, minlength=dataset.num_users))[:-1])
    drawn = random.choice(len(histories), number)
    return [histories[user][: LENGTHS[place % len(LENGTHS)]].tolist() for place, user in enumerate(drawn)]


def generate(num_people: int, num_items: int, size: int) -> Dataset:
    """Ratings from 0.5 to 5 in half steps, each pair once, every item rated."""
    random = np.random.RandomState(SEED)
    popularity = (np.arange(num_items) + 10.0) ** -0.9
    activity = random.lognormal(0, 1, num_people)
    pairs = np.zeros(0, dtype=np.int64)
    while len(pairs) < size:  # many are drawn twice
        more = draw(random, activity, int(1.1 * (size - len(pairs))) + num_items)
        more *= num_items
        more += draw(random, popularity, len(more))
        pairs = np.unique(np.concatenate([pairs, more]))
        del more
    if len(pairs) > size:
        pairs = np.delete(pairs, random.choice(len(pairs), len(pairs) - size, replace=False))
    users, items = (pairs // num_items).astype(np.int32), (pairs % num_items).astype(np.int32)
    del pairs
    taste, genre = random.normal(0, 0.4, (num_people, 4)), random.normal(0, 1, (num_items, 4))
    quality, leniency = random.normal(3.5, 0.4, num_items), random.normal(0, 0.4, num_people)
    ratings = np.empty(size, dtype=np.float32)
    for start in range(0, size, 1 << 20):
        who, what = users[start : start + (1 << 20)], items[start : start + (1 << 20)]
        likes = quality[what] + leniency[who] + np.einsum("ij,ij->i", taste[who], genre[what])
        likes += random.normal(0, 0.7, len(who))
        ratings[start : start + len(who)] = np.clip(np.round(2 * likes) / 2, 0.5, 5)
    numbers = random.permutation(num_items).astype(np.int32)  # the best known are anywhere in the catalogue
    rated, items = np.unique(numbers[items], return_inverse=True)
    rest = np.setdiff1d(np.arange(num_items, dtype=rated.dtype), rated)  # rated items come first in a data set
    titles = [f"Item {number}" for number in np.concatenate([rated, rest]).tolist()]
    table = pa.table(
        {
            "title": titles,
            "year": pa.array(1950 + np.arange(num_items) % 75, pa.int32()),
            "genres": [[("Drama", "Comedy", "Crime", "Western")[place % 4]] for place in range(num_items)],
            "text": titles,
        }
    )
    return Dataset(
        name=GENERATED,
        kind="table",
        title="Generated ratings",
        items=ItemTable(IdMap(np.concatenate([rated, rest]), first=1, name="item"), table),
        users=IdMap(np.arange(num_people), name="user"),
        interactions=Interactions(
            users,
            items.astype(np.int32) + 1,
            ratings=ratings,
            timestamps=random.randint(1_000_000_000, 1_700_000_000, size),
            num_users=num_people,
            num_items=len(rated) + 1,
        ),
        simulated=True,
    )


def draw(random: np.random.RandomState, weights: np.ndarray, size: int) -> np.ndarray:
    """Positions, each as often as its weight says."""
    bounds = np.cumsum(weights)
    return np.searchsorted(bounds / bounds[-1], random.random_sample(size), side="right").astype(np.int64)


# -- figures ----------------------------------------------------------------------------------------------------------
def peak() -> float:
    """The most memory that this process has held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
