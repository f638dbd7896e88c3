"""The declaration of a model: its name, what it can do, and its options."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.data.results import Task
from engine.errors import DataError, OptionError
from engine.models.contract import Capabilities
from engine.models.counts import Counts


@dataclass(frozen=True, slots=True)
class Range:
    """The range in which tuning searches for an option's value.

    Attributes
    ----------
    low, high
        The bounds, both included.
    log
        Whether to draw values evenly on a logarithmic scale.
    """

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a model.

    Attributes
    ----------
    default
        The value if none is given. Its type is the option's type.
    meaning
        What the option sets, in a few words.
    choices
        The values that the option may take; empty if every value of the type is possible.
    search
        The search space of tuning: a range, or values to choose from; None if the option is not tuned.
    """

    default: Any
    meaning: str
    choices: tuple[str, ...] = ()
    search: Range | tuple[Any, ...] | None = None

    def read(self, name: str, value: Any) -> Any:
        """Check a value, and convert text to the option's type.

        Raises
        ------
        OptionError
            If the value is not of the option's type, or not one of its choices.
        """
        if self.choices and value not in self.choices:
            raise OptionError(f"{name} must be one of {', '.join(self.choices)}, not {value!r}.")
        if not isinstance(value, str) or isinstance(self.default, str):
            return value
        text = value.strip().lower()
        try:
            if isinstance(self.default, bool):
                return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text]
            return int(text) if isinstance(self.default, int) else float(text)
        except (KeyError, ValueError):
            kind = {bool: "true or false", int: "a whole number"}.get(type(self.default), "a number")
            raise OptionError(f"{name} must be {kind}, not {value!r}.") from None


#: Options that every model has.
COMMON_OPTIONS: Mapping[str, Option] = {
    "random_state": Option(42, "random seed"),
    "device": Option("auto", "compute device: auto, cpu, cuda or mps"),
}


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """The declaration of a model in the registry. It imports neither the model's class nor torch.

    Attributes
    ----------
    name
        The name by which the model is created.
    description
        What the model is good for, in one line.
    loader
        The class, as ``module:Class``.
    capabilities
        What the model needs, uses and can do.
    options
        The options by name.
    for_size
        A function of the numbers of interactions and of items. It gives the defaults that differ from ``options``.
    memory
        A function of the counts of the data and of all options. It estimates the most bytes that training takes on the
        CPU at any time, beside the interactions themselves. None for a model that does not state it.
    numpy
        A :class:`engine.models.numpy_model.NumpyModel`, as ``module:Class``, that answers for one user or sequence
        without torch; empty if there is none.
    """

    name: str
    description: str
    loader: str
    capabilities: Capabilities
    options: Mapping[str, Option] = field(default_factory=dict)
    for_size: Callable[[int, int], Mapping[str, Any]] | None = None
    memory: Callable[[Counts, Mapping[str, Any]], float] | None = None
    numpy: str = ""

    @property
    def task(self) -> Task:
        """Whether the model scores items for users or for sequences."""
        return self.capabilities.task

    @property
    def needs(self) -> tuple[str, ...]:
        """The parts that the interactions must have."""
        return self.capabilities.needs

    @property
    def uses(self) -> tuple[str, ...]:
        """The data that the model uses if available."""
        return self.capabilities.uses

    def defaults_for(self, num_interactions: int, num_items: int) -> dict[str, Any]:
        """Return the options' defaults for data of this size."""
        sized = {} if self.for_size is None else self.for_size(num_interactions, num_items)
        return {name: sized.get(name, option.default) for name, option in self.options.items()}

    def required_memory(self, counts: Counts, options: Mapping[str, Any]) -> int | None:
        """Estimate the bytes that training takes beside the interactions; None if the model does not state it.

        Parameters
        ----------
        counts
            The counts of the data; see :func:`engine.models.counts.count`.
        options
            Options of the model. The others have their defaults for data of this size.
        """
        if self.memory is None:
            return None
        known = {**self.defaults_for(counts.interactions, counts.items - 1), **options}
        return int(self.memory(counts, known))

    def uses_texts(self, options: Mapping[str, Any]) -> bool:
        """Whether a model with these options uses the texts of items, and so knows items that nobody has rated.

        A model may have an option ``texts`` to turn this off.
        """
        return "texts" in self.uses and bool(options.get("texts", True))

    def load_class(self) -> Any:
        """Import the model's module and return the class.

        Raises
        ------
        DataError
            If the module or the class cannot be imported.
        """
        module, _, name = self.loader.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise DataError(f"The model {self.name} cannot be loaded from {self.loader}: {error}.") from error

    def load_numpy_class(self) -> Any:
        """Import the class that answers without torch, and return it; None if there is none."""
        module, _, name = self.numpy.partition(":")
        return getattr(importlib.import_module(module), name) if name else None

    def read_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return all options: the given ones converted to their types, and the defaults of the others.

        Raises
        ------
        OptionError
            If an option is unknown or has an impossible value.
        """
        for name in options:
            if name not in self.options:
                raise OptionError(
                    f"The model {self.name} has no option {name!r}. Its options are {', '.join(self.options)}."
                )
        return {
            name: option.read(name, options[name]) if name in options else option.default
            for name, option in self.options.items()
        }
