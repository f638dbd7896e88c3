"""What the command line prints of models: the registry, and reports of trainings, evaluations and searches."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

from tui.output import log, print_json, print_line, print_table
from tui.study_output import print_study
from tui.wording import describe_smaller, evaluate_command, known_targets_note, train_command

if TYPE_CHECKING:
    from engine.data.model_cards import Unfinished
    from engine.data.results import FitReport, ModelState
    from engine.session import MemoryEstimate, Tuned
    from engine.session.model_list import ListedModel


def print_models(specs: Sequence[ListedModel], as_json: bool) -> None:
    """The registry."""
    if as_json:
        print_json([_model_json(one) for one in specs])
        return
    rows = [
        (
            one.spec.name,
            one.spec.task,
            ", ".join([*one.trained_on, *(f"{name} (damaged)" for name in one.damaged)]) or "–",
            ", ".join(one.spec.needs) or "–",
            one.spec.description,
            " ".join(f"{name}={value}" for name, value in one.defaults.items() if name not in _EVERY_MODELS_OPTIONS),
        )
        for one in specs
    ]
    print_table(("Model", "For", "Trained on", "Needs", "Description", "Options"), rows, cut=(2, 4, 5))
    for one in specs:
        for dataset, why in one.damaged.items():
            log(f"{one.spec.name} on {dataset} is damaged: {why}")


_EVERY_MODELS_OPTIONS = ("random_state", "device")


def _model_json(one: ListedModel) -> dict[str, Any]:
    spec = one.spec
    return {
        "name": spec.name,
        "kind": spec.task,
        "trained": bool(one.trained_on),
        "datasets": list(one.trained_on),
        "damaged": dict(one.damaged),
        "description": spec.description,
        "needs": list(spec.needs),
        "uses": list(spec.uses),
        "options": {
            name: {
                "default": one.defaults[name],
                "meaning": option.meaning,
                "choices": list(option.choices),
                "search": asdict(option.search) if is_dataclass(option.search) else option.search,
            }
            for name, option in spec.options.items()
        },
    }


def print_defaults(states: Sequence[ModelState], dataset: str, as_json: bool) -> None:
    """Which model answers for each task: the one that was chosen, else the best trained one."""
    found = []
    for task in dict.fromkeys(state.task for state in states):
        trained = [state for state in states if state.task == task and state.trained]
        chosen = next((state for state in trained if state.default), None)
        answering = chosen or next(iter(trained), None)
        found.append(
            {"task": task, "model": None if answering is None else answering.name, "chosen": chosen is not None}
        )
    if as_json:
        print_json(found)
        return
    for one in found:
        how = (
            "chosen"
            if one["chosen"]
            else "the best trained one"
            if one["model"]
            else f"no model is trained on {dataset}"
        )
        print_line(f"{one['task']:<10}{one['model'] or '–'}  ({how})")


def print_report(report: FitReport, as_json: bool) -> None:
    """The report of a training or an evaluation."""
    if as_json:
        print_json(report_json(report))
        return
    what = f"{report.model} on {report.dataset}"
    print_line(what if report.protocol is None else f"{what}, {report.protocol} split, {_seeds(report)}")
    for name, value in report.metrics.items():
        bounds = report.intervals.get(name)
        print_line(f"  {name:<20}{value:.4f}" + ("" if bounds is None else f"  ({bounds[0]:.4f} to {bounds[1]:.4f})"))
    print_line("  " + ", ".join(f"{part} {seconds:.2f} s" for part, seconds in report.seconds.items()))
    if report.segments:
        print_line()
        _print_segments([report])
    if report.about:
        _log_evaluation([report])
    if report.path is not None:
        print_line(f"  stored in {report.path}")


def log_unfinished(model: str, dataset: str, found: Unfinished | None) -> None:
    """Of a training that was interrupted: what is kept of it, and how it goes on."""
    if found is not None and not found.damage:
        log(f"Kept after epoch {found.epoch} of {found.until}: `{train_command(model, dataset, {})} --resume` goes on.")


def print_memory(estimate: MemoryEstimate, dataset: str, as_json: bool) -> None:
    """What memory a training would take, and what is free."""
    if as_json:
        print_json({**asdict(estimate), "dataset": dataset, "fits": estimate.fits})
        return
    counts = estimate.counts
    print_line(f"{estimate.model} on {dataset}")
    print_line(
        f"  {counts.interactions:,} interactions of {counts.users:,} users with {counts.items - 1:,} items, "
        "beside which it"
    )
    print_line(f"  needs  {_size(estimate.needed, 'unknown: the model does not state it')}")
    where = "" if estimate.device == "cpu" else f" on {estimate.device}"
    print_line(f"  free   {_size(estimate.free, 'unknown')}{where}")
    if not estimate.fits:
        print_line(f"  does not fit: {describe_smaller(estimate.settings, estimate.models)}")


def _size(size: int | None, unknown: str) -> str:
    from engine.session import describe_bytes

    return unknown if size is None else describe_bytes(size)


def print_reports(reports: Sequence[FitReport], as_json: bool) -> None:
    """The reports of several evaluations: one table for each kind of evaluation, with a column for each model."""
    if as_json:
        print_json([report_json(report) for report in reports])
        return
    by_cases: dict[str, list[FitReport]] = {}
    for report in reports:
        by_cases.setdefault(report.about["question"], []).append(report)
    for position, group in enumerate(by_cases.values()):
        if position:
            print_line()
        print_line(f"{group[0].dataset}, {group[0].protocol} split, {_seeds(group[0])}")
        fullest_first = sorted(group, key=lambda report: -len(report.metrics))
        metrics = list(dict.fromkeys(name for report in fullest_first for name in report.metrics))
        for columns in _fitting(group):
            _print_columns(columns, metrics)
        if any(report.segments for report in group):
            print_line()
            _print_segments(group)
        _log_evaluation(group)


def _print_columns(reports: Sequence[FitReport], metrics: Sequence[str]) -> None:
    """A table with one column for each model, because there are more metrics than models."""
    rows = [
        (name, *(f"{one.metrics[name]:.4f}" if name in one.metrics else "–" for one in reports)) for name in metrics
    ]
    rows += [(f"{part}, s", *(f"{one.seconds[part]:.1f}" for one in reports)) for part in ("fit", "evaluate")]
    print_table(("", *(one.model for one in reports)), rows, cut=(), right=range(1, 1 + len(reports)))


def _fitting(reports: Sequence[FitReport]) -> Iterator[Sequence[FitReport]]:
    """Groups of reports, each with as many as fit side by side into the window."""
    import shutil

    room = shutil.get_terminal_size().columns - 20 if sys.stdout.isatty() else 10_000
    taken: list[FitReport] = []
    width = 0
    for report in reports:
        width += max(len(report.model), 8) + 3
        if taken and width > room:
            yield taken
            taken, width = [], max(len(report.model), 8) + 3
        taken.append(report)
    yield taken


def report_json(report: FitReport) -> dict[str, Any]:
    """A training or an evaluation in the shape of the contract."""
    shape = asdict(report)
    if report.path is None:
        del shape["path"]
    return {name: value for name, value in shape.items() if value or name not in ("intervals", "segments", "about")}


def tuning_json(outcome: Tuned) -> dict[str, Any]:
    """The result of a search for options, with the commands that use it."""
    options = outcome.best_options
    return {
        **asdict(outcome),
        "train_command": train_command(outcome.model, outcome.dataset, options),
        "evaluate_command": evaluate_command(outcome.model, outcome.dataset, options, outcome.protocol, outcome.seed),
    }


def print_tuning(outcome: Tuned) -> None:
    """The result of a search for options."""
    train = train_command(outcome.model, outcome.dataset, outcome.best_options)
    evaluate = evaluate_command(outcome.model, outcome.dataset, outcome.best_options, outcome.protocol, outcome.seed)
    print_line(
        f"{outcome.model} on {outcome.dataset}: {outcome.metric} {outcome.best_value:.4f} on the validation part"
    )
    if outcome.default_value is not None:
        print_line(f"  with the defaults {outcome.default_value:.4f}")
    for name, value in outcome.best_options.items():
        print_line(f"  {name:<24}{value}")
    print_line(f"  {outcome.finished} trials, {outcome.pruned} of them cut short, kept in {outcome.path}")
    print_study(outcome.study)
    print_line(f"Train it:    {train}")
    print_line(f"Measure it:  {evaluate}")
    log(outcome.note)


def _seeds(report: FitReport) -> str:
    seeds = report.about.get("seeds")
    return f"seed {report.seed}" if seeds is None else f"mean of the seeds {seeds[0]} to {seeds[-1]}"


def _print_segments(reports: Sequence[FitReport]) -> None:
    metrics = list(dict.fromkeys(name for one in reports for row in one.segments.values() for name in row))
    rows = [
        (report.model, segment, *(f"{row[name]:.4g}" if name in row else "–" for name in metrics))
        for report in reports
        for segment, row in report.segments.items()
    ]
    print_table(("Model", "Segment", *metrics), rows, cut=(), right=range(2, 2 + len(metrics)))


def _log_evaluation(reports: Sequence[FitReport]) -> None:
    about = reports[0].about
    log(
        f"Asked: {about['question']}; {about['num_questions']:,} questions, all items ranked, "
        f"items that are known {about['seen_items']}; equal times {about['equal_times']}."
    )
    if about["num_left_out"]:
        log(f"{about['num_left_out']:,} users were left out of the ranking: nothing is known of them.")
    if about["num_known_targets"]:
        log(known_targets_note(about["num_known_targets"]))
    for segment, meaning in about.get("segments", {}).items():
        log(f"{segment}: {meaning}.")
    if reports[0].intervals:
        log(
            f"In brackets: {about['interval']}." if len(reports) == 1 else f"Intervals ({about['interval']}) in --json."
        )
