"""What is known of a model before it is trained: what it needs, its options, and what its training would take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.data.results import ModelState


@dataclass(frozen=True, slots=True)
class OptionCard:
    """One option of a model.

    Attributes
    ----------
    name, meaning, choices
        Its declaration in the registry.
    default
        The default for data of this size.
    bounds
        The range in which tuning looks, such as ``"0.0001 to 0.1"``, or the values that it tries; may be empty.
    """

    name: str
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()
    bounds: str = ""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A training that was interrupted and can go on.

    Attributes
    ----------
    epoch, until
        The epochs that have ended, and at which the training ends.
    saved
        When it was kept, in ISO 8601 and UTC.
    options, seed, validate
        What is trained: the options that were given, the seed, and whether a few interactions are held out.
    damage
        Why it cannot go on, in a sentence; empty if it can.
    """

    epoch: int
    until: int
    saved: str
    options: Mapping[str, Any]
    seed: int = 42
    validate: bool = False
    damage: str = ""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model as it could be trained on a data set.

    Attributes
    ----------
    state
        Whether it is trained, and what stands in the way.
    needs, uses
        What the data must have, and what the model uses where the data has it.
    options
        The options.
    memory, free
        The bytes that training takes and those that are free; None if unknown.
    seconds
        The duration of the last training on this data set; None if there was none.
    unfinished
        A training that was interrupted; None if there is none.
    """

    state: ModelState
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    options: tuple[OptionCard, ...]
    memory: int | None = None
    free: int | None = None
    seconds: float | None = None
    unfinished: Unfinished | None = None
