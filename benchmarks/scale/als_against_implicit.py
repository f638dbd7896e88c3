"""als and the library `implicit`, sweep by sweep in turn: the time until both rank equally well.

    OPENBLAS_NUM_THREADS=1 python benchmarks/scale/als_against_implicit.py [--size ml-1m|21m] [--threads N] [--keep]

``pip install implicit`` first; without it only als is measured. The interactions are generated with twenty tastes, at
the size of MovieLens 1M or of The Movies Dataset; pairs that are drawn twice count once. The last interaction of some
users is held out for the test, and one more to choose the options of both, on a tenth of the users where there are
many. Then each trains in a process of its own, with the same number of threads, and after each sweep it waits until the
other one has done a sweep, so that what else the machine does slows both. The time counts from the arrays of ids on,
without measuring and waiting. Both have reached equal NDCG@10 when they first have 99 % of the lower of the two best
values, where all items but the known ones are ranked.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from tables import lines_of, write_between  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "als_against_implicit.json"
PAGE = ROOT / "docs" / "scale.md"
#: Interactions, users and items.
SIZES = {"ml-1m": (1_000_000, 6_040, 3_706), "21m": (21_300_000, 270_000, 45_000)}
FACTORS, K, SEED, TASTES = 64, 10, 0, 20
#: The most users who are asked.
ASKED = 10_000
#: The options that are tried.
GRIDS: dict[str, dict[str, tuple[float, ...]]] = {
    "als": {"alpha": (0.2, 0.5, 1.0), "l2": (0.006, 0.018, 0.05)},
    "implicit": {"alpha": (1.0, 4.0, 16.0), "regularization": (1.0, 10.0, 30.0, 100.0)},
}
#: A training is as good as the other from this share of the lower of both NDCG on.
EQUAL = 0.99

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Data:
    """Interactions to learn from, and held-out ones: a user who is asked, and the item that is to be found."""

    users: Ints
    items: Ints
    num_users: int
    num_items: int
    asked: Ints
    wanted: Ints


def generate(interactions: int, users: int, items: int) -> tuple[Ints, Ints]:
    """Draw interactions of users with a few of twenty tastes; the pairs, each at most once, in an order of chance."""
    random = np.random.default_rng(SEED)
    popularity = (np.arange(items) + 10.0) ** -0.9
    tastes = popularity * random.gamma(0.4, size=(TASTES, items))
    activity = random.lognormal(0.0, 1.0, users)
    user_ids = random.choice(users, interactions, p=activity / activity.sum())
    mixtures = np.cumsum(random.dirichlet(np.full(TASTES, 0.2), users), axis=1).astype(np.float32)
    item_ids = np.empty(interactions, np.int64)
    for start in range(0, interactions, 1 << 20):
        part = slice(start, start + (1 << 20))
        chosen = (random.random((len(user_ids[part]), 1), np.float32) > mixtures[user_ids[part]]).sum(1)
        for taste in range(TASTES):
            drawn = np.flatnonzero(chosen == taste)
            bounds = np.cumsum(tastes[taste]) / tastes[taste].sum()
            item_ids[start + drawn] = np.searchsorted(bounds, random.random(len(drawn))).clip(max=items - 1)
        item_ids[part][chosen == TASTES] = 0  # what rounding leaves over
    pairs = random.permutation(np.unique(user_ids * items + item_ids))
    return (pairs // items).astype(np.int32), (1 + pairs % items).astype(np.int32)


def hold_out(users: Ints, items: Ints, num_users: int, num_items: int, salt: int) -> Data:
    """Hold out the last interaction of some users."""
    last = np.full(num_users, -1)
    last[users] = np.arange(len(users))  # of several the last one counts
    several = np.flatnonzero(np.bincount(users, minlength=num_users) > 1)
    asked = np.sort(np.random.default_rng(salt).permutation(several)[:ASKED])
    kept = np.ones(len(users), bool)
    kept[last[asked]] = False
    return Data(users[kept], items[kept], num_users, num_items, asked.astype(np.int32), items[last[asked]])


def ndcg(data: Data, users: npt.NDArray[np.float32], items: npt.NDArray[np.float32], known: Any) -> float:
    """The mean NDCG@10 of the users who are asked. Row 0 of the items is none."""
    gains = []
    for start in range(0, len(data.asked), 500):
        asked, wanted = data.asked[start : start + 500], data.wanted[start : start + 500]
        scores = users[asked] @ items.T
        own = known[asked].tocoo()
        scores[own.row, own.col] = -np.inf
        scores[:, 0] = -np.inf
        ranks = (scores > scores[np.arange(len(asked)), wanted][:, None]).sum(1)
        gains.append(np.where(ranks < K, 1.0 / np.log2(ranks + 2.0), 0.0))
    return float(np.concatenate(gains).mean())


class Watch:
    """The seconds of a training, without those of measuring and waiting."""

    def __init__(self, data: Data, after: Callable[[dict[str, float]], None]) -> None:
        from scipy.sparse import csr_array

        ones = np.ones(len(data.users), np.float32)
        self._known = csr_array((ones, (data.users, data.items)), shape=(data.num_users, data.num_items + 1))
        self._data, self._after = data, after
        self._seconds = self._processor = 0.0
        self.go_on()

    def go_on(self) -> None:
        """Count from now."""
        self._begun, self._begun_processor = time.perf_counter(), time.process_time()

    def swept(self, sweep: int, users: npt.NDArray[np.float32], items: npt.NDArray[np.float32]) -> None:
        """Measure after a sweep, and wait until it is this training's turn again."""
        self._seconds += time.perf_counter() - self._begun
        self._processor += time.process_time() - self._begun_processor
        self._after(
            {
                "sweep": sweep,
                "seconds": round(self._seconds, 2),
                "processor": round(self._processor, 2),
                "ndcg": ndcg(self._data, users, items, self._known),
            }
        )
        self.go_on()


