"""Models are compared by the same questions, from runs that are kept, and side by side for one user."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import NotTrainedError, OptionError, RecsysError, UnknownError
from engine.evaluation.config import EvaluationConfig
from engine.session import Session, recording
from engine.workspace.dataset_store import Workspace
from tests.faults.operations import films

CONFIG = EvaluationConfig(protocol="leave-one-out", k=3)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    workspace = Workspace(tmp_path / "data")
    workspace.add(films())
    return Session(workspace, "films", device="cpu")


def test_models_are_tested_in_pairs_and_ordered_by_their_figures(session: Session) -> None:
    found = session.comparison.compare(["popular", "baseline", "knn"], CONFIG)
    assert found.metric == "ndcg@3"
    figures = [model.run.metrics["ndcg@3"] for model in found.models]
    assert figures == sorted(figures, reverse=True)
    assert {name: len(tests) for name, tests in found.tests.items()}["ndcg@3"] == 3
    assert all(model.run.segments for model in found.models)


def test_what_was_measured_before_in_the_same_way_is_not_measured_again(session: Session) -> None:
    first = session.comparison.compare(["popular", "ease"], CONFIG)
    again = session.comparison.compare(["popular", "ease"], CONFIG)
    assert [model.run.id for model in again.models] == [model.run.id for model in first.models]
    assert all(model.reused for model in again.models)
    other = session.comparison.compare(["popular", "ease"], CONFIG, {"ease": {"l2": 5.0}})
    assert {model.label: model.reused for model in other.models} == {"popular": True, "ease": False}
    fresh = session.comparison.compare(["popular", "ease"], CONFIG, fresh=True)
    assert not any(model.reused for model in fresh.models)


def test_two_runs_of_one_model_have_the_numbers_of_the_runs_in_their_labels(session: Session) -> None:
    for seed in (1, 2):
        options = {"n_iter": 1, "random_state": seed}
        session.models.evaluate("explicit", EvaluationConfig(protocol="leave-one-out", k=3, options=options))
    found = session.comparison.compare_runs([1, 2])
    assert {model.label for model in found.models} == {"explicit #1", "explicit #2"}


def test_runs_that_answered_different_questions_are_not_compared(session: Session) -> None:
    for seed in (1, 2):
        session.models.evaluate("popular", EvaluationConfig(protocol="random", seed=seed))
    session.models.train("popular")
    with pytest.raises(RecsysError, match="seed of the split, 1 and 2"):
        session.comparison.compare_runs([1, 2])
    with pytest.raises(RecsysError, match="kind train"):
        session.comparison.compare_runs([1, 3])
    with pytest.raises(OptionError, match="at least two"):
        session.comparison.compare_runs([1, 1])
    with pytest.raises(OptionError, match="beauty"):
        session.comparison.compare(["popular", "ease"], CONFIG, metric="beauty")


def test_the_lists_of_a_user_are_side_by_side_with_what_was_held_out(session: Session) -> None:
    found = session.comparison.compare(["popular", "ease"], CONFIG)
    lists = session.comparison.side_by_side(found, 100)
    (held_out,) = lists.held_out
    history = session.users.history(100)
    assert held_out.internal_id == max(history, key=lambda entry: entry.timestamp or 0).item.internal_id
    known = {entry.item.internal_id for entry in history} - {held_out.internal_id}
    items = {label: [one.item.internal_id for one in row] for label, row in lists.lists.items()}
    for row in lists.lists.values():
        assert [one.rank for one in row] == [1, 2, 3]
        for one in row:
            assert one.item.internal_id not in known
            assert one.held_out == (one.item.internal_id == held_out.internal_id)
            assert one.shared == all(one.item.internal_id in other for other in items.values())
    with pytest.raises(UnknownError):
        session.comparison.side_by_side(found, 999)


@pytest.mark.parametrize("protocol", ["leave-one-out", "user"])
def test_lists_after_a_users_own_sequence_are_those_that_were_measured(session: Session, protocol: str) -> None:
    config = EvaluationConfig(protocol=protocol, k=3)
    found = session.comparison.compare(["markov", "sequence"], config, {"sequence": {"n_iter": 1}})
    assert found.of_sequences
    user = session.comparison.head_to_head(found)[0].users[0].user
    *known, last = session.users.timeline(user).items
    lists = session.comparison.side_by_side_after(found, known)
    measured = session.comparison.side_by_side(found, user)
    assert (lists.user, lists.held_out, lists.lists) == (user, measured.held_out, measured.lists)
    assert [item.internal_id for item in lists.held_out] == [last]
    assert [item.internal_id for item in lists.after] == known


def test_after_any_other_sequence_the_trained_models_answer(session: Session) -> None:
    found = session.comparison.compare(["markov", "sequence"], CONFIG, {"sequence": {"n_iter": 1}})
    items = list(session.users.timeline(100).items)
    with pytest.raises(NotTrainedError, match="is not trained"):
        session.comparison.side_by_side_after(found, items)
    for name in ("markov", "sequence"):
        session.models.train(name, {"n_iter": 1} if name == "sequence" else {})
    lists = session.comparison.side_by_side_after(found, items)
    assert (lists.user, lists.held_out) == (None, ())
    for name, row in lists.lists.items():
        answer = session.sequences.next_items(items, 3, name)
        assert [one.item for one in row] == [result.item for result in answer.results]
        assert not any(one.held_out for one in row)


def test_models_of_users_have_no_lists_after_a_sequence(session: Session) -> None:
    found = session.comparison.compare(["popular", "ease"], CONFIG)
    assert not found.of_sequences
    with pytest.raises(RecsysError, match="answers another kind of question"):
        session.comparison.side_by_side_after(found, [1, 2])


def test_it_is_counted_for_which_users_each_model_is_right(session: Session) -> None:
    found = session.comparison.compare(["popular", "ease"], CONFIG)
    (duel,) = session.comparison.head_to_head(found, count=30)
    assert (duel.first, duel.second) == tuple(model.label for model in found.models)
    assert (duel.k, duel.num_users) == (3, found.num_users)
    assert (
        duel.outcome.first_more + duel.outcome.second_more + duel.outcome.both + duel.outcome.neither
        == duel.num_users
        == len(duel.users)
    )
    right = {model.label: 0 for model in found.models}
    for row in duel.users:
        lists = session.comparison.side_by_side(found, row.user).lists
        hits = {label: sum(one.held_out for one in listed) for label, listed in lists.items()}
        assert (hits[duel.first], hits[duel.second]) == (row.first, row.second)
        assert sum(one.shared for one in lists[duel.first]) == row.shared
        for label in right:
            right[label] += hits[label]
    recall = {model.label: model.run.metrics["recall@3"] for model in found.models}
    assert right == {label: pytest.approx(value * duel.num_users) for label, value in recall.items()}


def test_the_users_whose_lists_differ_most_come_first(session: Session) -> None:
    found = session.comparison.compare(["popular", "ease"], CONFIG)
    (duel,) = session.comparison.head_to_head(found, count=5)
    assert len(duel.users) == 5
    everyone = [row.shared for row in session.comparison.head_to_head(found)[0].users]
    assert [row.shared for row in duel.users] == everyone[:5] == sorted(everyone)[:5]


def test_all_pairs_are_counted_and_corrected_for_their_number(session: Session) -> None:
    found = session.comparison.compare(["popular", "ease", "knn"], CONFIG)
    duels = session.comparison.head_to_head(found)
    assert len({(duel.first, duel.second) for duel in duels}) == 3
    assert all(duel.p_corrected >= duel.outcome.p_value for duel in duels)
    assert all((duel.verdict == "tie") == (duel.p_corrected >= 0.05) for duel in duels)


def test_of_very_many_users_a_random_sample_is_kept_and_said(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = session.comparison.compare(["popular", "ease"], CONFIG)
    monkeypatch.setattr(recording, "MOST_USERS", 10)
    found = session.comparison.compare(["popular", "ease"], CONFIG, fresh=True)
    assert (found.num_users, found.sampled_from) == (10, whole.num_users)
    assert whole.sampled_from is None
    assert {model.label: model.run.metrics for model in found.models} == {
        model.label: model.run.metrics for model in whole.models
    }
    (duel,) = session.comparison.head_to_head(found)
    of_all = {row.user: row for row in session.comparison.head_to_head(whole)[0].users}
    assert duel.num_users == 10
    for row in duel.users:
        in_same_order = (row.first, row.second) if duel.first == whole.models[0].label else (row.second, row.first)
        assert (of_all[row.user].first, of_all[row.user].second) == in_same_order
