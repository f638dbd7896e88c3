"""The models by name: what there is, what each needs and may be told, and how to make, store and load one.

Importing this imports no model: lists and descriptions are there at once, torch comes with the first
:func:`create` or :func:`load`. A package adds models by entry points of the group ``recsys_tui.models``; each names
a :class:`ModelSpec`, or a class with Spotlight's ``fit`` and ``predict``.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.data.results import Task
from engine.errors import DataError, UnknownError
from engine.models.built_in import SPECS
from engine.models.spec import ModelSpec, Option, Range

__all__ = ["ModelSpec", "Option", "Range", "available", "create", "describe", "get", "load"]

#: The entry point group in which other packages name their models.
ENTRY_POINTS = "recsys_tui.models"


def describe() -> Mapping[str, ModelSpec]:
    """All models by name, in the order to list them. Imports no model of ours."""
    specs = {spec.name: spec for spec in SPECS}
    for point in entry_points(group=ENTRY_POINTS):
        if point.name not in specs:
            specs[point.name] = _spec_of(point)
    return MappingProxyType(specs)


def available() -> list[str]:
    """The names of all models. Imports nothing."""
    names = [spec.name for spec in SPECS]
    return names + [point.name for point in entry_points(group=ENTRY_POINTS) if point.name not in names]


def get(name: str) -> ModelSpec:
    """One model.

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


def create(name: str, **options: Any) -> Any:
    """A new model, not fitted yet.

    Parameters
    ----------
    name
        One of :func:`available`.
    **options
        Of the model; text is converted to an option's type. The defaults are the registry's, chosen for good
        recommendations; those of the classes are Spotlight's.

    Raises
    ------
    UnknownError
        If there is no such model.
    OptionError
        If there is no such option, or its value is impossible.
    """
    spec = get(name)
    return spec.load_class()(**spec.read_options(options))


def load(path: str | Path, **objects: Any) -> Any:
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
    from engine.storage import serialization as saving

    tensors, header = saving.read(path)
    spec = describe().get(header["model"])
    if spec is None:
        raise DataError(f"{path} holds a model of the kind {header['model']!r}, which is not installed here.")
    restore = getattr(spec.load_class(), "restore", None)
    if restore is None:
        raise DataError(f"{path} holds a model of the kind {header['model']!r}, which cannot be loaded again.")
    return restore(tensors, header, str(path), **objects)


def _spec_of(point: EntryPoint) -> ModelSpec:
    """What another package names: a specification, or a class whose keywords with plain defaults are its options."""
    try:
        found = point.load()
    except Exception as error:  # whatever a foreign module does, the other models stay usable
        return ModelSpec(point.name, "user", f"cannot be loaded: {error}", point.value)
    if isinstance(found, ModelSpec):
        return found
    options = {
        parameter.name: Option(parameter.default, "")
        for parameter in inspect.signature(found).parameters.values()
        if isinstance(parameter.default, bool | int | float | str)
    }
    task: Task = "sequence" if "sequences" in inspect.signature(found.predict).parameters else "user"
    description = (inspect.getdoc(found) or point.name).splitlines()[0]
    return ModelSpec(point.name, task, description, point.value, options=options)