def train_als(data: Data, sweeps: int, threads: int, options: dict[str, float], after: Callable[..., None]) -> None:
    """Train als of this project."""
    import torch

    from engine import models
    from engine.interactions import Interactions
    from engine.runtime.job import Job

    torch.set_num_threads(threads)
    model: Any = models.create("als", embedding_dim=FACTORS, n_iter=sweeps, random_state=SEED, device="cpu", **options)
    watch = Watch(data, after)

    class Watched(Job):
        watches_epochs = True

        def epoch_ended(self, epoch: int, model: Any) -> None:
            watch.swept(epoch, model._users.numpy(), model._items.numpy())

    watch.go_on()
    model.fit(
        Interactions(data.users, data.items, num_users=data.num_users, num_items=data.num_items + 1), job=Watched()
    )
    factors = model.factors()
    watch.swept(sweeps + 1, factors.users, factors.items)


def train_implicit(
    data: Data, sweeps: int, threads: int, options: dict[str, float], after: Callable[..., None]
) -> None:
    """Train the library `implicit`, by conjugate gradients."""
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    model = AlternatingLeastSquares(
        factors=FACTORS, iterations=sweeps, random_state=SEED, num_threads=threads, dtype=np.float32, **options
    )
    watch = Watch(data, after)

    def swept(sweep: int, *_: object) -> None:
        watch.swept(sweep + 1, model.user_factors, model.item_factors)

    watch.go_on()
    shape = data.num_users, data.num_items + 1
    matrix = csr_matrix((np.ones(len(data.users), np.float32), (data.users, data.items)), shape=shape)
    model.fit(matrix, show_progress=False, callback=swept)


TRAIN = {"als": train_als, "implicit": train_implicit}


def work(name: str, data: Data, sweeps: int, threads: int, options: dict[str, float], turn: Connection) -> None:
    """Train in a process of its own: a sweep each time that it is told to go on."""

    def after(point: dict[str, float]) -> None:
        turn.send(point)
        turn.recv()

    turn.recv()
    TRAIN[name](data, sweeps, threads, options, after)
    turn.send(None)


def in_turn(
    names: list[str], data: Data, sweeps: int, threads: int, options: dict[str, dict[str, float]]
) -> dict[str, list[dict[str, float]]]:
    """Train with each, a sweep at a time; what was measured after each sweep."""
    context = get_context("spawn")
    running: dict[str, Connection] = {}
    for name in names:
        here, there = context.Pipe()
        context.Process(
            target=work, args=(name, data, sweeps, threads, options.get(name, {}), there), daemon=True
        ).start()
        running[name] = here
    curves: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    while running:
        for name, turn in list(running.items()):
            turn.send(None)
            point = turn.recv()
            if point is None:
                del running[name]
                continue
            curves[name].append(point)
            print(
                f"{name:<9} sweep {point['sweep']:>2} {point['seconds']:8.2f} s "
                f"{point['processor']:8.2f} s of processors  NDCG@{K} {point['ndcg']:.4f}",
                flush=True,
            )
    return curves


