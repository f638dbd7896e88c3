"""The declaration of a model: its name, what it can do, and its options."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.data.results import Task
from engine.errors import DataError, OptionError
from engine.models.contract import Capabilities


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
        The value where none is given; its type is the option's type.
    meaning
        What the option sets, in a few words.
    choices
        The values that the option may take; empty where every value of the type is possible.
    search
        Where tuning searches: a range, or values to choose from; None for an option that is not tuned.
    """

    default: Any
    meaning: str
    choices: tuple[str, ...] = ()
    search: Range | tuple[Any, ...] | None = None

    def read(self, name: str, value: Any) -> Any:
        """The value, converted to the option's type where it is given as text.

        Raises
        ------
        OptionError
            If it is not of the option's type, or none of its choices.
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
    """A model as the registry knows it. Declaring one imports neither the model's class nor torch.

    Attributes
    ----------
    name
        The name by which the model is created.
    description
        What the model is good for, in one line.
    loader
        ``module:Class``.
    capabilities
        What the model needs, uses and can do.
    options
        The options by name.
    for_size
        Given the numbers of interactions and of items, the defaults that differ from those of ``options``.
    """

    name: str
    description: str
    loader: str
    capabilities: Capabilities
    options: Mapping[str, Option] = field(default_factory=dict)
    for_size: Callable[[int, int], Mapping[str, Any]] | None = None

    @property
    def task(self) -> Task:
        """What the model scores items for: users or sequences."""
        return self.capabilities.task

    @property
    def needs(self) -> tuple[str, ...]:
        """What the interactions must have."""
        return self.capabilities.needs

    @property
    def uses(self) -> tuple[str, ...]:
        """What the model takes into account where it is there."""
        return self.capabilities.uses

    def defaults_for(self, num_interactions: int, num_items: int) -> dict[str, Any]:
        """The options' defaults for data of a size."""
        sized = {} if self.for_size is None else self.for_size(num_interactions, num_items)
        return {name: sized.get(name, option.default) for name, option in self.options.items()}

    def load_class(self) -> Any:
        """The class; imports its module.

        Raises
        ------
        DataError
            If the package that brings it is broken.
        """
        module, _, name = self.loader.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise DataError(f"The model {self.name} cannot be loaded from {self.loader}: {error}.") from error

    def read_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """All options: the given ones converted to their types, defaults for the others.

        Raises
        ------
        OptionError
            If one is unknown or has an impossible value.
        """
        for name in options:
            if name not in self.options:
                raise OptionError(f"The model {self.name} has no option {name!r}: it has {', '.join(self.options)}.")
        return {
            name: option.read(name, options[name]) if name in options else option.default
            for name, option in self.options.items()
        }
