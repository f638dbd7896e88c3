"""Models: their contract, the registry, and what models of one kind share.

``engine.models`` itself lists, makes and loads models by name; it imports no torch before one is made.
"""

from engine.models.contract import Capabilities
from engine.models.registry import available, create, describe, get, load
from engine.models.spec import ModelSpec, Option, Range

__all__ = ["Capabilities", "ModelSpec", "Option", "Range", "available", "create", "describe", "get", "load"]
