"""Exports of any kind as somebody chooses them: which models can answer, and whether it can be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.data.results import Task
from engine.errors import OptionError, RecsysError
from engine.session.exports.kinds import EXPORT_KINDS, ExportKind
from engine.session.exports.target import Target, require_target
from engine.session.models import ModelService

#: Whose vectors of a factorisation are written.
Side = Literal["items", "users"]


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """An export as it is asked for.

    Attributes
    ----------
    kind
        A name of :data:`EXPORT_KINDS`.
    target
        Where it goes.
    model
        The model that answers; None for the best trained one that can.
    k
        The length of the lists, where it writes lists.
    side
        Whose vectors, where it writes those of a factorisation.
    """

    kind: str
    target: Target
    model: str | None = None
    k: int = 10
    side: Side = "items"


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """What can be chosen for a kind of export, of this data set.

    Attributes
    ----------
    kind
        The kind.
    models
        The trained models that can answer, the one that answers if none is chosen first. It is empty for a kind that no
        model is chosen for.
    obstacle
        Why it cannot be written now; empty if it can.
    """

    kind: ExportKind
    models: tuple[str, ...] = ()
    obstacle: str = ""


def kind_of(order: ExportOrder) -> ExportKind:
    """The kind of an order.

    Raises
    ------
    OptionError
        If there is no such kind.
    """
    try:
        return EXPORT_KINDS[order.kind]
    except KeyError:
        names = ", ".join(EXPORT_KINDS)
        raise OptionError(
            f"There is no export of {order.kind[:40]!r}; there are {names}.", choices=list(EXPORT_KINDS)
        ) from None


def export_choices(models: ModelService) -> list[ExportChoice]:
    """The kinds of exports with the models that can answer; reads no model and imports no torch."""
    choices = []
    for name, kind in EXPORT_KINDS.items():
        try:
            choices.append(ExportChoice(kind, _models_for(models, name)))
        except RecsysError as error:
            choices.append(ExportChoice(kind, (), str(error)))
    return choices


def require_order(models: ModelService, order: ExportOrder) -> None:
    """Check that an export can begin.

    Raises
    ------
    OptionError, DataError, UnknownError, NotTrainedError, UnsupportedError
        As the method of the export service that writes it.
    """
    require_target(order.target, kind_of(order).endings)
    able = _models_for(models, order.kind)
    if order.model is not None and order.model not in able:
        hint = f"; {', '.join(able)} can answer" if able else ""
        raise OptionError(
            f"The model {order.model} is not trained, or not made for an export of {order.kind}{hint}.",
            name=order.model,
            choices=able,
        )


def _models_for(models: ModelService, kind: str) -> tuple[str, ...]:
    """The trained models for a kind of export, the one that answers if none is chosen first.

    Raises
    ------
    RecsysError
        If the kind needs one, and there is none.
    """
    match kind:
        case "embeddings":
            return ()
        case "report":
            return tuple(report.model for report, _ in models.reports())
        case "neighbours" | "model":
            capability = "similar" if kind == "neighbours" else "factorizes"
            first, able = models.choose_for(capability), models.able(capability)
        case _:
            task: Task = "user" if kind == "recommendations" else "sequence"
            first, able = models.choose(task), [one.name for one in models.states(task) if one.trained]
    return (first, *(name for name in able if name != first))
