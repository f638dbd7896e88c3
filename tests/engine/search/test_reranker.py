"""The second stage of hybrid search: a cross-encoder within a budget of time."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data.results import Answer
from engine.errors import CancelledError, DataError
from engine.runtime.job import Job, Progress
from engine.search import SearchIndex, relevance
from engine.search.reranker import Reranker
from engine.search.semantic.vector_store import VectorStore
from tests.engine.search.fakes import FakeEncoder, save_tiny_cross_encoder
from tests.engine.search.test_hybrid import make_items

ANIMALS = ("dog", "cat", "fox", "owl", "bee", "ant", "elk", "cow")
TEXTS = [f"robot number {number} and its {animal}" for number, animal in enumerate(ANIMALS)]
ITEMS = make_items([f"Title {number}" for number in range(len(TEXTS))], TEXTS)
QUERY = "robot and animals"


class Clock:
    """A clock that goes on by a step each time it is read."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_cross_encoder(tmp_path_factory.mktemp("models") / "tiny-cross-encoder")


def loaded(folder: Path, step: float = 0.0, milliseconds: float = 150) -> Reranker:
    reranker = Reranker(str(folder), device="cpu", milliseconds=milliseconds, clock=Clock(step))
    reranker.load()
    assert not reranker.trouble
    return reranker


def make_index(folder: Path, reranker: Any) -> SearchIndex:
    encoder: Any = FakeEncoder()
    index = SearchIndex(ITEMS, VectorStore(folder, encoder.identity), encoder, reranker=reranker)
    index.semantic.embed()
    return index


def rows(answer: Answer) -> list[int]:
    return [result.item.internal_id - 1 for result in answer.results]


def test_the_logits_are_those_of_sentence_transformers(folder: Path) -> None:
    import torch
    from sentence_transformers import CrossEncoder

    theirs = CrossEncoder(str(folder), device="cpu").predict(
        [(QUERY, text) for text in TEXTS], activation_fn=torch.nn.Identity(), show_progress_bar=False
    )
    np.testing.assert_allclose(loaded(folder).logits(QUERY, TEXTS), theirs, atol=1e-5)


def test_the_best_logit_comes_first_if_it_weighs_enough(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relevance, "RERANKED", 20.0)
    reranker = loaded(folder)
    index = make_index(tmp_path, reranker)
    found = rows(index.search(QUERY, len(TEXTS)))
    logits = reranker.logits(index.request(QUERY).meaning, TEXTS)
    assert (found[0], found[-1]) == (logits.argmax(), logits.argmin())


def test_the_explanation_names_the_second_stage(folder: Path, tmp_path: Path) -> None:
    index = make_index(tmp_path, loaded(folder))
    best = rows(index.search(QUERY))[0]
    assert index.explain(QUERY, best + 1)["re-ranked"] != 0
    assert "re-ranked" not in make_index(tmp_path, None).explain(QUERY, best + 1)


def test_no_more_is_read_than_the_budget_allows(folder: Path) -> None:
    logits = loaded(folder, step=0.1, milliseconds=150).logits(QUERY, TEXTS)
    assert np.isfinite(logits).tolist() == [True] * 4 + [False] * 4  # a second batch would have ended after 200 ms


def test_what_was_not_read_keeps_its_order(folder: Path, tmp_path: Path) -> None:
    plain = rows(make_index(tmp_path, None).search(QUERY, len(TEXTS)))
    found = rows(make_index(tmp_path, loaded(folder, step=0.1)).search(QUERY, len(TEXTS)))
    assert sorted(found) == sorted(plain)
    unread = plain[4:]
    assert [row for row in found if row in unread] == unread


def test_a_stopped_search_reads_no_further_batch(folder: Path) -> None:
    job = Job()
    reranker = loaded(folder)
    predict, read = reranker._model.predict, []

    def stopping(pairs: Any, **options: Any) -> Any:
        read.append(pairs)
        job.cancel()
        return predict(pairs, **options)

    reranker._model.predict = stopping
    with pytest.raises(CancelledError):
        reranker.logits(QUERY, TEXTS, job)
    assert len(read) == 1


