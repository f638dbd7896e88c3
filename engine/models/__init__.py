"""The models by name: what there is, what each needs and may be told, and how to make, store and load one."""

from engine.models.registry import available, create, describe, get, load
from engine.models.spec import ModelSpec, Option, Range

__all__ = ["ModelSpec", "Option", "Range", "available", "create", "describe", "get", "load"]
