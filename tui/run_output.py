"""What the command line prints of runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from engine.errors import OptionError
from tui.output import log, print_json, print_line, print_table
from tui.study_output import print_study
from tui.widgets.bars import sparkline

if TYPE_CHECKING:
    from engine.session import RunRecord

#: The cells of a curve.
_CURVE = 60
#: The metrics of which the first that a run has is shown in the list.
_TELLING = ("rmse", "ndcg@", "mrr")


def sorted_runs(runs: Sequence[RunRecord], by: str, *, reverse: bool = False) -> list[RunRecord]:
    """Runs in the order of their number, model, seconds or one of their metrics; those without it come last.

    Raises
    ------
    OptionError
        If no run has such a metric.
    """
    if by == "number":
        return sorted(runs, key=lambda run: run.id, reverse=reverse)
    if by == "model":
        return sorted(runs, key=lambda run: (run.model, run.id), reverse=reverse)
    known = dict.fromkeys(name for run in runs for name in run.metrics)
    if by != "seconds" and by not in known:
        if not runs:
            return []
        raise OptionError(f"Runs cannot be sorted by {by!r}: use number, model, seconds or {', '.join(known)}.")

    def key(run: RunRecord) -> float:
        value = run.seconds.get("total") if by == "seconds" else run.metrics.get(by)
        return math.inf if value is None else -value if reverse else value

    return sorted(runs, key=key)


def print_runs(runs: Sequence[RunRecord], is_current: Callable[[RunRecord], bool], as_json: bool) -> None:
    """A list of runs."""
    if as_json:
        print_json([run_json(run, is_current(run)) for run in runs])
        return
    if not runs:
        log("There is no such run. Each training, evaluation and search for options is recorded as one.")
        return
    rows = [
        (
            run.id,
            run.started[:16].replace("T", " "),
            run.kind,
            run.model,
            run.state if is_current(run) else f"{run.state}, of other data",
            _figure(run),
            f"{run.seconds.get('total', 0.0):.1f}",
            run.protocol or "–",
            run.note,
        )
        for run in runs
    ]
    headings = ("Run", "Started", "Kind", "Model", "State", "Figure", "Seconds", "Protocol", "Note")
    print_table(headings, rows, cut=(8,), right=(0, 6), spare=(7, 1))


def print_run(run: RunRecord, is_current: bool, as_json: bool) -> None:
    """One run."""
    if as_json:
        print_json(run_json(run, is_current))
        return
    print_line(f"Run {run.id}: {run.kind} {run.model} on {run.dataset}, {run.state}")
    if run.error:
        print_line(f"  {run.error}")
    facts = {
        "started": run.started,
        "data": run.data if is_current else f"{run.data}, which is not the data set as it is now",
        "version": run.version,
        "machine": ", ".join(f"{name} {value}" for name, value in run.machine.items()),
        "protocol": run.protocol,
        "seed": run.seed,
        "note": run.note,
    }
    for name, fact in facts.items():
        if fact not in (None, ""):
            print_line(f"  {name:<20}{fact}")
    for heading, values in (("Options", run.options), ("Settings", run.settings)):
        if values:
            print_line(f"{heading}:")
            for name, value in values.items():
                print_line(f"  {name:<20}{value}")
    if run.metrics:
        print_line("Figures:")
        for name, value in run.metrics.items():
            bounds = run.intervals.get(name)
            print_line(f"  {name:<20}{value:.4f}" + (f"  ({bounds[0]:.4f} to {bounds[1]:.4f})" if bounds else ""))
    if run.study is not None:
        print_study(run.study)
    if run.losses:
        print_line(f"Loss of each epoch: {sparkline(run.losses, _CURVE)}")
        print_line(f"  {', '.join(f'{loss:.4g}' for loss in run.losses)}")
    if run.validation is not None:
        curve = run.validation
        print_line(f"Validation, {curve.metric} after epochs: {sparkline(curve.values, _CURVE)}")
        figures = zip(curve.epochs, curve.values, strict=True)
        print_line(f"  {', '.join(f'{epoch}: {value:.4g}' for epoch, value in figures)}")
    print_line(", ".join(f"{part} {seconds:.2f} s" for part, seconds in run.seconds.items()))


def print_diff(first: int, second: int, found: Mapping[str, tuple[Any, Any]], as_json: bool) -> None:
    """What differs between two runs."""
    if as_json:
        print_json([{"name": name, "first": here, "second": there} for name, (here, there) in found.items()])
        return
    if not found:
        log(f"Runs {first} and {second} do not differ.")
        return
    rows = [(name, _value(here), _value(there)) for name, (here, there) in found.items()]
    print_table(("", f"Run {first}", f"Run {second}"), rows, cut=(1, 2))


def print_moved(what: str, numbers: Sequence[int], dataset: str, as_json: bool) -> None:
    """That runs were removed or restored."""
    if as_json:
        print_json({"dataset": dataset, what: list(dict.fromkeys(numbers))})
        return
    listed = " ".join(str(number) for number in dict.fromkeys(numbers))
    log(f"Runs of {dataset} {what}: {listed}.")
    if what == "removed":
        log(f"`recsys-tui runs restore {listed} -d {dataset}` takes them back for thirty days.")


def print_default(model: str, dataset: str, as_json: bool) -> None:
    """That a model answers from now on."""
    if as_json:
        print_json({"dataset": dataset, "model": model})
        return
    log(f"{model} answers on {dataset} from now on where no model is named.")


def run_json(run: RunRecord, is_current: bool) -> dict[str, Any]:
    """A run with everything that is known of it; ``current`` tells whether it was on the data set as it is now."""
    return {**asdict(run), "current": is_current}


def _figure(run: RunRecord) -> str:
    for start in _TELLING:
        for name, value in run.metrics.items():
            if name.startswith(start):
                return f"{name} {value:.4f}"
    return f"loss {run.losses[-1]:.4g}" if run.losses else "–"


def _value(value: Any) -> str:
    return "–" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
