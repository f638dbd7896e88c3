"""Each model states its memory, and a training that cannot fit is refused before it begins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.reliability.memory import STEADY
from engine import models
from engine.errors import ErrorKind, LearningError
from engine.evaluation import runner
from engine.evaluation.config import EvaluationConfig
from engine.factorization.memory import SAMPLE_BUDGET
from engine.interactions import Interactions
from engine.models.counts import Counts, count
from engine.models.memory import estimate
from engine.runtime import memory
from tests.engine.evaluation.test_runner import make

SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks/reliability/memory.py"
OWN = [name for name, spec in models.describe().items() if spec.loader.startswith("engine.")]
LARGE = Counts(270_000, 45_001, 20_000_000, days=4_000_000, sequences=400_000)


def with_free(monkeypatch: pytest.MonkeyPatch, free: int | None) -> None:
    monkeypatch.setattr(memory, "available", lambda device=None: free)


@pytest.mark.parametrize("name", OWN)
def test_every_model_of_this_package_states_its_memory(name: str) -> None:
    spec = models.get(name)
    needed = spec.required_memory(LARGE, {})
    assert needed is not None
    assert needed > 0
    twice = Counts(2 * LARGE.users, LARGE.items, 2 * LARGE.interactions, 2 * LARGE.days, 2 * LARGE.sequences)
    larger = spec.required_memory(twice, {})
    assert larger is not None
    assert needed <= larger
    more_items = Counts(LARGE.users, 4 * LARGE.items, LARGE.interactions, LARGE.days, LARGE.sequences)
    assert needed <= (spec.required_memory(more_items, {}) or 0)
    if "embedding_dim" in spec.options:
        assert needed < (spec.required_memory(LARGE, {"embedding_dim": 1024}) or 0)


@pytest.mark.parametrize("name", ["bayesian", "als", "sequence", "attention", "blend"])
def test_the_square_of_the_dimensions_is_counted(name: str) -> None:
    small = Counts(800, 657, 40_000, days=4_000, sequences=800)
    assert (models.get(name).required_memory(small, {"embedding_dim": 100_000}) or 0) > 4 * 100_000**2


@pytest.mark.parametrize("name", ["attention", "blend"])
def test_the_scores_of_a_softmax_over_all_items_are_counted(name: str) -> None:
    spec = models.get(name)
    all_items, a_sample = (
        spec.required_memory(Counts(800, items, 40_000, sequences=800), {"batch_size": 1024}) or 0
        for items in (2_001, 2_002)  # with the padding
    )
    assert all_items > a_sample + 400_000_000


def test_an_allocation_of_torch_that_fails_is_a_lack_of_memory() -> None:
    with pytest.raises(MemoryError), memory.failed_allocations():
        torch.empty(1 << 60, dtype=torch.uint8)
    with pytest.raises(RuntimeError, match="another"), memory.failed_allocations():
        raise RuntimeError("another error")


@pytest.mark.parametrize("name", ["bayesian", "als", "explicit", "markov"])
def test_twenty_million_ratings_fit_in_eight_gigabytes(name: str) -> None:
    assert (models.get(name).required_memory(LARGE, {}) or 0) < 8e9


@pytest.mark.parametrize("share", [1, 4])
def test_the_bayesian_model_keeps_samples_of_bounded_size(share: int) -> None:
    """With ten or forty times the users and days, the samples take no more than their budget, or two of each."""
    spec, many = models.get("bayesian"), replace(LARGE, users=LARGE.users * 10 * share, days=LARGE.days * 10 * share)
    few = {"num_samples": 2, "n_iter": 40, "burn_in": 8}
    all_kept, two_kept = (spec.required_memory(many, {**few, "num_samples": kept}) or 0 for kept in (1_000, 2))
    # Half precision; users on an average day beside the users; the mean prediction has 8 bytes a number.
    assert all_kept - two_kept <= (2 + 2 + 8) * SAMPLE_BUDGET * 18 / 17


def test_the_statement_is_of_the_default_options_for_data_of_this_size() -> None:
    spec = models.get("bayesian")
    sized = spec.defaults_for(LARGE.interactions, LARGE.items - 1)
    assert spec.required_memory(LARGE, {}) == spec.required_memory(LARGE, sized)


def test_days_and_sequences_are_counted_for_the_models_that_need_them() -> None:
    day = 86_400
    log = Interactions(
        [0, 0, 0, 2, 2], [1, 2, 3, 1, 2], np.ones(5), timestamps=[5, 7, day, 5, 5 * day], num_users=3, num_items=4
    )
    assert count(log, models.get("bayesian").capabilities) == Counts(3, 4, 5, days=4)
    assert count(log, models.get("als").capabilities) == Counts(3, 4, 5)
    assert count(log, models.get("markov").capabilities) == Counts(3, 4, 5, sequences=2)
    untimed = Interactions([0], [1], np.ones(1))
    assert count(untimed, models.get("bayesian").capabilities).days == 0
    sequences = log.to_sequence(2)
    two = replace(models.get("markov").capabilities, sequence_length=2)
    assert count(log, two).sequences == len(sequences)


@pytest.mark.parametrize("name", ["als", "bayesian"])
def test_what_cannot_fit_is_refused_before_it_begins(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with_free(monkeypatch, 1_000_000)
    monkeypatch.setattr(models.get(name).load_class(), "fit", lambda *_, **__: pytest.fail("it began"))
    for work in (
        lambda: runner.train(make(), name, device="cpu"),
        lambda: runner.evaluate(make(), name, EvaluationConfig(device="cpu")),
    ):
        with pytest.raises(
            LearningError, match=rf"^The training of {name} needs about \d+ MB .* only 1 MB is free\.$"
        ) as caught:
            work()
        error = caught.value
        assert error.kind is ErrorKind.NOT_ENOUGH_MEMORY
        assert error.name == name
        assert error.free == 1_000_000
        assert error.needed is not None
        assert error.needed > error.free


def test_settings_and_models_that_would_fit_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    many, data = Counts(500_000, 100_000, 1_000_000), make()
    monkeypatch.setattr("engine.models.memory.count", lambda *_: many)
    spec = models.get("als")
    full = spec.required_memory(many, {}) or 0
    with_free(monkeypatch, full - 1)
    found = estimate(spec, data.interactions, {})
    assert not found.fits
    assert found.settings == ("embedding_dim=32",)
    assert "popular" in found.models or len(found.models) == 3
    for name in found.models:
        assert (models.get(name).required_memory(many, {}) or 0) <= full - 1
    with_free(monkeypatch, full)
    assert estimate(spec, data.interactions, {}).fits
    with_free(monkeypatch, None)
    assert estimate(spec, data.interactions, {}).fits


def test_a_truth_value_can_be_what_makes_it_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.models.memory.count", lambda *_: Counts(100, 20_000, 1_000))
    spec = models.get("ease")
    with_free(monkeypatch, spec.required_memory(Counts(100, 20_000, 1_000), {"double": False}))
    assert estimate(spec, make().interactions, {"double": True}).settings == ("double=false",)


def with_cuda(monkeypatch: pytest.MonkeyPatch, on_device: int, on_cpu: int) -> None:
    """Let models compute on a CUDA device that has so many bytes free; nothing is computed there."""
    monkeypatch.setattr(models.base, "resolve", lambda name="auto": torch.device("cpu" if name == "cpu" else "cuda:0"))
    monkeypatch.setattr(memory, "available", lambda device=None: on_cpu if device is None else on_device)


def test_a_training_that_has_no_room_on_the_device_is_done_by_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    data = make()
    with_cuda(monkeypatch, on_device=1_000, on_cpu=10**12)
    with pytest.warns(RuntimeWarning, match="cuda:0 has too little free memory for als: it is trained on the CPU"):
        model, _ = runner.train(data, "als", options={"n_iter": 1}, device="cuda")
    assert model.device == torch.device("cpu")
    found = runner.estimate_memory(data, "als", device="cuda")
    assert (found.device, found.fits, found.free) == ("cpu", True, 10**12)


def test_a_training_is_compared_with_what_is_free_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cuda(monkeypatch, on_device=10**12, on_cpu=1_000)
    found = runner.estimate_memory(make(), "als", device="cuda")
    assert (found.device, found.fits, found.free) == ("cuda:0", True, 10**12)


def test_a_training_that_fits_nowhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cuda(monkeypatch, on_device=1_000, on_cpu=600_000)
    with pytest.raises(LearningError, match=r"only 1 MB is free\.$"):
        runner.train(make(), "als", device="cuda")


def test_a_device_that_has_no_memory_left_is_a_lack_of_memory() -> None:
    with pytest.raises(MemoryError), memory.failed_allocations():
        raise torch.OutOfMemoryError("CUDA out of memory")


def test_a_model_that_states_nothing_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    with_free(monkeypatch, 1)
    silent = replace(models.get("popular"), memory=None)
    monkeypatch.setattr(models.registry, "describe", lambda: {"popular": silent})
    monkeypatch.setattr(models, "describe", lambda: {"popular": silent})
    model, _ = runner.train(make(), "popular", device="cpu")
    assert model.name == "popular"


#: A size for a quick training, at which data outweighs libraries. The script measures all models and larger sizes.
SIZES = {
    "als": (300_000, 110_000, 20_000),
    "baseline": (800_000, 16_000, 1_500),
    "bayesian": (100_000, 40_000, 8_000),
    "ease": (150_000, 4_000, 4_000),
    "explicit": (300_000, 110_000, 20_000),
    "implicit": (200_000, 80_000, 15_000),
    "knn": (250_000, 4_000, 3_000),
    "markov": (600_000, 30_000, 20_000),
    "svd": (500_000, 8_000, 1_000),
}


def measured(name: str, size: tuple[int, int, int], options: dict[str, Any]) -> dict[str, float]:
    command = [sys.executable, str(SCRIPT), "--one", name, json.dumps([size]), json.dumps(options), "4e9"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | STEADY)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak of memory is read from Linux's /proc")
@pytest.mark.parametrize("name", sorted(SIZES))
def test_the_statement_is_what_training_takes(name: str) -> None:
    # With hardly any damping every item has all its neighbours, which is what knn states.
    quick = {"n_iter": 2, "burn_in": 1, "batch_size": 8192} | ({"damping": 1e-8} if name == "knn" else {})
    iterations = {option: value for option, value in quick.items() if option in models.get(name).options}
    got = measured(name, SIZES[name], iterations)
    # The measured process keeps nothing that it has freed. Statements count what an allocator commonly keeps.
    assert 0.85 < got["stated"] / got["measured"] < 1.4, (name, got)
