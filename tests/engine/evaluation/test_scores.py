from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

import engine.evaluation.scores as evaluation
from engine.evaluation import (
    mrr_score,
    precision_recall_score,
    rmse_score,
    sequence_mrr_score,
    sequence_precision_recall_score,
)
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.factorization.implicit import ImplicitFactorizationModel
from engine.interactions import Interactions, SequenceInteractions
from engine.sequence.implicit import ImplicitSequenceModel

USERS, ITEMS = 7, 12


class Table:
    """A model with fixed scores, of which few are distinct, so that ties are common."""

    def __init__(self, seed: int) -> None:
        self.table = np.random.RandomState(seed).randint(0, 5, (USERS, ITEMS)).astype(np.float32)

    def predict(self, user_ids, item_ids=None):
        return self.table[user_ids] if item_ids is None else self.table[user_ids, item_ids]


class BatchedTable(Table):
    def scores(self, user_ids):
        return torch.from_numpy(self.table[user_ids])


class SparseTable(BatchedTable):
    """A model that can rank few of its ids and scores only these."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.ranked = torch.from_numpy(np.isin(np.arange(ITEMS), np.random.RandomState(seed).choice(ITEMS, seed)))
        self.table[:, ~self.ranked.numpy()] = evaluation.MASKED_SCORE

    def scores(self, user_ids, item_ids):
        return super().scores(user_ids)[:, item_ids]


class NextTable(Table):
    """A model whose scores depend on the last item of a sequence."""

    def predict(self, sequences, item_ids=None):
        return self.table[np.asarray(sequences)[-1] % USERS]


class BatchedNextTable(NextTable):
    def scores(self, sequences):
        return torch.from_numpy(self.table[np.asarray(sequences)[:, -1] % USERS])


class SparseNextTable(SparseTable, NextTable):
    def scores(self, sequences, item_ids):
        return super().scores(np.asarray(sequences)[:, -1] % USERS, item_ids)


def _pairs(first_item: int):
    return st.lists(st.tuples(st.integers(0, USERS - 1), st.integers(first_item, ITEMS - 1)), min_size=1, max_size=40)


def _interactions(pairs) -> Interactions:
    users, items = np.array(pairs).T
    return Interactions(users, items, num_users=USERS, num_items=ITEMS)


def _list_of(scores, removed, rivals):
    """The ranked candidates of one user and their mean ranks, computed in a simple way."""
    scores = scores.astype(float).copy()
    scores[list(removed)] = evaluation.MASKED_SCORE
    ranks = dict(zip(rivals, rankdata(-scores[rivals]), strict=True))
    order = sorted(rivals, key=lambda item: (-scores[item], item))
    return order, ranks


@given(
    test=_pairs(0), train=st.one_of(st.none(), _pairs(0)), seed=st.integers(0, 5), chunk=st.sampled_from([1, 40, 10**6])
)
@pytest.mark.parametrize("model_class", [Table, BatchedTable, SparseTable])
def test_user_metrics_are_those_of_a_slow_reference(model_class, test, train, seed, chunk):
    model = model_class(seed)
    item_zero = any(item == 0 for _, item in test + (train or []))
    rivals = list(range(0 if item_zero else 1, ITEMS))
    reciprocal, precision, recall = [], [], []
    for user in sorted({user for user, _ in test}):
        targets = {item for one, item in test if one == user}
        removed = {item for one, item in train or [] if one == user}
        order, ranks = _list_of(model.table[user], removed, rivals)
        reciprocal.append(np.mean([1 / ranks[item] for item in targets]))
        hits = [len((targets - removed) & set(order[:k])) for k in (1, 4, 20)]
        precision.append([hit / min(k, ITEMS) for hit, k in zip(hits, (1, 4, 20), strict=True)])
        recall.append([hit / len(targets) for hit in hits])

    known = None if train is None else _interactions(train)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "CHUNK", chunk)
        np.testing.assert_allclose(mrr_score(model, _interactions(test), known), reciprocal)
        got = precision_recall_score(model, _interactions(test), known, k=[1, 4, 20])
        np.testing.assert_allclose(got[0], precision)
        np.testing.assert_allclose(got[1], recall)
        single = precision_recall_score(model, _interactions(test), known, k=4)
        np.testing.assert_allclose(single[0], np.array(precision)[:, 1])


@given(
    sequences=st.lists(st.lists(st.integers(1, ITEMS - 1), min_size=2, max_size=6), min_size=1, max_size=8),
    seed=st.integers(0, 5),
    exclude=st.booleans(),
    chunk=st.sampled_from([1, 40, 10**6]),
)
@pytest.mark.parametrize("model_class", [NextTable, BatchedNextTable, SparseNextTable])
def test_sequence_metrics_are_those_of_a_slow_reference(model_class, sequences, seed, exclude, chunk):
    rows = np.array([[0] * (6 - len(one)) + one for one in sequences])
    test = SequenceInteractions(rows, num_items=ITEMS)
    model = model_class(seed)
    reciprocal, precision, recall = [], [], []
    for row in rows:
        rivals = list(range(1, ITEMS))
        _, ranks = _list_of(model.predict(row[:-1]), set(row[:-1]) if exclude else (), rivals)
        reciprocal.append(1 / ranks[row[-1]])
        order, _ = _list_of(model.predict(row[:-2]), set(row[:-2]) if exclude else (), rivals)
        targets = set(row[-2:]) - {0}
        hits = len((targets - set(row[:-2] if exclude else ())) & set(order[:2]))
        precision.append(hits / 2)
        recall.append(hits / len(targets))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "CHUNK", chunk)
        np.testing.assert_allclose(sequence_mrr_score(model, test, exclude_preceding=exclude), reciprocal)
        got = sequence_precision_recall_score(model, test, k=2, exclude_preceding=exclude)
    np.testing.assert_allclose(got[0], precision)
    np.testing.assert_allclose(got[1], recall)


def test_rmse():
    test = Interactions([0, 1], [1, 2], ratings=[3.0, 5.0])
    model = Table(0)
    model.table[0, 1], model.table[1, 2] = 4.0, 3.0
    assert rmse_score(model, test) == pytest.approx(np.sqrt((1 + 4) / 2))
    with pytest.raises(ValueError, match="ratings"):
        rmse_score(model, Interactions([0], [1]))


def test_the_padding_is_no_rival_and_known_items_come_last():
    model = Table(0)
    model.table[0] = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2]
    test = Interactions([0], [3], num_users=USERS, num_items=ITEMS)
    assert mrr_score(model, test).tolist() == [1 / 3]
    known = Interactions([0, 0], [1, 2], num_users=USERS, num_items=ITEMS)
    assert mrr_score(model, test, train=known).tolist() == [1.0]


def test_trained_models_are_measured_as_any_other():
    rng = np.random.RandomState(0)
    users, items = np.repeat(np.arange(20), 20), rng.randint(1, 30, 400)
    interactions = Interactions(users, items, ratings=items % 5 + 1.0, timestamps=np.arange(400))
    sequences = interactions.to_sequence(5)
    for model in (ExplicitFactorizationModel(n_iter=2, random_state=1), ImplicitFactorizationModel(random_state=1)):
        model.fit(interactions)
        slow = Wrapped(model)
        for train in (None, interactions.select(users < 10)):
            np.testing.assert_allclose(
                mrr_score(model, interactions, train), mrr_score(slow, interactions, train), rtol=1e-4
            )
        assert precision_recall_score(model, interactions, k=[3, 5])[0].shape == (20, 2)
    model = ImplicitSequenceModel(representation="cnn", n_iter=2, random_state=1)
    model.fit(sequences)
    slow = Wrapped(model)
    for exclude in (False, True):
        np.testing.assert_allclose(
            sequence_mrr_score(model, sequences, exclude), sequence_mrr_score(slow, sequences, exclude), rtol=1e-4
        )


def test_ids_with_gaps_are_measured_as_if_all_were_scored(monkeypatch):
    rng = np.random.RandomState(0)
    users, items = np.repeat(np.arange(20), 20), rng.randint(1, 30, 400) * 100
    interactions = Interactions(users, items, timestamps=np.arange(400))
    factors = ImplicitFactorizationModel(loss="bpr", random_state=1)
    net = ImplicitSequenceModel(loss="bpr", representation="cnn", random_state=1)
    factors.fit(interactions.select(items > 1000))
    net.fit(interactions.select(items > 1000).to_sequence(5))
    sequences = interactions.to_sequence(5)

    def measure():
        yield mrr_score(factors, interactions)
        yield mrr_score(factors, interactions, interactions.select(users < 10))
        yield from precision_recall_score(factors, interactions, k=[3, 50])
        yield sequence_mrr_score(net, sequences)
        yield sequence_mrr_score(net, sequences, exclude_preceding=True)
        yield from sequence_precision_recall_score(net, sequences, k=2)

    quick = list(measure())
    for model in (ImplicitFactorizationModel, ImplicitSequenceModel):
        monkeypatch.delattr(model, "ranked")
    for mine, whole in zip(quick, measure(), strict=True):
        np.testing.assert_array_equal(mine, whole)


class Wrapped:
    """A model with only the methods that Spotlight's models have."""

    def __init__(self, model) -> None:
        self.predict = model.predict


