"""The contract of models, the registry, and the base classes of models.

``engine.models`` lists, makes and loads models by name. It imports torch only when a model is made or loaded.
"""

from engine.models.contract import Capabilities
from engine.models.registry import available, create, describe, get, load, load_numpy
from engine.models.spec import ModelSpec, Option, Range

__all__ = [
    "Capabilities",
    "ModelSpec",
    "Option",
    "Range",
    "available",
    "create",
    "describe",
    "get",
    "load",
    "load_numpy",
]
