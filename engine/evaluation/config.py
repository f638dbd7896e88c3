"""Evaluation settings: protocols, their defaults and the configuration record.

This module has no heavy imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from engine.data.results import Task
from engine.errors import OptionError

Ties = Literal["file", "random"]
#: The ways to order interactions of one user that have equal times.
TIES: tuple[Ties, ...] = get_args(Ties)

#: The ways to split a data set; :func:`engine.evaluation.splitters.split` says what each does.
PROTOCOLS = ("random", "user", "leave-one-out", "temporal")
#: The default protocol for models of each task.
DEFAULT_PROTOCOL: Mapping[Task, str] = {"user": "random", "sequence": "user"}
#: The default protocol for comparing models of both tasks.
COMMON_PROTOCOL = "leave-one-out"
#: The default length of the evaluated lists.
DEFAULT_K = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationConfig:
    """The settings of an evaluation.

    Attributes
    ----------
    protocol
        One of :data:`PROTOCOLS`; None for the default of the model's task.
    seed
        The seed of the split and of the model.
    seeds
        The number of evaluations, with the seeds ``seed``, ``seed + 1`` and so on; the metrics are their means.
    k
        The length of the lists.
    filter_seen
        Whether the known items of a user are left out of the ranking, and of what is asked for.
    segments
        Whether metrics are also computed for users with few and many items, and for popular and rare items.
    ties
        The order of interactions with equal timestamps: as in the file, or random with ``seed``.
    options
        Options of the model; the registry's defaults for data of this size are used for all others.
    device
        The device to compute on: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises
    ------
    OptionError
        If ``k`` or ``seeds`` is below 1, or ``protocol`` or ``ties`` does not exist.
    """

    protocol: str | None = None
    seed: int = 42
    seeds: int = 1
    k: int = DEFAULT_K
    filter_seen: bool = True
    segments: bool = False
    ties: Ties = "file"
    options: Mapping[str, Any] = field(default_factory=dict)
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.k < 1 or self.seeds < 1:
            raise OptionError(
                f"The length of lists and the number of seeds must be at least 1, not {self.k} and {self.seeds}."
            )
        if self.protocol is not None and self.protocol not in PROTOCOLS:
            raise OptionError(f"There is no protocol {self.protocol!r}: use {', '.join(PROTOCOLS)}.")
        if self.ties not in TIES:
            raise OptionError(f"Ties cannot be ordered by {self.ties!r}: use file or random.")
