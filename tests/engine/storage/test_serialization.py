"""Models stored and loaded: nothing changes, nothing broken is taken, nothing in the folder runs."""

from __future__ import annotations

import json
import pickle
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from engine import models
from engine.datasets import synthetic
from engine.errors import CancelledError, DamagedError, DataError, NotTrainedError
from engine.factorization.explicit import ExplicitFactorizationModel
from engine.factorization.implicit import ImplicitFactorizationModel
from engine.factorization.representations import BilinearNet
from engine.runtime.job import Job
from engine.sequence.implicit import ImplicitSequenceModel
from engine.storage import serialization as saving
from engine.storage.model_header import header_hash


@pytest.fixture(scope="module")
def interactions():
    made = synthetic.generate_sequential(
        num_users=30, num_items=40, num_interactions=1500, random_state=np.random.RandomState(0)
    )
    made.ratings = np.random.RandomState(1).randint(1, 6, len(made)).astype(np.float32)
    return made


def _fitted(model, interactions):
    model.fit(interactions.to_sequence() if isinstance(model, ImplicitSequenceModel) else interactions)
    return model


def _predictions(model):
    query = [3, 1, 4] if isinstance(model, ImplicitSequenceModel) else 5
    return model.predict(query)


MODELS = [
    lambda: ExplicitFactorizationModel(n_iter=2, random_state=1),
    lambda: ExplicitFactorizationModel(loss="poisson", n_iter=2, random_state=1, l2=1e-5),
    lambda: ImplicitFactorizationModel(loss="adaptive_hinge", n_iter=2, random_state=1, embedding_dim=8),
    lambda: ImplicitSequenceModel(n_iter=2, random_state=1),
    lambda: ImplicitSequenceModel(representation="cnn", loss="bpr", n_iter=2, random_state=1),
    lambda: ImplicitSequenceModel(representation="lstm", n_iter=2, random_state=1),
    lambda: ImplicitSequenceModel(representation="mixture", n_iter=2, random_state=1, sparse=True),
]


@pytest.mark.parametrize("make", MODELS)
def test_scores_are_exactly_equal_after_loading(make, interactions, tmp_path):
    model = _fitted(make(), interactions)
    model.save(tmp_path / "model", metadata={"items": "abc123"})
    loaded = models.load(tmp_path / "model")
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(_predictions(loaded), _predictions(model))
    assert loaded.options() == model.options()
    assert loaded.metadata == {"items": "abc123"}
    assert loaded.losses_by_epoch == model.losses_by_epoch


@pytest.mark.parametrize("make", MODELS)
def test_training_goes_on_after_loading_as_if_never_stored(make, interactions, tmp_path):
    model = _fitted(make(), interactions)
    model.save(tmp_path / "model", training_state=True)
    loaded = models.load(tmp_path / "model")
    for one in (model, loaded):
        _fitted(one, interactions)
    np.testing.assert_array_equal(_predictions(loaded), _predictions(model))


def test_an_interrupted_run_is_completed_after_loading(interactions, tmp_path):
    class StopsAfter(Job):
        left = 15

        def checkpoint(self):
            self.left -= 1
            if self.left < 0:
                self.cancel()
            super().checkpoint()

    whole, stopped = (ImplicitFactorizationModel(n_iter=5, batch_size=200, random_state=1) for _ in range(2))
    whole.fit(interactions)
    with pytest.raises(CancelledError):
        stopped.fit(interactions, job=StopsAfter())
    stopped.save(tmp_path / "model")
    loaded = models.load(tmp_path / "model")
    loaded.fit(interactions)
    np.testing.assert_array_equal(_predictions(loaded), _predictions(whole))


def test_a_checkpoint_is_kept_after_each_epoch(interactions, tmp_path):
    class KilledError(Exception):
        pass

    class KillsInTheThirdEpoch(Job):
        def checkpoint(self):
            if len(killed.losses_by_epoch) == 2:
                raise KilledError

    whole, killed = (ExplicitFactorizationModel(n_iter=4, batch_size=100, random_state=1) for _ in range(2))
    whole.fit(interactions)
    with pytest.raises(KilledError):
        killed.fit(interactions, job=KillsInTheThirdEpoch(), checkpoint=tmp_path / "checkpoint")
    resumed = models.load(tmp_path / "checkpoint")
    assert len(resumed.losses_by_epoch) == 2
    resumed.fit(interactions)
    assert len(resumed.losses_by_epoch) == 4
    np.testing.assert_array_equal(_predictions(resumed), _predictions(whole))


