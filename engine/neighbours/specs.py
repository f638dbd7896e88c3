"""Declarations of the neighbourhood models.

This module does not import torch, so models can be listed before torch is loaded. The defaults were chosen on
validation sets (``benchmarks/defaults.py``).
"""

from __future__ import annotations

from engine.models.contract import Capabilities
from engine.models.spec import COMMON_OPTIONS, ModelSpec, Option, Range
from engine.neighbours import memory

KNN = ModelSpec(
    "knn",
    "Rating prediction: item-based nearest neighbours on the residuals of the baseline.",
    "engine.neighbours.knn:NeighboursModel",
    Capabilities("user", needs=("ratings",), predicts_ratings=True, folds_in=True, explains=True, similar=True),
    {
        "neighbors": Option(300, "neighbours kept per item", search=(100, 300, 1000)),
        "shrinkage": Option(200.0, "shrinkage of similarities with few common raters", search=Range(10, 500, True)),
        "power": Option(2.0, "exponent of the similarities", search=Range(1, 3)),
        "damping": Option(0.01, "damping of weak neighbourhoods", search=Range(1e-3, 0.3, log=True)),
        "l2_user": Option(5.0, "regularisation of the user biases", search=Range(1, 30, log=True)),
        "l2_item": Option(2.0, "regularisation of the item biases", search=Range(0.5, 30, log=True)),
        **COMMON_OPTIONS,
    },
    memory=memory.knn,
    numpy="engine.neighbours.numpy_models:NumpyKnn",
)

EASE = ModelSpec(
    "ease",
    "Top-N ranking from implicit feedback: linear autoencoder (EASE); memory grows with the square of the items.",
    "engine.neighbours.ease:EaseModel",
    Capabilities("user", folds_in=True, explains=True, similar=True),
    {
        "l2": Option(300.0, "regularisation", search=Range(10, 3000, log=True)),
        "double": Option(False, "solve in double precision"),
        **COMMON_OPTIONS,
    },
    memory=memory.ease,
    numpy="engine.neighbours.numpy_models:NumpyEase",
)
