"""The models by name: what there is, what each needs, and how to make, store and load one.

Importing this imports no model: declarations are there at once, torch comes with the first :func:`create` or
:func:`load`. A package adds models by entry points of the group ``recsys_tui.models``; each names a
:class:`~engine.models.spec.ModelSpec`, or a class with Spotlight's ``fit`` and ``predict``.
"""

from __future__ import annotations

import difflib
import functools
import importlib
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine.errors import DataError, UnknownError
from engine.models.contract import Capabilities
from engine.models.spec import ModelSpec

if TYPE_CHECKING:
    from engine.models.contract import Model

#: The entry point group in which other packages name their models.
ENTRY_POINTS = "recsys_tui.models"

#: Where each model of this package is declared. Where no model is asked for, the first trained one of a task answers:
#: for users first those that predict ratings, by their error, then those that only rank, by their lists, and last the
#: two that say the same to everybody; measured on validation parts.
MODELS = (
    "engine.factorization.specs:BAYESIAN",
    "engine.neighbours.specs:KNN",
    "engine.factorization.specs:SVD",
    "engine.factorization.specs:EXPLICIT",
    "engine.factorization.specs:ALS",
    "engine.neighbours.specs:EASE",
    "engine.factorization.specs:IMPLICIT",
    "engine.factorization.specs:BASELINE",
    "engine.factorization.specs:POPULAR",
    "engine.sequence.specs:BLEND",
    "engine.sequence.specs:ATTENTION",
    "engine.sequence.specs:MARKOV",
    "engine.sequence.specs:SEQUENCE",
)


@functools.cache
def describe() -> Mapping[str, ModelSpec]:
    """All models by name, in the order to list them; read once a process. Imports no model of this package."""
    specs: dict[str, ModelSpec] = {}
    for line in MODELS:
        module, _, name = line.partition(":")
        spec: ModelSpec = getattr(importlib.import_module(module), name)
        specs[spec.name] = spec
    for point in entry_points(group=ENTRY_POINTS):
        if point.name not in specs:
            specs[point.name] = _declared_by(point)
    return MappingProxyType(specs)


def available() -> list[str]:
    """The names of all models."""
    return list(describe())


def get(name: str) -> ModelSpec:
    """The declaration of one model.

    Raises
    ------
    UnknownError
        If there is none of that name.
    """
    specs = describe()
    if name not in specs:
        raise UnknownError(
            f"There is no model {name!r}: there are {', '.join(specs)}.",
            suggestions=tuple(difflib.get_close_matches(name, specs)),
        )
    return specs[name]


def create(name: str, **options: Any) -> Model:
    """A new model, not fitted yet.

    Parameters
    ----------
    name
        One of :func:`available`.
    **options
        Options of the model; text is converted to an option's type. The defaults are the registry's, chosen for good
        recommendations; those of the classes are Spotlight's.

    Raises
    ------
    UnknownError
        If there is no such model.
    OptionError
        If there is no such option, or its value is impossible.
    """
    spec = get(name)
    made = spec.load_class()(**spec.read_options(options))
    from engine.models.plug_in import adapt

    return adapt(made, spec)


def load(path: str | Path, **objects: Any) -> Model:
    """A model that ``save`` stored. Runs no code from the folder; predictions are exactly those of the stored model.

    Parameters
    ----------
    path
        The folder.
    **objects
        What cannot be stored: ``device``, ``optimizer_func``, ``representation``.

    Raises
    ------
    DataError
        If there is none, or it is damaged, foreign or from a newer version.
    """
    from engine.models.plug_in import adapt
    from engine.storage import serialization

    tensors, header = serialization.read(path)
    spec = describe().get(header["model"])
    if spec is None:
        raise DataError(f"{path} holds a model of the kind {header['model']!r}, which is not installed here.")
    if not spec.capabilities.stores:
        raise DataError(f"{path} holds a model of the kind {header['model']!r}, which cannot be loaded again.")
    return adapt(spec.load_class().restore(tensors, header, str(path), **objects), spec)


def _declared_by(point: EntryPoint) -> ModelSpec:
    """What another package names: a declaration, or a class to make one for."""
    try:
        found = point.load()
    except Exception as error:  # whatever a foreign module does, the other models stay usable
        return ModelSpec(point.name, f"cannot be loaded: {error}", point.value, Capabilities("user"))
    if isinstance(found, ModelSpec):
        return found
    from engine.models.plug_in import declare

    return declare(point.name, point.value, found)
