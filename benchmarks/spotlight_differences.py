"""Effect of each difference from Spotlight on MovieLens 100K, for docs/spotlight.md.

Run ``python benchmarks/spotlight_differences.py [--data FOLDER] [--write docs/spotlight.md]``. Each line compares a
model with a variant that does one thing as Spotlight does, with the mean and range of three seeds. With ``--write`` the
table replaces the one in the file.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from tables import write_between
from torch import Tensor

from engine.cross_validation import random_train_test_split, user_based_train_test_split
from engine.datasets import movielens
from engine.evaluation import mrr_score, rmse_score, sequence_mrr_score
from engine.factorization import objectives
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.factorization.implicit import ImplicitFactorizationModel
from engine.interactions import Interactions, SequenceInteractions
from engine.losses import hinge_loss
from engine.sequence import implicit
from engine.sequence.implicit import ImplicitSequenceModel

REPOSITORY = Path(__file__).resolve().parent.parent
MARK = "figures"


def adam(parameters: Any) -> torch.optim.Optimizer:
    """Spotlight's optimiser: dense Adam with the default learning rate."""
    return torch.optim.Adam(parameters, lr=1e-2)


# -- Spotlight's losses, as functions of scores -------------------------------------------------------------------
def old_bpr(positive: Tensor, negative: Tensor, mask: Tensor | None = None, weights: Tensor | None = None) -> Tensor:
    loss = torch.sigmoid(negative - positive)
    return loss.mean() if mask is None else (loss * mask).sum() / mask.sum()


def old_pointwise(positive: Tensor, negative: Tensor, mask: Tensor | None = None, weights: Any = None) -> Tensor:
    loss = torch.sigmoid(-positive) + torch.sigmoid(negative)
    return loss.mean() if mask is None else (loss * mask).sum() / mask.sum()


