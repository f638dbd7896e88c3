"""The shelf: whose models still fit, and that one spoilt model does not hide the others."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import engine.workspace.model_store
from engine import models
from engine.data.dataset import Dataset
from engine.errors import DamagedModelError, ErrorKind, NotTrainedError, RecsysError
from engine.interactions import Interactions
from engine.runtime import memory
from engine.session import Session
from engine.storage.guarded import with_checksum
from engine.workspace.dataset_store import Workspace
from engine.workspace.model_store import ModelStore
from tests.engine.conftest import make_dataset


@pytest.fixture
def workspace(tmp_path: Path, dataset: Dataset) -> Workspace:
    workspace = Workspace(tmp_path / "data")
    workspace.add(dataset)
    return workspace


def trained(workspace: Workspace) -> set[str]:
    return {state.name for state in Session(workspace, "tiny").models.states() if state.trained}


def test_a_model_outlives_a_replacement_with_the_same_ids_only(workspace: Workspace) -> None:
    Session(workspace, "tiny").models.train("explicit", {"n_iter": 1})
    workspace.add(make_dataset(times=False), replace=True)
    assert trained(workspace) == {"explicit"}

    # The same users and items in the same order, but one item more is rated: the model has no row for it.
    more = make_dataset()
    more = Dataset(
        **{
            **{name: getattr(more, name) for name in ("name", "kind", "title", "items", "users")},
            "interactions": Interactions(
                np.array([0, 1, 2]), np.array([1, 5, 5]), ratings=np.array([5.0, 1.0, 2.0]), num_users=3, num_items=6
            ),
        }
    )
    workspace.add(more, replace=True)
    assert trained(workspace) == set()
    with pytest.raises(NotTrainedError, match="explicit is not trained") as caught:
        Session(workspace, "tiny").users.recommend(20, model="explicit")
    assert (caught.value.kind, caught.value.name, caught.value.dataset) == (ErrorKind.UNTRAINED, "explicit", "tiny")


def test_a_spoilt_report_is_an_untrained_model_and_hides_no_other(workspace: Workspace) -> None:
    session = Session(workspace, "tiny")
    session.models.train("explicit", {"n_iter": 1})
    session.models.train("implicit", {"n_iter": 1})
    (workspace.model_folder("tiny", "explicit") / "report.json").write_text("{")
    assert trained(workspace) == {"implicit"}
    assert session.users.recommend(20).method == "implicit"


@pytest.mark.parametrize("again", [False, True])
def test_damage_that_happens_in_a_session_is_noticed_and_so_is_its_repair(workspace: Workspace, again: bool) -> None:
    Session(workspace, "tiny").models.train("explicit", {"n_iter": 1})
    folder = workspace.model_folder("tiny", "explicit")
    if again:  # the tensors get another name, since the first ones are in use until the header names the new ones
        stored = json.loads((folder / "report.json").read_text())
        models.load(folder).save(folder)
        (folder / "report.json").write_text(json.dumps(with_checksum({**stored, "files": None})))
    (tensors,) = folder.glob("*.safetensors")
    assert (tensors.name != "model.safetensors") == again
    store, spec = ModelStore(workspace, workspace.manifest("tiny")), models.get("explicit")
    assert store.state(spec).trained
    whole = tensors.read_bytes()
    spoil(tensors)
    os.utime(tensors, (1, 1))  # the clock of the file system may not have moved on
    assert tensors.name in store.state(spec).damage
    tensors.write_bytes(whole)
    assert store.state(spec).trained


def test_a_model_that_a_device_has_no_room_for_answers_on_the_cpu(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Session(workspace, "tiny").models.train("popular")
    load = models.load

    def load_on(folder: Path, device: str) -> object:
        if device != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return load(folder, device=device)

    monkeypatch.setattr(models, "load", load_on)
    model = ModelStore(workspace, workspace.manifest("tiny")).load("popular", "cuda")
    assert model.device == torch.device("cpu")
    assert "cuda has no room for the model" in caplog.text


def test_a_model_that_has_no_room_is_not_loaded_and_not_damaged(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    Session(workspace, "tiny").models.train("popular")
    store = ModelStore(workspace, workspace.manifest("tiny"))
    monkeypatch.setattr(memory, "available", lambda device=None: 1)
    with pytest.raises(RecsysError, match=r"^Loading the model popular of 'tiny' needs about") as caught:
        store.load("popular", "cpu")
    assert caught.value.kind is ErrorKind.NOT_ENOUGH_MEMORY
    assert store.state(models.get("popular")).trained


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("file", ["model.safetensors", "model.json", "report.json"])
def test_a_damaged_model_is_named_and_the_next_one_answers(workspace: Workspace, file: str) -> None:
    session = Session(workspace, "tiny")
    for name in ("explicit", "implicit"):
        session.models.train(name, {"n_iter": 1})
    assert session.users.recommend(20).method == "explicit"
    spoil(workspace.model_folder("tiny", "explicit") / file)

    session = Session(workspace, "tiny")
    states = {state.name: state for state in session.models.states()}
    assert not states["explicit"].trained
    assert file in states["explicit"].damage
    assert states["implicit"].trained
    answer = session.users.recommend(20)
    assert (answer.method, answer.note) == ("implicit", "damaged, to be trained again: explicit")
    with pytest.raises(DamagedModelError, match=f"explicit of 'tiny' is damaged.*{file}") as caught:
        session.users.recommend(20, model="explicit")
    assert (caught.value.kind, caught.value.name, caught.value.dataset) == (
        ErrorKind.DAMAGED_MODEL,
        "explicit",
        "tiny",
    )
    session.models.train("explicit", {"n_iter": 1})
    assert session.users.recommend(20).method == "explicit"


def test_damage_that_is_only_found_while_loading_is_named_from_then_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.workspace.model_store, "LISTED_BYTES", 0)  # as if the model were a large one
    session = Session(workspace, "tiny")
    for name in ("explicit", "implicit"):
        session.models.train(name, {"n_iter": 1})
    spoil(workspace.model_folder("tiny", "explicit") / "model.safetensors")
    assert trained(workspace) == {"explicit", "implicit"}
    session = Session(workspace, "tiny")
    assert session.users.recommend(20).method == "implicit"
    assert {state.name for state in session.models.states() if state.damage} == {"explicit"}


def test_the_files_of_another_model_are_damage(workspace: Workspace) -> None:
    session = Session(workspace, "tiny")
    for name in ("explicit", "implicit"):
        session.models.train(name, {"n_iter": 1})
    ours, others = (workspace.model_folder("tiny", name) for name in ("explicit", "implicit"))
    for path in others.iterdir():
        shutil.copyfile(path, ours / path.name)
    state = next(one for one in Session(workspace, "tiny").models.states() if one.name == "explicit")
    assert "the report of 'implicit'" in state.damage


def test_when_all_trained_models_are_damaged_that_is_said(workspace: Workspace) -> None:
    session = Session(workspace, "tiny")
    session.models.train("explicit", {"n_iter": 1})
    spoil(workspace.model_folder("tiny", "explicit") / "model.safetensors")
    with pytest.raises(DamagedModelError, match="explicit of 'tiny' is damaged"):
        Session(workspace, "tiny").users.recommend(20)


def test_a_user_who_knows_everything_is_recommended_nothing(workspace: Workspace) -> None:
    session = Session(workspace, "tiny")
    session.models.train("explicit", {"n_iter": 1})
    everything = make_dataset()
    log = everything.interactions
    workspace.add(
        Dataset(
            **{
                **{name: getattr(everything, name) for name in ("name", "kind", "title", "items", "users")},
                "interactions": Interactions(
                    np.array([*log.user_ids, 0]),
                    np.array([*log.item_ids, 2]),
                    ratings=np.array([*log.ratings, 1.0]),  # type: ignore[misc]
                    num_users=3,
                    num_items=5,
                ),
            }
        ),
        replace=True,
    )
    assert Session(workspace, "tiny").users.recommend(10).results == ()
