"""Tests of whole evaluations against a slow and simple reference implementation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from engine import models
from engine.data.dataset import Dataset
from engine.data.id_map import IdMap
from engine.data.items import ItemTable
from engine.errors import LearningError, OptionError, RecsysError
from engine.evaluation import mrr_score, runner
from engine.evaluation.cases import make_cases
from engine.evaluation.config import EvaluationConfig
from engine.evaluation.predict import batch_score
from engine.evaluation.runner import evaluate, evaluate_split, mean_report, protocol_for
from engine.evaluation.splitters import split
from engine.interactions import Interactions
from engine.models import Capabilities, ModelSpec, Option
from engine.models.plug_in import PlugInModel
from engine.ranking import confidence_margin
from engine.recommender import Recommender

USERS, ITEMS = 40, 60


def make(seed: int = 0) -> Dataset:
    random = np.random.RandomState(seed)
    pairs = np.unique(random.randint(0, [USERS, ITEMS], (900, 2)), axis=0)
    random.shuffle(pairs)
    log = Interactions(
        pairs[:, 0].astype(np.int32),
        (pairs[:, 1] + 1).astype(np.int32),
        ratings=random.randint(1, 6, len(pairs)).astype(np.float32),
        timestamps=random.randint(0, 300, len(pairs)),
        num_users=USERS,
        num_items=ITEMS + 1,
    )
    table = pa.table(
        {
            "title": [f"title {item}" for item in range(ITEMS)],
            "year": pa.array([2000] * ITEMS, pa.int32()),
            "genres": pa.array([["even" if item % 2 else "odd"] for item in range(ITEMS)], pa.list_(pa.string())),
            "text": [""] * ITEMS,
        }
    )
    items = ItemTable(IdMap(np.arange(ITEMS), first=1, name="item"), table)
    return Dataset("made", "table", "Made", items, IdMap(np.arange(USERS), name="user"), log)


class Fixed:
    """A model with fixed random scores, many of them equal, that stores the arguments of its fit."""

    def __init__(self, random_state: int = 0) -> None:
        self.table = np.random.RandomState(random_state).randint(0, 9, (USERS, ITEMS + 1)).astype(np.float32)

    def fit(self, interactions: Any, verbose: bool = False) -> None:
        self.fitted = interactions

    def predict(self, user_ids: Any, item_ids: Any = None) -> np.ndarray:
        rows = self.table[user_ids]
        return rows if item_ids is None else self.table[user_ids, item_ids]

    def fold_in(self, item_ids: Any, ratings: Any = None) -> np.ndarray:
        return self.table[len(item_ids)]


class FixedRatings(Fixed):
    """A :class:`Fixed` model that predicts its scores as ratings."""


class FixedNext(Fixed):
    """A model of sequences with fixed scores that depend on the last item."""

    def predict(self, sequences: Any, item_ids: Any = None) -> np.ndarray:
        return self.table[np.asarray(sequences)[-1] % USERS]


OPTIONS = {"random_state": Option(0, "")}
FIXED = ModelSpec("fixed", "", f"{__name__}:Fixed", Capabilities("user", folds_in=True, stores=False), OPTIONS)
RATES = Capabilities("user", needs=("ratings",), predicts_ratings=True, folds_in=True, stores=False)
RATING = ModelSpec("rating", "", f"{__name__}:FixedRatings", RATES, OPTIONS)
NEXT = ModelSpec("next", "", f"{__name__}:FixedNext", Capabilities("sequence", ("times",), sequence_length=4), OPTIONS)


@pytest.fixture
def registered(register: Callable[..., None]) -> None:
    register(FIXED, RATING, NEXT)


@pytest.mark.parametrize("filter_seen", [True, False])
@pytest.mark.parametrize(
    ("name", "protocol"),
    [
        ("fixed", "random"),
        ("fixed", "temporal"),
        ("rating", "leave-one-out"),
        ("next", "leave-one-out"),
        ("next", "temporal"),
        ("next", "user"),
        ("fixed", "user"),
        ("rating", "user"),
    ],
)
def test_figures_are_those_of_a_slow_reference(
    name: str, protocol: str, filter_seen: bool, registered: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.evaluation.predict.CHUNK", 7 * ITEMS)  # small blocks and a smaller last one
    data = make()
    parts = split(data.interactions, protocol, 5)
    config = EvaluationConfig(protocol=protocol, seed=5, filter_seen=filter_seen, k=7)
    report = evaluate(data, name, config)

    model, spec = Fixed(5) if name != "next" else FixedNext(5), models.get(name)
    cases = make_cases(parts, protocol, spec.task, 5)
    doubt = confidence_margin(parts.train) if name == "rating" else np.zeros(ITEMS + 1)
    reciprocal, ndcg, recall, shown = [], [], [], set()
    for row, user in enumerate(cases.users):
        known = cases.known[row].tolist()
        if spec.task == "sequence":
            scores = model.predict(np.array(([0] * 4 + known)[-4:]))
        else:
            scores = model.fold_in(known) if protocol == "user" else model.predict(int(user))
        scores = scores - doubt
        gone = set(known) if filter_seen else set()
        ranked = [
            item for item in sorted(range(1, ITEMS + 1), key=lambda item: (-scores[item], item)) if item not in gone
        ]
        wanted = set(cases.targets[cases.owners == row].tolist())
        values = []
        for item in wanted:
            above = sum(scores[other] > scores[item] for other in ranked)
            equal = sum(scores[other] == scores[item] for other in ranked)
            values.append(1 / (above + (equal + 1) / 2))
        reciprocal.append(np.mean(values))
        hits = [place for place, item in enumerate(ranked[:7]) if item in wanted]
        best = sum(1 / np.log2(place + 2) for place in range(min(7, len(wanted))))
        ndcg.append(sum(1 / np.log2(place + 2) for place in hits) / best)
        recall.append(len(hits) / len(wanted))
        shown |= set(ranked[:7])
    assert report.metrics["mrr"] == pytest.approx(np.mean(reciprocal))
    assert report.metrics["ndcg@7"] == pytest.approx(np.mean(ndcg))
    assert report.metrics["recall@7"] == pytest.approx(np.mean(recall))
    assert report.metrics["coverage@7"] == pytest.approx(len(shown) / ITEMS)
    assert report.about["seen_items"] == ("removed" if filter_seen else "kept")
    if name == "rating":
        rated = cases.rated
        predicted = (
            np.array(
                [
                    model.fold_in(cases.known[row])[item]
                    for row, item in zip(cases.rated_owners, rated.item_ids, strict=True)
                ]
            )
            if protocol == "user"
            else model.predict(rated.user_ids, rated.item_ids)
        )
        error = np.clip(predicted, 1, 5) - rated.ratings
        assert report.metrics["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)))
        assert report.metrics["mae"] == pytest.approx(np.abs(error).mean())
    else:
        assert "rmse" not in report.metrics


def test_a_real_models_figures_are_those_of_the_metrics_in_spotlights_names() -> None:
    data = make()
    parts = split(data.interactions, "random", 42)
    report = evaluate(data, "implicit", EvaluationConfig(options={"n_iter": 2}, device="cpu"))
    model = models.create("implicit", n_iter=2, device="cpu")
    model.fit(parts.train)
    assert report.metrics["mrr"] == pytest.approx(mrr_score(model, parts.test, parts.train).mean())


def test_what_is_measured_is_what_people_are_shown(registered: None) -> None:
    data = make()
    parts = split(data.interactions, "leave-one-out", 0)
    model = PlugInModel(FixedRatings(0), RATING)
    cases = make_cases(parts, "leave-one-out", "user", 0)
    lists = batch_score(model, cases, k=10, filter_seen=True, margin=confidence_margin(parts.train)).lists
    shop = Recommender(replace(data, interactions=parts.train), model, rating_range=(1, 5))
    for row, user in enumerate(cases.users):
        shown = [result.item.internal_id for result in shop.recommend(int(user))]
        assert shown == lists[row].tolist()


def test_a_sequence_model_learns_from_and_is_asked_with_as_many_items_as_it_says(registered: None) -> None:
    data = make()
    asked = []

    class Watching(FixedNext):
        def predict(self, sequences: Any, item_ids: Any = None) -> np.ndarray:
            asked.append(len(sequences))
            return super().predict(sequences)

    model = PlugInModel(Watching(), replace(NEXT, capabilities=Capabilities("sequence", sequence_length=6)))
    parts = split(data.interactions, "leave-one-out", 0)
    runner.fit(model, parts.train, data)
    batch_score(model, make_cases(parts, "leave-one-out", "sequence", 0), k=3, filter_seen=True)
    assert model.fitted.sequences.shape[1] == 6
    assert set(asked) == {6}


def test_the_times_of_the_test_part_reach_a_model_that_takes_them(registered: None) -> None:
    class Timed(FixedRatings):
        def predict(self, user_ids: Any, item_ids: Any = None, timestamps: Any = None) -> np.ndarray:
            if item_ids is not None:
                self.times = timestamps
            return super().predict(user_ids, item_ids)

    parts = split(make().interactions, "random", 0)
    model = Timed()
    batch_score(model, make_cases(parts, "random", "user", 0), k=3, filter_seen=True, rating_range=(1, 5))
    assert sorted(model.times) == sorted(parts.test.timestamps)


def test_a_diverged_model_is_said() -> None:
    parts = split(make().interactions, "random", 0)
    model = Fixed()
    model.table[3, 5] = np.nan
    with pytest.raises(LearningError, match="diverged"):
        batch_score(model, make_cases(parts, "random", "user", 0), k=3, filter_seen=True)


def test_a_models_own_scores_are_not_written_to() -> None:
    class Cached(Fixed):
        def scores(self, user_ids: Any) -> torch.Tensor:
            return torch.from_numpy(self.table)[:1].expand(len(user_ids), -1)

    parts = split(make().interactions, "random", 0)
    model = Cached()
    before = model.table.copy()
    batch_score(model, make_cases(parts, "random", "user", 0), k=3, filter_seen=True)
    np.testing.assert_array_equal(model.table, before)


def test_rating_models_answer_the_same_questions_though_they_learn_from_rated_ones_only(registered: None) -> None:
    data = make()
    data.interactions.ratings[::3] = np.nan
    one, other = (evaluate(data, name, EvaluationConfig(protocol="leave-one-out")) for name in ("fixed", "rating"))
    assert one.about["num_questions"] == other.about["num_questions"]
    assert one.num_test == other.num_test == USERS


def test_segments_make_up_the_whole(registered: None) -> None:
    report = evaluate(make(), "rating", EvaluationConfig(protocol="random", segments=True))
    for parts, of in ((("users_few", "users_many"), "ndcg@10"), (("items_popular", "items_rare"), "rmse")):
        numbers = [report.segments[part]["num"] for part in parts]
        values = [report.segments[part][of] for part in parts]
        if of == "rmse":
            assert min(values) <= report.metrics[of] <= max(values)
        else:
            assert np.average(values, weights=numbers) == pytest.approx(report.metrics[of])
            assert sum(numbers) == report.about["num_questions"]


def test_several_seeds_give_means_and_keep_the_single_figures(registered: None) -> None:
    data = make()
    single = [evaluate(data, "fixed", EvaluationConfig(protocol="random", seed=seed)) for seed in (3, 4, 5)]
    mean = evaluate(data, "fixed", EvaluationConfig(protocol="random", seed=3, seeds=3))
    assert mean.metrics["mrr"] == pytest.approx(np.mean([one.metrics["mrr"] for one in single]))
    assert mean.about["by_seed"]["mrr"] == [one.metrics["mrr"] for one in single]
    assert mean.about["seeds"] == [3, 4, 5]
    low, high = mean.intervals["mrr"]
    assert low < mean.metrics["mrr"] < high
    assert mean_report(single).metrics == mean.metrics


def test_the_protocol_is_that_of_the_models(registered: None) -> None:
    assert protocol_for(["fixed", "rating"]) == "random"
    assert protocol_for(["next"]) == "user"
    assert protocol_for(["next", "fixed"]) == "leave-one-out"
    with pytest.raises(OptionError, match="breaks up the sequences"):
        protocol_for(["fixed", "next"], "random")


def test_a_report_says_in_which_order_equal_times_were_taken() -> None:
    dataset = make()
    dataset.interactions.timestamps[:] = 7
    by_file = evaluate(dataset, "popular", EvaluationConfig(protocol="leave-one-out"))
    shuffled = evaluate(dataset, "popular", EvaluationConfig(protocol="leave-one-out", ties="random", seeds=2))
    assert by_file.about["equal_times"] == "in the order of the file"
    assert shuffled.about["equal_times"] == "in a random order, drawn with the seed"
    assert len(set(shuffled.about["by_seed"]["mrr"])) == 2, "each seed asks for other items"


def test_an_item_that_the_model_cannot_rank_is_in_no_list() -> None:
    class Partial(Fixed):
        ranked = torch.arange(ITEMS + 1) % 2 == 1

    cases = make_cases(split(make().interactions, "leave-one-out", 0), "leave-one-out", "user", 0)
    predictions = batch_score(Partial(), cases, k=ITEMS, filter_seen=False)
    assert (predictions.lists[predictions.lists > 0] % 2 == 1).all()
    assert ((predictions.lists > 0).sum(1) == ITEMS // 2).all()


def test_a_published_split_is_measured_as_it_is(registered: None) -> None:
    data = make()
    parts = split(data.interactions, "random", 1)
    given = evaluate_split(data, "fixed", parts, EvaluationConfig(protocol="random", seed=1))
    assert given.metrics == evaluate(data, "fixed", EvaluationConfig(protocol="random", seed=1)).metrics


def test_a_model_that_cannot_be_kept_is_said_before_it_is_trained(registered: None) -> None:
    with pytest.raises(RecsysError, match="fixed cannot be saved"):
        runner.train(make(), "fixed")


def small(name: str) -> Dataset:
    """A very small data set, for edge cases."""
    users, items = {
        "one user": ([0] * 8, list(range(1, 9))),
        "one item": (list(range(8)), [1] * 8),
        "one item each": (list(range(12)), [1 + user % 4 for user in range(12)]),
        "one rating": ([0], [1]),
        "all equal": (
            [user for user in range(6) for _ in range(4)],
            [1 + (user + i) % 6 for user in range(6) for i in range(4)],
        ),
    }[name]
    log = Interactions(
        np.array(users),
        np.array(items),
        ratings=np.full(len(users), 3.0, np.float32),
        timestamps=np.full(len(users), 7),
    )
    return replace(make(), interactions=log)


@pytest.mark.parametrize("data", ["one user", "one item", "one item each", "one rating", "all equal"])
@pytest.mark.parametrize("name", models.available())
def test_little_data_gives_figures_or_a_sentence(name: str, data: str) -> None:
    quick = {"n_iter": 3, "burn_in": 1}
    options = {option: value for option, value in quick.items() if option in models.get(name).options}
    for protocol in ("random", "user", "leave-one-out", "temporal"):
        report, sentence = None, "."
        try:
            report = evaluate(
                small(data),
                name,
                EvaluationConfig(protocol=protocol, options=options, device="cpu", segments=True),
            )
        except RecsysError as error:
            sentence = str(error)
        assert sentence.endswith(".")
        if report is not None:
            assert report.metrics
            assert all(np.isfinite(value) for value in report.metrics.values())


class ByTexts(Fixed):
    """A model of users that uses the items' texts."""

    def fit(self, interactions: Any, verbose: bool = False, item_vectors: Any = None) -> None:
        self.fitted, self.vectors = interactions, item_vectors

    def save(self, folder: Any) -> None: ...

    def restore(self, folder: Any) -> None: ...