def best_options(name: str, data: Data, sweeps: int, threads: int, tried: list[dict[str, float]]) -> dict[str, float]:
    """The options with which one ranks best on a validation part: the last known items of a tenth of many users."""
    few = data.num_users // 10 if data.num_users > 5 * ASKED else data.num_users
    chosen = data.users < few
    part = hold_out(data.users[chosen], data.items[chosen], few, data.num_items, SEED + 1)
    found = []
    for options in tried:
        points: list[dict[str, float]] = []
        TRAIN[name](part, sweeps, threads, options, points.append)
        found.append((max(point["ndcg"] for point in points), options))
        print(f"{name} with {options}: NDCG@{K} {found[-1][0]:.4f} on the validation part", flush=True)
    return max(found, key=lambda one: one[0])[1]


def summary(curves: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    """For each training: when it is as good as the other one, and what it has at its best."""
    goal = EQUAL * min(max(point["ndcg"] for point in curve) for curve in curves.values())
    found = {}
    for name, curve in curves.items():
        reached = next(point for point in curve if point["ndcg"] >= goal)
        sweeps = [point for point in curve if point["sweep"] > 1 and point is not curve[-1]]
        found[name] = {
            "best": max(point["ndcg"] for point in curve),
            "sweeps": reached["sweep"],
            "seconds": reached["seconds"],
            "processor": reached["processor"],
            "sweep": (sweeps[-1]["seconds"] - curve[0]["seconds"]) / len(sweeps) if sweeps else 0.0,
            "sweep_processor": (sweeps[-1]["processor"] - curve[0]["processor"]) / len(sweeps) if sweeps else 0.0,
        }
    return found


def rows(kept: dict[str, Any]) -> list[tuple[str, ...]]:
    """The rows of the table of docs/scale.md."""
    return [
        (
            size,
            str(run["threads"]),
            f"`{name}`",
            ", ".join(f"{option} {value:g}" for option, value in run["options"].get(name, {}).items()) or "defaults",
            f"{one['sweep']:.2f} ({one['sweep_processor']:.2f})",
            f"{one['best']:.4f}",
            f"{one['sweeps']:.0f}",
            f"{one['seconds']:.1f} ({one['processor']:.1f})",
        )
        for size, run in kept.items()
        for name, one in run["summary"].items()
    ]


HEADER = (
    "size",
    "threads",
    "what",
    "options",
    "s a sweep (of processors)",
    f"best NDCG@{K}",
    "sweeps to equal NDCG",
    "s to equal NDCG (of processors)",
)


def main() -> None:
    """Measure, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=tuple(SIZES), default="ml-1m")
    parser.add_argument("--sweeps", type=int, default=15)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    for name, grid in GRIDS.items():
        for option, values in grid.items():
            parser.add_argument(
                f"--{name}-{option}",
                type=float,
                nargs="+",
                default=values,
                help="what is tried, by default %(default)s",
            )
    parser.add_argument("--keep", action="store_true", help="write the figures to docs/scale.md")
    arguments = parser.parse_args()
    for library in ("OPENBLAS", "MKL", "OMP"):  # OPENBLAS as the authors of implicit recommend
        os.environ.setdefault(f"{library}_NUM_THREADS", "1" if library == "OPENBLAS" else str(arguments.threads))
    interactions, num_users, num_items = SIZES[arguments.size]
    data = hold_out(*generate(interactions, num_users, num_items), num_users, num_items, SEED)
    print(f"{len(data.users):,} interactions of {num_users:,} users with {num_items:,} items")
    names = ["als", "implicit"]
    if find_spec("implicit") is None:
        print("implicit is not installed: only als is measured.")
        names.remove("implicit")
    options = {}
    for name in names:
        values = [getattr(arguments, f"{name}_{option}") for option in GRIDS[name]]
        tried = [dict(zip(GRIDS[name], one, strict=True)) for one in product(*values)]
        options[name] = tried[0]
        if len(tried) > 1:
            options[name] = best_options(name, data, arguments.sweeps, arguments.threads, tried)
    curves = in_turn(names, data, arguments.sweeps, arguments.threads, options)
    run = {"threads": arguments.threads, "options": options, "summary": summary(curves), "curves": curves}
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if arguments.keep and RESULTS.exists() else {}
    kept[arguments.size] = run
    print(*lines_of(HEADER, rows({arguments.size: run})), sep="\n")
    if arguments.keep:
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        write_between(PAGE, "als", lines_of(HEADER, rows(kept)))


if __name__ == "__main__":
    main()