def test_impossible_list_lengths_are_value_errors():
    test = Interactions([0], [3], num_users=USERS, num_items=ITEMS)
    with pytest.raises(ValueError, match="0"):
        precision_recall_score(Table(0), test, k=0)
    with pytest.raises(ValueError, match="9"):
        sequence_precision_recall_score(NextTable(0), SequenceInteractions([[1, 2]], num_items=ITEMS), k=9)


class OfUsers:
    def predict(self, user_ids, item_ids=None):
        raise AssertionError("never asked")


class OfSequences:
    def predict(self, sequences, item_ids=None):
        raise AssertionError("never asked")


@pytest.mark.parametrize(
    ("score", "model", "instead"),
    [
        (mrr_score, OfSequences, "OfSequences takes sequences: call sequence_mrr_score"),
        (precision_recall_score, OfSequences, "OfSequences takes sequences: call sequence_precision_recall_score"),
        (rmse_score, OfSequences, "OfSequences takes sequences"),
        (sequence_mrr_score, OfUsers, "OfUsers takes users: call mrr_score"),
        (sequence_precision_recall_score, OfUsers, "OfUsers takes users: call precision_recall_score"),
    ],
)
def test_a_model_of_the_other_kind_is_refused_and_the_right_score_named(score, model, instead):
    interactions = Interactions([0, 0], [1, 2], ratings=[1.0, 2.0], timestamps=[1, 2])
    for test in (interactions, interactions.to_sequence(2)):
        with pytest.raises(ValueError, match=f"^{score.__name__} is for models of .*{instead}"):
            score(model(), test)