def test_texts_given_to_a_model_of_users_leave_the_data_set_as_it_is(register: Callable[..., None]) -> None:
    register(ModelSpec("by texts", "", f"{__name__}:ByTexts", Capabilities("user", uses=("texts",))))
    data = make()
    model, _ = runner.train(data, "by texts", item_vectors=np.zeros((ITEMS + 6, 8), dtype=np.float32))
    assert data.interactions.num_items == ITEMS + 1
    assert model.vectors.shape == (ITEMS + 1, 8)


@pytest.mark.parametrize("name", ["attention", "blend"])
def test_a_model_that_goes_by_texts_is_asked_about_the_same_items(name: str) -> None:
    data = make()
    vectors = np.random.RandomState(0).randn(ITEMS + 6, 8).astype(np.float32)  # five further items without ratings
    vectors[0] = 0
    options = {"texts": True, "n_iter": 1}
    config = EvaluationConfig(protocol="leave-one-out", options=options, device="cpu")
    report = evaluate(data, name, config, item_vectors=vectors)
    assert report.options["texts"] is True
    model, _ = runner.train(data, name, options=options, device="cpu", item_vectors=vectors)
    scores = model.predict(np.array([1, 2, 3]))
    assert scores.shape == (ITEMS + 6,)
    assert scores[1:].min() > scores[0]
    with pytest.raises(OptionError, match="item_vectors"):
        runner.train(data, name, options=options, device="cpu")
