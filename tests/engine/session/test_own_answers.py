"""Recommendations for one's own ratings, and why."""

from __future__ import annotations

from pathlib import Path

from engine.data.dataset import Dataset
from engine.session import Session
from engine.storage.paths import find_paths
from engine.workspace.dataset_store import Workspace


def test_what_was_only_seen_is_explained_by_a_model_that_can_learn_from_it(home: Path, dataset: Dataset) -> None:
    workspace = Workspace(find_paths().data)
    workspace.add(dataset)
    session = Session(workspace, dataset.name, device="cpu")
    session.models.train("svd")
    session.models.train("ease")
    session.me.rate(1, None, status="seen")
    answer = session.own_answers.recommend(3)
    assert answer.method == "ease", "svd learns from ratings alone"
    assert session.own_answers.explain(answer.results[0].item.item_id).method == "ease"
    session.me.rate(2, 4.0)
    assert session.own_answers.recommend(3).method == "svd"


def test_a_list_for_ones_own_ratings_goes_to_its_end(home: Path, dataset: Dataset) -> None:
    workspace = Workspace(find_paths().data)
    workspace.add(dataset)
    session = Session(workspace, dataset.name, device="cpu")
    session.models.train("ease")
    session.me.rate(1, 4.0)
    session.me.rate(3, None, status="not-interested")
    everything = session.own_answers.recommend(1000)
    assert everything.whole is None, "all of it is there"
    beginning = session.own_answers.recommend(1)
    assert beginning.whole is not None
    pages = beginning.whole()
    assert [one.item.internal_id for one in pages.page(0, len(pages))] == [
        one.item.internal_id for one in everything.results
    ]
    assert not {1, 3} & {one.item.internal_id for one in everything.results}
    assert [one.rank for one in pages.page(1, 3)] == [2, 3][: len(pages) - 1]