def test_what_cannot_be_stored_is_asked_for(interactions, tmp_path):
    def make_net():
        return BilinearNet(30, 40, 8)

    def sgd(parameters):
        return torch.optim.SGD(parameters, lr=0.01, momentum=0.9)

    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = make_net()

        def forward(self, users, items):
            return self.net(users, items)

    model = ExplicitFactorizationModel(n_iter=1, random_state=1, representation=Own(), optimizer_func=sgd)
    model.fit(interactions)
    model.save(tmp_path / "model", training_state=True)
    with pytest.raises(DataError, match="representation"):
        models.load(tmp_path / "model")
    loaded = models.load(tmp_path / "model", representation=Own())
    np.testing.assert_array_equal(_predictions(loaded), _predictions(model))
    with pytest.raises(ValueError, match="optimizer_func"):
        loaded.fit(interactions)
    loaded = models.load(tmp_path / "model", representation=Own(), optimizer_func=sgd)
    loaded.fit(interactions)
    model.fit(interactions)
    np.testing.assert_array_equal(_predictions(loaded), _predictions(model))


@pytest.fixture
def stored(interactions, tmp_path):
    _fitted(MODELS[0](), interactions).save(tmp_path / "model")
    return tmp_path / "model"


def _rewrite_header(folder, **changes):
    header = json.loads((folder / saving.HEADER).read_text()) | changes
    header["header_sha256"] = header_hash(header)
    (folder / saving.HEADER).write_text(json.dumps(header))


def test_a_byte_flipped_anywhere_is_damage(stored):
    for name in (saving.TENSORS, saving.HEADER):
        whole = (stored / name).read_bytes()
        for place in np.linspace(0, len(whole) - 1, 25).astype(int):
            (stored / name).write_bytes(whole[:place] + bytes([whole[place] ^ 0x04]) + whole[place + 1 :])
            with pytest.raises(DataError):
                models.load(stored)
        (stored / name).write_bytes(whole)
    models.load(stored)


@pytest.mark.parametrize("name", [saving.TENSORS, saving.HEADER])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_damage(stored, name, share):
    whole = (stored / name).read_bytes()
    (stored / name).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DamagedError, match="train the model again"):
        models.load(stored)


def test_other_folders_are_refused_with_a_word(stored, tmp_path):
    with pytest.raises(DataError, match="There is no model"):
        models.load(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"model\.json is missing"):
        models.load(tmp_path / "empty")
    _rewrite_header(stored, format_version=99)
    with pytest.raises(DataError, match="newer"):
        models.load(stored)
    _rewrite_header(stored, format_version=1, model="transformer")
    with pytest.raises(DataError, match="transformer"):
        models.load(stored)
    (stored / saving.HEADER).write_text(json.dumps({"weights": [1, 2]}))
    with pytest.raises(DataError, match="does not describe a model"):
        models.load(stored)


def test_a_description_that_does_not_fit_the_numbers_is_refused(stored):
    header = json.loads((stored / saving.HEADER).read_text())
    _rewrite_header(stored, sizes=header["sizes"] | {"_num_items": 39})
    with pytest.raises(DataError, match="does not fit"):
        models.load(stored)


def test_nothing_in_the_folder_is_run(stored):
    """Pickles in the place of the numbers, as torch writes them, are refused unread."""

    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was run",))

    (stored / saving.TENSORS).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(DamagedError):
        models.load(stored)
    with zipfile.ZipFile(stored / saving.TENSORS, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb()))
    with pytest.raises(DamagedError):
        models.load(stored)


def test_storing_again_replaces_and_never_touches_what_is_no_model(interactions, tmp_path):
    model = _fitted(MODELS[0](), interactions)
    model.save(tmp_path / "model")
    model.fit(interactions)
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(_predictions(models.load(tmp_path / "model")), _predictions(model))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="not a model"):
        model.save(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError):
        model.save(tmp_path / "file" / "model")
    assert {path.name for path in tmp_path.iterdir()} == {"model", "mine", "file"}


def test_a_model_that_learnt_nothing_cannot_be_stored(tmp_path):
    with pytest.raises(NotTrainedError):
        ExplicitFactorizationModel().save(tmp_path / "model")
