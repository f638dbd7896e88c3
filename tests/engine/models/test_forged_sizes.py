"""A stored model whose description is forged, with the right checksums, is refused before memory is taken for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import models
from engine.errors import DamagedError
from engine.interactions import Interactions
from engine.storage import serialization
from engine.storage.model_header import HEADER, header_hash

HUGE = 10**12


@pytest.fixture
def log() -> Interactions:
    random = np.random.RandomState(0)
    return Interactions(
        random.randint(0, 8, 80),
        random.randint(1, 12, 80),
        ratings=random.randint(1, 6, 80).astype(np.float32),
        timestamps=np.arange(80),
        num_users=8,
        num_items=12,
    )


def stored(path: Path, name: str, log: Interactions) -> dict[str, Any]:
    model = models.create(name, n_iter=1, random_state=1)
    model.fit(log.to_sequence() if model.capabilities.task == "sequence" else log)
    model.save(path)
    header: dict[str, Any] = json.loads((path / HEADER).read_text())
    return header


def forge(path: Path, header: dict[str, Any]) -> None:
    (path / HEADER).write_text(json.dumps({**header, "header_sha256": header_hash(header)}))


@pytest.mark.parametrize("name", ["explicit", "implicit", "sequence", "attention"])
@pytest.mark.parametrize("part", ["sizes", "options"])
def test_a_forged_size_is_refused(tmp_path: Path, log: Interactions, name: str, part: str) -> None:
    path = tmp_path / "model"
    header = stored(path, name, log)
    entry = "_num_items" if part == "sizes" else "embedding_dim"
    forge(path, {**header, part: {**header[part], entry: HUGE}})
    with pytest.raises(DamagedError, match="train the model again"):
        models.load(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, log: Interactions, value: float) -> None:
    path = tmp_path / "model"
    stored(path, "explicit", log)
    tensors, header = serialization.read(path)
    name = next(one for one, tensor in tensors.items() if tensor.is_floating_point())
    tensors[name].view(-1)[0] = value
    serialization.write(path, {one: torch.clone(tensor) for one, tensor in tensors.items()}, header)
    with pytest.raises(DamagedError, match="not finite"):
        models.load(path)
