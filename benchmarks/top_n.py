"""How fast the models of who chose what learn, beside the library `implicit`, on data of MovieLens 1M's size.

The data are generated: popularity falls as a power law, and every person has a few of twenty tastes. A tenth of the
interactions is held out, so that the figures show that equal work was done. ``pip install -e ".[bench]"`` brings
`implicit` (its defaults, but for the number of factors); run it with ``OPENBLAS_NUM_THREADS=1``, as its authors advise.
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
        rows.append((f"{name}, ours", f"{seconds:.1f}", f"{ndcg(model.scores, train, test):.4f}"))
    rows.append(implicits(train, test))
    print(*lines_of(("model", "fit, s", "NDCG@10 of what was held out"), rows), sep="\n")


def generate(num_users: int, num_items: int, size: int) -> Interactions:
    """Who chose what, each pair once."""
    random = np.random.RandomState(SEED)
    popularity = (np.arange(num_items) + 10.0) ** -0.9
    tastes = popularity * random.gamma(0.4, size=(20, num_items))
    tastes /= tastes.sum(1, keepdims=True)
    activity = random.lognormal(0, 1, num_users)
    counts = np.minimum(np.maximum(20, size * activity / activity.sum()), num_items // 2).astype(np.int64)
    users, items = [], []
    for user, count in enumerate(counts):
        mixture = random.dirichlet(np.full(20, 0.2)) @ tastes
        users.append(np.full(count, user))
        # The largest of uniform numbers to the power of 1 / p: a draw without replacement (Efraimidis and Spirakis).
        items.append(np.argpartition(np.log(random.rand(num_items)) / mixture, -count)[-count:] + 1)
    return Interactions(
        np.concatenate(users).astype(np.int32),
        np.concatenate(items).astype(np.int32),
        num_users=num_users,
        num_items=num_items + 1,
    )


def implicits(train: Interactions, test: Interactions) -> tuple[str, str, str]:
    """The row of `implicit`."""
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
    """The mean NDCG@10 of a thousand users, all items ranked, those known left out."""
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
