"""Training speed of ALS and EASE compared with the library `implicit`.

The data are generated with the size of MovieLens 1M: popularity follows a power law, and each user has a few of twenty
interests. A tenth of the interactions is held out, so that NDCG shows whether the models are equally good.
``pip install -e ".[bench]"`` installs `implicit`, which runs with its defaults except for the number of factors and
iterations. Set ``OPENBLAS_NUM_THREADS=1``, as its authors recommend.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from tables import lines_of

from engine import models
from engine.interactions import Interactions
from engine.ranking import accuracy, top_lists

FACTORS, SWEEPS, SEED = 64, 15, 0


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=6_040)
    parser.add_argument("--items", type=int, default=3_706)
    parser.add_argument("--interactions", type=int, default=1_000_209)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    whole = generate(arguments.users, arguments.items, arguments.interactions)
    held_out = np.random.RandomState(SEED + 1).rand(len(whole)) < 0.1
    train, test = whole.select(~held_out), whole.select(held_out)
    print(f"{len(train):,} interactions of {arguments.users:,} users with {arguments.items:,} items")
    rows = []
    for name, options in (("als", {"embedding_dim": FACTORS, "n_iter": SWEEPS}), ("ease", {})):
        model = models.create(name, random_state=SEED, device=arguments.device, **options)
        begun = time.perf_counter()
        model.fit(train)
        seconds = time.perf_counter() - begun
        rows.append((f"{name}, recsys-tui", f"{seconds:.1f}", f"{ndcg(model.scores, train, test):.4f}"))
    rows.append(measure_implicit(train, test))
    print(*lines_of(("model", "fit, s", "NDCG@10 on held-out interactions"), rows), sep="\n")


def generate(num_users: int, num_items: int, size: int) -> Interactions:
    """Generate interactions of users with items, each pair at most once."""
    random = np.random.RandomState(SEED)
    popularity = (np.arange(num_items) + 10.0) ** -0.9
    interests = popularity * random.gamma(0.4, size=(20, num_items))
    interests /= interests.sum(1, keepdims=True)
    activity = random.lognormal(0, 1, num_users)
    counts = np.minimum(np.maximum(20, size * activity / activity.sum()), num_items // 2).astype(np.int64)
    users, items = [], []
    for user, count in enumerate(counts):
        mixture = random.dirichlet(np.full(20, 0.2)) @ interests
        users.append(np.full(count, user))
        # The items with the largest u ** (1 / p) for uniform u are a weighted sample without replacement
        # (Efraimidis and Spirakis, 2006).
        items.append(np.argpartition(np.log(random.rand(num_items)) / mixture, -count)[-count:] + 1)
    return Interactions(
        np.concatenate(users).astype(np.int32),
        np.concatenate(items).astype(np.int32),
        num_users=num_users,
        num_items=num_items + 1,
    )


def measure_implicit(train: Interactions, test: Interactions) -> tuple[str, str, str]:
    """The table row of the library `implicit`."""
    try:
        from implicit.als import AlternatingLeastSquares
    except ImportError:
        return "als, implicit", "not installed", "–"
    import torch

    model = AlternatingLeastSquares(factors=FACTORS, iterations=SWEEPS, random_state=SEED)
    matrix = train.tocoo().astype(np.float32).tocsr()
    begun = time.perf_counter()
    model.fit(matrix, show_progress=False)
    seconds = time.perf_counter() - begun

    def scores(users: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(model.user_factors[users] @ model.item_factors.T)

    return "als, implicit", f"{seconds:.1f}", f"{ndcg(scores, train, test):.4f}"


def ndcg(scores: Callable[[np.ndarray], object], train: Interactions, test: Interactions) -> float:
    """The mean NDCG@10 of a thousand users when all items are ranked except known ones."""
    import torch

    users = np.unique(test.user_ids)[:1_000]
    place = np.full(test.num_users, -1)
    place[users] = np.arange(len(users))
    table = torch.as_tensor(scores(users)).float().clone()
    table[:, 0] = -torch.inf
    known, wanted = place[train.user_ids] >= 0, place[test.user_ids] >= 0
    table[place[train.user_ids[known]], train.item_ids[known].astype(np.int64)] = -torch.inf
    figures = accuracy(top_lists(table, 10), place[test.user_ids[wanted]], test.item_ids[wanted], test.num_items)
    return float(figures["ndcg@10"].mean())


if __name__ == "__main__":
    main()
