"""The memory of a training compared with what is free, and smaller ways to train."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.errors import ErrorKind, LearningError
from engine.models.counts import Counts, count
from engine.models.registry import describe as describe_models
from engine.runtime import memory

if TYPE_CHECKING:
    import torch

    from engine.interactions import Interactions
    from engine.models.spec import ModelSpec

__all__ = ["Counts", "MemoryEstimate", "count", "estimate", "require_memory"]

#: At most so many smaller ways are named, of each kind.
_MOST_NAMED = 3
#: The smallest value of a whole number that is proposed instead of a larger one.
_SMALLEST = 8


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """What a training would take, and what is free.

    Attributes
    ----------
    model
        The name of the model.
    counts
        The counts of the data.
    needed
        The bytes that training takes beside the interactions; None if the model does not state it.
    free
        The bytes that are free now; None if that is unknown.
    device
        The device on which the training fits, or would have to: the CPU where another one has too little memory.
    settings
        If it does not fit: options, as ``name=value``, each of which would make it fit.
    models
        If it does not fit: the models of the same task that would fit.
    """

    model: str
    counts: Counts
    needed: int | None
    free: int | None
    device: str = "cpu"
    settings: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether nothing is known that speaks against the training."""
        return self.needed is None or self.free is None or self.needed <= self.free


def estimate(
    spec: ModelSpec, interactions: Interactions, options: Mapping[str, Any], device: torch.device | None = None
) -> MemoryEstimate:
    """Estimate the memory of a training, and find smaller ways if it does not fit.

    A device with memory of its own is compared first. Where the training does not fit into that, the CPU would do it.

    Parameters
    ----------
    spec
        The model.
    interactions
        What it is to learn from.
    options
        The options of the model. The others have their defaults for data of this size.
    device
        The device that trains; None means the CPU.
    """
    counts = count(interactions, spec.capabilities)
    needed = spec.required_memory(counts, options)
    if device is not None and device.type != "cpu":
        found = MemoryEstimate(spec.name, counts, needed, memory.available(device), str(device))
        if found.fits or device.type != "cuda":  # only CUDA devices have memory that the CPU does not have
            return _with_smaller_ways(found, spec, interactions, options)
    return _with_smaller_ways(
        MemoryEstimate(spec.name, counts, needed, memory.available()), spec, interactions, options
    )


def _with_smaller_ways(
    found: MemoryEstimate, spec: ModelSpec, interactions: Interactions, options: Mapping[str, Any]
) -> MemoryEstimate:
    if found.fits or found.free is None:
        return found
    settings = tuple(_fitting_settings(spec, found.counts, options, found.free))[:_MOST_NAMED]
    others = tuple(_fitting_models(spec, interactions, found.free))[:_MOST_NAMED]
    return replace(found, settings=settings, models=others)


def require_memory(
    spec: ModelSpec, interactions: Interactions, options: Mapping[str, Any], device: torch.device | None = None
) -> MemoryEstimate:
    """Estimate as :func:`estimate`, and refuse what does not fit on its device nor on the CPU.

    Raises
    ------
    LearningError
        If the training needs more than is free. Its ``suggestions`` are settings that would fit, its ``choices``
        other models.
    """
    found = estimate(spec, interactions, options, device)
    if not found.fits:
        counts = found.counts
        raise LearningError(
            f"The training of {spec.name} needs about {memory.describe_bytes(found.needed or 0)} of memory for "
            f"{counts.interactions:,} interactions of {counts.users:,} users with {counts.items - 1:,} items, and only "
            f"{memory.describe_bytes(found.free or 0)} is free.",
            kind=ErrorKind.NOT_ENOUGH_MEMORY,
            name=spec.name,
            choices=found.models,
            suggestions=found.settings,
            needed=found.needed,
            free=found.free,
        )
    return found


def _fitting_settings(spec: ModelSpec, counts: Counts, options: Mapping[str, Any], free: int) -> Iterator[str]:
    """Yield for each option the largest smaller number, or the other truth value, with which the training fits."""
    known = {**spec.defaults_for(counts.interactions, counts.items - 1), **options}
    for name in spec.options:
        for value in _smaller(known[name]):
            needed = spec.required_memory(counts, {**known, name: value})
            if needed is not None and needed <= free:
                yield f"{name}={str(value).lower()}"
                break


def _smaller(value: Any) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        while (value := value // 2) >= _SMALLEST:
            yield value


def _fitting_models(spec: ModelSpec, interactions: Interactions, free: int) -> Iterator[str]:
    """Yield the models of the same task that would fit with their defaults, those that predict the same first."""
    others = [one for one in describe_models().values() if one.task == spec.task and one.name != spec.name]
    rates = spec.capabilities.predicts_ratings
    for one in sorted(others, key=lambda other: other.capabilities.predicts_ratings != rates):
        if "ratings" in one.needs and interactions.ratings is None:
            continue
        needed = one.required_memory(count(interactions, one.capabilities), {})
        if needed is not None and needed <= free:
            yield one.name
