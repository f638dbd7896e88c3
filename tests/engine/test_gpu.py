"""What a CUDA device must give: the same models as the CPU to rounding, stored and loaded across devices."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine import models
from engine.datasets import synthetic
from engine.evaluation import mrr_score, rmse_score, sequence_mrr_score
from engine.factorization.bilinear import BilinearTrainer
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.factorization.implicit import ImplicitFactorizationModel
from engine.factorization.representations import BilinearNet
from engine.runtime.device import describe, mixed_precision_pays, resolve
from engine.sequence.implicit import ImplicitSequenceModel

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]


@pytest.fixture(scope="module")
def interactions():
    made = synthetic.generate_sequential(
        num_users=60, num_items=80, num_interactions=6000, concentration_parameter=1e-2, order=1,
        random_state=np.random.RandomState(0),
    )  # fmt: skip
    made.ratings = (made.item_ids % 5 + 1).astype(np.float32)
    return made


@pytest.mark.parametrize("loss", ["regression", "poisson"])
def test_explicit(interactions, loss):
    scores = []
    for device in ("cpu", "cuda"):
        model = ExplicitFactorizationModel(loss=loss, n_iter=5, device=device, random_state=1)
        model.fit(interactions)
        scores.append(rmse_score(model, interactions))
    assert scores[1] == pytest.approx(scores[0], rel=0.05)


@pytest.mark.parametrize("loss", ["pointwise", "bpr", "hinge", "adaptive_hinge"])
@pytest.mark.parametrize("own", [False, True])
def test_implicit(interactions, loss, own):
    scores = []
    for device in ("cpu", "cuda"):
        options = {"representation": BilinearNet(60, 80, 16), "optimizer_func": torch.optim.Adam} if own else {}
        model = ImplicitFactorizationModel(loss=loss, n_iter=5, device=device, random_state=1, **options)
        model.fit(interactions)
        scores.append(mrr_score(model, interactions).mean())
    assert scores[1] == pytest.approx(scores[0], rel=0.15)


@pytest.mark.parametrize("representation", ["pooling", "cnn", "lstm", "mixture"])
def test_sequence(interactions, representation):
    sequences = interactions.to_sequence()
    scores = []
    for device in ("cpu", "cuda"):
        model = ImplicitSequenceModel(
            loss="bpr", representation=representation, n_iter=15, device=device, random_state=1
        )
        model.fit(sequences)
        scores.append(sequence_mrr_score(model, sequences).mean())
    assert scores[1] == pytest.approx(scores[0], rel=0.15)


def test_models_move_between_devices_on_disk(interactions, tmp_path):
    model = ImplicitSequenceModel(representation="cnn", n_iter=2, use_cuda=True, random_state=1)
    model.fit(interactions.to_sequence())
    model.save(tmp_path / "model", training_state=True)
    here, there = (models.load(tmp_path / "model", device=device) for device in ("cuda", "cpu"))
    np.testing.assert_array_equal(here.predict([3, 4]), model.predict([3, 4]))
    np.testing.assert_allclose(there.predict([3, 4]), model.predict([3, 4]), rtol=1e-3, atol=1e-4)
    for one in (here, there):
        one.fit(interactions.to_sequence())


@pytest.mark.parametrize("representation", ["pooling", "cnn", "lstm", "mixture"])
def test_wide_nets_lose_nothing_by_bfloat16(interactions, representation, monkeypatch):
    sequences, scores = interactions.to_sequence(), []
    for mixed in (False, True):
        monkeypatch.setattr("engine.sequence.implicit.mixed_precision_pays", lambda device, width, mixed=mixed: mixed)
        model = ImplicitSequenceModel(
            loss="bpr", representation=representation, embedding_dim=128, n_iter=10, use_cuda=True, random_state=1
        )
        model.fit(sequences)
        scores.append(sequence_mrr_score(model, sequences).mean())
    assert scores[1] == pytest.approx(scores[0], rel=0.1)
    assert not mixed_precision_pays(resolve("cuda"), 32)
    assert not mixed_precision_pays(resolve("cpu"), 128)


def test_lack_of_memory_halves_the_batch_and_at_last_moves_to_the_cpu(interactions, monkeypatch):
    step, room = BilinearTrainer.step, 100

    def short_of_memory(learner, batch):
        if learner.device.type == "cuda" and batch[0].shape[1] > room:
            raise torch.OutOfMemoryError("pretended")
        return step(learner, batch)

    monkeypatch.setattr(BilinearTrainer, "step", short_of_memory)
    for room, words, where in ((100, "halved to 64", "cuda"), (4, "on the CPU", "cpu")):  # noqa: B007 - read above
        model = ImplicitFactorizationModel(loss="bpr", n_iter=2, use_cuda=True, random_state=1)
        with pytest.warns(RuntimeWarning, match=words):
            model.fit(interactions)
        assert model.device.type == where
        assert model.predict(3).shape == (80,)


def test_names_of_devices():
    assert resolve().type == resolve("cuda").type == "cuda"
    assert describe(resolve("cuda:0")).startswith("cuda:0 ")
    with pytest.raises(ValueError, match="cuda:99"):
        resolve("cuda:99")
