"""Files stored by version 0.1.0 (commit 469f6e1) open unchanged and give the same answers; see ``make_stored.py``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import models
from engine.session import Session, open_session
from engine.workspace.dataset_store import Workspace

STORED = Path(__file__).parent / "stored"
EXPECTED: dict[str, Any] = json.loads((STORED / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    home = tmp_path_factory.mktemp("before") / "home"
    shutil.copytree(STORED / "home", home)
    workspace = Workspace(home / "data")
    assert workspace.current() == EXPECTED["current"]
    return open_session(workspace, EXPECTED["dataset"], device="cpu")


def test_the_data_set_is_as_it_was(session: Session) -> None:
    overview, expected = session.data.overview(), EXPECTED["overview"]
    for name, value in expected.items():
        found = getattr(overview, name)
        assert (list(found) if isinstance(found, tuple) else found) == value
    dataset = session.data.dataset
    assert dict(session.data.manifest.skipped) == EXPECTED["skipped"]
    assert dataset.users.fingerprint() == EXPECTED["fingerprints"]["users"]
    assert dataset.items.id_map.fingerprint() == EXPECTED["fingerprints"]["items"]
    items = dataset.items.take(range(1, dataset.num_items + 1))
    assert [(item.item_id, item.title, item.year) for item in items] == [
        (one["item_id"], one["title"], one["year"]) for one in EXPECTED["items"]
    ]
    assert session.search.embedding_state().complete


def test_every_model_is_trained_with_the_options_it_had(session: Session) -> None:
    states = {state.name: state for state in session.models.states()}
    assert len(EXPECTED["models"]) == 13
    for one in EXPECTED["models"]:
        state = states[one["name"]]
        assert state.trained
        assert state.trained_at == one["trained_at"]
        assert dict(state.options) == one["options"]
    assert {task: session.models.choose(task) for task in ("user", "sequence")} == EXPECTED["best"]


@pytest.mark.parametrize("model", EXPECTED["recommend"])
def test_recommendations_are_the_same(session: Session, model: str) -> None:
    for user, rows in EXPECTED["recommend"][model].items():
        results = session.users.recommend(int(user), 5, model).results
        assert [result.item.item_id for result in results] == [row[0] for row in rows]
        assert [result.score for result in results] == pytest.approx([row[1] for row in rows], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("model", EXPECTED["next_items"])
def test_next_items_are_the_same(session: Session, model: str) -> None:
    for titles, rows in EXPECTED["next_items"][model].items():
        items = [session.sequences.resolve_title(title).item.internal_id for title in titles.split()]
        results = session.sequences.next_items(items, 5, model).results
        assert [result.item.item_id for result in results] == [row[0] for row in rows]
        assert [result.score for result in results] == pytest.approx([row[1] for row in rows], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("case", EXPECTED["search"], ids=lambda case: case["query"] or f"like {case['like']}")
def test_stored_embeddings_and_words_are_searched(session: Session, case: dict[str, Any]) -> None:
    answer = session.search.search(case["query"], 5, case["mode"], case["like"], like_by=case["like_by"])
    assert answer.method == case["method"]
    found = [result.item.item_id for result in answer.results]
    expected = [row[0] for row in case["results"]]
    # Words and meaning together are weighed otherwise since, and a score of words is a match between 0 and 1.
    assert found[:2] == expected[:2]
    if case["mode"] == "semantic" or not case["query"]:
        assert found == expected
    if not case["query"]:
        assert [result.score for result in answer.results] == pytest.approx(
            [row[1] for row in case["results"]], rel=1e-3, abs=1e-3
        )


def test_an_interrupted_training_goes_on_to_the_end_it_would_have_had(session: Session, tmp_path: Path) -> None:
    expected = EXPECTED["interrupted"]
    shutil.copytree(STORED / "interrupted", tmp_path / "model")
    model = models.load(tmp_path / "model", device="cpu")
    assert model.predict(0)[1:] == pytest.approx(np.array(expected["before"])[1:], abs=1e-4)
    model.fit(session.data.dataset.rated())
    assert model.predict(0)[1:] == pytest.approx(np.array(expected["after"])[1:], abs=1e-4)
