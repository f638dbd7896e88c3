"""Comparing models from the command line."""

from __future__ import annotations

import json

from tests.cli.conftest import Run

TWO = ("compare", "popular", "ease", "-d", "films", "--protocol", "leave-one-out", "-k", "2")


def test_each_model_is_an_object_with_its_tests_from_its_own_side(run: Run, films: str) -> None:
    outcome = run(*TWO, "--json")
    assert outcome.status == 0, outcome.err
    first, second = json.loads(outcome.out)
    assert {first["model"], second["model"]} == {"popular", "ease"}
    assert first["metric"] == "ndcg@2"
    (test,) = [one for one in first["tests"] if one["metric"] == "ndcg@2"]
    (mirrored,) = [one for one in second["tests"] if one["metric"] == "ndcg@2"]
    assert test["other"] == second["label"]
    assert test["difference"] == -mirrored["difference"]
    assert (test["users_better"], test["users_worse"]) == (mirrored["users_worse"], mirrored["users_better"])
    assert first["standing"]["ndcg@2"] == second["standing"]["ndcg@2"] == "tied"  # four users prove nothing


def test_the_table_names_ties_and_what_was_measured_before(run: Run, films: str) -> None:
    run(*TWO)
    outcome = run(*TWO)
    assert outcome.status == 0, outcome.err
    assert "are tied" in outcome.err
    assert "Measured before" in outcome.err
    assert "items_rare" in outcome.out


def test_runs_are_compared_by_their_numbers(run: Run, films: str) -> None:
    run(*TWO)
    outcome = run("compare", "1", "2", "-d", films, "--json")
    assert [one["run"] for one in json.loads(outcome.out)] in ([1, 2], [2, 1])
    assert run("compare", "1", "ease", "-d", films).status == 2
    assert run("compare", "ease", "-d", films).status == 2


def test_the_lists_of_a_user_mark_what_was_held_out(run: Run, films: str) -> None:
    outcome = run(*TWO, "--user", "ann", "--json")
    assert outcome.status == 0, outcome.err
    for one in json.loads(outcome.out):
        assert one["user"] == "ann"
        assert [item["item_id"] for item in one["held_out"]] == ["heat"]
        assert [entry["held_out"] for entry in one["list"]] == [entry["item_id"] == "heat" for entry in one["list"]]
    assert "Heat" in run(*TWO, "--user", "ann").out
    unknown = run(*TWO, "--user", "nobody")
    assert unknown.status == 1
    assert "nobody" in unknown.err


def test_the_lists_after_a_sequence_mark_what_was_held_out_of_a_users_own(run: Run, films: str) -> None:
    two = ("compare", "markov", "sequence", *TWO[3:], "--set", "sequence.n_iter=1")
    untrained = run(*two, "--next", "alien")
    assert untrained.status == 1
    assert "not trained" in untrained.err
    for words in (("markov",), ("sequence", "--set", "n_iter=1")):
        assert run("train", *words, "-d", films).status == 0
    outcome = run(*two, "--next", "alien", "--next", "solaris", "--json")
    assert outcome.status == 0, outcome.err
    for one in json.loads(outcome.out):
        assert [item["item_id"] for item in one["after"]] == ["alien", "solaris"]
        assert one["user"] == "ann"
        assert [item["item_id"] for item in one["held_out"]] == ["heat"]
    other = run(*two, "--next", "stalker", "--next", "heat")
    assert "After Stalker · Heat" in other.out
    assert "nothing is held out" in other.err
    assert run(*two, "--next", "heat", "--user", "ann").status == 2
    assert run(*TWO, "--next", "heat").status == 1


def test_who_is_right_more_often_is_counted_from_both_sides(run: Run, films: str) -> None:
    outcome = run(*TWO, "--json")
    assert outcome.status == 0, outcome.err
    first, second = json.loads(outcome.out)
    (duel,), (mirrored,) = first["head_to_head"], second["head_to_head"]
    assert (duel["other"], mirrored["other"]) == (second["label"], first["label"])
    assert (duel["users_more"], duel["users_less"]) == (mirrored["users_less"], mirrored["users_more"])
    assert duel["difference"] == -mirrored["difference"]
    assert sum(duel[f"users_{part}"] for part in ("more", "less", "both", "neither")) == duel["num_users"]
    assert duel["verdict"] == mirrored["verdict"] == "tie"
    for here, there in zip(duel["most_different_users"], mirrored["most_different_users"], strict=True):
        assert (here["user"], here["found"]) == (there["user"], there["other_found"])


def test_the_table_counts_users_and_names_those_whose_lists_differ(run: Run, films: str) -> None:
    outcome = run(*TWO)
    assert "Right in the first 2" in outcome.out
    assert "are right equally often" in outcome.err
    assert "--user shows them" in outcome.err
    assert "Right in" not in run(*TWO, "--user", "ann").out
