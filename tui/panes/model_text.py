"""What the Models tab says of a model, of a run, and of several runs over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.content import Content

from tui.panes.model_rows import size_text
from tui.sanitize import sanitize
from tui.widgets.bars import sparkline
from tui.widgets.cell_text import clean, duration, fit
from tui.widgets.study_text import progress_line

if TYPE_CHECKING:
    from engine.data.model_cards import ModelCard, Unfinished
    from engine.session import RunRecord, ValidationCurve

_CURVE = 40
#: The metrics that are shown of a run, in this order.
_SHOWN = ("rmse", "ndcg", "recall", "mrr", "coverage", "novelty")


def model_text(card: ModelCard, keys: tuple[str, str] = ("R", "t")) -> Content:
    """What a model is, what it needs, and what its training takes.

    Parameters
    ----------
    card
        The model.
    keys
        The keys that go on with an interrupted training, and that begin a new one.
    """
    state = card.state
    lines: list[Content | str] = [Content.styled(clean(state.name), "bold $text"), clean(state.description)]
    if card.unfinished is not None:  # first, since a narrow window has room for a few lines
        lines.insert(1, clean(_unfinished_text(card.unfinished, *keys)))
    needs = ", ".join(card.needs) or "interactions only"
    has = f"this data cannot train it: {state.obstacle}" if state.obstacle else "this data has it"
    lines.append(clean(f"Needs {needs}; {has}."))
    if state.damage:
        lines.append(clean(f"Damaged: {state.damage}"))
    if card.memory is not None:
        free = "" if card.free is None else f", {size_text(card.free)} free"
        lines.append(f"Memory {size_text(card.memory)}{free}.")
    if card.seconds is not None:
        lines.append(f"The last training took {duration(card.seconds)}.")
    if state.trained:
        answers = "; it answers by default" if state.default else ""
        lines.append(clean(f"Trained {(state.trained_at or '')[:16].replace('T', ' ')}{answers}."))
    options = ", ".join(f"{option.name}={option.default}" for option in card.options)
    lines.append(clean(f"Options: {options}"))
    return Content("\n").join(one if isinstance(one, Content) else Content(one) for one in lines)


def _unfinished_text(kept: Unfinished, resume: str, train: str) -> str:
    if kept.damage:
        return f"An interrupted training cannot go on: {kept.damage}"
    given = "".join(f", {name}={value}" for name, value in kept.options.items())
    return (
        f"Interrupted after epoch {kept.epoch} of {kept.until}: {resume} goes on to the same model, {train} begins anew"
        f" ({kept.saved[:16].replace('T', ' ')} UTC{given})."
    )


def run_text(run: RunRecord, is_current: bool, changed: Mapping[str, Any]) -> Content:
    """How a run went."""
    head = f"Run {run.id}: {run.kind} {run.model}, {run.state}"
    lines = [head, f"{run.started[:16].replace('T', ' ')} UTC, {duration(run.seconds.get('total', 0.0))}"]
    if not is_current:
        lines.append("Made on other data than there is now.")
    if run.error:
        lines.append(run.error)
    if run.note:
        lines.append(f"Note: {run.note}")
    if run.protocol:
        lines.append(f"{run.protocol} split, seed {run.seed}")
    for start in _SHOWN:
        for name, value in run.metrics.items():
            if name.partition("@")[0] == start:
                bounds = run.intervals.get(name)
                lines.append(f"{name:<14}{value:.4f}" + (f"  ({bounds[0]:.4f} to {bounds[1]:.4f})" if bounds else ""))
    if run.kind == "tune":
        lines.append(f"{run.about.get('finished', 0)} trials; defaults {_figure(run.about.get('default_value'))}")
        if run.study is not None:
            lines += [line for line in (progress_line(run.study, _CURVE),) if line]
    if changed:
        lines.append("Options: " + ", ".join(f"{name}={value}" for name, value in changed.items()))
    if len(run.losses) > 1:
        lines.append(f"loss {sparkline(run.losses, _CURVE)} {run.losses[-1]:.4g}")
    if line := validation_line(run.validation, _CURVE):
        lines.append(line)
    heading, *rest = (sanitize(line) for line in lines)
    return Content("\n").join([Content.styled(heading, "bold $text"), *(Content(line) for line in rest)])


def validation_line(curve: ValidationCurve | None, width: int) -> str:
    """The validation figures of a training in a line; empty if there are fewer than two."""
    if curve is None or len(curve.values) < 2:
        return ""
    return f"validation {curve.metric} {sparkline(curve.values, width)} {curve.values[-1]:.4f}"


def curves_text(runs: Sequence[RunRecord]) -> Content:
    """The losses of several runs below each other, each on a scale of its own, since losses differ in kind."""
    keys = "v compares, c draws curves" + (", f lists differences" if len(runs) == 2 else "")
    lines = [Content.assemble((f"{len(runs)} runs are marked", "bold $text"), f" · {keys}")]
    for run in runs:
        name = fit(f"#{run.id} {run.model}", 18)
        if run.losses:
            lines.append(Content(sanitize(f"{name} {sparkline(run.losses, _CURVE)} {run.losses[-1]:.4g}")))
        else:
            figures = ", ".join(f"{metric} {value:.4f}" for metric, value in list(run.metrics.items())[:3])
            lines.append(Content(sanitize(f"{name} {figures or 'no losses'}")))
    return Content("\n").join(lines)


def _figure(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "–"