def test_interactions_of_the_other_kind_are_refused():
    interactions = Interactions([0, 0], [1, 2], timestamps=[1, 2])
    with pytest.raises(ValueError, match="call sequence_mrr_score"):
        mrr_score(OfUsers(), interactions.to_sequence(2))
    with pytest.raises(ValueError, match=r"call test\.to_sequence\(\) first"):
        sequence_mrr_score(OfSequences(), interactions)


def test_our_own_models_are_told_apart():
    interactions = Interactions([0, 0, 1, 1], [1, 2, 2, 3], timestamps=[1, 2, 3, 4])
    sequences = interactions.to_sequence(2)
    of_users, of_sequences = ImplicitFactorizationModel(n_iter=1), ImplicitSequenceModel(n_iter=1)
    of_users.fit(interactions)
    of_sequences.fit(sequences)
    with pytest.raises(ValueError, match="ImplicitSequenceModel takes sequences: call sequence_mrr_score"):
        mrr_score(of_sequences, interactions)
    with pytest.raises(ValueError, match="ImplicitFactorizationModel takes users: call mrr_score"):
        sequence_mrr_score(of_users, sequences)


def test_a_removed_item_is_no_hit_of_a_list_that_is_longer_than_what_remains():
    known, asked = _interactions([(0, 1), (0, 2)]), _interactions([(0, 2), (0, 3)])
    _, recall = precision_recall_score(Table(0), asked, known, k=ITEMS)
    assert recall.tolist() == [0.5]
    rows = SequenceInteractions(np.array([[1, 2, 1]]), num_items=ITEMS)
    _, recall = sequence_precision_recall_score(NextTable(0), rows, k=1, exclude_preceding=True)
    assert recall.tolist() == [0.0]