def as_objective(loss: Callable[..., Tensor]) -> objectives.Objective:
    """Wrap a loss for the fast path, which needs the value and the gradient."""

    def objective(scores: Tensor, observed: Tensor | None, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        with torch.inference_mode(False), torch.enable_grad():
            leaf = scores.clone().requires_grad_()
            value = loss(leaf[0], leaf[1])
            (slope,) = torch.autograd.grad(value, leaf)
        return value.detach(), slope

    return objective


class WrongReshape(ImplicitFactorizationModel):
    """A model whose adaptive hinge loss uses negatives that were drawn for other users."""

    def _batch_loss(self, net: Any, batch: dict[str, Tensor]) -> Tensor:
        users, negatives = batch["groups"], batch["negatives"]
        number = negatives.shape[1]
        scores = net(users.repeat_interleave(number), negatives.reshape(-1)).view(number, -1)
        return hinge_loss(net(users, batch["items"]), scores.amax(0))


class AnyNegative:
    """A sampler that draws from all ids, including the padding."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.size = 0

    def sample(self, groups: Tensor, generator: torch.Generator) -> Tensor:
        return torch.randint(0, 1683, groups.shape, generator=generator)


# -- measuring ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Data:
    """MovieLens 100K, split at random and by users."""

    train: Interactions
    test: Interactions
    sequences: SequenceInteractions
    test_sequences: SequenceInteractions

    def rmse(self, make: Callable[..., Any]) -> Iterator[float]:
        for seed in range(3):
            model = make(random_state=seed)
            model.fit(self.train)
            yield rmse_score(model, self.test)

    def mrr(self, make: Callable[..., Any]) -> Iterator[float]:
        for seed in range(3):
            model = make(random_state=seed)
            model.fit(self.train)
            yield float(mrr_score(model, self.test, train=self.train).mean())

    def sequence_mrr(self, make: Callable[..., Any]) -> Iterator[float]:
        for seed in range(3):
            model = make(random_state=seed)
            model.fit(self.sequences)
            yield float(sequence_mrr_score(model, self.test_sequences).mean())


def read(folder: Path) -> Data:
    whole = movielens.get_movielens_dataset("100K", folder / "ml-100k" / "u.data")
    train, test = random_train_test_split(whole, random_state=np.random.RandomState(42))
    by_user = user_based_train_test_split(whole, random_state=np.random.RandomState(42))
    return Data(train, test, *(part.to_sequence(max_sequence_length=10) for part in by_user))


@contextmanager
def as_it_is() -> Iterator[None]:
    yield


def lines(data: Data) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the table: the difference, the measure, the value of recsys-tui and that of Spotlight's way."""
    explicit = ExplicitFactorizationModel
    ours = shown(data.rmse(explicit))
    yield "Adam per row", "RMSE, regression", ours, shown(data.rmse(partial(explicit, optimizer_func=adam)))
    yield "centred scores", "RMSE, regression", ours, shown(data.rmse(partial(explicit, center=False)))
    both = partial(explicit, center=False, optimizer_func=adam)
    yield "Adam per row and centred scores", "RMSE, regression", ours, shown(data.rmse(both))
    for loss in ("poisson", "logistic"):
        here = data if loss == "poisson" else signs(data)
        ours = shown(here.rmse(partial(explicit, loss=loss)))
        theirs = shown(here.rmse(partial(explicit, loss=loss, center=False, optimizer_func=adam)))
        yield "Adam per row and centred scores", f"RMSE, {loss}", ours, theirs

    factors = partial(ImplicitFactorizationModel, batch_size=1024)
    for loss in ("pointwise", "bpr", "hinge", "adaptive_hinge"):
        model = partial(factors, loss=loss)
        ours = shown(data.mrr(model))
        if loss in ("pointwise", "bpr"):
            old = as_objective(old_bpr if loss == "bpr" else old_pointwise)
            with patch.dict(objectives.IMPLICIT, {loss: old}):
                yield "logarithmic loss", f"MRR, {loss}", ours, shown(data.mrr(model))
        if loss == "adaptive_hinge":
            right = shown(data.mrr(partial(model, optimizer_func=adam)))
            wrong = partial(WrongReshape, batch_size=1024, loss=loss, optimizer_func=adam)
            yield "negatives of the same user (both with dense Adam)", f"MRR, {loss}", right, shown(data.mrr(wrong))
        yield (
            "no known positives as negatives",
            f"MRR, {loss}",
            ours,
            shown(data.mrr(partial(model, exclude_known=False))),
        )
        yield "Adam per row", f"MRR, {loss}", ours, shown(data.mrr(partial(model, optimizer_func=adam)))

    for loss, old_loss in (("pointwise", old_pointwise), ("bpr", old_bpr)):
        model = partial(ImplicitSequenceModel, representation="cnn", loss=loss)
        ours = shown(data.sequence_mrr(model))
        with patch.dict(implicit._LOSSES, {loss: old_loss}):
            yield "logarithmic loss", f"MRR, cnn {loss}", ours, shown(data.sequence_mrr(model))
        with patch.object(implicit, "NegativeSampler", AnyNegative):
            yield "negatives from occurring items", f"MRR, cnn {loss}", ours, shown(data.sequence_mrr(model))

    model = factors(loss="bpr", random_state=0)
    model.fit(data.train)

    class OneByOne:
        predict = model.predict

    seconds = [timed(partial(mrr_score, one, data.test, data.train)) for one in (model, OneByOne())]
    yield "all users at once", "seconds of mrr_score", f"{seconds[0]:.2f}", f"{seconds[1]:.2f}"


def signs(data: Data) -> Data:
    """The data with ratings above 3 replaced by 1 and all others by -1."""
    parts = [
        Interactions(
            one.user_ids,
            one.item_ids,
            np.where(one.ratings > 3, 1.0, -1.0),
            num_users=one.num_users,
            num_items=one.num_items,
        )
        for one in (data.train, data.test)
    ]
    return Data(*parts, data.sequences, data.test_sequences)


def shown(values: Iterator[float]) -> str:
    figures = list(values)
    return f"{np.mean(figures):.4f} ({min(figures):.3f}–{max(figures):.3f})"


def timed(action: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data")
    parser.add_argument("--write", type=Path, help="put the table into this file, between its two marks")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    table = ["| difference | measure | recsys-tui | as in Spotlight |", "|---|---|---|---|"]
    for line in lines(read(arguments.data)):
        table.append("| " + " | ".join(line) + " |")
        print(table[-1], flush=True)
    if arguments.write:
        write_between(arguments.write, MARK, table)


if __name__ == "__main__":
    main()
