"""What a model is called, needs and may be told: how the registry describes each."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.data.results import Task
from engine.errors import DataError, OptionError


@dataclass(frozen=True, slots=True)
class Range:
    """Between which numbers tuning looks for an option's value.

    Attributes
    ----------
    low, high
        The bounds, both included.
    log
        Whether to draw by order of magnitude.
    """

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that a model may be told.

    Attributes
    ----------
    default
        Its value where nothing is said; its type is the option's.
    meaning
        A few words.
    choices
        The values that it may take; empty where the type says all.
    search
        Where tuning looks for its value: a range, or values to choose from; None where it is not to be tuned.
    """

    default: Any
    meaning: str
    choices: tuple[str, ...] = ()
    search: Range | tuple[Any, ...] | None = None

    def read(self, name: str, value: Any) -> Any:
        """The value, converted where it is text: ``"20"`` for a whole number.

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


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model as the registry knows it.

    Attributes
    ----------
    name
        What it is asked for by.
    task
        ``user``: ``predict`` takes users; ``sequence``: it takes sequences.
    description
        What it is good for, in a line.
    loader
        ``module:Class``.
    needs
        What the interactions must have: ``ratings``, ``times``.
    options
        By name.
    uses
        What it takes into account where it is there: ``ratings``, ``times``, ``texts``, ``features``.
    for_size
        Given the numbers of interactions and of items, the defaults that differ from those of ``options``.
    """

    name: str
    task: Task
    description: str
    loader: str
    needs: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    for_size: Callable[[int, int], Mapping[str, Any]] | None = None

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
        """All options, with the given ones converted to their types.

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
