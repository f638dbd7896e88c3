"""Measuring and tuning from the command line, on a small table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from .conftest import Run


@pytest.fixture
def shop(run: Run, tmp_path: Path) -> str:
    """Twenty people, thirty things, ratings and times."""
    random = np.random.RandomState(0)
    pairs = np.unique(random.randint(0, [20, 30], (300, 2)), axis=0)
    random.shuffle(pairs)
    rows = [f"{user},{item},{random.randint(1, 6)},{random.randint(1000)}" for user, item in pairs]
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("\n".join(["user,item,rating,timestamp", *rows]))
    assert run("datasets", "add", "shop", "--ratings", ratings).status == 0
    return "shop"


QUICK = ("--set", "n_iter=1")


def test_one_model_is_an_object_several_are_a_list(run: Run, shop: str) -> None:
    one = json.loads(run("evaluate", "explicit", *QUICK, "--json").out)
    assert {"model", "dataset", "protocol", "seed", "metrics", "seconds", "num_test"} <= set(one)
    assert {"rmse", "mae", "mrr", "ndcg@10", "recall@10", "map@10", "hit_rate@10", "coverage@10"} <= set(one["metrics"])
    low, high = one["intervals"]["ndcg@10"]
    assert low <= one["metrics"]["ndcg@10"] <= high

    several = json.loads(run("evaluate", "explicit", "implicit", "sequence", *QUICK, "--json").out)
    assert [report["model"] for report in several] == ["explicit", "implicit", "sequence"]
    assert {report["protocol"] for report in several} == {"leave-one-out"}
    assert len({report["about"]["question"] for report in several}) == 1


def test_the_table_says_what_was_asked(run: Run, shop: str) -> None:
    outcome = run("evaluate", "explicit", "sequence", *QUICK, "--at", 3, "--include-seen", "--segments", "--seeds", 2)
    assert outcome.status == 0, outcome.err
    assert "mean of the seeds 42 to 43" in outcome.out
    assert "ndcg@3" in outcome.out
    assert "items_rare" in outcome.out
    assert "latest item" in outcome.err
    assert "items that are known kept" in outcome.err


def test_options_go_to_the_models_that_have_them(run: Run, shop: str) -> None:
    words = ("evaluate", "explicit", "implicit", "--set", "n_iter=1 implicit.n_iter=2 center=no", "--json")
    one, other = json.loads(run(*words).out)
    assert (one["options"]["n_iter"], one["options"]["center"], other["options"]["n_iter"]) == (1, False, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("evaluate",), "Missing argument"),
        (("evaluate", "explicit", "sequence", "--protocol", "random"), "breaks up the sequences"),
        (("evaluate", "explicit", "implicit", "--set", "nonsense=1"), "nonsense"),
        (("evaluate", "explicit", "--set", "implicit.n_iter=1"), "none of the models to evaluate"),
        (("evaluate", "explicit", "--at", "0"), "--at"),
        (("tune", "explicit", "--trials", "0"), "--trials"),
        (("tune", "explicit", "--set", "nonsense=1"), "nonsense"),
    ],
)
def test_wrong_usage_is_said(run: Run, shop: str, words: tuple[str, ...], said: str) -> None:
    outcome = run(*words)
    assert outcome.status == 2
    assert said in outcome.err
    assert outcome.out == ""


def test_a_model_that_cannot_be_measured_does_not_cost_the_others_figures(run: Run, tmp_path: Path) -> None:
    ratings = tmp_path / "log.csv"
    ratings.write_text("user,item\n" + "\n".join(f"{user},{item}" for user in range(9) for item in range(user, 12)))
    assert run("datasets", "add", "log", "--ratings", ratings).status == 0
    outcome = run("evaluate", "explicit", "implicit", *QUICK, "--json")
    assert outcome.status == 1
    assert [report["model"] for report in json.loads(outcome.out)] == ["implicit"]
    assert "explicit was left out. explicit cannot learn" in outcome.err


def test_tuning_prints_the_command_that_uses_what_it_found(run: Run, shop: str, home: Path) -> None:
    pytest.importorskip("optuna", reason="the extra [tune] is not installed")
    outcome = run("tune", "explicit", "--trials", 2, *QUICK)
    assert outcome.status == 0, outcome.err
    assert "was not used" in outcome.err
    command = next(line for line in outcome.out.splitlines() if "recsys-tui train" in line)
    settings = command.partition("--set ")[2].strip("'")
    assert run("train", "explicit", "--set", settings).status == 0
    assert list((home / "data" / "datasets" / "shop" / "tuning").glob("*.journal"))
    again = json.loads(run("tune", "explicit", "--trials", 2, *QUICK, "--json").out)
    assert again["finished"] == 2
    assert "best_options" in again
    assert again["train_command"] == command.partition("Train it:")[2].strip()
    assert again["evaluate_command"].startswith(
        "recsys-tui evaluate explicit -d shop --protocol random --seed 42 --set"
    )


def _plays(run: Run, folder: Path, share_of_new: float) -> None:
    """A log of listening: each person hears a few favourites again and again, and sometimes something new."""
    random = np.random.RandomState(3)
    rows = ["user,item,timestamp"]
    for place in range(600):
        user = random.randint(12)
        item = random.randint(40) if random.rand() < share_of_new else user + 100 + random.randint(2)
        rows.append(f"{user},{item},{place}")
    (folder / "plays.csv").write_text("\n".join(rows))
    assert run("datasets", "add", "plays", "--ratings", folder / "plays.csv").status == 0


def test_known_answers_are_counted_and_the_switch_named(run: Run, tmp_path: Path) -> None:
    _plays(run, tmp_path, 0.3)
    outcome = run("evaluate", "popular", "-d", "plays")
    assert outcome.status == 0, outcome.err
    assert "held-out items were not asked for" in outcome.err
    assert "--include-seen" in outcome.err
    less = json.loads(run("evaluate", "popular", "-d", "plays", "--json").out)
    more = json.loads(run("evaluate", "popular", "-d", "plays", "--include-seen", "--json").out)
    assert more["about"]["num_known_targets"] == 0
    assert less["about"]["num_known_targets"] == more["num_test"] - less["num_test"] > 0


def test_a_log_of_nothing_but_repeats_is_evaluated_with_known_items(run: Run, tmp_path: Path) -> None:
    _plays(run, tmp_path, 0.0)
    outcome = run("evaluate", "popular", "-d", "plays")
    assert outcome.status == 1
    assert "its user already knows" in outcome.err
    assert "--include-seen" in outcome.err
    assert json.loads(run("evaluate", "popular", "-d", "plays", "--include-seen", "--json").out)["metrics"]["mrr"] > 0


def test_without_an_interrupted_training_there_is_nothing_to_resume(run: Run, shop: str) -> None:
    outcome = run("train", "explicit", "--resume")
    assert outcome.status == 1
    assert "was interrupted that could go on" in outcome.err
    assert "recsys-tui train explicit" in outcome.err
