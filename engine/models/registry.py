"""The registry of models: list, describe, create and load models by name.

Importing this module imports no model. Declarations are available at once; torch is imported by the first
:func:`create` or :func:`load`. Other packages add models by entry points of the group ``recsys_tui.models``. Each
entry point names a :class:`~engine.models.spec.ModelSpec`, or a class with Spotlight's ``fit`` and ``predict``.
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

from engine.errors import DataError, RecsysError, UnknownError, UnsupportedError
from engine.models.contract import Capabilities
from engine.models.spec import ModelSpec

if TYPE_CHECKING:
    from engine.models.contract import Model
    from engine.models.numpy_model import NumpyModel

#: The entry point group in which other packages name their models.
ENTRY_POINTS = "recsys_tui.models"

#: The declarations of this package's models. If the caller names no model, the first trained model of the task is used.
#: The order comes from measurements on validation sets: for users first the models that predict ratings, by their
#: error, then the models that only rank, by the quality of their rankings, and last the two that are not personalised.
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
    """Return the declarations of all models by name, in listing order. They are read once a process."""
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
    """Return the names of all models."""
    return list(describe())


def get(name: str) -> ModelSpec:
    """Return the declaration of one model.

    Raises
    ------
    UnknownError
        If there is no model of that name.
    """
    specs = describe()
    if name not in specs:
        raise UnknownError(
            f"There is no model {name!r}. The models are {', '.join(specs)}.",
            suggestions=tuple(difflib.get_close_matches(name, specs)),
        )
    return specs[name]


def create(name: str, **options: Any) -> Model:
    """Make a new, untrained model.

    Parameters
    ----------
    name
        One of the names from :func:`available`.
    **options
        Options of the model; text is converted to the option's type. The defaults are those of the registry, which
        were chosen for good recommendations. The defaults of the classes are Spotlight's.

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


def require_distributed(spec: ModelSpec) -> None:
    """Raise UnsupportedError if a model cannot be trained on several machines."""
    if not spec.capabilities.distributes:
        able = sorted(name for name, one in describe().items() if one.capabilities.distributes)
        choices = " or ".join((", ".join(able[:-1]), able[-1]))
        raise UnsupportedError(
            f"The training of {spec.name} cannot be distributed over a cluster; that of {choices} can.",
            name=spec.name,
            choices=able,
        )


def load(path: str | Path, **objects: Any) -> Model:
    """Load a model that ``save`` stored. Its predictions are exactly those of the stored model.

    No code from the folder is run.

    Parameters
    ----------
    path
        The folder.
    **objects
        Arguments that cannot be stored: ``device``, ``optimizer_func``, ``representation``.

    Raises
    ------
    DataError
        If there is no model in the folder, or it is damaged, of an unknown kind, or from a newer version.
    """
    from engine.models.base import misfit
    from engine.models.plug_in import adapt
    from engine.storage import serialization

    tensors, header = serialization.read(path)
    spec = describe().get(header["model"])
    if spec is None:
        raise DataError(f"{path} holds a model of the kind {header['model']!r}, which is not installed here.")
    if not spec.capabilities.stores:
        raise DataError(f"{path} holds a model of the kind {header['model']!r}, which cannot be loaded again.")
    try:
        return adapt(spec.load_class().restore(tensors, header, str(path), **objects), spec)
    except (RecsysError, MemoryError):
        raise
    except Exception as error:  # a class of another package may raise anything at a file that does not fit it
        raise misfit(str(path), error) from error


def load_numpy(path: str | Path) -> NumpyModel | None:
    """Load what answers for a stored model without torch; see :mod:`engine.models.numpy_model`.

    Returns
    -------
    NumpyModel or None
        None if only the model itself can answer.

    Raises
    ------
    DataError
        As :func:`load`.
    """
    from engine.storage.model_header import read_header

    header = read_header(path)
    spec = describe().get(header["model"])
    made: type[NumpyModel] | None = None if spec is None else spec.load_numpy_class()
    if spec is None or made is None:
        return None
    from engine.storage.model_arrays import read_arrays

    try:
        if not made.answers_for(header):
            return None
        arrays, header = read_arrays(path)
        return made(spec, header, arrays, lambda: load(path, device="cpu"))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        from engine.models.base import misfit

        raise misfit(str(path), error) from error


def _declared_by(point: EntryPoint) -> ModelSpec:
    """Load another package's declaration, or make one for its class."""
    try:
        found = point.load()
    except Exception as error:  # the other models stay usable, whatever another package's module raises
        return ModelSpec(point.name, f"cannot be loaded: {error}", point.value, Capabilities("user"))
    if isinstance(found, ModelSpec):
        return found
    from engine.models.plug_in import declare

    return declare(point.name, point.value, found)
