"""A model of another package: all that recsys-tui asks of one, and nothing else."""

from __future__ import annotations

import numpy as np
import torch

from engine.storage import serialization as saving


class RandomModel:
    """Ranks items by the throw of dice, the same for each throw of one user."""

    def __init__(self, sides: int = 6, random_state: int = 42) -> None:
        self.sides, self.random_state = sides, random_state

    def options(self):
        return {"sides": self.sides, "random_state": self.random_state}

    def fit(self, interactions, verbose=False):
        random = np.random.RandomState(self.random_state)
        self.throws = random.randint(1, self.sides + 1, (interactions.num_users, interactions.num_items))

    def predict(self, user_ids, item_ids=None):
        rows = self.throws[user_ids].astype(np.float32)
        return rows if item_ids is None else self.throws[user_ids, item_ids].astype(np.float32)

    def save(self, path):
        saving.write(path, {"throws": torch.from_numpy(self.throws)}, {"model": "random", "options": self.options()})

    @classmethod
    def restore(cls, tensors, header, where, **objects):
        model = cls(**header["options"])
        model.throws = tensors["throws"].numpy()
        return model
