"""Tests of the Bayesian factorisation: its sampler, its predictions and its storage."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from engine import models
from engine.data.features import Features, Spline, bumps, history, members
from engine.errors import CancelledError, LearningError, NotTrainedError
from engine.factorization import bayesian, blocks, linear_prior, memory, pieces, posterior, sweeps
from engine.factorization import days as days_module
from engine.factorization.bayesian import BayesianFactorizationModel
from engine.factorization.blocks import FactorBlock, GibbsState, draw
from engine.factorization.days import Days
from engine.factorization.likelihoods import Ordinal, expected_grade
from engine.factorization.linear_prior import LinearPrior
from engine.factorization.pieces import pad_by_entity
from engine.factorization.sweeps import SweepJob
from engine.interactions import Interactions
from engine.runtime.executor import Executor, LocalExecutor
from engine.runtime.job import Job
from engine.runtime.ray_worker import portable

CPU = torch.device("cpu")
ALL = slice(None)


def made_up(num_users=60, num_items=40, density=0.4, seed=0, grades=True) -> Interactions:
    """Noisy ratings of users with two different tastes. Item 0 is padding."""
    random = np.random.RandomState(seed)
    users, items = np.nonzero(random.rand(num_users, num_items) < density)
    items = items + 1
    left, right = random.randn(num_users, 2), random.randn(num_items + 1, 2)
    scores = 3.0 + (left[users] * right[items]).sum(1) * 0.7 + right[items, 0] * 0.4 + random.randn(len(users)) * 0.3
    ratings = np.clip(np.round(scores), 1, 5) if grades else scores
    times = random.randint(0, 40 * 86_400, len(users)) + 1_000_000_000
    return Interactions(users, items, ratings=ratings, timestamps=times, num_users=num_users, num_items=num_items + 1)


def halves(data: Interactions) -> tuple[Interactions, Interactions]:
    chosen = np.random.RandomState(1).rand(len(data)) < 0.8
    return data.select(chosen), data.select(~chosen)


def rmse(model, test, **more) -> float:
    return float(np.sqrt(np.mean((model.predict(test.user_ids, test.item_ids, **more) - test.ratings) ** 2)))


def quick(**options) -> BayesianFactorizationModel:
    return BayesianFactorizationModel(**{"embedding_dim": 4, "n_iter": 30, "burn_in": 8, "random_state": 3, **options})


@pytest.fixture(scope="module")
def data():
    return halves(made_up())


@pytest.fixture(scope="module")
def fitted(data):
    model = quick()
    model.fit(data[0])
    return model


def test_each_entity_is_in_one_piece_with_all_its_rows():
    ids = np.random.RandomState(0).zipf(1.6, 3000) % 50
    pieces = pad_by_entity(ids, 60, 4, CPU)
    rows = torch.cat([piece.rows[piece.real > 0] for piece in pieces])
    assert sorted(rows.tolist()) == list(range(len(ids)))
    for piece in pieces:
        for entity, own, real in zip(piece.entities.tolist(), piece.rows, piece.real, strict=True):
            assert set(own[real > 0].tolist()) == set(np.flatnonzero(ids == entity).tolist())
            assert (own[real == 0] == len(ids)).all()


@pytest.mark.parametrize("rows", [3, 40])  # fewer and more than the vector's length: both forms of the solution
def test_draws_have_the_mean_and_the_covariance_of_the_posterior(rows):
    width, copies = 5, 6000
    random = torch.Generator().manual_seed(0)
    vectors = torch.randn(rows, width, generator=random)
    target = torch.randn(rows, generator=random)
    root = torch.randn(width, width, generator=random)
    prior = root @ root.T + torch.eye(width)
    expected = torch.randn(1, width, generator=random)
    noise = torch.rand(rows, generator=random) + 0.5
    # All copies of the entity have the same ratings, so one call makes many draws.
    ids = np.repeat(np.arange(copies), rows)
    other = FactorBlock("item", False, torch.arange(rows).repeat(copies + 1)[: copies * rows + 1], [], vectors)
    block = FactorBlock(
        "user",
        True,
        torch.from_numpy(np.append(ids, 0)),
        pad_by_entity(ids, copies, width, CPU),
        torch.randn(copies, width, generator=random),
    )
    block.precision, block.expected = prior, expected
    design = vectors.clone()
    design[:, -1] = 1.0
    bias = vectors[:, -1]
    everywhere = torch.cat([target.repeat(copies), torch.zeros(1)])
    score = torch.cat([(design @ block.vectors.T).T.reshape(-1) + bias.repeat(copies), torch.zeros(1)])
    state = GibbsState(everywhere, score, torch.cat([noise.repeat(copies), torch.zeros(1)]))

    means = draw(block, [other], state, random, sweeping())

    precision = prior + design.T @ (noise[:, None] * design)
    mean = torch.linalg.solve(precision, prior @ expected[0] + design.T @ (noise * (target - bias)))
    assert torch.allclose(means, mean.expand_as(means), atol=1e-3)
    covariance = torch.linalg.inv(precision)
    error = (covariance.diagonal() / copies).sqrt() * 5
    assert ((block.vectors.mean(0) - mean).abs() < error).all()
    assert torch.allclose(torch.cov(block.vectors.T), covariance, atol=0.1 * float(covariance.diagonal().max()))
    assert torch.allclose(state.score[:-1], (design @ block.vectors.T).T.reshape(-1) + bias.repeat(copies), atol=1e-3)


def test_a_linear_prior_finds_what_features_explain():
    random = np.random.RandomState(0)
    features = random.randn(200, 6).astype(np.float32)
    vectors = torch.from_numpy(features @ random.randn(6, 3).astype(np.float32)) * 2.0
    prior = LinearPrior(features, 3, CPU)
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        prior.draw(prior.basis.project(vectors, ALL), torch.eye(3) * 5.0, generator)
    assert float((prior.values(ALL) - vectors).square().mean()) < 0.05 * float(vectors.square().mean())
    assert torch.allclose(torch.from_numpy(features) @ prior.weights, prior.values(ALL), atol=1e-3)


def test_the_strongest_directions_of_a_large_matrix_are_found(monkeypatch):
    random = np.random.RandomState(0)
    features = (random.randn(90, 4) @ random.randn(4, 60)).astype(np.float32)
    whole = LinearPrior(features, 3, CPU)
    monkeypatch.setattr(linear_prior, "EXACT_SIZE", 10)
    monkeypatch.setattr(linear_prior, "NUM_COMPONENTS", 8)
    part = LinearPrior(csr_matrix(features), 3, CPU)
    rebuilt = part.basis.expand(part.strengths.sqrt().unsqueeze(1) * part._loadings.T, ALL)
    assert torch.allclose(rebuilt, torch.from_numpy(features), atol=1e-3)
    assert torch.allclose(part.strengths[-4:], whole.strengths[-4:], rtol=1e-3)


def test_a_linear_prior_stays_out_where_features_explain_nothing():
    random = np.random.RandomState(0)
    prior = LinearPrior(random.randn(300, 5).astype(np.float32), 3, CPU)
    vectors = torch.from_numpy(random.randn(300, 3).astype(np.float32))
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        prior.draw(prior.basis.project(vectors, ALL), torch.eye(3), generator)
    assert float(prior.values(ALL).square().mean()) < 0.05


@pytest.mark.parametrize("high", [30.0, 0.0])  # the latter: all numbers are the same
def test_a_spline_is_the_matrix_of_basis_functions_in_less_memory(high):
    values = np.random.RandomState(0).rand(500) * high
    spline, dense = Spline.of(values, 0.0, high, 7), bumps(values, 0.0, high, 7)
    np.testing.assert_allclose(spline.dense(), dense, atol=1e-6)
    np.testing.assert_allclose(spline.gram(), dense.T @ dense, atol=1e-3)
    one, other = LinearPrior(spline, 3, CPU), LinearPrior(dense, 3, CPU)
    vectors, root = torch.randn(500, 3, generator=torch.Generator().manual_seed(0)), torch.eye(3)
    for prior in (one, other):
        parts = (slice(0, 200), slice(200, 500))
        projection = sum(prior.basis.project(vectors[part], part) for part in parts)
        # The directions have any sign; a draw without noise does not depend on it.
        prior.coordinates = torch.linalg.solve_triangular(root, projection, upper=False, left=False)
    assert torch.allclose(one.values(ALL), other.values(ALL), atol=1e-4)
    assert torch.allclose(one.weights, other.weights, atol=1e-4)


def test_many_days_in_blocks_give_the_model_of_few_at_a_time(data, fitted, monkeypatch):
    monkeypatch.setattr(days_module, "MAX_DENSE_FEATURES", 0)
    monkeypatch.setattr(blocks, "ROWS", 50)
    monkeypatch.setattr(posterior, "ROWS", 50)
    monkeypatch.setattr(bayesian, "_PIECE", 100)
    model = quick()
    model.fit(data[0])
    _, test = data
    moments = {"timestamps": test.timestamps}
    # Sums round differently, so the chains part after some sweeps: the predictions agree, and not to the last bit.
    one, other = (each.predict(test.user_ids, test.item_ids, **moments) for each in (fitted, model))
    assert np.sqrt(np.mean((one - other) ** 2)) < 0.15
    assert rmse(model, test, **moments) == pytest.approx(rmse(fitted, test, **moments), abs=0.02)


@pytest.mark.parametrize("columns", [1, 5, 7])
def test_a_large_matrix_is_decomposed_to_the_same_bits_by_any_number_of_columns_at_a_time(monkeypatch, columns):
    monkeypatch.setattr(linear_prior, "EXACT_SIZE", 10)
    monkeypatch.setattr(linear_prior, "NUM_COMPONENTS", 8)
    by_user, by_item = history(made_up())
    whole = [LinearPrior(matrix, 3, CPU) for matrix in (by_user, by_item)]
    monkeypatch.setattr(linear_prior, "COLUMNS", columns)
    for one, matrix in zip(whole, (by_user, by_item), strict=True):
        other = LinearPrior(matrix, 3, CPU)
        assert torch.equal(one.basis.matrix, other.basis.matrix)
        assert torch.equal(one.strengths, other.strengths)
        assert torch.equal(one._loadings, other._loadings)


def sweeping() -> SweepJob:
    return SweepJob(Job(), "", 1, 1)


def sampler(
    log: Interactions, executor: Executor | None = None
) -> tuple[list[FactorBlock], GibbsState, torch.Generator]:
    """The blocks, the state and the generator of a model before the first sweep."""
    generator = torch.Generator().manual_seed(0)
    model = quick()
    model.num_users, model.num_items = log.num_users, log.num_items
    model._executor = executor or LocalExecutor()
    days = Days(log.user_ids, log.timestamps, log.num_users)
    parts = model._blocks(log, days, generator, Job())
    ratings = torch.from_numpy(log.ratings).float()
    likelihood = model._likelihood(ratings, torch.from_numpy(log.user_ids), log.num_users)
    state = likelihood.start()
    state.score += bayesian._scores(parts)
    return parts, state, generator


@pytest.mark.parametrize("rows", [3, 17, 64])
def test_a_sweep_gives_the_same_draws_whatever_the_number_of_vectors_at_a_time(monkeypatch, rows):
    def sweep() -> list[torch.Tensor]:
        parts, state, generator = sampler(made_up())
        for block in parts:
            draw(block, [other for other in parts if other.left != block.left], state, generator, sweeping())
            blocks.draw_prior(block, generator, 0.5, sweeping())
        return [state.score, *(block.vectors for block in parts), *(block.precision for block in parts)]

    whole = sweep()
    monkeypatch.setattr(blocks, "ROWS", rows)
    for one, other in zip(whole, sweep(), strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("size", [1, 200, 3_000])
def test_a_sweep_of_means_is_the_same_whatever_the_number_of_ratings_at_a_time(monkeypatch, size):
    def sweep() -> list[torch.Tensor]:
        parts, state, _ = sampler(made_up())
        for block in parts:
            draw(block, [other for other in parts if other.left != block.left], state, None, sweeping())
        return [state.score, *(block.vectors for block in parts)]

    whole = sweep()
    monkeypatch.setattr(pieces, "PIECE", size)
    for one, other in zip(whole, sweep(), strict=True):
        assert torch.allclose(one, other, atol=1e-4)


class Elsewhere(LocalExecutor):
    """An executor whose chunks have several pieces each, and which sends what it shares, takes and gives as arrays."""

    def portions(self, pieces: int) -> Iterator[range]:
        return (range(start, min(start + 3, pieces)) for start in range(0, pieces, 3))

    def share(self, value: object) -> object:
        return portable(value)

    def run(
        self, work: Callable[..., Any], shared: Sequence[Any], chunks: Iterable[Sequence[Any]], job: Job
    ) -> Generator[tuple[int, Any], None, None]:
        for number, chunk in enumerate(chunks):
            yield number, portable(work(job, *map(portable, shared), *map(portable, chunk)))


def test_draws_from_elsewhere_are_those_from_here_to_the_last_bit():
    drawn = []
    for executor in (LocalExecutor(), Elsewhere()):
        parts, state, generator = sampler(made_up(), executor)
        for block in 2 * parts:
            others = [other for other in parts if other.left != block.left]
            drawn.append(draw(block, others, state, generator, sweeping()))
            blocks.draw_prior(block, generator, 0.5, sweeping())
        drawn += [state.score, *(block.vectors for block in parts)]
    half = len(drawn) // 2
    for one, other in zip(drawn[:half], drawn[half:], strict=True):
        assert torch.equal(one, other)


@pytest.fixture
def few_days(monkeypatch):
    """Room for all samples of users and items, and for few of the days."""
    monkeypatch.setattr(memory, "SAMPLE_BUDGET", 22 * 101 * 5)


def test_samples_of_many_days_do_not_take_the_room_of_those_of_users(data, fitted, few_days, tmp_path):
    train, test = data
    model = quick()
    model.fit(train)
    kept, whole = model._posterior, fitted._posterior
    assert len(kept.users) == len(kept.items) == len(kept.typical) == 22
    assert kept.days.shape == (3, *whole.days.shape[1:])
    # Without a time nothing but the rounding of the users on an average day is another.
    pairs = test.user_ids, test.item_ids
    assert np.allclose(model.predict(*pairs), fitted.predict(*pairs), atol=0.02)
    assert np.allclose(model.std(*pairs), fitted.std(*pairs), atol=0.02)
    asked = *pairs, test.timestamps
    assert rmse(model, test, timestamps=test.timestamps) == pytest.approx(
        rmse(fitted, test, timestamps=test.timestamps), abs=0.02
    )
    known = train.user_ids, train.item_ids, train.timestamps
    assert np.sqrt(np.mean((model.predict(*known) - fitted.predict(*known)) ** 2)) < 0.15
    model.save(tmp_path / "model")
    again = models.load(tmp_path / "model")
    assert np.array_equal(again.predict(*asked), model.predict(*asked))
    assert np.array_equal(again.std(*asked), model.std(*asked))


def test_a_mood_of_the_day_is_taken_in_with_few_samples_of_the_days(few_days):
    test_a_mood_of_the_day_is_taken_in()


def test_progress_is_told_from_the_beginning_and_within_a_sweep(data, monkeypatch):
    monkeypatch.setattr(sweeps, "_REPORT_EVERY", 0.0)
    told = []
    quick(n_iter=3, burn_in=1).fit(data[0], job=Job(told.append))
    assert [told[0].stage, told[-1].stage] == ["preparing bayesian", "averaging the samples of bayesian"]
    assert "preparing bayesian: features of users" in {one.stage for one in told}
    sampling = [one for one in told if one.stage == "training bayesian"]
    shares = [one.done / one.total for one in sampling]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.2
    assert shares[-1] == 1
    assert [one.values["epoch"] for one in sampling if "epoch" in one.values][-1] == 3
    of_warm_start = [one for one in sampling if not one.values]
    assert len(of_warm_start) > 2


@pytest.mark.parametrize("stage", ["preparing bayesian: features of items", "training bayesian"])
def test_a_cancel_is_obeyed_in_every_part(data, monkeypatch, stage):
    monkeypatch.setattr(linear_prior, "EXACT_SIZE", 10)
    monkeypatch.setattr(linear_prior, "NUM_COMPONENTS", 8)
    told = []

    def note(progress) -> None:
        told.append(progress)
        if progress.stage == stage:
            job.cancel()

    job = Job(note)
    model = quick()
    with pytest.raises(CancelledError):
        model.fit(data[0], job=job)
    assert told[-1].stage == stage
    with pytest.raises(NotTrainedError):
        model.predict(0)


def test_a_fitted_model_does_not_keep_the_day_of_each_rating(fitted):
    assert fitted._days.ids.size == 0


def test_ordinal_thresholds_are_recovered():
    generator = torch.Generator().manual_seed(0)
    score = torch.randn(6_000, generator=generator)
    truth = torch.tensor([-1.0, 0.2, 0.9])
    ratings = torch.bucketize(score + torch.randn(6_000, generator=generator), truth).float()
    likelihood = Ordinal(ratings, torch.zeros(6_000, dtype=torch.long), 1, 1e6)
    state = likelihood.start()
    state.score[:-1] = score
    drawn = []
    for step in range(150):
        likelihood.draw(state, generator)
        if step >= 50:
            drawn.append(likelihood.thresholds())
    assert torch.allclose(torch.stack(drawn).mean(0), truth, atol=0.1)


def test_an_expected_grade_is_the_mean_of_the_grades():
    cuts, grades = torch.tensor([-1.0, 0.5]), torch.tensor([1.0, 3.0, 4.0])
    generator = torch.Generator().manual_seed(0)
    drawn = grades[torch.bucketize(0.3 + 1.4 * torch.randn(200_000, generator=generator), cuts)].mean()
    assert float(expected_grade(torch.tensor([0.3]), torch.tensor([1.96]), cuts, grades)) == pytest.approx(
        float(drawn), abs=0.01
    )


def test_days_are_found_again():
    users, times = np.array([0, 0, 1, 0]), np.array([10, 86_399, 10, 86_400])
    days = Days(users, times, 2)
    assert len(days) == 3
    assert days.ids[0] == days.ids[1] != days.ids[3]
    assert days.find(np.array([0, 1, 1]), np.array([5, 80_000, 90_000])).tolist() == [days.ids[0], days.ids[2], -1]


def test_features_have_rows_of_length_one():
    by_user, by_item = history(Interactions([0, 0, 1], [1, 2, 2]))
    assert by_user.toarray()[0].tolist() == pytest.approx([0, 0.5**0.5, 0.5**0.5])
    assert by_item.toarray()[2].tolist() == pytest.approx([0.5**0.5, 0.5**0.5])
    assert bumps(np.array([0.0, 2.5, 10.0, np.nan]), 0, 10, 5).sum(1).tolist() == [1, 1, 1, 0]
    assert np.allclose(members([("a", "b"), ("a",), ()], least=1), [[0.5**0.5, 0.5**0.5], [1.0, 0.0], [0.0, 0.0]])


def test_it_beats_the_means_by_far(data, fitted):
    train, test = data
    item_means = np.array([train.ratings[train.item_ids == item].mean() for item in range(1, 41)])
    plain = float(np.sqrt(np.mean((item_means[test.item_ids - 1] - test.ratings) ** 2)))
    assert rmse(fitted, test) < 0.75 * plain


@pytest.mark.parametrize("options", [{"likelihood": "ordinal"}, {"history": False, "time": False}])
def test_its_variants_do_as_well(data, fitted, options):
    model = quick(**options)
    model.fit(data[0])
    assert rmse(model, data[1]) < 1.1 * rmse(fitted, data[1])


def test_features_help_items_that_nobody_has_rated(data):
    whole = made_up(grades=False)
    kind = np.random.RandomState(5).randint(0, 3, 41)
    ratings = whole.ratings + np.array([0.0, 2.5, -2.5])[kind[whole.item_ids]]
    told = Interactions(whole.user_ids, whole.item_ids, ratings=ratings, num_users=60, num_items=41)
    cold = told.item_ids > 32
    features = Features(items={"kind": np.eye(3, dtype=np.float32)[kind]})
    errors = []
    for given in (None, features):
        model = quick()
        model.fit(told.select(~cold), features=given)
        errors.append(rmse(model, told.select(cold)))
    assert errors[1] < 0.8 * errors[0]


def test_a_mood_of_the_day_is_taken_in():
    whole = made_up(grades=False, density=0.8)
    mood = np.random.RandomState(4).randn(60, 41) * 1.5
    day = (whole.timestamps - 1_000_000_000) // 86_400 // 10
    days = Interactions(
        whole.user_ids,
        whole.item_ids,
        ratings=whole.ratings + mood[whole.user_ids, day],
        timestamps=1_000_000_000 + day * 864_000,
        num_users=60,
        num_items=41,
    )
    train, test = halves(days)
    model = quick(n_iter=50)
    model.fit(train)
    assert rmse(model, test, timestamps=test.timestamps) < 0.8 * rmse(model, test)


def test_the_spread_says_how_far_off_it_is(data, fitted):
    _, test = data
    error = fitted.predict(test.user_ids, test.item_ids) - test.ratings
    spread = fitted.std(test.user_ids, test.item_ids)
    assert (spread > 0).all()
    assert 0.5 < np.mean(np.abs(error) < spread) < 0.9  # 0.68 for a normal distribution


def test_a_seed_makes_the_same_model_again(data, fitted):
    again = quick()
    again.fit(data[0])
    assert np.array_equal(again.predict(5), fitted.predict(5))


def test_all_items_and_pairs_agree(fitted):
    users = np.repeat(np.arange(60), 41)
    pairs = fitted.predict(users, np.tile(np.arange(41), 60)).reshape(60, 41)
    assert np.allclose(fitted.predict(np.arange(60)), pairs, atol=1e-4)


@pytest.mark.parametrize("options", [{}, {"likelihood": "ordinal", "time": False}])
def test_what_is_stored_predicts_exactly_the_same(data, tmp_path, options):
    model = quick(**options)
    model.fit(data[0])
    model.save(tmp_path / "model")
    again = models.load(tmp_path / "model")
    test = data[1]
    pairs = test.user_ids, test.item_ids
    assert np.array_equal(again.predict(*pairs), model.predict(*pairs))
    assert np.array_equal(again.predict(*pairs, test.timestamps), model.predict(*pairs, test.timestamps))
    assert np.array_equal(again.std(*pairs), model.std(*pairs))
    assert np.array_equal(again.fold_in([1, 2], [5.0, 1.0]), model.fold_in([1, 2], [5.0, 1.0]))


def test_somebody_new_with_a_users_ratings_gets_much_the_same(data, fitted):
    train, _ = data
    close = []
    for user in range(20):
        own = train.select(train.user_ids == user)
        new, old = fitted.fold_in(own.item_ids, own.ratings), fitted.predict(user)
        close.append(np.corrcoef(new[1:], old[1:])[0, 1])
    assert np.median(close) > 0.9


def test_nothing_known_of_somebody_gives_the_average(fitted):
    assert np.allclose(fitted.fold_in([]), fitted.predict(np.arange(60)).mean(0), atol=0.05)


@pytest.mark.parametrize(
    "log",
    [
        Interactions([0], [1], ratings=[4.0]),
        Interactions([0, 0], [1, 2], ratings=[4.0, 4.0], timestamps=[5, 5]),
        Interactions([0, 1, 2], [1, 1, 1], ratings=[1.0, 2.0, 3.0]),
        Interactions([0, 5], [1, 9], ratings=[3.0, 3.0], num_users=8, num_items=12),
    ],
    ids=["one rating", "all equal", "one item", "gaps"],
)
def test_too_little_still_gives_sane_ratings(log):
    model = quick()
    model.fit(log)
    predicted = model.predict(np.arange(log.num_users))
    assert np.isfinite(predicted).all()
    assert abs(predicted.mean() - log.ratings.mean()) < 1.5
    assert np.isfinite(model.fold_in([1], [4.0])).all()


def test_bad_input_is_said():
    with pytest.raises(LearningError, match="have none"):
        quick().fit(Interactions([0], [1]))
    with pytest.raises(LearningError, match="different ratings"):
        quick(likelihood="ordinal").fit(Interactions([0, 1], [1, 1], ratings=[3.0, 3.0]))
    with pytest.raises(ValueError, match="likelihood must be one of"):
        quick(likelihood="poisson")
    with pytest.raises(ValueError, match="burn_in"):
        quick(burn_in=30)
    with pytest.raises(NotTrainedError):
        quick().predict(0)


def test_a_cancel_is_obeyed(data):
    job = Job()
    job.cancel()
    model = quick()
    with pytest.raises(CancelledError):
        model.fit(data[0], job=job)
    with pytest.raises(NotTrainedError):
        model.predict(0)