def test_searches_do_not_wait_while_it_is_loaded(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, load = threading.Event(), Reranker._load

    def slow(self: Reranker) -> None:
        assert gate.wait(60)
        load(self)

    monkeypatch.setattr(Reranker, "_load", slow)
    reranker = Reranker(str(folder), device="cpu")
    reranker.load_in_background()
    reranker.load_in_background()
    index = make_index(tmp_path, reranker)
    assert rows(index.search(QUERY)) == rows(make_index(tmp_path / "plain", None).search(QUERY))
    gate.set()
    assert reranker._thread is not None
    reranker._thread.join(60)
    assert reranker.ready


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "is a pickle"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"cut off"), "cannot be loaded"),
        (lambda folder: (folder / "config.json").unlink(), "holds no re-ranking model"),
        (
            lambda folder: (folder / "modules.json").write_text(json.dumps([{"type": "evil.Module", "path": ""}])),
            "asks for code of its own",
        ),
        (
            lambda folder: (folder / "config.json").write_text(
                json.dumps({"model_type": "evil", "auto_map": {"AutoConfig": "evil.Config"}})
            ),
            "cannot be loaded",
        ),
    ],
)
def test_what_could_run_code_or_is_damaged_is_refused_and_said(tmp_path: Path, spoil: Any, reason: str) -> None:
    folder = save_tiny_cross_encoder(tmp_path / "model")
    (folder / "evil.py").write_text("raise SystemExit('ran')")
    spoil(folder)
    reranker = Reranker(str(folder), device="cpu")
    reranker.load()
    assert not reranker.ready
    assert reason in reranker.trouble
    assert "\n" not in reranker.trouble
    answer = make_index(tmp_path / "vectors", reranker).search(QUERY)
    assert answer.method == "hybrid"
    assert answer.results
    assert answer.note.startswith("Not re-ranked: ")


def test_a_model_with_several_outputs_is_no_reranker(tmp_path: Path) -> None:
    reranker = Reranker(str(save_tiny_cross_encoder(tmp_path / "model", outputs=3)), device="cpu")
    reranker.load()
    assert "has 3 outputs" in reranker.trouble


def test_a_name_that_is_not_here_fails_in_one_sentence_offline() -> None:
    reranker = Reranker("ms-marco-MiniLM-L6-v2", device="cpu")
    reranker.load()
    assert "The re-ranking model 'ms-marco-MiniLM-L6-v2' is not on this machine" in reranker.trouble


def test_scores_that_are_no_numbers_leave_the_first_order(folder: Path, tmp_path: Path) -> None:
    reranker = loaded(folder)
    reranker._model.predict = lambda pairs, **_: np.full(len(pairs), math.nan)
    with pytest.raises(DataError, match="not numbers"):
        reranker.logits(QUERY, TEXTS)
    answer = make_index(tmp_path, reranker).search(QUERY)
    assert "gives scores that are not numbers" in answer.note
    assert rows(answer) == rows(make_index(tmp_path / "plain", None).search(QUERY))


def test_an_exact_title_stays_first_and_matches_stay_between_0_and_1(folder: Path, tmp_path: Path) -> None:
    index = make_index(tmp_path, loaded(folder))
    answer = index.search("Title 3", len(TEXTS))
    assert rows(answer)[0] == 3
    assert all(0 <= result.score <= 1 for result in answer.results)


def test_odd_texts_are_read(folder: Path) -> None:
    assert np.isfinite(loaded(folder).logits("\ud800", ["", "\udfff", "x" * 100_000, "映画"])).all()


def test_reading_reports_no_progress_and_needs_no_job(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[Progress] = []
    loaded(folder).logits(QUERY, TEXTS, Job(told.append))
    assert told == []
    assert capfd.readouterr() == ("", "")
